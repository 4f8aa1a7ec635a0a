"""Letters, receipts and sheets: the same words as PDF and as the text of a mail."""

from __future__ import annotations

import datetime
import io

import pypdf
import pytest
import typst

from transat.portal.papers import pdf, plain
from transat.portal.papers.paper import (
    Facts,
    Grid,
    Heading,
    Notice,
    Paper,
    Paragraph,
    Points,
    Signature,
)

INSTANT = datetime.datetime(2026, 9, 30, 20, 0, tzinfo=datetime.UTC)

RECEIPT = Paper(
    "Accusé de réception",
    "fr",
    (
        Heading("Dépôt"),
        Facts((("Projet", "Sténose aortique"), ("Numéro", ""))),
        Paragraph('Signes lus comme du texte : # *étoile* $x$ _bas_ @nom <a> #let y = 1 "q" \\'),
        Points(("un", "deux")),
        Heading("Montants", 3),
        Grid("Plafonds par rive", ("Rive", "Montant"), (("Québec", "75 000 CAD"),), frozenset({1})),
        Notice("À remplir par le programme."),
        Signature("Anne Untel", "principale, Québec"),
        Signature("Jean Untel", "principal, France", "30 sept. 2026, 22 h 00"),
    ),
    subtitle="Appel conjoint",
    reference="T-2026-0001",
    footer="SHA-256 abc",
)


def read(made: bytes) -> pypdf.PdfReader:
    return pypdf.PdfReader(io.BytesIO(made))


def test_pdf_holds_every_word_and_markup_is_only_text() -> None:
    said = " ".join(page.extract_text() for page in read(pdf.written(RECEIPT, INSTANT)).pages)
    said = " ".join(said.split())
    for word in ("Accusé de réception", "Sténose aortique", "75 000 CAD", "À remplir", "1 / 1"):
        assert word in said
    assert '# *étoile* $x$ _bas_ @nom <a> #let y = 1 "q" \\' in said
    assert "SHA-256 abc" in said


def test_pdf_is_tagged_dated_and_in_its_language() -> None:
    made = read(pdf.written(RECEIPT, INSTANT))
    root = made.root_object
    assert root["/Lang"] == "fr"
    assert root["/MarkInfo"]["/Marked"]
    assert "/StructTreeRoot" in root
    assert made.metadata is not None
    assert made.metadata.title == "Accusé de réception"
    assert made.metadata.creation_date == INSTANT


def test_same_paper_has_the_same_bytes() -> None:
    assert pdf.written(RECEIPT, INSTANT) == pdf.written(RECEIPT, INSTANT)
    later = INSTANT + datetime.timedelta(seconds=1)
    assert pdf.written(RECEIPT, INSTANT) != pdf.written(RECEIPT, later)


def test_paper_without_title_or_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="zone"):
        pdf.written(RECEIPT, INSTANT.replace(tzinfo=None))
    with pytest.raises(typst.TypstError):
        pdf.written(Paper("", "fr", ()), INSTANT)
    with pytest.raises(ValueError, match="cells"):
        Grid("Court", ("un", "deux"), (("seul",),))
    with pytest.raises(ValueError, match="level"):
        Heading("Profond", 4)


def test_mail_holds_the_same_words_in_short_lines() -> None:
    said = plain.written(RECEIPT)
    assert max(map(len, said.splitlines())) <= plain.WIDTH
    assert "Accusé de réception\n===================\n" in said
    assert "Projet\u00a0: Sténose aortique\nNuméro\u00a0: —" in said
    assert "  Rive\u00a0: Québec\n  Montant\u00a0: 75 000 CAD" in said
    assert "Anne Untel, principale, Québec\u00a0: ____" in said
    english = plain.written(Paper("Receipt", "en", (Facts((("Call", "joint"),)),)))
    assert english == "Receipt\n=======\n\nCall: joint\n"


def test_address_longer_than_a_line_is_not_cut() -> None:
    address = "https://example.org/" + "a" * 90
    assert address in plain.written(Paper("Lien", "fr", (Paragraph(f"Voir {address} ."),)))
