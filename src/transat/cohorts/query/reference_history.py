"""A CDM as plain rows by person: what the reference interpreter reads."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import pyarrow as pa
import pyarrow.parquet as pq

from transat.cohorts.query.domains import PREGNANCY
from transat.core.errors import InputError
from transat.core.languages import Text
from transat.tables.column import ColumnType
from transat.tables.omop import tables

if TYPE_CHECKING:
    from pathlib import Path

    from transat.engines.cdm import Cdm

_TYPES: Final[Mapping[ColumnType, pa.DataType]] = {
    "integer": pa.int64(),
    "bigint": pa.int64(),
    "float": pa.float64(),
    "date": pa.date32(),
    "datetime": pa.date32(),
    "text": pa.string(),
}


class Row(dict[str, Any]):
    """A row by column name, days counted from 1970-01-01. A column that is not there is null."""

    def __missing__(self, column: str) -> None:
        return None


class Period(NamedTuple):
    """An observation period, both days within it."""

    start: int
    end: int

    def holds(self, day: int) -> bool:
        """Whether the day is in the period."""
        return self.start <= day <= self.end


@dataclass(slots=True)
class History:
    """All that a CDM says, by person. Tables are read when they are first asked for.

    Raises InputError for a file that is not Parquet, or whose columns are of other kinds.
    """

    cdm: Cdm
    _rows: dict[str, list[Row]] = field(default_factory=dict)
    _by_person: dict[str, dict[int, list[Row]]] = field(default_factory=dict)
    _by_key: dict[tuple[str, str], dict[int, Row]] = field(default_factory=dict)
    _observed: list[int] | None = None

    def rows(self, table: str) -> list[Row]:
        """The rows of a table; none when the CDM lacks it."""
        if table not in self._rows:
            self._rows[table] = _read(self.cdm, table)
        return self._rows[table]

    def of(self, table: str, person: int) -> Sequence[Row]:
        """The person's rows of a table."""
        if table not in self._by_person:
            grouped = defaultdict(list)
            for row in self.rows(table):
                grouped[row["person_id"]].append(row)
            self._by_person[table] = dict(grouped)
        return self._by_person[table].get(person, ())

    def named(self, table: str, key: str, value: int | None) -> Row:
        """The row of a table whose `key` is `value`; an empty one when there is none."""
        if (table, key) not in self._by_key:
            self._by_key[table, key] = {row[key]: row for row in self.rows(table)}
        return Row() if value is None else self._by_key[table, key].get(value, Row())

    def periods(self, person: int) -> list[Period]:
        """The person's observation periods whose two days are known, in order."""
        found = self.of("observation_period", person)
        days = (
            (r["observation_period_start_date"], r["observation_period_end_date"]) for r in found
        )
        return sorted(Period(*both) for both in days if None not in both)

    def observed(self) -> list[int]:
        """Persons with an observation period, in order: nobody else has an event in one."""
        if self._observed is None:
            rows = self.rows("observation_period")
            self._observed = sorted({row["person_id"] for row in rows} - {None})
        return self._observed


def _read(cdm: Cdm, name: str) -> list[Row]:
    file = cdm.path_of(name)
    if not file.is_file():
        return []
    try:
        read = pq.read_table(file)
        declared = _declared(name)
        names = [column.lower() for column in read.column_names]
        arrays = [_plain(c, declared.get(n)) for n, c in zip(names, read.columns, strict=True)]
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError, OSError):
        raise _unreadable(file) from None
    return [Row(row) for row in pa.Table.from_arrays(arrays, names=names).to_pylist()]


def _declared(name: str) -> Mapping[str, ColumnType]:
    return PREGNANCY if name == "pregnancy" else {c.name: c.type for c in tables()[name].columns}


def _plain(column: pa.ChunkedArray, declared: ColumnType | None) -> pa.ChunkedArray:
    if declared in ("date", "datetime") and pa.types.is_integer(column.type):
        raise pa.ArrowInvalid("a number is no day")
    typed = column if declared is None else column.cast(_TYPES[declared])
    return typed.cast(pa.int32()) if pa.types.is_date32(typed.type) else typed


def _unreadable(file: Path) -> InputError:
    return InputError(
        Text(
            f"ce fichier ne se lit pas comme la table {file.stem} d'un CDM.",
            f"this file does not read as the table {file.stem} of a CDM.",
        ),
        str(file),
        Text("Refaites le CDM ou sa copie.", "Make the CDM, or its copy, again."),
    )
