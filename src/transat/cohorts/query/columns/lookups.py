"""The columns of rows that events lead to: their person, visit, provider, place of care."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from transat.cohorts.query.columns.values import Kind, Values, unknown, values

if TYPE_CHECKING:
    from transat.cohorts.query.columns.files import PersonRange, TableFile
    from transat.cohorts.query.columns.keys import Ints


class Lookup:
    """A table by its id column, for a range of persons when it has any; a column is read once."""

    def __init__(self, file: TableFile, key: str, wanted: PersonRange | None) -> None:
        self._file = file
        self._groups = file.groups(wanted)
        column = file.read(key, self._groups)
        ids = np.empty(0, np.int64) if column is None else values(column, "integer").values
        self._order = np.argsort(ids, kind="stable")
        self._ids = ids[self._order]
        self._columns: dict[tuple[str, Kind], Values] = {}

    def column(self, name: str, kind: Kind, asked: Values) -> Values:
        """The column of the row of each id that is asked for."""
        said = self._columns.get((name, kind))
        if said is None:
            column = self._file.read(name, self._groups)
            said = unknown(len(self._ids)) if column is None else values(column, kind)
            said = self._columns[name, kind] = said.take(self._order)
        return of_row(said, rows(self._ids, asked))


def rows(ids: Ints, asked: Values) -> Ints:
    """The place of each id that is asked for among the ascending `ids`; -1 for none."""
    if not len(ids):
        return np.full(len(asked.values), -1, np.int64)
    place = np.minimum(np.searchsorted(ids, asked.values), len(ids) - 1)
    place[(ids[place] != asked.values) | asked.missing] = -1
    return place


def of_row(said: Values, row: Ints) -> Values:
    """The value of each row; unknown for -1."""
    if not len(said.values):
        return unknown(len(row))
    found = said.take(row)
    return Values(found.values, (row >= 0) & ~found.missing, found.words)
