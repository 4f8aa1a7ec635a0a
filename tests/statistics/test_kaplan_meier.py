"""Survival on an agreed grid: against R and lifelines, worked by hand, pooled, merged edges."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from curve_rows import Rows, arrays, expected
from hypothesis import given, settings
from hypothesis import strategies as st

from transat.cohorts.survival_table import SurvivalTable
from transat.core.errors import StudyError
from transat.statistics import grid_counts
from transat.statistics.kaplan_meier import Parameters, at_site, combine

Draw = Callable[..., SurvivalTable]
MONTHS = Parameters(tuple(float(k) for k in range(1, 40)))


def rows(time: list[int], event: list[int], entry: list[int] | None = None) -> SurvivalTable:
    n = len(time)
    return SurvivalTable(
        n, np.array(time, float), np.array(entry or [0] * n, float), np.array(event, np.int8),
        np.zeros((n, 0)), (), np.zeros(n, np.int32), ("all",), np.arange(n),
    )  # fmt: skip


def test_hand_worked() -> None:
    """Six people: events at 1 and 3 (two), censored at 1 and 4; 5 stays beyond the grid.
    S(1) = 5/6; at 3, 4 are at risk: S(3) = 5/6 x 2/4."""
    table = rows([1, 1, 3, 3, 4, 9], [1, 0, 1, 1, 0, 0])
    curve = combine([at_site(table, Parameters((1, 2, 3, 4)))], Parameters((1, 2, 3, 4))).together[
        0
    ]
    np.testing.assert_array_equal(curve.at_risk, [6, 4, 4, 2])
    np.testing.assert_allclose(curve.survival, [5 / 6, 5 / 6, 5 / 12, 5 / 12])
    np.testing.assert_allclose(curve.least, [4 / 5, 4 / 5, 2 / 5, 2 / 5])
    greenwood = 1 / 30 + 2 / (4 * 2)
    assert curve.standard_errors[2] == pytest.approx(5 / 12 * np.sqrt(greenwood))
    assert curve.median == 3


def test_late_entry_counts_from_the_next_interval() -> None:
    """Entry at 2 is in time for the event at 3, not for the one at 2."""
    table = rows([2, 3, 5], [1, 1, 0], [0, 2, 0])
    grid = Parameters((1, 2, 3, 4, 5))
    curve = combine([at_site(table, grid)], grid).together[0]
    np.testing.assert_array_equal(curve.at_risk, [2, 2, 2, 1, 1])
    np.testing.assert_allclose(curve.survival, [1, 1 / 2, 1 / 4, 1 / 4, 1 / 4])


def test_r_lung(shared: Path) -> None:
    """R survival's survfit (log intervals) on `lung`, rows as lifelines carries them."""
    datasets = pytest.importorskip("lifelines.datasets", reason="lifelines carries the rows")
    expected = json.loads((shared / "data/avs/avs_survival_reference_R.json").read_text())[
        "lung_km"
    ]
    lung = datasets.load_lung()
    table = rows(lung["time"].tolist(), lung["status"].astype(int).tolist())
    days = Parameters(tuple(float(k) for k in range(1, 1100)), interval="log")
    curve = combine([at_site(table, days)], days).together[0]
    at = [int(t) - 1 for t in expected["times"]]
    np.testing.assert_allclose(curve.survival[at], expected["surv"], rtol=1e-12)
    np.testing.assert_allclose(curve.standard_errors[at], expected["se"], rtol=1e-10)
    np.testing.assert_allclose(curve.low[at], expected["lower"], rtol=1e-10)
    np.testing.assert_allclose(curve.high[at], expected["upper"], rtol=1e-10)
    assert curve.median == expected["median"]


@pytest.mark.parametrize("name", ["km_lung_loglog", "km_rotterdam_log"])
def test_r_survfit(r_rows: Rows, name: str) -> None:
    """Survival, errors, both kinds of limits and the median, of the days themselves."""
    values, data = expected()[name], arrays(r_rows(name.split("_")[1]))
    if "lung" in name:
        table, interval, median = rows(data["time"], data["status"] - 1), "log-log", values["q"][1]
    else:
        table, interval, median = rows(data["dtime"], data["death"]), "log", values["median"]
    days = Parameters(grid_counts.daily(table), interval=interval)
    curve = combine([at_site(table, days)], days).together[0]
    at = np.searchsorted(curve.edges, values["times"], "right") - 1
    for ours, theirs in (("survival", "surv"), ("standard_errors", "se"),
                         ("low", "lower"), ("high", "upper")):  # fmt: skip
        np.testing.assert_allclose(getattr(curve, ours)[at], values[theirs], rtol=1e-10)
    assert curve.median == median


def test_median_where_the_curve_rests_on_one_half() -> None:
    """R survival: half of four are gone from 2 on, the third goes at 5, or nobody until 8."""
    table = rows([1, 2, 5, 8], [1, 1, 1, 0])
    assert combine([at_site(table, MONTHS)], MONTHS).together[0].median == 3.5
    rest = rows([1, 2, 5, 8], [1, 1, 0, 0])
    assert combine([at_site(rest, MONTHS)], MONTHS).together[0].median == 5


