"""Periods that overlap, or nearly, made one: one pass over sorted keys."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from transat.cohorts.query.columns import keys

if TYPE_CHECKING:
    from transat.cohorts.query.columns.keys import Ints


def joined(start: Ints, end: Ints, gap: int) -> tuple[Ints, Ints]:
    """Periods, sorted by start, with those at most `gap` days apart joined: starts and ends.

    The furthest end so far needs no partition by person: a later person's keys are all greater.
    """
    if len(start) < 2:
        return start, end
    reached = np.maximum.accumulate(end)
    opens = np.flatnonzero(start[1:] > reached[:-1] + gap) + 1
    if len(opens) == len(start) - 1:
        return start, reached
    opens = np.concatenate(([0], opens))
    closes = np.append(opens[1:], len(start)) - 1
    return start[opens], reached[closes]


def cut(start: Ints, end: Ints, first: int | None, last: int | None) -> tuple[Ints, Ints]:
    """Periods without what lies before day `first` or after day `last`."""
    if first is None and last is None:
        return start, end
    base = keys.base(start)
    if first is not None:
        start = np.maximum(start, base + first)
    if last is not None:
        end = np.minimum(end, base + last)
    kept = start <= end
    return start[kept], end[kept]
