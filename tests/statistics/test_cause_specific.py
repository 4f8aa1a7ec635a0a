"""Absolute risks from one Cox model per kind: riskRegression's CSC to the digit, a known truth."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from curve_rows import Rows, expected, mgus2, sites, table

from transat.cohorts.survival_table import SurvivalTable
from transat.statistics import baseline_hazard
from transat.statistics.cause_specific import Risks, risks
from transat.statistics.grid_counts import daily

PEOPLE = ((70.0, 1.0, 1.5), (50.0, 0.0, 0.5), (85.0, 1.0, 2.5))


def models(
    whole: SurvivalTable, grid: tuple[float, ...], intervals: bool = True
) -> list[baseline_hazard.Result]:
    centre = tuple(whole.columns.mean(axis=0))
    asked = baseline_hazard.Parameters(
        whole.column_names, grid, profile=centre, intervals=intervals
    )
    return [
        baseline_hazard.combine(
            lambda q: [baseline_hazard.at_site(whole, q[0])], replace(asked, event=kind)
        )
        for kind in (1, 2)
    ]


def test_r_csc(r_rows: Rows) -> None:
    """Risks are riskRegression's; its errors are robust ones, ours within an eighth of them."""
    rows = mgus2(r_rows, mspike=True)
    whole = table(rows["time"], rows["event"], {c: rows[c] for c in ("age", "male", "mspike")})
    fitted = models(whole, daily(whole))
    for at, person in enumerate(PEOPLE):
        found = risks(fitted, [person, person])
        places = np.searchsorted(found.edges, [60, 120, 240], "right") - 1
        for kind in (1, 2):
            values = expected()[f"csc_mgus2_{kind}"]
            np.testing.assert_allclose(
                found.incidence[kind - 1, places], values["risk"][at], rtol=0, atol=1e-12
            )
            np.testing.assert_allclose(
                found.standard_errors[kind - 1, places], values["se"][at], rtol=0.125
            )


def drawn(seed: int, n: int) -> SurvivalTable:
    """Two kinds at rates 0.02 exp(x/2) and 0.01 exp(-x/2) a month."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=n)
    rates = np.stack([0.02 * np.exp(x / 2), 0.01 * np.exp(-x / 2)])
    time = rng.exponential(1 / rates.sum(axis=0))
    kind = 1 + (rng.random(n) > rates[0] / rates.sum(axis=0))
    end = rng.uniform(20, 80, n)
    return table(np.minimum(time, end), np.where(time <= end, kind, 0), {"x": x})


def test_grouped_adds_up_and_is_near_the_days() -> None:
    whole = drawn(1, 3000)
    months = tuple(float(k) for k in range(1, 61))
    by_month = risks(models(whole, months), [(1.0,), (1.0,)], product="grouped")
    by_day = risks(models(whole, daily(whole)), [(1.0,), (1.0,)])
    np.testing.assert_allclose(by_month.free + by_month.incidence.sum(axis=0), 1, rtol=1e-12)
    at = np.searchsorted(by_day.edges, 60, "right") - 1
    np.testing.assert_allclose(by_month.incidence[:, -1], by_day.incidence[:, at], atol=1e-3)
    np.testing.assert_allclose(
        by_month.standard_errors[:, -1], by_day.standard_errors[:, at], rtol=0.02
    )
    assert (by_month.low <= by_month.incidence).all()
    assert (by_month.incidence <= by_month.high).all()


def test_each_site_has_its_own_baseline() -> None:
    """Risks of one person at each site, from models that all sites fitted together."""
    parts = sites(drawn(2, 2000), 2, 0)
    parts[1] = replace(parts[1], time=parts[1].time / 2)
    months = tuple(float(k) for k in range(1, 25))
    fitted = [
        baseline_hazard.combine(
            lambda q: [baseline_hazard.at_site(t, q[0]) for t in parts],
            baseline_hazard.Parameters(("x",), months, event=kind),
        )
        for kind in (1, 2)
    ]
    slow, fast = (risks(fitted, [(0.0,), (0.0,)], site=k).incidence[:, -1] for k in (0, 1))
    assert (fast > 1.3 * slow).all()


@pytest.mark.slow
def test_coverage() -> None:
    """At x = 1 and 24 months: intervals hold the truth at the nominal rate."""
    first, second = 0.02 * np.exp(0.5), 0.01 * np.exp(-0.5)
    gone = 1 - np.exp(-24 * (first + second))
    truth = gone * np.array([first, second]) / (first + second)
    held = np.zeros(2)
    months = tuple(float(k) for k in range(1, 25))
    for seed in range(300):
        found: Risks = risks(models(drawn(seed, 400), months), [(1.0,)] * 2, product="grouped")
        held += (found.low[:, -1] <= truth) & (truth <= found.high[:, -1])
    assert ((held >= 273) & (held <= 297)).all()


def test_without_intervals_and_on_other_edges() -> None:
    whole = drawn(3, 300)
    bare = risks(models(whole, (12.0, 24.0), intervals=False), [(0.0,), (0.0,)])
    assert np.isnan(bare.standard_errors).all()
    assert np.isfinite(bare.incidence).all()
    mixed = [models(whole, (12.0, 24.0))[0], models(whole, (12.0, 36.0))[1]]
    with pytest.raises(ValueError, match="edges"):
        risks(mixed, [(0.0,), (0.0,)])
