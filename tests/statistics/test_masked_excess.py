"""Excess under masking: by brute force, by simulation, and unchanged where nothing is hidden."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from transat.statistics import masked_excess, mid_p


def column(*values):
    return np.array(values)[:, None]


def shown_as(a, floor, least):
    return floor if 0 < a < least else a


@pytest.mark.parametrize("counted", [(1, 1), (14, 1), (0, 1), (12, 11), (0, 0), (15, 13)])
def test_brute_force_over_two_poisson_sites(counted):
    """Every couple of counts, with its Poisson probability and the sum it would show."""
    means, least = (4.0, 2.5), 11
    masses = {}
    for a, b in itertools.product(range(60), repeat=2):
        s = shown_as(a, 1, least) + shown_as(b, 1, least)
        p = stats.poisson.pmf(a, means[0]) * stats.poisson.pmf(b, means[1])
        masses[s] = masses.get(s, 0.0) + p
    s = sum(counted)
    expected = sum(p for x, p in masses.items() if x >= s)
    got = masked_excess.excess(
        column(*counted),
        column(*means),
        column(*means),
        column(np.inf, np.inf),
        [1, 1],
        [least] * 2,
    )
    assert got[0] == pytest.approx(expected, rel=1e-9)


@given(st.integers(0, 40), st.integers(0, 40), st.floats(0.2, 30), st.floats(0.2, 30))
def test_open_sites_are_summed(a, b, e, f):
    law = (column(e, f), 0.9 * column(e, f), column(50.0, 60.0))
    got = masked_excess.excess(column(a, b), *law, [1, 1], [0, 0])
    expected = mid_p.excess([a + b], [e + f], [0.9 * (e + f)], [110])
    np.testing.assert_allclose(got, expected, rtol=1e-12)


def test_a_long_sum_keeps_small_p():
    """One open site of 100 expected, one gated of 3: 190 cases is far out, and p says how far."""
    law = (column(100.0, 3.0), column(99.0, 3.0), column(5e3, 5e3))
    got = masked_excess.excess(column(190, 1), *law, [1, 1], [0, 11])
    assert 1e-18 < got[0] < 1e-12


@pytest.mark.parametrize("extra", [0.0, 0.5])
@pytest.mark.parametrize("means", [(0.4, 0.3), (5.0, 1.0), (9.0, 6.0), (14.0, 11.0)])
def test_valid_under_no_effect(means, extra):
    """200,000 null pairs, small counts hidden, and a share of the others too: p < t at most t."""
    rng = np.random.default_rng(8)
    mean = np.repeat(column(*means), 200_000, axis=1)
    a = rng.poisson(mean)
    hidden = ((a > 0) & (a < 11)) | ((a > 0) & (rng.random(a.shape) < extra))
    never = np.full(mean.shape, np.inf)
    p = masked_excess.excess(np.where(hidden, 1, a), mean, mean, never, [1, 1], [11, 11])
    for t in (0.05, 0.01, 0.001):
        assert np.mean(p <= t) <= t + 3 * np.sqrt(t / p.size)
