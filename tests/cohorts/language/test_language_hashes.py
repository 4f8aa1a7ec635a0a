"""Two names: of the logic, that prose and layout leave alone, and of the document."""

from __future__ import annotations

import pytest
from study_text import CSV, opener, study, text

from transat.cohorts import language
from transat.cohorts.language import Study
from transat.cohorts.language.hashes import logic, logic_sha256
from transat.cohorts.query.model import Cohort, Entry, Read

RULE = (
    "    rules:\n      - {id: one, fr: Une, en: One, has: {condition: failure}, days: [-30, 0]}\n"
)


def read(written: str, csv: str = CSV) -> Study:
    return language.parse(written, "study.yaml", opener(csv))


@pytest.fixture
def known() -> Study:
    return study(RULE)


def test_comments_layout_and_the_files_name_change_neither(known: Study) -> None:
    written = "# a comment\n" + text(RULE).replace(", has:", ",\n       has:")
    again = language.parse(written, "elsewhere/other.yaml", opener())
    assert again.hashes == known.hashes


def test_order_of_keywords_changes_neither(known: Study) -> None:
    turned = text(RULE).replace("{fr: Essai, en: Trial}", "{en: Trial, fr: Essai}")
    assert read(turned).hashes == known.hashes


@pytest.mark.parametrize(
    ("old", "new"),
    [("fr: Une,", "fr: Autre,"), ("fr: sténose", "fr: rétrécissement"), ("0.1.0", "0.1.1"),
     ("fr: premier trimestre", "fr: T1")],
)  # fmt: skip
def test_prose_changes_the_document_only(known: Study, old: str, new: str) -> None:
    again = read(text(RULE).replace(old, new, 1))
    assert again.hashes.logic == known.hashes.logic
    assert again.hashes.document != known.hashes.document


@pytest.mark.parametrize(("old", "new"), [("Sténose,Stenosis", "X,Y"), ("OMS,yes", "OMS,partly")])
def test_labels_and_provenance_change_the_document_only(known: Study, old: str, new: str) -> None:
    again = study(RULE, csv=CSV.replace(old, new, 1))
    assert again.hashes.logic == known.hashes.logic
    assert again.hashes.document != known.hashes.document


@pytest.mark.parametrize(
    ("old", "new"),
    [("[-30, 0]", "[-31, 0]"), ("has: {", "has_not: {"), ("condition: failure", "condition: any"),
     ("id: people", "id: persons"), ("id: 7", "id: 9")],
)  # fmt: skip
def test_logic_changes_both(known: Study, old: str, new: str) -> None:
    """A set that nothing reads is in the document alone."""
    again = read(text(RULE).replace(old, new, 1))
    assert (again.hashes.logic != known.hashes.logic) == (old != "id: 7")
    assert again.hashes.document != known.hashes.document


def test_a_code_changes_both(known: Study) -> None:
    again = study(RULE, csv=CSV.replace("I35.0", "I35.2"))
    assert again.hashes.logic != known.hashes.logic
    assert again.hashes.document != known.hashes.document


def test_equal_cohorts_have_one_name_and_defaults_are_not_written() -> None:
    bare = Cohort(Entry((Read("death", name="x"),)))
    assert logic(bare) == {
        "is": "Cohort",
        "entry": {"is": "Entry", "reads": [{"is": "Read", "domain": "death"}]},
    }
    assert logic_sha256(bare) == logic_sha256(Cohort(Entry((Read("death"),))))


def test_the_examples_names_are_known() -> None:
    """A change of grammar, model or example shows here, and is then meant."""
    from study_text import EXAMPLES

    names = {path.stem: language.read(path).hashes.logic[:16] for path in EXAMPLES.glob("*.yaml")}
    assert names == {
        "aortic_stenosis": "7fbfe16f5c5e4c4d",
        "pregnancy_antiepileptics": "295de3e06a325a45",
    }
