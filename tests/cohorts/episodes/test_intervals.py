"""Joins of sorted arrays against what they mean."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from transat.cohorts.episodes.intervals import first_of, within

spans = st.lists(st.tuples(st.integers(0, 4), st.integers(-9, 9), st.integers(-9, 9)), max_size=9)
days = st.lists(st.tuples(st.integers(0, 4), st.integers(-9, 9)), max_size=9)


def columns(rows: Sequence[tuple[int, ...]], width: int) -> list[np.ndarray]:
    return list(np.array(rows, np.int64).reshape(-1, width).T)


@given(spans, days)
def test_within_finds_every_pair_of_one_person_once(
    left: list[tuple[int, int, int]], right: list[tuple[int, int]]
) -> None:
    right = sorted(right)
    i, j = within(*columns(left, 3), *columns(right, 2))
    assert list(zip(i.tolist(), j.tolist(), strict=True)) == [
        (a, b)
        for a, (person, low, high) in enumerate(left)
        for b, (other, day) in enumerate(right)
        if person == other and low <= day <= high
    ]


@given(days)
def test_first_of_opens_each_group(rows: list[tuple[int, int]]) -> None:
    rows = sorted(rows)
    opens = first_of(*columns(rows, 2))
    assert opens.tolist() == [k == 0 or rows[k] != rows[k - 1] for k in range(len(rows))]
