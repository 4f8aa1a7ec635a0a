"""Events: what a Read finds, and the entry events of a cohort, each in its observation period."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from transat.cohorts.query.columns import keys
from transat.cohorts.query.columns.values import Kind, Values, joined

if TYPE_CHECKING:
    from collections.abc import Sequence

    from transat.cohorts.query.columns.domain_rows import DomainRows
    from transat.cohorts.query.columns.keys import Ints, Mask, Rows
    from transat.cohorts.query.columns.periods import Periods


class Events:
    """Rows of one domain with their dates, in order of (person, start, id).

    key, end: keys of start and end, `moved` or not. own: keys of the rows' own start, by which
    entry events are limited; it differs from `key` where a date of the study replaces the start.
    """

    __slots__ = ("_by_end", "_end", "domain", "key", "moved", "own", "rows")

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
        self._by_end: tuple[Ints, Ints] | None = None

    def __len__(self) -> int:
        return len(self.rows)

    @property
    def end(self) -> Ints:
        """Keys of the ends."""
        if self._end is None:
            self._end = self.domain.end[self.rows]
        return self._end

    @property
    def by_end(self) -> tuple[Ints, Ints]:
        """The keys of the ends in order, and which events they are of."""
        if self._by_end is None:
            order = np.argsort(self.end, kind="stable")
            self._by_end = self.end[order], order
        return self._by_end

    @property
    def visits(self) -> Values:
        """The visits that the rows name."""
        return self.domain.visits.take(self.rows)

    def column(self, name: str, kind: Kind) -> Values:
        """A column of the events' own table."""
        return self.domain.column(name, kind).take(self.rows)

    def keep(self, kept: Mask | Ints) -> Events:
        """Some of them."""
        end = None if self._end is None else self._end[kept]
        own = None if self.own is None else self.own[kept]
        return Events(self.domain, self.rows[kept], self.key[kept], end, own, self.moved)


class Index:
    """Events in their observation periods, around which others are looked for.

    key: of the start. period: the observation period that holds it. event: which of the events of
    `sources`, one source below the other. In order of (person, start, id, source, period).
    """

    __slots__ = ("_end", "event", "key", "period", "periods", "sources")

    def __init__(
        self,
        sources: Sequence[Events],
        periods: Periods,
        key: Ints,
        period: Ints | Rows,
        event: Ints,
    ) -> None:
        self.sources = sources
        self.periods = periods
        self.key = key
        self.period = period
        self.event = event
        self._end: Ints | None = None

    def __len__(self) -> int:
        return len(self.key)

    @property
    def low(self) -> Ints:
        """Keys of the periods' first days."""
        return self.periods.low[self.period]

    @property
    def high(self) -> Ints:
        """Keys of the periods' last days."""
        return self.periods.high[self.period]

    @property
    def end(self) -> Ints:
        """Keys of the events' ends."""
        if self._end is None:
            if len(self.sources) == 1:
                self._end = self.sources[0].end[self.event]
            else:
                self._end = np.concatenate([s.end for s in self.sources])[self.event]
        return self._end

    @property
    def open_ended(self) -> bool:
        """Whether an end may be unknown."""
        return any(source.domain.open_ended for source in self.sources)

    @property
    def visits(self) -> Values:
        """The visits that the events name."""
        return joined([s.visits for s in self.sources]).take(self.event)

    def column(self, name: str, kind: Kind) -> Values:
        """A column of the events' own tables."""
        return joined([s.column(name, kind) for s in self.sources]).take(self.event)

    def keep(self, kept: Mask) -> Index:
        """Some of them."""
        found = Index(
            self.sources, self.periods, self.key[kept], self.period[kept], self.event[kept]
        )
        if self._end is not None:
            found._end = self._end[kept]
        return found

    def persons(self) -> int:
        """How many persons they are of."""
        return keys.persons(self.key)


def only(events: Events, periods: Periods) -> Index:
    """Each of the events once per observation period that holds its start."""
    which, period = held(events, periods)
    every = periods.apart and len(which) == len(events)
    key = events.key if every else events.key[which]
    return Index((events,), periods, key, period, which)


def held(events: Events, periods: Periods) -> tuple[Ints, Ints | Rows]:
    """All pairs (event, observation period that holds its start), in order."""
    if events.moved or not periods.apart:
        return periods.holding(events.key)
    period = events.domain.period(periods)[events.rows]
    which: Ints = np.flatnonzero(period >= 0)
    return which, period if len(which) == len(period) else period[which]
