"""Which observation period holds a day, whether or not periods overlap."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from transat.cohorts.query.columns import keys
from transat.cohorts.query.columns.periods import Periods

DAY = st.integers(730_000, 730_020)
PERIODS = st.lists(st.tuples(st.integers(0, 2), DAY, st.none() | DAY), max_size=8)
DAYS = st.lists(st.tuples(st.integers(0, 2), DAY), max_size=12)


def key(who: int, day: int | None) -> int:
    return (who << keys.PERSON_BITS) + (keys.UNKNOWN if day is None else day)


@given(PERIODS, DAYS)
def test_holding_as_a_look_at_each(
    periods: list[tuple[int, int, int | None]], days: list[tuple[int, int]]
) -> None:
    low = np.array([key(who, a) for who, a, _ in periods], np.int64)
    held = Periods(low, np.array([key(who, b) for who, _, b in periods], np.int64))
    asked = sorted(days)
    which, period = held.holding(np.array([key(*d) for d in asked], np.int64))
    found = [
        (asked[n], int(held.low[p]), int(held.high[p]))
        for n, p in zip(which.tolist(), period.tolist(), strict=True)
    ]
    whole = sorted((w, a, b) for w, a, b in periods if b is not None)
    expected = [
        (d, key(w, a), key(w, b))
        for d in asked
        for w, a, b in whole
        if w == d[0] and a <= d[1] <= b
    ]
    assert found == expected
