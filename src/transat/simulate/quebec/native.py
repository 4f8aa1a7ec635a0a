"""Typed arrays to the text of a native Québec file, and the file itself."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as csv
import pyarrow.parquet as parquet
from numpy.typing import NDArray

from transat.tables.quebec import tables

Integers = NDArray[np.int64]
Flags = NDArray[np.bool_]

#: The day number that stands for "no date" in integer arrays.
NO_DAY: Final = np.iinfo(np.int64).min


def day_numbers(column: pa.ChunkedArray) -> Integers:
    """Days since 1970-01-01 of a date32 column; nulls become `NO_DAY`."""
    return integers(pc.cast(column, pa.int32()), NO_DAY)


def integers(column: pa.ChunkedArray, missing: int = NO_DAY) -> Integers:
    """An integer column as int64, nulls replaced by `missing`."""
    filled = pc.fill_null(pc.cast(column, pa.int64()), missing)
    return np.asarray(filled.to_numpy(), dtype=np.int64)


def dates(days: Integers) -> pa.Array:
    """Day numbers as 'YYYY-MM-DD'; `NO_DAY` becomes an empty field."""
    missing = days == NO_DAY
    filled = np.where(missing, 0, days).astype(np.int32)
    return pc.cast(pa.array(filled, pa.int32(), mask=missing).cast(pa.date32()), pa.string())


def instants(days: Integers, minutes: Integers) -> pa.Array:
    """Day numbers and minutes of the day as 'YYYY-MM-DD HH:MM:00'."""
    seconds = pa.array(days * 86_400 + minutes * 60, pa.int64()).cast(pa.timestamp("s"))
    return pc.strftime(seconds, format="%Y-%m-%d %H:%M:%S")


def whole(values: Integers, missing: Flags | None = None) -> pa.Array:
    """Whole numbers as text; empty where `missing`."""
    return pa.array(values, pa.int64(), mask=missing).cast(pa.string())


def padded(values: Integers, width: int) -> pa.Array:
    """Whole numbers as text of fixed width, zeros on the left."""
    return pc.utf8_lpad(whole(values), width=width, padding="0")


def dollars(cents: Integers) -> pa.Array:
    """An amount in cents as a signed number of dollars with two decimals."""
    sign = pc.if_else(pa.array(cents < 0), "-", "")
    units, rest = np.divmod(np.abs(cents), 100)
    return pc.binary_join_element_wise(
        pc.binary_join_element_wise(sign, whole(units), ""), padded(rest, 2), "."
    )


def constant(value: str, rows: int) -> pa.Array:
    """The same text on every row."""
    return pa.repeat(pa.scalar(value, pa.string()), rows)


def chosen(values: tuple[str, ...], positions: Integers) -> pa.Array:
    """`values[position]` on every row; an empty value is an empty field."""
    return pa.array([v or None for v in values], pa.string()).take(pa.array(positions))


def native(name: str, columns: Mapping[str, pa.Array]) -> pa.Table:
    """A native table with all its declared columns, in their order, as text.

    Columns that the simulation leaves empty are there, empty. Raises KeyError when a column is
    given that the table does not declare.
    """
    declared = tables()[name].names
    unknown = set(columns) - set(declared)
    if unknown:
        raise KeyError(f"{name}: {sorted(unknown)}")
    rows = len(next(iter(columns.values())))
    empty = pa.nulls(rows, pa.string())
    arrays = [columns.get(column, empty) for column in declared]
    return pa.table(dict(zip(declared, arrays, strict=True)))


def save(table: pa.Table, name: str, folder: Path, chunk: int, file_format: str) -> None:
    """Write `folder/NAME/NAME_<chunk>.csv` (UTF-8, comma, header) or `.parquet` (same text)."""
    target = folder / name / f"{name}_{chunk:04d}.{file_format}"
    target.parent.mkdir(parents=True, exist_ok=True)
    if file_format == "parquet":
        parquet.write_table(table, target, compression="zstd")
        return
    # Fields have no comma, quote or line break: written bare, as these extracts are.
    bare = csv.WriteOptions(include_header=False, quoting_style="none")
    with target.open("wb") as file:
        file.write((",".join(table.column_names) + "\n").encode())
        csv.write_csv(table, file, bare)
