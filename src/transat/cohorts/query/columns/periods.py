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
        self._apart = bool((low[1:] > reached[:-1]).all())

    def holding(self, key: Ints) -> tuple[Ints, Ints]:
        """All pairs (position in `key`, period that holds it), in order."""
        after = np.searchsorted(self.low, key, "right")
        if self._apart:
            last = after - 1
            # Before the first period, -1 is the last one, which does not hold it either.
            held = np.flatnonzero(key <= self.high[last]) if len(self.low) else after[:0]
            held = held[last[held] >= 0]
            return held, last[held]
        first = np.searchsorted(person(self.low), person(key), "left")
        which, period = spread(first, after)
        kept = self.high[period] >= key[which]
        return which[kept], period[kept]
