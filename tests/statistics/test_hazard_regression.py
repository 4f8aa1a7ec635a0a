"""Hazard regression by bends: R's hare where it finds the same bases, true hazards, few rows."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from metric_rows import EXPECTED, predictions

from transat.statistics.hazard_regression import hazard_regression


def test_r_hare(shared: Path) -> None:
    """polspline 1.1.22, hare(time, event, log(-log(1 - r))): a constant, c, and the last event's
    bend of time; log-likelihood -777.8226."""
    rows = predictions(shared, "pbc")
    for name, horizon in (("r.3", 2190.0), ("r.1", 730.0)):
        recorded = EXPECTED["hare"][f"pbc_{horizon:.0f}"]
        fit = hazard_regression(rows["time"], rows["ev"] == 1, log_log(rows[name]), horizon)
        assert fit.linear
        assert (fit.knots, fit.time_knots) == ((), (recorded["time_knot"],))
        assert fit.log_likelihood == pytest.approx(recorded["log_likelihood"], abs=1e-6)
        gap = np.abs(fit.risk - rows[name])
        assert gap.mean() == pytest.approx(recorded["ICI"], abs=1e-6)
        assert np.quantile(gap, 0.9) == pytest.approx(recorded["E90"], abs=1e-6)


def log_log(risk: np.ndarray) -> np.ndarray:
    return np.log(-np.log1p(-risk))


def test_a_constant_hazard_is_events_over_time() -> None:
    rng = np.random.default_rng(1)
    time, failed = rng.exponential(5, 300), rng.random(300) < 0.7
    fit = hazard_regression(time, failed, np.zeros(300), 3.0)
    rate = failed.sum() / time.sum()
    assert not fit.linear
    if not fit.time_knots:
        assert fit.risk[0] == pytest.approx(1 - np.exp(-3 * rate))


def test_bends_are_found_where_they_are() -> None:
    """The hazard rises with c from 0 on, and falls by nine tenths over the first ten months."""
    rng = np.random.default_rng(4)
    n = 6_000
    c = rng.normal(size=n)
    level = np.exp(1.2 * np.maximum(c, 0))
    grid = np.linspace(0, 40, 4_001)
    base = np.exp(-3 + 0.23 * np.maximum(10 - grid, 0))
    cumulated = np.append(0, np.cumsum((base[1:] + base[:-1]) / 2) * 0.01)
    happens = np.interp(rng.exponential(size=n) / level, cumulated, grid, right=np.inf)
    failed = happens < 30
    fit = hazard_regression(np.minimum(happens, 30), failed, c, 5.0)
    true = -np.expm1(-np.interp(5, grid, cumulated) * level)
    assert fit.knots
    assert fit.time_knots
    assert np.abs(fit.risk - true).mean() < 0.02


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 100_000))
def test_row_order_is_of_no_matter_and_few_rows_are_numbers(seed: int) -> None:
    rng = np.random.default_rng(seed)
    n = int(rng.integers(1, 90))
    time, failed = rng.integers(1, 9, n).astype(float), rng.random(n) < 0.6
    failed[0] = True
    c = np.round(rng.normal(size=n), 1)
    fit = hazard_regression(time, failed, c, 4.0)
    assert np.isfinite(fit.risk).all()
    order = rng.permutation(n)
    again = hazard_regression(time[order], failed[order], c[order], 4.0)
    assert again.log_likelihood == pytest.approx(fit.log_likelihood, abs=1e-8)


def test_nobody_failed_is_refused() -> None:
    with pytest.raises(ValueError, match="failed"):
        hazard_regression(np.ones(3), np.zeros(3, bool), np.zeros(3), 1.0)
