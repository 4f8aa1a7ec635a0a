"""The files themselves: declared columns, same bytes every time, same text in both formats."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow.csv as csv
import pyarrow.parquet as parquet
from hypothesis import given, settings
from hypothesis import strategies as st
from written_quebec import DESIGN, Extract

from transat.simulate.quebec.world import person_numbers
from transat.simulate.quebec.write import identifiers, write
from transat.tables.quebec import LABELS, tables

#: Lists that a holder may add, where people leave no trace; and the registry of elders.
WITHOUT = {*LABELS, "V_PRODU_MED", "REGISTRE_ECHO"}
WRITTEN = {n: t for n, t in tables().items() if n not in WITHOUT}


def test_every_declared_table_is_written_with_its_declared_columns(extract: Extract) -> None:
    written = {path.name for path in extract.folder.iterdir()}
    assert written == set(WRITTEN)
    for name, table in WRITTEN.items():
        header = (extract.folder / name / f"{name}_0000.csv").read_text("utf-8").splitlines()[0]
        assert tuple(header.split(",")) == table.names


def test_required_columns_are_never_empty(extract: Extract) -> None:
    for name, table in WRITTEN.items():
        rows = extract.rows(name)
        assert rows
        for column in table.columns:
            if column.required:
                assert all(row[column.name] for row in rows), f"{name}.{column.name}"


def test_the_same_design_writes_the_same_bytes(extract: Extract, tmp_path: Path) -> None:
    again = write(extract.population, tmp_path, 0, DESIGN)
    assert again.equals(extract.unseen)
    for path in sorted(extract.folder.rglob("*.csv")):
        assert (tmp_path / path.relative_to(extract.folder)).read_bytes() == path.read_bytes()


def test_another_seed_writes_other_numbers(extract: Extract) -> None:
    other = identifiers(extract.population, replace(DESIGN, seed=8), 0)
    mine = identifiers(extract.population, DESIGN, 0)
    assert set(other["quebec_person"].to_pylist()).isdisjoint(mine["quebec_person"].to_pylist())


def test_parquet_holds_the_same_text(extract: Extract, tmp_path: Path) -> None:
    write(extract.population, tmp_path, 0, replace(DESIGN, file_format="parquet"))
    for name, table in WRITTEN.items():
        read = csv.read_csv(
            extract.folder / name / f"{name}_0000.csv",
            convert_options=csv.ConvertOptions(
                column_types=dict.fromkeys(table.names, "string"), strings_can_be_null=True
            ),
        )
        stored = parquet.read_table(tmp_path / name / f"{name}_0000.parquet")
        assert stored.to_pylist() == read.to_pylist()


def test_the_directory_of_acts_is_written_once(extract: Extract, tmp_path: Path) -> None:
    write(extract.population, tmp_path, 3, DESIGN)
    assert not (tmp_path / "V_RPERT_COD_ACTE").exists()
    assert (tmp_path / "NAISSANCES" / "NAISSANCES_0003.csv").is_file()


@settings(deadline=None)
@given(
    st.integers(0, 2**32 - 1),
    st.sets(st.integers(0, 4_000_000_000), min_size=2, max_size=50),
)
def test_different_people_have_different_numbers(seed: int, people: set[int]) -> None:
    numbers = person_numbers(seed, np.array(sorted(people), dtype=np.int64)).to_pylist()
    assert len(set(numbers)) == len(people)
    assert all(len(n) == 13 and n.isdigit() for n in numbers)


def test_chunks_share_no_stay_number(extract: Extract, tmp_path: Path) -> None:
    write(extract.population, tmp_path, 1, DESIGN)
    other = (tmp_path / "V_SEJ_HOSP_CM" / "V_SEJ_HOSP_CM_0001.csv").read_text("utf-8")
    mine = {row["SHOP_NO_SEQ_SEJ_HOSP"] for row in extract.rows("V_SEJ_HOSP_CM")}
    place = tables()["V_SEJ_HOSP_CM"].names.index("SHOP_NO_SEQ_SEJ_HOSP")
    assert mine.isdisjoint(line.split(",")[place] for line in other.splitlines()[1:])
