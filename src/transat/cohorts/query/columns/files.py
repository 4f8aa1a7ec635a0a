"""The columns of a Parquet file, for a range of persons: only the row groups that hold them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq

from transat.cohorts.query.domains import column_types
from transat.core.errors import InputError
from transat.core.languages import Text

if TYPE_CHECKING:
    from pathlib import Path

    from transat.cohorts.query.columns.keys import Ints
    from transat.tables.column import ColumnType


@dataclass(frozen=True, slots=True)
class PersonRange:
    """Persons by id, ascending; `low` and `high` are the first and the last."""

    ids: Ints

    @property
    def low(self) -> int:
        """The smallest id."""
        return int(self.ids[0])

    @property
    def high(self) -> int:
        """The greatest id."""
        return int(self.ids[-1])


class TableFile:
    """One table of a CDM; a file that is not there is a table without rows.

    Column names are found whatever their case. Raises InputError for a file that is not Parquet.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.there = path.is_file()

    @cached_property
    def _file(self) -> Any:
        try:
            return pq.ParquetFile(self.path)
        except (pa.ArrowInvalid, OSError):
            raise self._unreadable() from None

    @cached_property
    def _names(self) -> dict[str, str]:
        return {n.lower(): n for n in self._file.schema_arrow.names} if self.there else {}

    @property
    def rows(self) -> int:
        """Rows of the whole table."""
        return int(self._file.metadata.num_rows) if self.there else 0

    def has(self, column: str) -> bool:
        """Whether the file has it."""
        return column in self._names

    def groups(self, wanted: PersonRange | None) -> list[int]:
        """The row groups that may hold persons of the range; all of them when it is None."""
        if not self.there:
            return []
        metadata = self._file.metadata
        every = range(metadata.num_row_groups)
        if wanted is None or not self.has("person_id"):
            return list(every)
        place = self._file.schema_arrow.names.index(self._names["person_id"])
        return [n for n in every if _meets(metadata.row_group(n).column(place), wanted)]

    def read(self, column: str, groups: list[int]) -> Any:
        """An Arrow array of the column in those row groups; None when the file lacks it.

        One of another type than the declared is read as that type where all its values can be.
        """
        if not self.has(column):
            return None
        name = self._names[column]
        try:
            table = self._file.read_row_groups(groups, columns=[name], use_threads=False)
            return _as_declared(table.column(0), column_types(self.path.stem).get(column))
        except (pa.ArrowInvalid, pa.ArrowNotImplementedError, OSError):
            raise self._unreadable() from None

    def _unreadable(self) -> InputError:
        return InputError(
            Text(
                f"ce fichier ne se lit pas comme la table {self.path.stem} d'un CDM.",
                f"this file does not read as the table {self.path.stem} of a CDM.",
            ),
            str(self.path),
            Text("Refaites le CDM ou sa copie.", "Make the CDM, or its copy, again."),
        )


def _meets(column: Any, wanted: PersonRange) -> bool:
    """Whether a row group's statistics allow persons of the range."""
    known = column.statistics
    if known is None or not known.has_min_max or not isinstance(known.min, int):
        return True
    return bool(known.min <= wanted.high and known.max >= wanted.low)


def _as_declared(column: Any, declared: ColumnType | None) -> Any:
    """A column of integers, numbers or days as such. Raises ArrowInvalid where one is none."""
    is_type = pa.types
    if declared in ("integer", "bigint") and not is_type.is_integer(column.type):
        return column.cast(pa.int64())
    if declared == "float" and not (
        is_type.is_floating(column.type) or is_type.is_integer(column.type)
    ):
        return column.cast(pa.float64())
    if declared in ("date", "datetime") and not is_type.is_timestamp(column.type):
        if is_type.is_integer(column.type):
            raise pa.ArrowInvalid("a number is no day")
        return column.cast(pa.date32())
    return column
