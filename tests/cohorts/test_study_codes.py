"""Studies reach ATC and ICD-10 from the source concept; where nothing ties it, from the concept."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from hand_cdm import Hand, day

from transat.cohorts.study_codes import StudyCodes, atc_codes, icd10_codes
from transat.engines.duckdb import DuckDB
from transat.tables.omop import HAS_STUDY_CODE, STUDY_CODE_OF


def read(hand: Hand, path: Path) -> tuple[StudyCodes, StudyCodes]:
    with DuckDB(threads=1) as engine:
        hand.write(path).attach(engine)
        return atc_codes(engine), icd10_codes(engine)


def small() -> Hand:
    hand = Hand()
    woman = hand.woman(1)
    hand.condition(woman, "G409", day(10))
    hand.dispensing(woman, "N03AX09", day(10))
    return hand


def tie(hand: Hand, source: int, study: int) -> None:
    for one, two, name in ((source, study, HAS_STUDY_CODE), (study, source, STUDY_CODE_OF)):
        hand.add("concept_relationship", concept_id_1=one, concept_id_2=two, relationship_id=name)


def test_without_ties_the_concept_is_the_study_code(tmp_path: Path) -> None:
    hand = small()
    drugs, diagnoses = read(hand, tmp_path / "cdm")
    assert drugs == StudyCodes("drug_concept_id", ((hand.concept("ATC", "N03AX09"), "N03AX09"),))
    assert diagnoses.column == "condition_concept_id"
    assert diagnoses.codes == ((hand.concept("ICD10", "G40.9"), "G409"),)


def test_with_ties_the_source_concept_is_read(tmp_path: Path) -> None:
    hand = small()
    boxes = [hand.concept("CIP13", f"340092234{n}") for n in range(3)]
    for box in boxes:
        tie(hand, box, hand.concept("ATC", "N03AX09"))
    tie(hand, hand.concept("CIM10", "G409"), hand.concept("ICD10", "G40.9"))
    drugs, diagnoses = read(hand, tmp_path / "cdm")
    assert drugs.column == "drug_source_concept_id"
    assert drugs.codes == tuple((box, "N03AX09") for box in boxes)
    assert diagnoses.column == "condition_source_concept_id"
    assert diagnoses.codes == ((hand.concept("CIM10", "G409"), "G409"),)


@pytest.mark.parametrize("seed", range(3))
def test_the_order_of_rows_is_nothing(seed: int, tmp_path: Path) -> None:
    hand = small()
    for n in range(9):
        tie(hand, hand.concept("CIP13", f"340092234{n}"), hand.concept("ATC", "N03AX09"))
    first = read(hand, tmp_path / "one")
    random.Random(seed).shuffle(hand.rows["concept_relationship"])
    assert read(hand, tmp_path / "other") == first