def test_weighted_rows_are_refused(draw_survival: Draw) -> None:
    table = draw_survival(1)
    with pytest.raises(ValueError, match="weights"):
        at_site(replace(table, weights=np.ones(table.n)), MONTHS)


def test_lifelines_log_log(draw_survival: Draw) -> None:
    lifelines = pytest.importorskip("lifelines", reason="a judge")
    table = draw_survival(3, n=200)
    peer = lifelines.KaplanMeierFitter().fit(table.time, table.event > 0)
    curve = combine([at_site(table, MONTHS)], MONTHS).together[0]
    inside = curve.edges <= table.time.max()
    edges = curve.edges[inside]
    np.testing.assert_allclose(curve.survival[inside], peer.survival_function_at_times(edges))
    limits = peer.confidence_interval_survival_function_.reindex(
        np.append(0, edges), method="ffill"
    ).to_numpy()[1:]
    found = np.column_stack([curve.low, curve.high])[inside]
    told = ~np.isnan(found).any(axis=1)
    np.testing.assert_allclose(found[told], limits[told], rtol=1e-9)


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 10_000), sites=st.integers(2, 5), late=st.booleans(), by=st.booleans())
def test_federated_is_pooled(
    draw_survival: Draw, seed: int, sites: int, late: bool, by: bool
) -> None:
    table = draw_survival(seed, n=150, late=late)
    asked = replace(MONTHS, by="x2" if by else "")
    part = np.random.default_rng(seed).integers(0, sites, table.n)
    federated = combine([at_site(take(table, part == k), asked) for k in range(sites)], asked)
    pooled = combine([at_site(table, asked)], asked)
    assert len(federated.together) == (2 if by else 1)
    for one, other in zip(federated.together, pooled.together, strict=True):
        for field in ("at_risk", "events", "survival", "least", "standard_errors", "low", "high"):
            np.testing.assert_array_equal(getattr(one, field), getattr(other, field))


def take(table: SurvivalTable, chosen: np.ndarray) -> SurvivalTable:
    arrays = ("time", "entry", "event", "columns", "strata", "people")
    parts = {name: getattr(table, name)[chosen] for name in arrays}
    return replace(table, n=int(chosen.sum()), **parts)


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 10_000))
def test_the_true_curve_lies_between_the_two(draw_survival: Draw, seed: int) -> None:
    """On a grid of six steps; on every step the two conventions hold the estimate between them."""
    table = draw_survival(seed, n=150)
    coarse = replace(MONTHS, grid=(6.0, 12.0, 18.0, 24.0))
    fine = combine([at_site(table, MONTHS)], MONTHS).together[0]
    curve = combine([at_site(table, coarse)], coarse).together[0]
    true = fine.survival[[5, 11, 17, 23]]
    assert (curve.least <= true + 1e-12).all()
    assert (true <= curve.survival + 1e-12).all()


def test_sites_that_merged_differently_meet_on_common_edges(draw_survival: Draw) -> None:
    """As if both had been asked for the common edges in the first place."""
    tables = [draw_survival(k, n=150) for k in range(2)]
    kept = np.zeros((2, 39), bool)
    kept[0, [2, 5, 8, 11, 20]] = kept[1, [2, 4, 8, 20, 30]] = True
    releases = [at_site(t, MONTHS).merged(k) for t, k in zip(tables, kept, strict=True)]
    common = replace(MONTHS, grid=(3.0, 9.0, 21.0))
    found = combine(releases, MONTHS).together[0]
    wanted = combine([at_site(t, common) for t in tables], common).together[0]
    np.testing.assert_array_equal(found.edges, [3, 9, 21])
    np.testing.assert_array_equal(found.survival, wanted.survival)
    np.testing.assert_array_equal(found.at_risk, wanted.at_risk)


def test_counts_tell_who_remains(draw_survival: Draw) -> None:
    table = draw_survival(1, n=90)
    release = at_site(table, Parameters((4.0, 8.0)))
    counts = release.counts()
    assert counts["remaining"][0] == np.sum(table.time > 8)
    assert counts["persons"][0] == 90
    nothing = release.merged(np.zeros(2, bool))
    assert nothing.edges.size == 0


def test_nobody_left_is_said(draw_survival: Draw) -> None:
    curve = combine([at_site(rows([1, 2], [1, 1]), MONTHS)], MONTHS).together[0]
    np.testing.assert_array_equal(curve.survival[:3], [0.5, 0, 0])
    assert np.isnan(curve.low[1])


def test_wrong_questions_are_refused(draw_survival: Draw) -> None:
    table = draw_survival(1)
    with pytest.raises(StudyError, match="x9"):
        at_site(table, replace(MONTHS, by="x9"))
    for wrong in (replace(MONTHS, by="x0"), replace(MONTHS, grid=(2.0, 1.0)), Parameters(())):
        with pytest.raises(ValueError, match=r"grid|by"):
            at_site(table, wrong)
    with pytest.raises(ValueError, match="groups"):
        combine([], MONTHS)
