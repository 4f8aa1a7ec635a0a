"""The catalogue: complete in both languages, with the same holes to fill, and nothing missing."""

from __future__ import annotations

import re
from importlib.resources import files
from pathlib import Path

import pytest

from transat.core.errors import StudyError
from transat.reports.aortic_stenosis.page import SECTIONS as VALVE
from transat.reports.page import SECTIONS
from transat.reports.texts import catalogue, text, typeset

PACKAGE = files("transat.reports")
HOLES = re.compile(r"\{(\w+)\}")


def sources() -> str:
    """All templates and modules of the reports, as one text."""
    parts = [p for p in sorted(Path(str(PACKAGE)).rglob("*")) if p.suffix in (".py", ".j2")]
    return "\n".join(part.read_text("utf-8") for part in parts)


def test_both_languages_fill_the_same_holes():
    for key, said in catalogue().items():
        assert set(HOLES.findall(said.fr)) == set(HOLES.findall(said.en)), key


def test_every_text_asked_for_exists():
    asked = set(
        re.findall(r"""(?:\bt\(|text\(\s*)['"]([a-z_0-9]+\.[a-z_0-9]+)['"]\s*[,)]""", sources())
    )
    assert asked
    assert asked - set(catalogue()) == set()


def test_no_text_is_left_over():
    written = sources()
    for key in catalogue():
        family, name = key.split(".")
        heading = name == "title" and family in SECTIONS
        built = f"'{family}.' ~" in written or f'f"{family}.{{' in written
        built = built or f"'{family}', " in written or f'"{family}", ' in written
        built = built or family in ("column", "parameter", "group")
        built = built or (family == "valve" and name in VALVE)
        assert heading or built or key in written, key


def test_an_unknown_text_is_an_error():
    with pytest.raises(StudyError, match=r"no\.such"):
        text("no.such", "fr")


def test_french_punctuation_never_starts_a_line():
    assert typeset("« Oui » : 10 % de 1 000 ; non ?", "fr") == (
        "«\u00a0Oui\u00a0»\u00a0: 10\u00a0% de 1\u202f000\u00a0; non\u00a0?"
    )
    assert typeset("Yes: 10%", "en") == "Yes: 10%"
