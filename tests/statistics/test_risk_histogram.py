"""Counts by predicted risk and time: metrics of all sites from them, exactly the pooled ones."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Literal

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from metric_rows import EXPECTED, drawn, predictions, survival_table

from transat.cohorts.survival_table import SurvivalTable
from transat.core.errors import StudyError
from transat.statistics import concordance
from transat.statistics.brier import brier
from transat.statistics.risk_histogram import Parameters, Release, at_site, combine
from transat.statistics.scored_rows import ScoredRows, as_table
from transat.statistics.time_auc import time_auc

DECILES = tuple(k / 10 for k in range(1, 10))
ASKED = Parameters("risk", DECILES, tuple(float(k) for k in range(2, 25, 2)), 2, ("woman", "old"))


def table_of(rows: ScoredRows, seed: int = 0) -> SurvivalTable:
    rng = np.random.default_rng(seed)
    columns = {
        "risk": rows.risk,
        "woman": rng.random(rows.n) < 0.4,
        "old": rng.random(rows.n) < 0.6,
    }
    return survival_table(rows.time, rows.event, columns)


def take(table: SurvivalTable, chosen: np.ndarray) -> SurvivalTable:
    arrays = ("time", "entry", "event", "columns", "strata", "people")
    parts = {name: getattr(table, name)[chosen] for name in arrays}
    return replace(table, n=len(chosen), **parts)


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 10_000), sites=st.sampled_from([2, 3, 7]), unbalanced=st.booleans())
def test_federated_is_pooled(seed: int, sites: int, unbalanced: bool) -> None:
    """Counts are the same, and so are AUC and Brier; the last site has no event."""
    table = table_of(drawn(seed, n=300), seed)
    rng = np.random.default_rng(seed)
    shares = np.r_[0.9, np.full(sites - 1, 0.1 / (sites - 1))] if unbalanced else None
    site = rng.choice(sites, table.n, p=shares)
    table = replace(table, event=np.where(site == sites - 1, 0, table.event).astype(np.int8))
    pooled = combine([at_site(table, ASKED)], ASKED)
    releases = [at_site(take(table, np.flatnonzero(site == k)), ASKED) for k in range(sites)]
    federated = combine(releases, ASKED)
    for values in ({}, {"woman": 1}, {"woman": 0, "old": 1}):
        one, other = federated.rows(**values), pooled.rows(**values)
        np.testing.assert_array_equal(one.time, other.time)
        np.testing.assert_array_equal(one.event, other.event)
        np.testing.assert_allclose(one.risk, other.risk, atol=1e-14)
    one, other = federated.rows(), pooled.rows()
    a, b = time_auc(one, 12), time_auc(other, 12)
    assert a.value == pytest.approx(b.value, abs=1e-12)
    assert a.standard_error == pytest.approx(b.standard_error, abs=1e-12)
    assert brier(one, 12).brier.value == pytest.approx(brier(other, 12).brier.value, abs=1e-12)
    assert federated.rows(site=0).n == int((site == 0).sum())


def test_the_finest_bins_lose_nothing(shared: Path) -> None:
    """Every risk and every day apart: riskRegression's numbers through the histogram."""
    rows = predictions(shared, "pbc")
    table = survival_table(rows["time"], rows["ev"], {"risk": rows["r.2"]})
    levels = np.unique(rows["r.2"])
    apart = Parameters(
        "risk", tuple((levels[1:] + levels[:-1]) / 2), tuple(np.unique(rows["time"]))
    )
    found = combine([at_site(table, apart)], apart).rows()
    reference = EXPECTED["reference"]["pbc_score_auc"][1]
    auc = time_auc(found, 1460)
    assert auc.value == pytest.approx(reference["AUC"], abs=1e-10)
    assert auc.standard_error == pytest.approx(reference["se"], abs=1e-10)
    record = EXPECTED["score"]["pbc"]["brier"][5]
    assert (record["model"], record["times"]) == ("full", 1460)
    assert brier(found, 1460).brier.value == pytest.approx(record["Brier"], abs=1e-10)


def test_ten_bins_and_months_are_near(shared: Path) -> None:
    rows = predictions(shared, "pbc")
    table = survival_table(rows["time"] / 30.4375, rows["ev"], {"risk": rows["r.2"]})
    asked = Parameters("risk", DECILES, tuple(float(k) for k in range(1, 61)))
    found = combine([at_site(table, asked)], asked).rows()
    exact = ScoredRows(table.time, table.event, rows["r.2"])
    assert time_auc(found, 48).value == pytest.approx(time_auc(exact, 48).value, abs=0.02)
    assert brier(found, 48).brier.value == pytest.approx(brier(exact, 48).brier.value, abs=2e-3)


