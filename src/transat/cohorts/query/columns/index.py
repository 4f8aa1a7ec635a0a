"""The entry events of a cohort: events in their observation periods, around which others lie."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from transat.cohorts.query.columns import keys
from transat.cohorts.query.columns.values import Kind, Values, joined

if TYPE_CHECKING:
    from collections.abc import Sequence

    from transat.cohorts.query.columns.events import Events
    from transat.cohorts.query.columns.keys import Ints, Mask, Rows
    from transat.cohorts.query.columns.periods import Periods


class Index:
    """Events in their observation periods, around which others are looked for.

    key: of the start. period: the observation period that holds it. event: which of the events of
    `sources`, one source below the other. In order of (person, start, id, source, period).
    """

    __slots__ = ("_end", "_high", "_low", "event", "key", "period", "periods", "sources")

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
        self._low: Ints | None = None
        self._high: Ints | None = None

    def __len__(self) -> int:
        return len(self.key)

    @property
    def low(self) -> Ints:
        """Keys of the periods' first days."""
        if self._low is None:
            self._low = self.periods.low.take(self.period)
        return self._low

    @property
    def high(self) -> Ints:
        """Keys of the periods' last days."""
        if self._high is None:
            self._high = self.periods.high.take(self.period)
        return self._high

    @property
    def end(self) -> Ints:
        """Keys of the events' ends."""
        if self._end is None:
            if len(self.sources) == 1:
                self._end = self.sources[0].end.take(self.event)
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
        which = np.flatnonzero(kept)
        if len(which) == len(kept):
            return self
        return Index(
            self.sources,
            self.periods,
            self.key.take(which),
            self.period.take(which),
            self.event.take(which),
        )

    def persons(self) -> int:
        """How many persons they are of."""
        return keys.persons(self.key)


def only(events: Events, periods: Periods) -> Index:
    """Each of the events once per observation period that holds its start."""
    which, period = held(events, periods)
    every = periods.apart and len(which) == len(events)
    key = events.key if every else events.key.take(which)
    return Index((events,), periods, key, period, which)


def held(events: Events, periods: Periods) -> tuple[Ints, Ints | Rows]:
    """All pairs (event, observation period that holds its start), in order."""
    if events.moved or not periods.apart:
        return periods.holding(events.key)
    period = events.domain.period(periods).take(events.rows)
    which: Ints = np.flatnonzero(period >= 0)
    return which, period if len(which) == len(period) else period.take(which)
