"""Concordance: R survival's numbers, every pair by hand, federated = pooled, a million rows."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from metric_rows import EXPECTED, predictions, rotterdam, survival_table

from transat.cohorts.survival_table import SurvivalTable
from transat.core.errors import StudyError
from transat.statistics.concordance import Estimate, Parameters, at_site, combine

Draw = Callable[..., SurvivalTable]
HARRELL = Parameters("x")
UNO = Parameters("x", weighting="uno")


def found(table: SurvivalTable, parameters: Parameters) -> Estimate:
    return combine([at_site(table, parameters)], parameters).together


def agrees(name: str, estimate: Estimate) -> None:
    expected = EXPECTED["concordance"][name]
    assert estimate.concordance == pytest.approx(expected["concordance"], abs=1e-12)
    assert estimate.standard_error == pytest.approx(expected["se"], abs=1e-12)
    for count in ("concordant", "discordant", "tied"):
        assert getattr(estimate, count) == pytest.approx(expected[count], rel=1e-12, abs=1e-7)


def test_r_on_recorded_predictions(shared: Path) -> None:
    """The two figures of the reference (survival::concordance on pbc), with standard errors."""
    rows = predictions(shared, "pbc")
    table = survival_table(rows["time"], rows["ev"], {"x": rows["lp"]})
    harrell, uno = found(table, HARRELL), found(table, replace(UNO, tau=2920.0))
    agrees("pbc", harrell)
    agrees("pbc_uno_2920", uno)
    reference = EXPECTED["reference"]
    assert harrell.concordance == pytest.approx(reference["pbc_harrell"], abs=1e-12)
    assert uno.concordance == pytest.approx(reference["pbc_uno_tau2920"], abs=1e-12)


def test_r_with_ties_strata_weights_clusters_and_late_entries(r_rows: Any) -> None:
    """R's rotterdam in whole months: ties of times, of scores, of both."""
    rows = rotterdam(r_rows, competing=False)
    n = len(rows["time"])
    numbers = np.arange(1, n + 1)

    def table(**more: Any) -> SurvivalTable:
        return survival_table(rows["time"], rows["event"], {"x": rows["x"]}, **more)

    plain, weighted = table(), table(weights=numbers % 3 + 1.0)
    menopause = table(strata=rows["meno"])
    agrees("rotterdam", found(plain, HARRELL))
    agrees("rotterdam_tau60", found(plain, replace(HARRELL, tau=60)))
    agrees("rotterdam_uno", found(plain, UNO))
    agrees("rotterdam_uno_tau96", found(plain, replace(UNO, tau=96)))
    agrees("rotterdam_strata", found(menopause, HARRELL))
    agrees("rotterdam_strata_uno", found(menopause, UNO))
    agrees("rotterdam_weights", found(weighted, HARRELL))
    agrees("rotterdam_weights_uno", found(weighted, UNO))
    agrees("rotterdam_cluster", found(table(people=numbers // 3), HARRELL))
    late = np.minimum(rows["time"] - 0.5, numbers % 7)
    agrees("rotterdam_late", found(table(entry=late), HARRELL))


def test_r_on_thousands_of_days(r_rows: Any) -> None:
    rows = {key: np.array(values) for key, values in r_rows("flchain").to_pydict().items()}
    times = np.maximum(rows["futime"], 0.5)
    score = rows["age"] / 10 + rows["kappa"] / 2
    table = survival_table(times, rows["death"], {"x": score})
    agrees("flchain", found(table, HARRELL))
    agrees("flchain_uno", found(table, replace(UNO, tau=3650)))


@settings(max_examples=40, deadline=None)
@given(
    seed=st.integers(0, 10_000),
    late=st.booleans(),
    uno=st.booleans(),
    never=st.booleans(),
    tau=st.sampled_from([None, 6.0, 12.0]),
)
def test_every_pair(
    draw_survival: Draw, seed: int, late: bool, uno: bool, never: bool, tau: float | None
) -> None:
    """All pairs one by one, with competing events, strata, several rows of one person."""
    late = late and not uno and not never
    table = draw_survival(seed, n=60, strata=2, late=late, kinds=2)
    rng = np.random.default_rng(seed)
    x = np.round(table.columns[:, :1], 1)
    table = replace(table, columns=x, column_names=("x",), weights=rng.uniform(0.5, 2, 60),
                    people=rng.integers(0, 45, 60))  # fmt: skip
    asked = Parameters(
        "x", weighting="uno" if uno else "harrell", competing="never" if never else "censored",
        tau=tau,
    )  # fmt: skip
    c, error = one_by_one(table, asked)
    estimate = found(table, asked)
    assert estimate.concordance == pytest.approx(c, abs=1e-12)
    assert estimate.standard_error == pytest.approx(error, abs=1e-12)


def one_by_one(table: SurvivalTable, asked: Parameters) -> tuple[float, float]:
    assert table.weights is not None
    n, w, x = table.n, table.weights, table.columns[:, 0]
    never, uno = asked.competing == "never", asked.weighting == "uno"
    inverse = np.ones(n)
    for i in range(n if uno else 0):
        lost = table.event == 0 if never else table.event != 1
        stratum = table.strata == table.strata[i]
        for t in np.unique(table.time[lost & stratum & (table.time < table.time[i])]):
            now = stratum & lost & (table.time == t)
            at_risk = stratum & ((table.time > t) | now)
            inverse[i] /= 1 - w[now].sum() / w[at_risk].sum()
    agreeing, all_pairs = np.zeros((n, n)), np.zeros((n, n))
    for i in range(n):
        if table.event[i] != 1 or (asked.tau is not None and table.time[i] > asked.tau):
            continue
        for j in range(n):
            if table.strata[i] != table.strata[j]:
                continue
            same = table.time[j] == table.time[i]
            follows = table.time[j] > table.time[i] or (same and table.event[j] != 1)
            weight = w[i] * w[j] * inverse[i]
            if follows and table.entry[j] < table.time[i]:
                weight *= inverse[i]
            elif never and table.event[j] > 1 and not follows:
                weight *= inverse[j]
            else:
                continue
            all_pairs[i, j] = weight
            agreeing[i, j] = weight * ((x[i] > x[j]) + 0.5 * (x[i] == x[j]))
    c = agreeing.sum() / all_pairs.sum()
    part = agreeing.sum(0) + agreeing.sum(1) - c * (all_pairs.sum(0) + all_pairs.sum(1))
    by_person = np.bincount(table.people, part)
    return float(c), float(np.sqrt((by_person**2).sum()) / all_pairs.sum())


@settings(max_examples=25, deadline=None)
@given(
    seed=st.integers(0, 10_000),
    sites=st.sampled_from([2, 3, 7]),
    uno=st.booleans(),
    unbalanced=st.booleans(),
)
def test_federated_is_pooled_with_the_site_as_stratum(
    draw_survival: Draw, seed: int, sites: int, uno: bool, unbalanced: bool
) -> None:
    table = draw_survival(seed, n=120)
    rng = np.random.default_rng(seed)
    shares = np.r_[0.9, np.full(sites - 1, 0.1 / (sites - 1))] if unbalanced else None
    site = rng.choice(sites, table.n, p=shares)
    event = np.where(site == sites - 1, 0, table.event).astype(np.int8)  # one site with no event
    table = replace(table, event=event)
    asked = Parameters("x0", weighting="uno" if uno else "harrell")
    labels = tuple(str(k) for k in range(sites))
    pooled = found(replace(table, strata=site.astype(np.int32), stratum_labels=labels), asked)
    parts = [at_site(take(table, np.flatnonzero(site == k)), asked) for k in range(sites)]
    federated = combine(parts, asked)
    assert federated.together.concordance == pytest.approx(pooled.concordance, abs=1e-13)
    assert federated.together.standard_error == pytest.approx(pooled.standard_error, abs=1e-13)
    assert np.isnan(federated.sites[-1].concordance)


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 10_000), late=st.booleans())
def test_row_order_is_of_no_matter(draw_survival: Draw, seed: int, late: bool) -> None:
    table = draw_survival(seed, n=100, strata=3, late=late)
    shuffled = take(table, np.random.default_rng(seed).permutation(table.n))
    one, other = found(table, Parameters("x0")), found(shuffled, Parameters("x0"))
    assert one == other


def test_the_score_turned_round_is_the_complement(draw_survival: Draw) -> None:
    table = draw_survival(5)
    turned = replace(table, columns=-table.columns)
    forth, back = found(table, Parameters("x0")), found(turned, Parameters("x0"))
    assert forth.concordance + back.concordance == pytest.approx(1)
    assert forth.standard_error == pytest.approx(back.standard_error)


def test_a_constant_score_is_a_half_and_an_unknown_one_refused(draw_survival: Draw) -> None:
    table = draw_survival(1)
    constant = replace(table, columns=np.ones_like(table.columns))
    assert found(constant, Parameters("x0")).concordance == 0.5
    assert found(constant, Parameters("x0")).standard_error == 0
    with pytest.raises(StudyError, match="x9"):
        at_site(table, Parameters("x9"))
    for wrong in (replace(table, time=-table.time), replace(table, columns=table.columns * np.nan)):
        with pytest.raises(StudyError, match=r"manque"):
            at_site(wrong, Parameters("x0"))
    late = draw_survival(1, late=True)
    for asked in (Parameters("x0", weighting="uno"), Parameters("x0", competing="never")):
        with pytest.raises(ValueError, match="entry"):
            at_site(late, asked)
    with pytest.raises(ValueError, match="release"):
        combine([], HARRELL)


def test_a_site_with_nobody_adds_nothing(draw_survival: Draw) -> None:
    table = draw_survival(1)
    nobody = take(table, np.zeros(0, np.int64))
    for asked in (Parameters("x0"), Parameters("x0", weighting="uno", competing="never")):
        both = combine([at_site(table, asked), at_site(nobody, asked)], asked)
        assert both.together == found(table, asked)
        assert both.sites[1].persons == 0


def test_head_counts_are_stated(draw_survival: Draw) -> None:
    table = draw_survival(2, n=50, kinds=2)
    counts = at_site(table, Parameters("x0")).counts()
    events = int((table.event == 1).sum())
    assert [counts[k][0] for k in ("persons", "events", "event_free")] == [50, events, 50 - events]


@pytest.mark.slow
def test_a_million_rows_in_seconds(draw_survival: Draw) -> None:
    """Processor time, since the machine may be shared."""
    rng = np.random.default_rng(7)
    n = 1_000_000
    x = rng.normal(size=n)
    happens, lost = np.ceil(rng.exponential(2000 / np.exp(x))), rng.integers(1, 3600, n)
    table = survival_table(np.minimum(happens, lost), happens <= lost, {"x": x})
    start = time.process_time()
    estimate = found(table, HARRELL)
    assert time.process_time() - start < 3
    assert 0.7 < estimate.concordance < 0.8
    assert estimate.standard_error < 0.001


def take(table: SurvivalTable, chosen: np.ndarray) -> SurvivalTable:
    arrays = ("time", "entry", "event", "columns", "strata", "people")
    parts = {name: getattr(table, name)[chosen] for name in arrays}
    return replace(table, n=len(chosen), **parts)
