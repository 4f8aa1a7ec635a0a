"""One person's records, read from a CDM: all of them, in one order, and nobody else's."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from random import Random
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from transat.cohorts.inspect.profile import Profile, gather
from transat.core.errors import InputError
from transat.core.languages import Text
from transat.engines.cdm import Cdm

DRUG = {"drug_exposure_start_date": date(2020, 3, 1), "drug_exposure_end_date": date(2020, 3, 30)}


def cdm(folder: Path, random: Random | None = None, **more: list[dict[str, Any]]) -> Cdm:
    tables: dict[str, list[dict[str, Any]]] = {
        "person": [
            {"person_id": p, "gender_concept_id": 8532, "year_of_birth": 1980} for p in (1, 2)
        ],
        "concept": [
            {"concept_id": 7, "concept_name": "Stroke"},
            {"concept_id": 8, "concept_name": "Positive"},
        ],
        "observation_period": [
            {"person_id": 1, "observation_period_start_date": date(2019, 1, 1),
             "observation_period_end_date": date(2021, 12, 31)},
        ],
        "condition_occurrence": [
            {"person_id": p, "condition_concept_id": 7, "condition_start_date": date(2020, 5, p),
             "condition_end_date": None, "condition_source_value": "I64"} for p in (1, 2)
        ],
        "drug_exposure": [
            {"person_id": 1, "drug_concept_id": 9, "drug_source_value": "N02", "days_supply": 30,
             **DRUG},
        ],
        "measurement": [
            {"person_id": 1, "measurement_concept_id": 0, "measurement_date": date(2020, 5, 1),
             "value_as_number": 4.5, "value_as_concept_id": 8, "measurement_source_value": "X"},
        ],
    }  # fmt: skip
    for name, rows in (tables | more).items():
        if random is not None:
            random.shuffle(rows)
        pq.write_table(pa.Table.from_pylist(rows), folder / f"{name}.parquet", row_group_size=1)
    return Cdm(folder)


def told(found: Profile) -> list[tuple[Any, ...]]:
    return [(r.table, r.start.isoformat(), r.label, r.code, r.details) for r in found.records]


def test_all_records_of_one_person_in_order_of_day(tmp_path: Path) -> None:
    found = gather(cdm(tmp_path), 1)
    assert told(found) == [
        ("drug_exposure", "2020-03-01", "", "N02", (("days_supply", "30"),)),
        ("condition_occurrence", "2020-05-01", "Stroke", "I64", ()),
        ("measurement", "2020-05-01", "", "X",
         (("value_as_number", "4.5"), ("value_as_concept_id", "Positive"))),
    ]  # fmt: skip
    assert found.records[0].end == date(2020, 3, 30)
    assert found.records[1].end == found.records[1].start
    assert found.year_of_birth == 1980
    assert found.sex == Text("Femme", "Woman")
    assert [(p.start, p.end) for p in found.observed] == [(date(2019, 1, 1), date(2021, 12, 31))]


@pytest.mark.parametrize("seed", range(5))
def test_the_order_of_rows_does_not_matter(tmp_path: Path, seed: int) -> None:
    assert gather(cdm(tmp_path, Random(seed)), 1) == gather(cdm(tmp_path), 1)


def test_records_without_a_day_have_no_place(tmp_path: Path) -> None:
    lost = {"person_id": 1, "condition_concept_id": 7, "condition_start_date": None}
    kept = lost | {"condition_start_date": date(2020, 1, 1)}
    found = gather(cdm(tmp_path, condition_occurrence=[lost, kept]), 1)
    assert [r.start for r in found.records if r.table == "condition_occurrence"] == [
        date(2020, 1, 1)
    ]


def test_the_periods_of_a_cohort_are_shown_beside(tmp_path: Path) -> None:
    made = tmp_path / "cohorts"
    made.mkdir()
    rows = {
        "cohort_definition_id": [4, 4, 5],
        "subject_id": [1, 2, 1],
        "cohort_start_date": [date(2020, 5, 1), date(2020, 5, 2), date(2020, 1, 1)],
        "cohort_end_date": [date(2020, 6, 1), date(2020, 6, 2), date(2020, 1, 2)],
    }
    pq.write_table(pa.table(rows), made / "cohort.parquet")
    names = {"cohort_definition_id": [4], "name_fr": ["AVC"], "name_en": ["Stroke"]}
    pq.write_table(pa.table(names), made / "cohort_definition.parquet")
    found = gather(cdm(tmp_path), 1, made)
    assert [(p.name, p.start) for p in found.cohorts] == [
        (Text("AVC", "Stroke"), date(2020, 5, 1)),
        (Text("Cohorte 5", "Cohort 5"), date(2020, 1, 1)),
    ]


def test_a_person_who_is_not_there_is_not_named(tmp_path: Path) -> None:
    with pytest.raises(InputError) as said:
        gather(cdm(tmp_path), 987654)
    assert "987654" not in str(said.value)


def test_a_table_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    database = cdm(tmp_path)
    (tmp_path / "measurement.parquet").write_bytes(b"no")
    with pytest.raises(InputError, match=r"measurement\.parquet"):
        gather(database, 1)


def test_eunomia_s_numbers_are_read_as_they_are(shared: Path) -> None:
    """Its identifiers are floating-point numbers."""
    found = gather(Cdm(shared / "data" / "eunomia_gibleed"), 573)
    assert len(found.records) > 50
    assert all(record.concept_id for record in found.records)
