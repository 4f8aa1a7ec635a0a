"""Code-set files: complete, without duplicates, read by vocabulary and code."""

from __future__ import annotations

from pathlib import Path

import pytest
from hand_cdm import Hand

from transat.cohorts.code_sets import CodeRow, keys, load, resolve
from transat.cohorts.confounders import CONDITIONS, DRUGS
from transat.cohorts.pregnancy_evidence import RANKS
from transat.cohorts.pregnancy_parameters import published_spacing, published_terms
from transat.cohorts.specification import PREGNANCY_OUTCOMES
from transat.core.codes import VOCABULARIES
from transat.core.languages import Text
from transat.engines.duckdb import DuckDB


def row(vocabulary: str, code: str, match: str = "prefix", action: str = "include") -> CodeRow:
    return CodeRow("set", vocabulary, code, match, action, Text("a", "b"), "test", "yes")


@pytest.mark.parametrize("name", ["pregnancy_outcomes.csv", "confounders.csv"])
def test_every_row_names_a_known_vocabulary_and_comes_once(name: str) -> None:
    rows = load(name)
    assert {r.vocabulary for r in rows} <= set(VOCABULARIES)
    assert len({(r.set, r.vocabulary, r.code, r.action) for r in rows}) == len(rows)
    assert {r.checked for r in rows} <= {"yes", "partly", "no"}


def test_every_set_that_the_program_names_has_codes() -> None:
    assert set(RANKS) <= set(keys(load("pregnancy_outcomes.csv")))
    assert {*CONDITIONS, *DRUGS} <= set(keys(load("confounders.csv")))


def test_terms_and_spacing_are_those_of_matcho(shared: Path) -> None:
    assert {t.outcome for t in published_terms()} == {*PREGNANCY_OUTCOMES}
    folder = shared / "data" / "inutero" / "darwin_pregnancyidentifier"
    published = (folder / "Matcho_outcome_limits.csv").read_text().split()[1:]
    assert {f"{a},{b},{n}" for a, b, n in published_spacing()} == set(published)


def test_codes_match_by_vocabulary_prefix_and_exclusion(tmp_path: Path) -> None:
    hand = Hand()
    hand.woman(1)
    names = ("Z371", "Z3710", "Z3711", "V27", "V270")
    for code in names:
        hand.concept("CIM10", code)
        hand.concept("ICD9", code)
    rows = (
        row("CIM10", "Z371"), row("CIM10", "Z3711", action="exclude"), row("ICD9", "V27", "exact")
    )  # fmt: skip
    with DuckDB(threads=1) as engine:
        hand.write(tmp_path / "cdm").attach(engine)
        resolve(engine, rows, "wanted")
        found = engine.rows(
            "SELECT vocabulary_id, concept_code FROM wanted JOIN concept USING (concept_id)"
            " ORDER BY ALL"
        )
    assert found == [("CIM10", "Z371"), ("CIM10", "Z3710"), ("ICD9", "V27")]
