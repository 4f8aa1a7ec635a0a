"""The executor on columns, range of persons by range: how it is cut changes nothing."""

from __future__ import annotations

from pathlib import Path

import pyarrow.parquet as pq
import pytest
from agreement import analysis_case, case, compared

from transat.cohorts.query.columns.executor import Columns
from transat.cohorts.query.columns.ranges import person_ranges
from transat.cohorts.query.executor import ATTRITION_SCHEMA, COHORT_SCHEMA
from transat.core.errors import InputError
from transat.engines.cdm import Cdm


@pytest.mark.parametrize(("rows", "threads"), [(10, 1), (60, 1), (60, 3)])
def test_ranges_and_threads_change_nothing(rows: int, threads: int, tmp_path: Path) -> None:
    cdm, many = case(501, tmp_path, persons=25, definitions=60)
    whole = Columns().run(cdm, many)
    assert len(person_ranges(cdm, rows)) > 3
    assert whole.cohorts.num_rows > 50
    assert compared(whole, Columns(rows, threads).run(cdm, many), many) == []


def test_ranges_change_no_column_of_an_analysis(tmp_path: Path) -> None:
    cdm, many = analysis_case(502, tmp_path, persons=25, analyses=15)
    seen = 0
    for analysis in many:
        whole = Columns().analyse(cdm, analysis)
        seen += whole.num_rows
        assert Columns(20).analyse(cdm, analysis).to_pylist() == whole.to_pylist()
    assert seen > 50


def test_every_person_is_in_one_range(tmp_path: Path) -> None:
    cdm, _ = case(503, tmp_path, persons=25, definitions=1)
    ids = [i for r in person_ranges(cdm, 30) for i in r.ids.tolist()]
    said = pq.read_table(cdm.path_of("observation_period"))["person_id"].to_pylist()
    assert ids == sorted(set(said) - {None})


def test_row_groups_of_others_are_not_read(tmp_path: Path) -> None:
    cdm, many = case(504, tmp_path, persons=25, definitions=40)
    whole = Columns().run(cdm, many)
    for name in cdm.tables():
        table = pq.read_table(cdm.path_of(name))
        if "person_id" in table.column_names:
            table = table.sort_by("person_id")
        pq.write_table(table, cdm.path_of(name), row_group_size=7)
    assert compared(whole, Columns(20).run(cdm, many), many) == []


def test_nobody_observed_is_nobody_in_a_cohort(tmp_path: Path) -> None:
    cdm, many = case(505, tmp_path, persons=10, definitions=10)
    cdm.path_of("observation_period").unlink()
    found = Columns().run(cdm, many)
    assert found.cohorts.equals(COHORT_SCHEMA.empty_table())
    assert found.attrition.schema.equals(ATTRITION_SCHEMA)
    assert sum(found.attrition["events"].to_pylist()) == 0
    assert set(found.attrition["cohort_definition_id"].to_pylist()) == set(range(1, 11))


def test_no_definition_no_row(tmp_path: Path) -> None:
    cdm, _ = case(506, tmp_path, persons=5, definitions=1)
    assert Columns().run(cdm, []).cohorts.num_rows == 0


@pytest.mark.parametrize("table", ["observation_period", "condition_occurrence"])
def test_a_file_that_is_not_parquet_is_named(table: str, tmp_path: Path) -> None:
    cdm, many = case(507, tmp_path, persons=10, definitions=60)
    cdm.path_of(table).write_bytes(b"not Parquet at all")
    with pytest.raises(InputError) as refused:
        Columns().run(Cdm(cdm.path), many)
    assert table in str(refused.value)
