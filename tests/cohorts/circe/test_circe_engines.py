"""Imported definitions give the same periods whoever computes them: dates moved by either edge."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from circe_json import definition, read

from transat.cohorts.query.columns.executor import Columns
from transat.cohorts.query.executor import Definition
from transat.cohorts.query.reference import Reference
from transat.cohorts.query.sql.executor import Sql
from transat.engines.cdm import Cdm

DAY, LAST = date(2010, 1, 1), date(2010, 12, 31)
#: Domain → its table's key, start, end: one whose end is a timestamp, one that has a default end.
TABLES = {
    "DrugEra": ("drug_era", "drug_era_id", "drug_era_start_date", "drug_era_end_date"),
    "DrugExposure": (
        "drug_exposure",
        "drug_exposure_id",
        "drug_exposure_start_date",
        "drug_exposure_end_date",
    ),
}


@pytest.fixture
def cdm(tmp_path: Path) -> Cdm:
    persons = list(range(1, 9))
    pq.write_table(pa.table({"person_id": persons}), tmp_path / "person.parquet")
    observed = {
        "observation_period_id": persons,
        "person_id": persons,
        "observation_period_start_date": [DAY] * 8,
        "observation_period_end_date": [LAST] * 8,
    }
    pq.write_table(pa.table(observed), tmp_path / "observation_period.parquet")
    for table, key, start, end in TABLES.values():
        starts = [DAY + timedelta(days=20 * p) for p in persons]
        rows = {
            key: persons,
            "person_id": persons,
            start: starts,
            end: [s + timedelta(days=p) for p, s in zip(persons, starts, strict=True)],
        }
        pq.write_table(pa.table(rows), tmp_path / f"{table}.parquet")
    return Cdm(tmp_path)


@pytest.mark.parametrize("name", sorted(TABLES))
def test_moved_dates(cdm: Cdm, name: str) -> None:
    """Event p lasts p days; a definition takes those whose moved end is not before its start."""
    definitions, expected = [], []
    for number, (start, end) in enumerate(((0, 0), (16, 11), (5, 0), (-3, -9), (0, 4)), 1):
        edges = ("START_DATE", "END_DATE") if number % 2 else ("END_DATE", "END_DATE")
        moved = {"StartWith": edges[0], "StartOffset": start, "EndWith": edges[1], "EndOffset": end}
        body = {name: {"DateAdjustment": moved}}
        definitions.append(Definition(number, read(definition(body))))
        for p in range(1, 9):
            first = 20 * p + start + (0 if number % 2 else p)
            last = 20 * p + p + end
            if last >= first:
                expected.append((number, p, DAY + timedelta(days=first), LAST))
    for engine in (Reference(), Columns(), Sql("duckdb")):
        found = engine.run(cdm, definitions).cohorts
        assert [tuple(row.values()) for row in found.to_pylist()] == expected
