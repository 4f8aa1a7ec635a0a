"""Starts from evidence: what is believed, what is an outlier, what several ranges allow."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from transat.cohorts.episodes.match import Matched
from transat.cohorts.episodes.parameters import HippsParameters
from transat.cohorts.episodes.records import Evidence
from transat.cohorts.episodes.starts import (
    CLASSES,
    DATINGS,
    _common,
    _outliers,
    precision_class,
    starts,
)

WEEK, DAY, RANGE = 0, 1, 4


def start_of(rows: list[tuple[int, int, int, int]]) -> tuple[int, str, int, str]:
    """Start, dating, largest error and class of one episode whose evidence is (day, rank, low,
    high)."""
    day, rank, low, high = np.array(sorted(rows), np.int64).reshape(-1, 4).T
    one = np.array([1])
    matched = Matched(one, one * 0, one * 0, one * 0, one * 300)
    evidence = Evidence(np.ones(len(day), np.int64), day, rank, low, high)
    found = starts(matched, evidence, HippsParameters())
    (spread,) = precision_class(found.spread)
    return (
        int(found.start[0]), DATINGS[found.dating[0]], int(found.precision[0]), CLASSES[spread]
    )  # fmt: skip


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        # One week; two that agree; the earliest record decides.
        ([(90, WEEK, 6, 6)], (6, "week", 6, "week_poor-support")),
        ([(90, WEEK, 6, 6), (150, WEEK, 3, 3)], (6, "week", 9, "week")),
        # One that lies far from the others is left out.
        ([(60, WEEK, 90, 90), (90, WEEK, 6, 6), (150, WEEK, 3, 3), (200, WEEK, 4, 4)],
         (6, "week", 9, "week")),
        # A week within the months is supported; one outside them decides all the same.
        ([(90, WEEK, 6, 6), (60, RANGE, -30, 30)], (6, "week", 6, "week")),
        ([(90, WEEK, 60, 60), (60, RANGE, -30, 30)], (60, "week", 6, "week_poor-support")),
        # Months within a week are widened to a week.
        ([(90, WEEK, 6, 6), (60, RANGE, 9, 9)], (6, "week", 6, "week")),
        ([(90, WEEK, 5, 5), (60, RANGE, 9, 9)], (5, "week", 6, "week_poor-support")),
        # A day is a day.
        ([(90, DAY, 6, 6)], (6, "day", 0, "week")),
        # Months alone: the middle of what most of them allow.
        ([(60, RANGE, 0, 40), (90, RANGE, 20, 60)], (30, "month", 30, "three-month")),
        ([(60, RANGE, 0, 100), (90, RANGE, 40, 50)], (45, "month", 55, "non-specific")),
        ([(60, RANGE, 0, 9), (90, RANGE, 10, 19)], (4, "month", 5, "two-week")),
        # Evidence outside the episode says nothing.
        ([(301, WEEK, 6, 6)], (0, "default", 0, "week")),
    ],
)  # fmt: skip
def test_the_start_of_an_episode(
    rows: list[tuple[int, int, int, int]], expected: tuple[int, str, int, str]
) -> None:
    assert start_of(rows) == expected


@pytest.mark.parametrize(
    ("spread", "name"),
    [(-1, "week_poor-support"), (0, "week"), (7, "week"), (8, "two-week"), (21, "three-week"),
     (28, "month"), (29, "two-month"), (84, "three-month"), (85, "non-specific")],
)  # fmt: skip
def test_classes_by_spread(spread: int, name: str) -> None:
    assert CLASSES[int(precision_class(np.array([spread]))[0])] == name


groups = st.lists(st.lists(st.integers(-40, 40), min_size=1, max_size=7), max_size=4)


@given(groups)
def test_outliers_are_those_of_the_quartiles(drawn: list[list[int]]) -> None:
    episode = np.repeat(np.arange(len(drawn)), [len(g) for g in drawn]).astype(np.int64)
    start = np.array([s for g in drawn for s in g], np.int64)
    expected: list[bool] = []
    for group in drawn:
        distance = np.abs(np.array(group) - sorted(group)[(len(group) + 1) // 2 - 1])
        lower, upper = np.quantile(distance, (0.25, 0.75))
        fence = 1.5 * (upper - lower)
        expected += [bool(d < lower - fence or d > upper + fence) for d in distance]
    assert _outliers(episode, start).tolist() == expected


ranges = st.lists(
    st.tuples(st.integers(0, 2), st.integers(0, 20), st.integers(0, 9)), min_size=1, max_size=9
)


@given(ranges)
def test_the_months_in_common_are_the_first_days_that_most_ranges_allow(
    drawn: list[tuple[int, int, int]],
) -> None:
    rows = sorted({(e, low, low + width) for e, low, width in drawn})
    episode, low, high = np.array(rows, np.int64).T
    nothing = np.zeros(len(rows), np.int64)
    common = _common(
        episode, np.arange(len(rows)), Evidence(nothing, nothing, nothing, low, high), 3
    )
    for e in {row[0] for row in rows}:
        mine = [(a, b) for f, a, b in rows if f == e]
        depth = {d: sum(a <= d <= b for a, b in mine) for d in range(31)}
        first = min(d for d in depth if depth[d] == max(depth.values()))
        allowing = [(a, b) for a, b in mine if a <= first <= b]
        assert (common.low[e], common.high[e]) == (first, min(b for _, b in allowing))
        assert common.widest_low[e] == min(a for a, _ in allowing)
        assert common.widest_high[e] == max(b for _, b in allowing)
