"""The vectorised outcome pass against the same rule written as a plain loop."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from transat.cohorts.pregnancy_parameters import PregnancyParameters
from transat.cohorts.spacing import accepted, separate_starts

LEAST = PregnancyParameters().spacing_matrix()

candidates = st.lists(
    st.tuples(st.integers(1, 3), st.integers(0, 600), st.integers(0, len(LEAST) - 1)), max_size=30
)


def by_hand(rows: list[tuple[int, int, int]]) -> set[int]:
    """Indices kept: priority, then date, then index; far enough from all those kept before."""
    kept: list[int] = []
    for i in sorted(range(len(rows)), key=lambda i: (rows[i][2], rows[i][1], i)):
        person, day, term = rows[i]
        others = [rows[j] for j in kept if rows[j][0] == person]
        if all(
            day - d >= LEAST[t, term] if day >= d else d - day >= LEAST[term, t]
            for _, d, t in others
        ):
            kept.append(i)
    return set(kept)


@given(candidates, st.randoms(use_true_random=False))
def test_the_same_as_a_loop_in_any_order(rows: list[tuple[int, int, int]], order: object) -> None:
    index = list(range(len(rows)))
    order.shuffle(index)  # type: ignore[attr-defined]
    table = np.array([(*rows[i], i) for i in index], np.int64).reshape(-1, 4)
    mask = accepted(table[:, 0], table[:, 1], table[:, 2], table[:, 3], LEAST)
    assert set(table[mask, 3].tolist()) == by_hand(rows)


@given(candidates)
def test_starts_come_after_the_previous_end(rows: list[tuple[int, int, int]]) -> None:
    table = np.array(rows, np.int64).reshape(-1, 3)
    keep = accepted(table[:, 0], table[:, 1], table[:, 2], np.arange(len(table)), LEAST)
    table = table[keep]
    table = table[np.lexsort((table[:, 1], table[:, 0]))]
    person, end, term = table.T
    terms = PregnancyParameters().terms
    retry = np.array([t.retry_days for t in terms])[term]
    start, moved = separate_starts(person, end - 300, end, retry)
    assert (start < end).all()
    assert (start[~moved] == end[~moved] - 300).all()
    for i, j in pairwise(range(len(person))):
        assert person[i] != person[j] or start[j] > end[i]
