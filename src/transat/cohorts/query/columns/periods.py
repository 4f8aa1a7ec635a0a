"""Observation periods: which of them holds a day."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from transat.cohorts.query.columns.keys import base, known, person, spread

if TYPE_CHECKING:
    from transat.cohorts.query.columns.keys import Ints


class Periods:
    """Periods in order of (person, start, id): keys of their two ends, both in the period."""

    def __init__(self, low: Ints, high: Ints) -> None:
        whole = known(low) & known(high)
        self.low = low
        # What is not known holds nothing.
        self.high = np.where(whole, high, base(low) - 1)
        reached = np.maximum.accumulate(self.high) if len(low) else self.high
        #: Whether no two of a person overlap: a day is then in one at most.
        self.apart = bool((low[1:] > reached[:-1]).all())

    def only(self, key: Ints) -> Ints:
        """The period that holds each key, -1 for none, when periods are apart."""
        last = np.searchsorted(self.low, key, "right") - 1
        if len(last):
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
