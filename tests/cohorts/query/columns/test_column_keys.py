"""Keys of a person and a day: order, unknown days, firsts, lasts, ranges."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from transat.cohorts.query.columns import keys

PAIRS = st.lists(st.tuples(st.integers(0, 5), st.integers(700_000, 700_009)), max_size=30)
RANGES = st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9)), max_size=12)


def keyed(pairs: list[tuple[int, int]]) -> keys.Ints:
    return np.array([(who << keys.PERSON_BITS) + day for who, day in sorted(pairs)], np.int64)


@given(PAIRS)
def test_a_key_holds_its_person_and_its_day(pairs: list[tuple[int, int]]) -> None:
    key = keyed(pairs)
    back = zip(keys.person(key).tolist(), keys.days(key).tolist(), strict=True)
    assert list(back) == sorted(pairs)
    assert (keys.base(key) + keys.days(key)).tolist() == key.tolist()


@pytest.mark.parametrize("moved", [-40_000, 0, 40_000])
def test_an_unknown_day_stays_unknown_wherever_it_is_moved(moved: int) -> None:
    last = keys.day(date.max)
    key = np.array([keys.UNKNOWN, last, (3 << 32) + keys.UNKNOWN, (3 << 32) + last - 40_000])
    assert keys.known(key + moved).tolist() == [False, True, False, True]


@given(PAIRS)
def test_first_and_last_of_each_person(pairs: list[tuple[int, int]]) -> None:
    key = keyed(pairs)
    people = sorted({who for who, _ in pairs})
    firsts = [min(day for who, day in pairs if who == one) for one in people]
    lasts = [max(day for who, day in pairs if who == one) for one in people]
    assert keys.days(key[keys.firsts(key)]).tolist() == firsts
    assert keys.days(key[keys.lasts(key)]).tolist() == lasts
    assert keys.persons(key) == len(people)
    first_of_day = np.flatnonzero(keys.lasts(key))
    assert all(n == 0 or key[n - 1] < key[n] for n in first_of_day.tolist())


@given(PAIRS)
def test_tied_keys_are_those_with_an_equal(pairs: list[tuple[int, int]]) -> None:
    key = keyed(pairs).tolist()
    assert keys.tied(keyed(pairs)).tolist() == [n for n, k in enumerate(key) if key.count(k) > 1]


@given(RANGES)
def test_ranges_are_spread_into_pairs(ranges: list[tuple[int, int]]) -> None:
    low, high = (np.array([r[n] for r in ranges], np.int64) for n in (0, 1))
    i, j = keys.spread(low, high)
    expected = [(n, at) for n, (a, b) in enumerate(ranges) for at in range(a, b)]
    assert list(zip(i.tolist(), j.tolist(), strict=True)) == expected
