"""The rows of one domain of a range of persons, in order of (person, start, id).

Columns are read when something asks for them, once, and put in that order.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from transat.cohorts.query.columns import keys
from transat.cohorts.query.columns.keys import PERSON_BITS, UNKNOWN, known
from transat.cohorts.query.columns.postings import Postings
from transat.cohorts.query.columns.values import Kind, Values, unknown, values

if TYPE_CHECKING:
    from transat.cohorts.query.columns.files import PersonRange, TableFile
    from transat.cohorts.query.columns.keys import Ints, Rows
    from transat.cohorts.query.columns.people import People
    from transat.cohorts.query.columns.periods import Periods
    from transat.cohorts.query.domains import Domain


class DomainRows:
    """Rows by number, 0, 1, …: `key` is that of their start, `end` that of their end.

    Rows of an unknown person or start are no events, and left out.
    """

    def __init__(
        self, domain: Domain, file: TableFile, people: People, wanted: PersonRange | None
    ) -> None:
        self.domain = domain
        self._file = file
        self._groups = file.groups(wanted)
        self._people = people
        self._columns: dict[tuple[str, Kind], Values] = {}
        self._period: Rows | None = None
        self._postings: dict[str, Postings] = {}
        self._raw_order, self.key = self._sorted()

    def __len__(self) -> int:
        return len(self.key)

    def _read(self, name: str | None, kind: Kind) -> Values | None:
        """A column in the file's order; None when it has none of that name."""
        column = self._file.read(name, self._groups) if name else None
        return None if column is None else values(column, kind)

    def _sorted(self) -> tuple[Ints, Ints]:
        ids = self._read("person_id", "integer")
        if ids is None:
            return np.empty(0, np.int64), np.empty(0, np.int64)
        who = self._people.positions(ids.values)
        starts = self._read(self.domain.start, "day") or unknown(len(who))
        event = who >= 0
        for said in (ids.known, starts.known):
            if said is not None:
                event &= said
        mine = np.flatnonzero(event)
        key = (who[mine].astype(np.int64) << PERSON_BITS) + starts.values[mine]
        said_ids = self._read(self.domain.key, "integer")
        order = _order(key, None if said_ids is None else said_ids.values[mine])
        return (mine, key) if order is None else (mine[order], key[order])

    def period(self, periods: Periods) -> Rows:
        """The observation period that holds each row's start, -1 for none; for periods apart."""
        if self._period is None:
            self._period = periods.only(self.key).astype(np.int32)
        return self._period

    @cached_property
    def every(self) -> Rows:
        """All row numbers."""
        return np.arange(len(self), dtype=np.int32)

    @cached_property
    def end(self) -> Ints:
        """Keys of the ends: the column, else the days of supply, else the fixed length."""
        rows, start = len(self), self.key
        ends = np.full(rows, UNKNOWN, np.int64)
        if self.domain.length is not None:
            ends = (start & (UNKNOWN * 2 - 1)) + self.domain.length
        person_base = start >> PERSON_BITS << PERSON_BITS
        if self.domain.days_supply:
            supply = self.column(self.domain.days_supply, "integer")
            lengthened = (start - person_base) + supply.values
            ends = np.where(supply.missing, ends, lengthened)
        if self.domain.end:
            said = self.column(self.domain.end, "day")
            ends = np.where(said.missing, ends, said.values)
        return person_base + ends

    @cached_property
    def open_ended(self) -> bool:
        """Whether an end is not known."""
        return self.domain.length is None and not bool(known(self.end).all())

    def column(self, name: str, kind: Kind) -> Values:
        """A column of the table; nothing of it is known when the file lacks it."""
        found = self._columns.get((name, kind))
        if found is None:
            read = self._read(name, kind)
            found = unknown(len(self)) if read is None else read.take(self._raw_order)
            self._columns[name, kind] = found
        return found

    @cached_property
    def visits(self) -> Values:
        """The visit that each row names."""
        named = self.domain.visit
        return self.column("visit_occurrence_id", "integer") if named else unknown(len(self))

    def postings(self, name: str) -> Postings:
        """The rows of each concept of a column."""
        found = self._postings.get(name)
        if found is None:
            column = self._file.read(name, self._groups)
            order = self._raw_order
            if column is None:
                column, order = pa.chunked_array([], pa.int64()), order[:0]
            found = self._postings[name] = Postings(column, order)
        return found

    def ids(self) -> Ints:
        """What orders the events of one day."""
        return self.column(self.domain.key, "integer").values


def _order(key: Ints, ids: Ints | None) -> Ints | None:
    """The order by (key, id); None when they are in it."""
    in_order = bool((key[1:] >= key[:-1]).all())
    order = np.arange(len(key)) if in_order else np.argsort(key, kind="stable")
    if ids is None or bool((ids[1:] >= ids[:-1]).all()):
        return None if in_order else order
    # Few rows share a person and a day: only these are sorted by id.
    tied = keys.tied(key if in_order else key[order])
    rows = order[tied]
    order[tied] = rows[np.lexsort((ids[rows], key[rows]))]
    return order
