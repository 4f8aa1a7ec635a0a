"""The persons of DARWIN EU's PregnancyIdentifier (Apache-2.0) and the outcomes it expects.

Our reader takes native codes, not standard concepts: each of their records is written as the code
of its HIP category, and a gestation record as weeks on its day. Not applicable here: persons 27,
35 and 39, who have prenatal records and no end of pregnancy (PREG episodes, which we do not make).
"""

from __future__ import annotations

import csv
import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hand_cdm import Hand

from transat.cohorts.pregnancies import pregnancies
from transat.cohorts.pregnancy_parameters import PregnancyParameters
from transat.engines.cdm import Cdm
from transat.engines.duckdb import Engine

CODES = {"LB": "Z370", "SB": "Z3710", "ECT": "O009", "AB": "O049", "SA": "O039", "DELIV": "O800"}
NAMES = {
    "LB": "live_birth", "SB": "stillbirth", "ECT": "ectopic", "AB": "elective_termination",
    "SA": "spontaneous_abortion",
}  # fmt: skip
#: person: outcomes accepted, end, start; None where the tests of DARWIN do not say.
EXPECTED: dict[int, tuple[tuple[str, ...] | None, tuple[str, ...], tuple[str, str] | None]] = {
    21: (("LB",), ("2023-10-08",), None),
    22: (("LB",), ("2021-06-01",), None),
    23: (("SB",), ("2023-08-20",), None),
    24: (("ECT",), ("2023-03-15",), None),
    25: (("AB",), ("2021-02-10",), None),
    26: (("SA",), ("2023-11-05",), None),
    29: (("LB",), ("2023-10-07",), None),
    30: (("LB",), ("2018-12-01",), None),
    31: (("LB", "SB"), ("2018-11-01", "2018-12-01"), None),
    33: (None, ("2023-07-01",), None),
    34: (("LB",), ("2023-12-20",), None),
    36: (("LB",), ("2023-12-20",), ("2023-03-15", "2023-03-15")),
    37: (("LB",), ("2023-12-20",), ("2023-03-15", "2023-03-15")),
    38: (("LB",), ("2023-12-06",), ("2023-02-01", "2023-03-15")),
    40: (None, ("2020-01-27",), None),
}


@pytest.fixture(scope="module")
def episodes(shared: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[int, list[Any]]:
    folder = shared / "data" / "inutero" / "darwin_pregnancyidentifier"
    cdm = _written(folder, tmp_path_factory.mktemp("darwin") / "cdm")
    found: dict[int, list[Any]] = {}
    with Engine(threads=1) as engine:
        cdm.attach(engine)
        pregnancies(engine, PregnancyParameters(weeks_add_days=0))
        for row in engine.rows(
            "SELECT person_id, outcome, start_date, end_date FROM pregnancy ORDER BY episode_id"
        ):
            found.setdefault(row[0], []).append(row[1:])
    return found


@pytest.mark.parametrize("person", EXPECTED)
def test_the_outcome_and_the_dates_that_darwin_expects(
    episodes: dict[int, list[Any]], person: int
) -> None:
    outcomes, ends, starts = EXPECTED[person]
    ((outcome, start, end),) = episodes[person]
    if outcomes is not None:
        assert outcome in {NAMES[o] for o in outcomes}
    assert end.isoformat() in ends
    assert start < end
    if starts is not None:
        assert starts[0] <= start.isoformat() <= starts[1]


def test_prenatal_records_alone_make_no_episode(episodes: dict[int, list[Any]]) -> None:
    assert not {27, 39} & set(episodes)


def _written(folder: Path, path: Path) -> Cdm:
    persons = json.loads((folder / "TestData_P4_C5_002_1.json").read_text("utf-8"))
    with (folder / "HIP_concepts_reviewed_12032026.csv").open(encoding="utf-8") as file:
        known = {int(row["concept_id"]): row for row in csv.DictReader(file)}
    hand = Hand()
    for person in persons["person"]:
        hand.woman(person["person_id"], person["year_of_birth"], person["gender_concept_id"])
    for table, stem in (
        ("condition_occurrence", "condition"),
        ("procedure_occurrence", "procedure"),
        ("observation", "observation"),
        ("measurement", "measurement"),
    ):
        for row in persons[table]:
            concept = known.get(row[f"{stem}_concept_id"])
            if concept is not None:
                when = row[f"{stem}_start_date" if stem == "condition" else f"{stem}_date"]
                _record(hand, row, concept, date.fromisoformat(when))
    return hand.write(path)


def _record(hand: Hand, row: dict[str, Any], concept: dict[str, str], when: date) -> None:
    if concept["category"] in CODES:
        hand.condition(row["person_id"], CODES[concept["category"]], when)
        return
    weeks = concept["gest_value"] or (
        row.get("value_as_number") if concept["concept_name"] == "Gestational age" else None
    )
    if weeks:
        hand.gestation(row["person_id"], "gestational_age_weeks", float(weeks), when)