@pytest.mark.parametrize("weighting", ["harrell", "uno"])
def test_concordance_over_sites(weighting: Literal["harrell", "uno"]) -> None:
    """Pairs of two sites count too: that of the pooled rows on the same bins and edges."""
    table, asked = table_of(drawn(6, n=300)), concordance.Parameters("risk", weighting=weighting)
    site = np.random.default_rng(6).integers(0, 3, table.n)
    releases = [at_site(take(table, np.flatnonzero(site == k)), ASKED) for k in range(3)]
    bins = np.searchsorted(DECILES, table.columns[:, 0], "right")
    rounded = ScoredRows(
        np.where(table.time > 24, 24.5, np.ceil(table.time / 2) * 2),
        np.where(table.time > 24, 0, table.event).astype(np.int8),
        (bins + 0.5) / 10,
    )
    one, other = (
        concordance.combine([concordance.at_site(as_table(rows), asked)], asked).together
        for rows in (combine(releases, ASKED).rows(), rounded)
    )
    assert one.concordance == pytest.approx(other.concordance, abs=1e-13)
    assert one.standard_error == pytest.approx(other.standard_error, abs=1e-13)


def test_hand_counted() -> None:
    """Four people: one event by 2, one censored by 4 in the same bin, two stay beyond 4."""
    table = survival_table(
        np.array([1.5, 3.0, 9.0, 5.0]), np.array([1, 0, 1, 0]),
        {"risk": np.array([0.1, 0.3, 0.5, 0.9])},
    )  # fmt: skip
    release = at_site(table, Parameters("risk", (0.5,), (2.0, 4.0)))
    np.testing.assert_array_equal(release.left[0, 0], [[0, 1], [1, 0]])
    np.testing.assert_array_equal(release.left[0, 1], [[0, 0], [0, 0]])
    np.testing.assert_array_equal(release.remaining, [[0, 2]])
    np.testing.assert_allclose(release.risks, [[0.4, 1.4]])
    np.testing.assert_array_equal(release.counts()["persons"], [[2, 2]])
    rows = combine([release], Parameters("risk", (0.5,), (2.0, 4.0))).rows()
    np.testing.assert_allclose(np.sort(rows.risk), [0.2, 0.2, 0.7, 0.7])


def test_sites_that_merged_differently_meet() -> None:
    """As if both had been asked for the common edges and bins in the first place."""
    tables = [table_of(drawn(k, n=200), k) for k in range(2)]
    releases = [at_site(table, ASKED) for table in tables]
    edges = np.isin(np.arange(12), [2, 5, 8]), np.isin(np.arange(12), [1, 2, 8, 11])
    bins = np.isin(np.arange(9), [0, 3, 6]), np.isin(np.arange(9), [3, 6, 8])
    kept = [r.merged(e).coarser(b) for r, e, b in zip(releases, edges, bins, strict=True)]
    common = replace(ASKED, grid=(6.0, 18.0), bins=(0.4, 0.7))
    found, wanted = combine(kept, ASKED), combine([at_site(t, common) for t in tables], common)
    for one, other in zip(found.sites, wanted.sites, strict=True):
        np.testing.assert_array_equal(one.left, other.left)
        np.testing.assert_array_equal(one.remaining, other.remaining)
        np.testing.assert_allclose(one.risks, other.risks)
    nothing: Release = releases[0].merged(np.zeros(12, bool))
    np.testing.assert_array_equal(nothing.remaining, releases[0].persons())


def test_a_horizon_that_was_merged_away_is_refused() -> None:
    """Of who left in ]6, 18] nothing is known at 12; after the last edge nothing at all."""
    release = at_site(table_of(drawn(3, n=200)), ASKED).merged(np.isin(np.arange(12), [2, 8]))
    result = combine([release], ASKED)
    assert result.told(18.0) == 18.0
    for horizon in (12.0, 18.5):
        with pytest.raises(StudyError, match="horizon"):
            result.told(horizon)
    with pytest.raises(StudyError, match="suivi"):
        time_auc(result.rows(), 18.5)


def test_rows_have_no_order() -> None:
    table = table_of(drawn(4))
    shuffled = take(table, np.random.default_rng(1).permutation(table.n))
    one, other = at_site(table, ASKED), at_site(shuffled, ASKED)
    np.testing.assert_array_equal(one.left, other.left)
    np.testing.assert_allclose(one.risks, other.risks)


def test_wrong_questions_are_refused() -> None:
    table = table_of(drawn(4))
    wrong = (
        replace(ASKED, bins=(0.5, 0.5)), replace(ASKED, bins=(0.0,)),
        replace(ASKED, grid=(2.0, 1.0)), replace(ASKED, kinds=1), replace(ASKED, by=("risk",)),
    )  # fmt: skip
    for asked in wrong:
        with pytest.raises(ValueError, match=r"bins|grid|kinds|by"):
            at_site(table, asked)
    with pytest.raises(StudyError, match="x9"):
        at_site(table, replace(ASKED, risk="x9"))
    with pytest.raises(ValueError, match="releases"):
        combine([], ASKED)
    with pytest.raises(ValueError, match="by"):
        combine([at_site(table, ASKED)], ASKED).rows(young=1)
