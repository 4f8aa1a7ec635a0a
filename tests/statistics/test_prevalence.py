"""Prevalences: by hand, against statsmodels, over sites, and masked."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from statsmodels.stats.proportion import proportion_confint

from transat.statistics import prevalence
from transat.statistics.prevalence import WITHHELD, Parameters, at_site, combine


def release(births, *cases):
    codes = tuple(f"m{i}" for i in range(len(cases)))
    return prevalence.Release(codes, births, np.array(cases, dtype=np.int64))


def test_hand_worked():
    """20 cases in 8,000 births are 25 per 10,000; Wilson limits worked with z = 1.959964."""
    result = combine([release(8000, 20)]).together
    assert result.per_10000[0] == pytest.approx(25.0)
    z, half = 1.959963984540054, 1.959963984540054 * np.sqrt(20 * 7980 / 8000 + 0.9603647051735314)
    assert result.low[0] == pytest.approx(1e4 * (20 + z * z / 2 - half) / (8000 + z * z))
    assert result.high[0] == pytest.approx(1e4 * (20 + z * z / 2 + half) / (8000 + z * z))


@pytest.mark.parametrize(("ours", "theirs"), [("wilson", "wilson"), ("exact", "beta")])
def test_statsmodels(ours, theirs):
    """statsmodels.stats.proportion.proportion_confint."""
    for cases in (0, 1, 15, 499, 500):
        result = combine([release(500, cases)], Parameters(interval=ours)).together
        low, high = proportion_confint(cases, 500, method=theirs)
        assert result.low[0] == pytest.approx(1e4 * low, rel=1e-9, abs=1e-9)
        assert result.high[0] == pytest.approx(1e4 * high, rel=1e-9)


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 10_000), sites=st.integers(2, 4))
def test_federated_equals_pooled(draw, split, shuffle, seed, sites):
    table = draw(seed, strata=8)
    pooled = at_site(table)
    together = combine([at_site(part) for part in split(shuffle(table, seed), sites)]).together
    np.testing.assert_array_equal(together.cases, pooled.cases)
    assert together.births == pooled.births


def test_a_masked_site_masks_the_total():
    """Else the total less the other site would give the masked count back."""
    one = release(1000, 5, 40).withhold(np.array([True, False]))
    result = combine([one, release(2000, 30, 60)])
    assert result.together.cases.tolist() == [WITHHELD, 100]
    assert np.isnan(result.together.per_10000[0])
    assert result.sites[1].cases.tolist() == [30, 60]
    assert one.counts()["others"].tolist() == [WITHHELD, 960]


def test_no_birth_gives_no_number():
    assert np.isnan(combine([release(0, 0)]).together.per_10000).all()


def test_other_groups_are_refused():
    with pytest.raises(ValueError, match="same groups"):
        combine([release(10, 1), release(10, 1, 2)])
