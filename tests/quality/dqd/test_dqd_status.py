"""Thresholds, what does not apply, what cannot be asked, and columns that are not of their type."""

from __future__ import annotations

import csv
import math
from datetime import date
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from small_cdm import by_hand, empty_tables, freeze

from transat.core.errors import InputError
from transat.engines.cdm import Cdm
from transat.engines.duckdb import DuckDB
from transat.quality import dqd
from transat.quality.dqd.status import Counted

VOCABULARY = (
    "concept", "vocabulary", "concept_ancestor", "concept_relationship", "concept_class",
    "concept_synonym", "relationship", "domain", "drug_strength", "source_to_concept_map",
)  # fmt: skip


def some(threshold: float | None) -> dqd.Check:
    return next(c for c in dqd.checks() if c.threshold == threshold)


@pytest.mark.parametrize(
    ("violated", "denominator", "threshold", "beyond"),
    [
        (1, 100, None, True),
        (1, 100, 0, True),
        (0, 100, 0, False),
        (1, 0, 0, True),  # DQD looks at the rows only when nothing is allowed
        (1, 0, 5, False),
        (5, 100, 5, False),  # the threshold itself passes
        (6, 100, 5, True),
        (100, 100, 100, False),
        (None, None, 0, False),
    ],
)
def test_threshold(
    violated: int | None, denominator: int | None, threshold: float | None, beyond: bool
) -> None:
    assert Counted(some(threshold), violated, denominator).beyond is beyond


def test_empty_tables_have_nothing_to_check(tmp_path: Path) -> None:
    result = dqd.run(Cdm(freeze(empty_tables(), tmp_path / "cdm")))
    applicable = {c.name for c in result if c.status == "passed"}
    assert applicable == {"cdmTable", "cdmField", "measurePersonCompleteness"}
    assert result.by_status()["failed"] == result.by_status()["error"] == 0
    era = result.one("measureConditionEraCompleteness", "condition_era")
    assert era.reason is not None
    assert era.reason.en == "Table condition_occurrence is empty."


def test_a_check_whose_other_table_is_absent_is_in_error(tmp_path: Path) -> None:
    lacking = ("death", "concept", "concept_ancestor", "person.gender_concept_id")
    result = dqd.run(Cdm(freeze(by_hand(), tmp_path / "cdm", lacking)))
    conditions = "condition_occurrence"
    for name, field in (
        ("plausibleBeforeDeath", "condition_start_date"),
        ("plausibleDuringLife", "condition_start_date"),
        ("fkDomain", "condition_concept_id"),
        ("isForeignKey", "condition_concept_id"),
        ("isStandardValidConcept", "condition_concept_id"),
        ("plausibleGender", "condition_concept_id"),
        ("plausibleGenderUseDescendants", "condition_concept_id"),
    ):
        check = result.one(name, conditions, field)
        assert (check.status, check.violated, check.error) == ("error", None, True), name
        assert check.reason is not None
    assert result.one("cdmTable", "death").status == "failed"
    assert result.one("plausibleAfterBirth", "death", "death_date").status == "not_applicable"
    assert result.one("plausibleAfterBirth", conditions, "condition_start_date").violated == 2


def test_an_absent_table_may_be_taken_for_an_empty_one(tmp_path: Path) -> None:
    cdm = Cdm(freeze(by_hand(), tmp_path / "cdm", ("death", "note", "measurement.value_as_number")))
    result = dqd.run(cdm, absent="empty")
    assert result.one("cdmTable", "death").status == "passed"
    assert result.one("measurePersonCompleteness", "death").violated == 4
    assert result.one("cdmField", "measurement", "value_as_number").status == "passed"
    late = result.one("plausibleBeforeDeath", "condition_occurrence", "condition_start_date")
    assert (late.violated, late.denominator, late.status) == (0, 0, "passed")
    assert result.by_status()["error"] == 0


def test_an_impossible_birth_is_an_error(tmp_path: Path) -> None:
    tables = by_hand()
    tables.execute("UPDATE person SET month_of_birth = 6, day_of_birth = 31 WHERE person_id = 3")
    result = dqd.run(Cdm(freeze(tables, tmp_path / "cdm")))
    conditions, column = "condition_occurrence", "condition_start_date"
    assert result.one("plausibleAfterBirth", conditions, column).status == "error"
    # 1 June of that year is a day
    assert result.one("plausibleTemporalAfter", conditions, column).violated == 2
    # nobody concerned has a visit
    assert result.one("plausibleAfterBirth", "visit_occurrence", "visit_start_date").violated == 0
    tables.execute("UPDATE person SET year_of_birth = NULL WHERE person_id = 1")
    result = dqd.run(Cdm(freeze(tables, tmp_path / "cdm")))
    assert result.one("plausibleTemporalAfter", conditions, column).status == "error"


