"""Minimum detectable risk: by hand, by brute force, and by simulation."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from transat.statistics import mid_p
from transat.statistics.detectable_risk import critical_count, minimum_detectable_ratio


def test_hand_worked():
    """E = 1, threshold 0.05: P(X >= 2, 3, 4) = 0.2642, 0.0803, 0.0190, so the mid-p is 0.172 at 2
    and 0.0497 at 3: 3 cases are needed, and a Poisson reaches 3 with probability 0.8 at mean
    8.5581/2 (chi-square table, 6 degrees, 0.80)."""
    assert critical_count([1.0], 0.05).tolist() == [3]
    assert minimum_detectable_ratio([1.0], 0.05)[0] == pytest.approx(8.5581 / 2, rel=1e-4)


@settings(max_examples=60)
@given(st.floats(0.01, 5000), st.sampled_from([0.05, 1e-3, 1e-6]))
def test_critical_count_is_the_smallest(mean, threshold):
    count = int(critical_count([mean], threshold)[0])
    assert mid_p.excess(count, mean) <= threshold * (1 + 1e-9)
    assert mid_p.excess(count - 1, mean) > threshold * (1 - 1e-9)


def test_power_is_reached():
    expected = np.array([0.6, 3.0, 25.0])
    ratio = minimum_detectable_ratio(expected, 1e-4, power=0.8)
    count = critical_count(expected, 1e-4)
    np.testing.assert_allclose(stats.poisson.sf(count - 1, expected * ratio), 0.8, rtol=1e-9)
    assert (np.diff(ratio) < 0).all()


def test_nothing_expected_nothing_detectable():
    ratio = minimum_detectable_ratio([np.nan, 0.0, 1.0], 0.01)
    assert np.isnan(ratio[0])
    assert np.isinf(ratio[1])
    assert np.isnan(minimum_detectable_ratio([1.0], float("nan"))).all()
