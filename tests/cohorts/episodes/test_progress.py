"""Runs of signs of progress, by hand and against what the rules say of every pair."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from transat.cohorts.episodes.parameters import LAST, HippsParameters
from transat.cohorts.episodes.progress import Progress, _bridged, add_months, progress
from transat.cohorts.episodes.records import Ends, Signs

PARAMETERS = HippsParameters()
Sign = tuple[int, int, float, float]


def signs(rows: list[Sign]) -> Signs:
    table = np.array(sorted(rows), np.float64).reshape(-1, 4)
    person, day = (table[:, k].astype(np.int64) for k in (0, 1))
    return Signs(person, day, table[:, 2], table[:, 3])


def ends(rows: list[tuple[int, int, int]]) -> Ends:
    person, day, category = np.array(sorted(rows), np.int64).reshape(-1, 3).T
    none = np.zeros(len(person), np.int64)
    return Ends(person, day, category, none, none, none, none)


def runs(rows: list[Sign], ended: list[tuple[int, int, int]] | None = None) -> Progress:
    return progress(signs(rows), ends(ended or []), PARAMETERS)


@pytest.mark.parametrize(
    ("second", "third", "expected"),
    [
        ((90, 4, 6), (240, 8, 11), [(0, 240)]),  # agree
        ((90, 8, 11), (240, 8, 11), [(0, 240)]),  # the second is noise between two that agree
        ((305, 1, 4), (330, 2, 4), [(0, 0), (305, 330)]),  # more than ten months
        ((200, 1, 4), (230, 2, 4), [(0, 0), (200, 230)]),  # a break, and no agreement
    ],
)
def test_a_run_ends_at_a_break_that_nothing_bridges(
    second: tuple[int, float, float],
    third: tuple[int, float, float],
    expected: list[tuple[int, int]],
) -> None:
    found = runs([(1, 0, 1, 4), (1, *second), (1, *third)])
    assert list(zip(found.first.tolist(), found.last.tolist(), strict=True)) == expected


def test_a_last_sign_that_agrees_with_none_is_set_aside() -> None:
    found = runs([(1, 0, 1, 4), (1, 200, 1, 4), (2, 0, 1, 4), (2, 400, 1, 4)])
    assert found.person.tolist() == [1, 2, 2]


def test_a_run_longer_than_a_year_is_none() -> None:
    rows: list[Sign] = [(1, 28 * k, 1, 11) for k in range(14)]
    assert runs(rows).person.tolist() == []
    assert runs(rows[:13]).person.tolist() == [1]


@pytest.mark.parametrize(
    ("ended", "outcome"),
    [
        ([], (LAST, 150)),
        ([(1, 140, 5)], (5, 140)),
        ([(1, 135, 5)], (LAST, 150)),  # more than 14 days before the last sign
        ([(1, 200, 5), (1, 300, 0), (1, 310, 0)], (0, 300)),  # a live birth first
        ([(1, 160, 3), (1, 200, 4)], (4, 200)),  # a miscarriage before an abortion
        ([(2, 160, 0)], (LAST, 150)),
    ],
)
def test_the_outcome_of_a_run(ended: list[tuple[int, int, int]], outcome: tuple[int, int]) -> None:
    found = runs([(1, 0, 1, 1), (1, 150, 5, 6)], ended)
    assert (int(found.category[0]), int(found.end[0])) == outcome


def test_the_next_run_bounds_the_outcome() -> None:
    found = runs([(1, 0, 1, 1), (1, 200, 1, 1), (1, 230, 2, 2)], [(1, 150, 4), (1, 210, 0)])
    assert found.category.tolist() == [4, LAST]


@pytest.mark.parametrize(
    ("day", "months", "later"),
    [
        (date(2015, 12, 31), 2, date(2016, 2, 29)),
        (date(2015, 1, 15), 13, date(2016, 2, 15)),
        (date(2015, 3, 31), 1, date(2015, 4, 30)),
    ],
)
def test_a_month_without_that_day_gives_its_last(day: date, months: int, later: date) -> None:
    days = np.array([day], "datetime64[D]").astype(np.int64)
    moved = add_months(days, np.array([months]))
    assert moved.astype("datetime64[D]").astype(object).tolist() == [later]


@given(
    st.lists(
        st.tuples(
            st.integers(1, 2),
            st.integers(0, 900),
            st.sampled_from([(1, 1), (1, 4), (4, 6), (5.25, 5.25), (8, 11)]),
        ),
        max_size=12,
    )
)
def test_a_sign_is_bridged_when_two_around_it_agree(
    drawn: list[tuple[int, int, tuple[float, float]]],
) -> None:
    made = signs([(person, day, *months) for person, day, months in drawn])
    size = range(len(made.day))

    def agree(later: int, earlier: int) -> bool:
        months = (made.day[later] - made.day[earlier]) / 30
        most = made.max_month[later] - made.min_month[earlier] + 2
        least = made.min_month[later] - made.max_month[earlier] - 2
        same = made.person[later] == made.person[earlier]
        return bool(same and least <= months <= most)

    pairs = [(r, e) for r in size for e in range(r) if agree(r, e)]
    expected = [any(e < i <= r for r, e in pairs) for i in size]
    assert _bridged(made, PARAMETERS).tolist() == expected
