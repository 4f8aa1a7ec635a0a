"""q-values: by hand, against statsmodels, and whatever the order."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from statsmodels.stats.multitest import multipletests

from transat.statistics.benjamini_hochberg import next_threshold, q_values

P = st.lists(st.floats(0, 1, allow_subnormal=False), min_size=1, max_size=60)


def test_hand_worked():
    """p = .01 .04 .03 of a family of 3: .03, .04, .04 (NaN is not in the family)."""
    q = q_values([0.01, np.nan, 0.04, 0.03])
    np.testing.assert_allclose(q[[0, 2, 3]], [0.03, 0.04, 0.04], rtol=1e-12)
    assert np.isnan(q[1])


@given(P)
def test_statsmodels(p):
    """statsmodels multipletests(method='fdr_bh')."""
    np.testing.assert_allclose(q_values(p), multipletests(p, method="fdr_bh")[1], rtol=1e-12)


@given(P, st.randoms())
def test_order_changes_nothing(p, random):
    order = list(range(len(p)))
    random.shuffle(order)
    np.testing.assert_array_equal(q_values(p)[order], q_values(np.array(p)[order]))


@given(P, st.floats(0.01, 0.5))
def test_next_threshold(p, level):
    """A pair at that p, added in place of an uncalled one, is called."""
    q = q_values(p)
    if (q > level).any():
        moved = np.array(p)
        moved[np.argmax(q)] = next_threshold(q, level) * (1 - 1e-12)
        assert q_values(moved)[np.argmax(q)] <= level


def test_empty_family():
    assert q_values([]).size == 0
    assert np.isnan(next_threshold([np.nan], 0.1))
    assert next_threshold([0.01, 0.5], 0.1) == pytest.approx(0.1)
