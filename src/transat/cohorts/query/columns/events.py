"""Events: what a Read finds."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from transat.cohorts.query.columns.keys import LAST
from transat.cohorts.query.columns.values import Kind, Values

if TYPE_CHECKING:
    from transat.cohorts.query.columns.domain_rows import DomainRows
    from transat.cohorts.query.columns.keys import Ints, Mask, Rows


class Events:
    """Rows of one domain with their dates, in order of (person, start, id).

    key, end: keys of start and end, `moved` or not. own: keys of the rows' own start, by which
    entry events are limited; it differs from `key` where a date of the study replaces the start.
    """

    __slots__ = ("_end", "_ends", "_starts", "domain", "key", "moved", "own", "rows")

    def __init__(
        self,
        domain: DomainRows,
        rows: Rows,
        key: Ints,
        end: Ints | None = None,
        own: Ints | None = None,
        moved: bool = False,
    ) -> None:
        self.domain = domain
        self.rows = rows
        self.key = key
        self.own = own
        self.moved = moved
        self._end = end
        self._starts: Ints | None = None
        self._ends: Ints | None = None

    def __len__(self) -> int:
        return len(self.rows)

    @property
    def end(self) -> Ints:
        """Keys of the ends."""
        if self._end is None:
            self._end = self.domain.end.take(self.rows)
        return self._end

    @property
    def starts(self) -> Ints:
        """The keys of the starts, then LAST: what comes after all of them."""
        if self._starts is None:
            self._starts = np.append(self.key, LAST)
        return self._starts

    @property
    def ends(self) -> Ints:
        """The keys of the ends in order, then LAST."""
        if self._ends is None:
            self._ends = np.append(np.sort(self.end, kind="stable"), LAST)
        return self._ends

    @property
    def visits(self) -> Values:
        """The visits that the rows name."""
        return self.domain.visits.take(self.rows)

    def column(self, name: str, kind: Kind) -> Values:
        """A column of the events' own table."""
        return self.domain.column(name, kind).take(self.rows)

    def keep(self, kept: Mask | Ints) -> Events:
        """Some of them."""
        if kept.dtype == np.bool_:
            kept = np.flatnonzero(kept)
        end = None if self._end is None else self._end[kept]
        own = None if self.own is None else self.own[kept]
        return Events(self.domain, self.rows[kept], self.key[kept], end, own, self.moved)
