"""Native tables as files: declared columns (``data/columns.csv``), TABLE/TABLE_0000.csv.

A column is written only in the years in which the source has it. CSV has `;`, UTF-8, a header and
no quotes; Parquet holds the same text forms, all strings.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal

import numpy as np
import pyarrow as pa
import pyarrow.csv as pacsv
import pyarrow.parquet as pq

from transat.simulate.snds.rates import read_data

FileFormat = Literal["csv", "parquet"]

#: Rows of one Parquet row group.
ROW_GROUP = 300_000


@dataclass(frozen=True, slots=True)
class NativeColumn:
    """A column of the extract; `constant` is its value when it never varies here."""

    name: str
    first_year: int | None
    constant: str | None


@cache
def _declared() -> Mapping[str, tuple[NativeColumn, ...]]:
    columns: dict[str, list[NativeColumn]] = defaultdict(list)
    for row in read_data("columns.csv"):
        first = int(row["first_year"]) if row["first_year"] else None
        columns[row["table"]].append(NativeColumn(row["column"], first, row["constant"] or None))
    return {table: tuple(declared) for table, declared in columns.items()}


def native_tables() -> tuple[str, ...]:
    """Names of the tables written; yearly ones with their two letters 'aa' (T_MCOaaB)."""
    return tuple(_declared())


def native_columns(table: str, year: int | None = None) -> tuple[NativeColumn, ...]:
    """Columns of `table`, of one year when it is a yearly table. Raises KeyError if unknown."""
    return tuple(
        c for c in _declared()[table] if not (year and c.first_year and year < c.first_year)
    )


def native_table(
    table: str, rows: int, given: Mapping[str, pa.Array], year: int | None = None
) -> pa.Table:
    """The declared columns of `table` in their order, from `given` and the constants.

    Raises ValueError when a declared column has no value, or a given one is not declared.
    """
    declared = native_columns(table, year)
    known = {c.name for c in native_columns(table)}
    if unknown := set(given) - known:
        raise ValueError(f"{table}: columns that are not declared: {sorted(unknown)}")
    arrays = {c.name: _values(table, c, rows, given) for c in declared}
    return pa.table(arrays)


def _values(table: str, column: NativeColumn, rows: int, given: Mapping[str, pa.Array]) -> pa.Array:
    if column.name in given:
        return given[column.name]
    if column.constant is None:
        raise ValueError(f"{table}.{column.name}: no value given")
    zeros = pa.array(np.zeros(rows, np.int32))
    return pa.DictionaryArray.from_arrays(zeros, pa.array([column.constant]))


def write_native(
    table: pa.Table, name: str, folder: Path, chunk: int, file_format: FileFormat
) -> Path:
    """Write folder/NAME/NAME_<chunk>.<format>; whole or not at all. Returns its path."""
    (folder / name).mkdir(parents=True, exist_ok=True)
    path = folder / name / f"{name}_{chunk:04d}.{file_format}"
    partial = path.with_name(path.name + ".partial")
    if file_format == "parquet":
        _write_parquet(table, partial)
    else:
        _write_csv(table, partial)
    partial.replace(path)
    return path


def _write_parquet(table: pa.Table, path: Path) -> None:
    pq.write_table(
        table,
        path,
        compression="zstd",
        compression_level=1,
        row_group_size=ROW_GROUP,
        store_schema=False,
        write_statistics=False,
    )


def _write_csv(table: pa.Table, path: Path) -> None:
    plain = pa.table(
        {
            name: column.cast(pa.string()) if pa.types.is_dictionary(column.type) else column
            for name, column in zip(table.column_names, table.columns, strict=True)
        }
    )
    with path.open("wb") as file:
        file.write((";".join(plain.column_names) + "\n").encode())
        options = pacsv.WriteOptions(include_header=False, delimiter=";", quoting_style="none")
        pacsv.write_csv(plain, file, options)
