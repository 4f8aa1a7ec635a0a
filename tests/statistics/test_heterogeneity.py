"""Heterogeneity: by hand, and Breslow-Day against statsmodels."""

from __future__ import annotations

import numpy as np
import pytest
from statsmodels.stats.contingency_tables import StratifiedTable

from transat.statistics.heterogeneity import breslow_day, cochran, pooled_odds_ratio


def test_hand_worked_q():
    """y = 0 and 1 with SE 0.5: weights 4, mean 0.5, Q = 2, df 1, I² = 1/2, p = P(chi² > 2)."""
    result = cochran([[0.0], [1.0]], [[0.5], [0.5]])
    assert result.statistic[0] == pytest.approx(2.0)
    assert result.i_squared[0] == pytest.approx(0.5)
    assert result.p[0] == pytest.approx(0.15729920705, rel=1e-9)


def test_a_site_without_estimate_is_left_out():
    result = cochran([[0.0, 0.0], [1.0, np.nan], [np.inf, np.nan]], np.full((3, 2), 0.5))
    assert result.degrees.tolist() == [1, 0]
    assert result.statistic[0] == pytest.approx(2.0)
    assert np.isnan(result.p[1])


@pytest.mark.parametrize("tarone", [False, True])
def test_statsmodels(tarone):
    """statsmodels StratifiedTable.test_equal_odds(adjust=tarone), on random tables."""
    rng = np.random.default_rng(12)
    for _ in range(20):
        tables = rng.integers(3, 60, size=(3, 2, 2)).astype(float)
        peer = StratifiedTable(list(tables))
        a = tables[:, 0, 0]
        n, m, size = tables[:, 0].sum(axis=1), tables[:, :, 0].sum(axis=1), tables.sum(axis=(1, 2))
        psi = pooled_odds_ratio(a, n, m, size)
        assert psi == pytest.approx(peer.oddsratio_pooled, rel=1e-12)
        result = breslow_day(a, n, m, size, psi, tarone=tarone)
        expected = peer.test_equal_odds(adjust=tarone)
        assert float(result.statistic) == pytest.approx(expected.statistic, rel=1e-8)
        assert float(result.p) == pytest.approx(expected.pvalue, rel=1e-8)
