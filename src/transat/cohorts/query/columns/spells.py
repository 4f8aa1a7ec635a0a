"""Periods of a cohort, around which the events of an analysis are looked for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from transat.cohorts.query.columns import keys

if TYPE_CHECKING:
    from transat.cohorts.query.columns.keys import Ints
    from transat.cohorts.query.columns.periods import Periods


@dataclass(frozen=True, slots=True)
class Spells:
    """Keys of the first and last days, and of those of the observation period of the first.

    Of several observation periods, the first by (start, end); without one, nothing lies between
    `low` and `high`.
    """

    key: Ints
    end: Ints
    low: Ints
    high: Ints
    open_ended: bool = False

    def __len__(self) -> int:
        return len(self.key)


def observed(key: Ints, end: Ints, periods: Periods) -> Spells:
    """Periods in their observation periods."""
    which, period = periods.holding(key)
    chosen, first = np.unique(which, return_index=True)
    low, high = keys.base(key) + keys.UNKNOWN, keys.base(key) - 1
    low[chosen] = periods.low[period[first]]
    high[chosen] = periods.high[period[first]]
    return Spells(key, end, low, high)
