"""A folder of cohorts: what is written, what each definition found, what is not overwritten."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from circe_by_hand import definition
from hand_cdm import Hand, day

from transat.cohorts.definitions import read
from transat.cohorts.generation import engine_named, generate
from transat.core.errors import ConfigError, InputError
from transat.engines.cdm import Cdm

RULE = {
    "name": "Aged 30 or more",
    "expression": {
        "Type": "ALL",
        "CriteriaList": [],
        "DemographicCriteriaList": [{"Age": {"Value": 30, "Op": "gte"}}],
        "Groups": [],
    },
}


@pytest.fixture
def cdm(tmp_path: Path) -> Cdm:
    hand = Hand()
    concept = hand.concept("ICD10", "I35")
    hand.concept("ICD10", "J10")
    for person, year in ((1, 1970), (2, 1988), (3, 1990)):
        hand.woman(person, year)
    for person, on in ((1, 0), (1, 400), (2, 10)):
        hand.add(
            "condition_occurrence", condition_occurrence_id=on + person, person_id=person,
            condition_concept_id=concept, condition_start_date=day(on),
        )  # fmt: skip
    return hand.write(tmp_path / "cdm")


@pytest.fixture
def definitions(tmp_path: Path) -> Path:
    folder = tmp_path / "definitions"
    folder.mkdir()
    known, other = 2_000_000_001, 2_000_000_002
    texts = {
        "1": definition(known, InclusionRules=[RULE]),
        "2": definition(other),
        "3": definition(9),
        "4": definition(known, "DrugEra"),
    }
    for name, text in texts.items():
        (folder / f"{name}.json").write_text(text, "utf-8")
    return folder


@pytest.mark.parametrize("engine", ["columns", "reference", "duckdb"])
def test_the_folder_says_who_and_why(
    cdm: Cdm, definitions: Path, tmp_path: Path, engine: str
) -> None:
    made = generate(cdm, read(definitions), engine_named(engine), tmp_path / "out")
    assert made.found == ("periods", "nobody", "no_concept", "no_table")
    cohorts = pq.read_table(tmp_path / "out" / "cohort.parquet").to_pylist()
    until = date(2019, 12, 31)
    assert [tuple(row.values()) for row in cohorts] == [(1, 1, day(0), until)]
    steps = pq.read_table(tmp_path / "out" / "attrition.parquet").to_pylist()
    first = [(s["kind"], s["rule_name_en"], s["events"], s["persons"]) for s in steps
             if s["cohort_definition_id"] == 1]  # fmt: skip
    assert first == [
        ("entry", None, 3, 2),
        ("rule", "Aged 30 or more", 2, 1),
        ("limit", None, 2, 1),
        ("cohort", None, 1, 1),
    ]
    record = json.loads((tmp_path / "out" / "transat.json").read_text("utf-8"))
    assert (record["engine"], record["found"]["no_concept"]) == (engine, 1)


def test_another_folder_is_left_as_it_is(cdm: Cdm, definitions: Path, tmp_path: Path) -> None:
    other = tmp_path / "mine"
    other.mkdir()
    (other / "letter.txt").write_text("dear")
    with pytest.raises(InputError, match="autre chose que des cohortes"):
        generate(cdm, read(definitions), "columns", other)
    assert [f.name for f in other.iterdir()] == ["letter.txt"]


def test_a_folder_of_cohorts_is_replaced(cdm: Cdm, definitions: Path, tmp_path: Path) -> None:
    for _ in range(2):
        generate(cdm, read(definitions), "columns", tmp_path / "out")
    (definitions / "4.json").unlink()
    generate(cdm, read(definitions), "columns", tmp_path / "out")
    kept = pq.read_table(tmp_path / "out" / "cohort_definition.parquet")
    assert kept["cohort_definition_id"].to_pylist() == [1, 2, 3]


def test_an_engine_that_does_not_exist_is_named_with_the_nearest() -> None:
    with pytest.raises(ConfigError, match=r"colums.*columns"):
        engine_named("colums")


def test_a_cdm_without_observation_periods_is_refused(cdm: Cdm, tmp_path: Path) -> None:
    (tmp_path / "1.json").write_text(definition(2_000_000_001), "utf-8")
    cdm.path_of("observation_period").unlink()
    with pytest.raises(InputError, match="OBSERVATION_PERIOD"):
        generate(cdm, read(tmp_path / "1.json"))
