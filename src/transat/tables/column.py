"""How Transat declares a table: its columns, their types, what they mean, their origin."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from transat.core.languages import Text

#: 'integer' is int32, 'bigint' int64, 'float' float64, 'text' a (dictionary-coded) string.
ColumnType = Literal["integer", "bigint", "float", "date", "datetime", "text"]


@dataclass(frozen=True, slots=True)
class Column:
    """One declared column.

    `first_year` and `last_year` are the years in which a native column exists, None when always;
    in `missing_years`, between the two, it does not. `nomenclature` names its list of codes.
    """

    name: str
    type: ColumnType
    required: bool = False
    description: Text | None = None
    first_year: int | None = None
    last_year: int | None = None
    missing_years: tuple[int, ...] = ()
    nomenclature: str = ""

    def exists_in(self, year: int | None) -> bool:
        """Whether a file of `year` has it, as far as its source says; a file of no year may."""
        if year is None:
            return True
        begun = self.first_year is None or self.first_year <= year
        ended = self.last_year is not None and self.last_year < year
        return begun and not ended and year not in self.missing_years


@dataclass(frozen=True, slots=True)
class Table:
    """One declared table; `sort` is the physical order in which it is written."""

    name: str
    columns: tuple[Column, ...]
    sort: tuple[str, ...] = ()
    description: Text | None = None
    source: str = ""

    def column(self, name: str) -> Column:
        """The column called `name`. Raises KeyError."""
        for column in self.columns:
            if column.name == name:
                return column
        raise KeyError(f"{self.name}.{name}")

    @property
    def names(self) -> tuple[str, ...]:
        """Column names, in declared order."""
        return tuple(c.name for c in self.columns)
