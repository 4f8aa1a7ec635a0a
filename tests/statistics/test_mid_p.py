"""Mid-p values: by hand, against Fisher's exact distribution and the Poisson; monotone."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from transat.statistics import mid_p


def test_hand_worked_fisher():
    """Tea tasting (Fisher 1935): 3 of 4 right. P(4) = 1/70, P(3) = 16/70: mid-p (1 + 8)/70."""
    upper, both = mid_p.conditional(3, [4], [4], [8])
    assert upper == pytest.approx(9 / 70, rel=1e-12)
    assert both == pytest.approx(18 / 70, rel=1e-12)


def test_distribution_is_hypergeometric():
    """scipy.stats.hypergeom in one stratum; its convolution in two."""
    offset, p = mid_p.conditional_distribution([30], [40], [60])
    np.testing.assert_allclose(p, stats.hypergeom.pmf(np.arange(10, 31), 60, 30, 40), rtol=1e-10)
    assert offset == 10
    _, two = mid_p.conditional_distribution([5, 7], [6, 8], [50, 60])
    one = [stats.hypergeom.pmf(np.arange(k + 1), n, m, k) for n, m, k in ((50, 6, 5), (60, 8, 7))]
    np.testing.assert_allclose(two, np.convolve(*one), rtol=1e-9)


def test_poisson():
    """P(X > a) + P(X = a)/2 from scipy.stats.poisson."""
    a, e = np.array([0, 1, 4, 20]), np.array([0.7, 0.7, 1.2, 9.5])
    expected = stats.poisson.sf(a, e) + 0.5 * stats.poisson.pmf(a, e)
    np.testing.assert_allclose(mid_p.excess(a, e), expected, rtol=1e-12)


@given(
    st.lists(
        st.tuples(st.integers(1, 60), st.integers(1, 15), st.integers(150, 400)),
        min_size=2,
        max_size=8,
    ),
    st.integers(0, 12),
)
def test_never_below_the_exact_tail(strata, a):
    """Mean, variance and trials bound the exact conditional mid-p from above, below 0.05."""
    n, m, size = (np.array(column) for column in zip(*strata, strict=True))
    mean = float((n * m / size).sum())
    variance = float((n * (size - n) * m * (size - m) / (size**2 * (size - 1.0))).sum())
    trials = int(np.minimum(n, m).sum())
    a = min(a, trials)
    exact, _ = mid_p.conditional(a, n, m, size)
    bound = float(mid_p.excess(a, mean, variance, trials))
    if a >= mean + 1:
        assert bound >= exact * (0.9 if exact > 0.05 else 1 - 1e-9)


def test_close_to_the_exact_in_a_cohort():
    """40 strata of 500 to 3,000 births, 2 % exposed: within 5 % of the exact mid-p above 1e-3."""
    rng = np.random.default_rng(3)
    size = rng.integers(500, 3000, 40)
    n, m = rng.binomial(size, 0.02), rng.binomial(size, 0.005)
    mean = float((n * m / size).sum())
    variance = float((n * (size - n) * m * (size - m) / (size**2 * (size - 1.0))).sum())
    for a in range(int(mean) + 2, int(mean) + 10):
        exact, _ = mid_p.conditional(a, n, m, size)
        bound = float(mid_p.excess(a, mean, variance, np.minimum(n, m).sum()))
        assert 0.99 * exact <= bound <= exact * (1.05 if exact > 1e-3 else 1.25)


def test_an_exposure_within_one_illness():
    """90 % exposed in a small stratum of the ill, 0.2 % elsewhere: a binomial matched to two
    moments ends too soon there; the bound does not."""
    n, m, size = np.array([27, 20]), np.array([28, 40]), np.array([30, 10_000])
    mean = float((n * m / size).sum())
    variance = float((n * (size - n) * m * (size - m) / (size**2 * (size - 1.0))).sum())
    for a in (27, 28, 29):
        exact, _ = mid_p.conditional(a, n, m, size)
        assert exact <= float(mid_p.excess(a, mean, variance, 47)) <= 1


def test_everybody_exposed_leaves_no_surprise():
    assert mid_p.excess(12, 12.0, 0.0, 12) == 0.5
    assert mid_p.excess(13, 12.0, 0.0, 13) < 1e-200


@given(st.integers(0, 30), st.floats(0.01, 40), st.floats(0.3, 1))
def test_falls_as_the_count_grows(a, mean, share):
    """What masking rests on: a smaller count never gives a smaller p."""
    assert mid_p.excess(a + 1, mean, mean * share) <= mid_p.excess(a, mean, mean * share)


def test_edges():
    assert mid_p.excess(50, 5.0) < 1e-20
    assert np.isnan(mid_p.excess(np.nan, 1.0))
    assert mid_p.excess(0, 0.0) == pytest.approx(0.5, abs=0.51)


def test_outside_the_margins_is_refused():
    with pytest.raises(ValueError, match="support"):
        mid_p.conditional(5, [4], [4], [8])
