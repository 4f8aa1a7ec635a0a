"""Observation periods: which of them holds a day."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from transat.cohorts.query.columns.keys import known, person, spread

if TYPE_CHECKING:
    from transat.cohorts.query.columns.keys import Ints


class Periods:
    """Periods in order of (person, start, end): keys of their two ends, both in the period.

    One of which an end is unknown is none. apart: no two of a person overlap, so that a day is in
    one at most.
    """

    def __init__(self, low: Ints, high: Ints) -> None:
        whole = np.flatnonzero(known(high))
        order = whole[np.lexsort((high[whole], low[whole]))]
        self.low, self.high = low[order], high[order]
        reached = np.maximum.accumulate(self.high) if len(order) else self.high
        self.apart = bool((self.low[1:] > reached[:-1]).all())

    def only(self, key: Ints) -> Ints:
        """The period that holds each key, -1 for none, when periods are apart."""
        last = np.searchsorted(self.low, key, "right") - 1
        if len(self.low):
            # Before the first period, -1 would be the last one.
            last[(last < 0) | (key > self.high[last])] = -1
        return last

    def holding(self, key: Ints) -> tuple[Ints, Ints]:
        """All pairs (position in `key`, period that holds it), in order."""
        if self.apart:
            period = self.only(key)
            held = np.flatnonzero(period >= 0)
            return held, period[held]
        after = np.searchsorted(self.low, key, "right")
        first = np.searchsorted(person(self.low), person(key), "left")
        which, period = spread(first, after)
        kept = self.high[period] >= key[which]
        return which[kept], period[kept]
