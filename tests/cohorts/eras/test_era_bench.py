"""The measure of eras: a drawn file in a CDM's order, and three readings of it that agree."""

from __future__ import annotations

from pathlib import Path

import pyarrow.parquet as pq

from transat.cohorts.eras.bench import bench, decode, kernel, sql, write_dispensings
from transat.cohorts.eras.stream import by_person


def test_the_drawn_file_is_in_order_and_drawn_from_its_seed(tmp_path: Path) -> None:
    one, two = tmp_path / "one.parquet", tmp_path / "two.parquet"
    assert write_dispensings(one, 40_000, seed=3) == write_dispensings(two, 40_000, seed=3)
    table = pq.read_table(one)
    assert table.equals(pq.read_table(two))
    order = ["person_id", "drug_concept_id", "drug_exposure_start_date", "drug_exposure_id"]
    assert table.equals(table.sort_by([(name, "ascending") for name in order]))
    assert by_person(one)


def test_the_kernel_and_sql_find_the_same_eras(tmp_path: Path) -> None:
    file = tmp_path / "drug_exposure.parquet"
    write_dispensings(file, 60_000, seed=5)
    found = kernel(file, threads=2)
    assert found[1:] == sql(file, threads=2)[1:]
    assert found.eras > 20_000
    assert decode(file, 1).seconds > 0


def test_the_figures_are_of_one_run() -> None:
    figures = bench(rows=20_000, threads=1, repeats=1)
    assert figures["rows_per_second"] == figures["rows"] / figures["seconds"]
    assert figures["times_faster_than_sql"] == figures["sql.seconds"] / figures["seconds"]