def test_tables_may_be_left_out(tmp_path: Path) -> None:
    cdm = Cdm(freeze(by_hand(), tmp_path / "cdm"))
    everything = {c.id: (c.violated, c.denominator, c.status) for c in dqd.run(cdm)}
    with DuckDB(threads=1) as engine:
        some_tables = dqd.run(cdm, engine, excluding=VOCABULARY)
    assert {c.table for c in some_tables}.isdisjoint(VOCABULARY)
    assert {c.id: (c.violated, c.denominator, c.status) for c in some_tables}.items() <= (
        everything.items()
    )


def test_columns_of_another_type_are_cast(tmp_path: Path) -> None:
    folder = freeze(by_hand(), tmp_path / "cdm")
    table = pa.table(
        {
            "PERSON_ID": ["1", "2", "x", "4.5", "-6", None],
            "gender_concept_id": [8507.0, 8532.0, 1.5, math.nan, -2.0, None],
            "year_of_birth": pa.array([1980, 1990, 2000, 1970, 1960, 1950], pa.int16()),
            "birth_datetime": ["1980-02-03", "never", None, None, None, None],
        }
    )
    pq.write_table(table, folder / "person.parquet")
    result = dqd.run(Cdm(folder))
    assert result.one("cdmDatatype", "person", "person_id").violated == 3
    assert result.one("cdmDatatype", "person", "gender_concept_id").violated == 3
    assert result.one("cdmDatatype", "person", "year_of_birth").violated == 0
    assert result.one("measureValueCompleteness", "person", "birth_datetime").violated == 5
    assert result.one("isForeignKey", "visit_occurrence", "person_id").violated == 0


def test_a_file_that_is_not_parquet_is_named(tmp_path: Path) -> None:
    folder = freeze(by_hand(), tmp_path / "cdm")
    (folder / "note.parquet").write_bytes(b"person_id;note\n1;secret\n")
    with pytest.raises(InputError, match=r"note\.parquet") as raised:
        dqd.run(Cdm(folder))
    assert "secret" not in str(raised.value)


def test_an_older_cdm_is_told_what_it_lacks(shared: Path) -> None:
    """GiBleed is a CDM 5.3, its files those of the tables with rows."""
    result = dqd.run(Cdm(shared / "data" / "eunomia_gibleed"))
    absent = {(c.table, c.field) for c in result.failed("fatal") if c.name == "cdmField"}
    assert ("visit_occurrence", "admitted_from_concept_id") in absent
    assert ("measurement", "unit_source_concept_id") in absent
    assert result.one("cdmTable", "death").status == "failed"
    assert result.one("cdmDatatype", "person", "person_id").violated == 0


def test_the_future_is_what_follows_the_day_given(tmp_path: Path) -> None:
    cdm = Cdm(freeze(by_hand(), tmp_path / "cdm"))
    column = ("plausibleValueHigh", "condition_occurrence", "condition_start_date")
    found = {
        day: dqd.run(cdm, today=day).one(*column).violated
        for day in (date(2029, 12, 30), date(2029, 12, 31))
    }
    assert found == {date(2029, 12, 30): 1, date(2029, 12, 31): 0}


def test_rows_may_come_in_any_order(tmp_path: Path) -> None:
    tables = by_hand()
    first = [(c.id, c.violated) for c in dqd.run(Cdm(freeze(tables, tmp_path / "a")))]
    for (name,) in tables.execute("SELECT table_name FROM duckdb_tables()").fetchall():
        tables.execute(f"CREATE OR REPLACE TABLE {name} AS SELECT * FROM {name} ORDER BY random()")
    assert [(c.id, c.violated) for c in dqd.run(Cdm(freeze(tables, tmp_path / "b")))] == first


@pytest.mark.parametrize("level", ["Table", "Field", "Concept"])
def test_the_lists_are_the_public_ones(level: str, shared: Path) -> None:
    """Column by column, but for prose: what is checked and the thresholds are not retyped."""
    ours_at = Path(dqd.__file__).parent / "data" / f"{level.lower()}s.csv"
    with ours_at.open(encoding="utf-8", newline="") as stream:
        ours = list(csv.DictReader(stream))
    public_at = shared / "data" / "omop" / f"OMOP_CDMv5.4_{level}_Level.csv"
    with public_at.open(encoding="utf-8-sig", newline="") as stream:
        used = ("plausibleGender", "plausibleGenderUseDescendants", "plausibleUnitConceptIds")
        public = [
            r for r in csv.DictReader(stream) if level != "Concept" or any(r[u] for u in used)
        ]
    same = [{n: "" if r[n] == "No" else r[n].strip() for n in ours[0]} for r in public]
    if level == "Concept":
        same = [{**r, "conceptId": r["conceptId"].replace(" ", "")} for r in same]
    assert ours == same
