"""G12: suppress, round, add up what is rounded; in that order."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from numpy.typing import NDArray

from transat.federation.checks.rounding import rounded, total, unrounded
from transat.federation.policy import installed

POLICY = installed()["snds"]
Counts = NDArray[np.int64]


def test_small_counts_go_before_rounding_makes_them_large() -> None:
    counts = np.array([0, 1, 8, 10, 11, 12, 13, 17, 18, -1])
    assert rounded(counts, POLICY).tolist() == [0, -1, -1, -1, 15, 15, 15, 15, 20, -1]


def test_a_total_is_of_the_rounded_cells() -> None:
    """13 + 13 + 13 = 39 would be 40 if rounded alone; a reader who adds up finds 45."""
    cells = rounded(np.array([[13, 13, 13], [13, 4, 30]]), POLICY)
    assert total(cells, axis=1).tolist() == [45, 45]
    assert int(total(cells)) == 90


@given(
    counts=hnp.arrays(np.int64, hnp.array_shapes(max_dims=2, max_side=6),
                      elements=st.integers(-1, 500)),
    base=st.sampled_from([5, 6, 10]),
)  # fmt: skip
def test_rounded_tables_are_rounded_and_near(counts: Counts, base: int) -> None:
    policy = POLICY.tightened(11, {"rounding_base": base})
    table = rounded(counts, policy)
    shown = table >= 0
    assert (np.abs(table - counts)[shown] < base).all()
    assert (np.abs(table - counts)[shown & (counts >= 15 + base)] * 2 <= base).all()
    assert (table[shown] % base == 0).all()
    assert (counts[~shown] < 11).all()
    assert not ((table > 0) & (table < 11)).any()
    assert not unrounded(table, policy)
    assert unrounded(np.array([13]), policy)
