"""Cox regression over sites: against R, statsmodels and a plain double loop; pooled; late entry."""

from __future__ import annotations

import csv
import json
import warnings
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from transat.cohorts.survival_table import SurvivalTable
from transat.core.errors import StudyError
from transat.statistics import cox, cox_sums
from transat.statistics.cox import Parameters, Result, at_site, combine
from transat.statistics.risk_sets import risk_sets

Draw = Callable[..., SurvivalTable]


def fit(*tables: SurvivalTable, **wanted: object) -> Result:
    """Over sites that all get the same question."""
    columns = wanted.pop("columns", tables[0].column_names)
    return combine(
        lambda asked: [at_site(t, asked[0]) for t in tables], Parameters(columns, **wanted)
    )


def together(*tables: SurvivalTable) -> SurvivalTable:
    """One table whose strata are the sites' strata."""
    first = tables[0]
    labels = [f"{k}:{label}" for k, t in enumerate(tables) for label in t.stratum_labels]
    starts = np.cumsum([0, *(len(t.stratum_labels) for t in tables)])
    arrays = {
        name: np.concatenate([getattr(t, name) for t in tables])
        for name in ("time", "entry", "event", "columns", "people")
    }
    strata = np.concatenate([t.strata + s for t, s in zip(tables, starts, strict=False)])
    return replace(
        first, n=len(strata), strata=strata.astype(np.int32), stratum_labels=tuple(labels), **arrays
    )


def by_hand(table: SurvivalTable, beta: np.ndarray, ties: str) -> tuple[float, np.ndarray]:
    """Log-likelihood and gradient from the definition, one risk set after another."""
    likelihood, gradient = 0.0, np.zeros(len(beta))
    failed = table.event == 1
    for stratum in np.unique(table.strata):
        for t in np.unique(table.time[failed & (table.strata == stratum)]):
            risk = (table.strata == stratum) & (table.entry < t) & (table.time >= t)
            dead = risk & failed & (table.time == t)
            w = np.exp(table.columns @ beta)
            for k in range(dead.sum()):
                share = k / dead.sum() if ties == "efron" else 0.0
                weight = w * risk - share * w * dead
                likelihood -= np.log(weight.sum())
                gradient -= weight @ table.columns / weight.sum()
            likelihood += (table.columns[dead] @ beta).sum()
            gradient += table.columns[dead].sum(axis=0)
    return likelihood, gradient


@settings(max_examples=25, deadline=None)
@given(
    seed=st.integers(0, 10_000),
    ties=st.sampled_from(["efron", "breslow"]),
    late=st.booleans(),
    strata=st.integers(1, 4),
)
def test_the_definition(draw_survival: Draw, seed: int, ties: str, late: bool, strata: int) -> None:
    """Value and gradient are the definition's, the Hessian the gradient's own differences."""
    table = draw_survival(seed, n=60, late=late, strata=strata)
    beta = np.random.default_rng(seed).normal(size=3) / 2
    at = [
        at_site(table, Parameters(table.column_names, ties=ties, coefficients=tuple(b)))
        for b in (
            beta,
            *(beta + 1e-5 * e for e in np.eye(3)),
            *(beta - 1e-5 * e for e in np.eye(3)),
        )
    ]
    likelihood, gradient = by_hand(table, beta, ties)
    np.testing.assert_allclose(at[0].gradient, gradient, rtol=1e-9, atol=1e-9)
    slopes = [
        (low.gradient - high.gradient) / 2e-5 for high, low in zip(at[1:4], at[4:], strict=True)
    ]
    np.testing.assert_allclose(at[0].hessian, slopes, rtol=1e-5, atol=1e-5)
    # a factor of each stratum is left out of the weights: the likelihood is the same all the same
    assert at[0].log_likelihood == pytest.approx(likelihood, rel=1e-10)


@pytest.mark.parametrize("ties", ["efron", "breslow"])
@pytest.mark.parametrize("late", [False, True])
def test_statsmodels(draw_survival: Draw, ties: str, late: bool) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from statsmodels.duration.hazard_regression import PHReg

        table = draw_survival(3, n=500, strata=3, late=late)
        peer = PHReg(
            table.time, table.columns, status=table.event == 1, ties=ties, strata=table.strata,
            entry=table.entry + 0.5 if late else None,  # its risk sets hold their first day
        ).fit()  # fmt: skip
    found = fit(table, ties=ties)
    assert found.converged
    np.testing.assert_allclose(found.coefficients, peer.params, rtol=1e-8, atol=1e-10)
    np.testing.assert_allclose(found.standard_errors, peer.bse, rtol=1e-7)
    assert found.log_likelihood == pytest.approx(peer.llf, rel=1e-10)


@pytest.mark.parametrize("ties", ["efron", "breslow"])
def test_r_heart_valve(shared: Path, ties: str) -> None:
    """R survival 3.5-3 on joineRML's heart.valve, unstratified and stratified by sex."""
    values = json.loads((shared / "data/avs/avs_survival_reference_R.json").read_text())
    for name, strata in (("heartvalve_base", ""), ("heartvalve_site_strat", "sex")):
        expected = values[f"{name}_{ties}"]
        table = heart_valve(shared, tuple(expected["coef"]), strata)
        found = fit(table, ties=ties)
        assert (found.persons, found.events) == (expected["n"], expected["nevent"])
        np.testing.assert_allclose(found.coefficients, list(expected["coef"].values()), rtol=1e-8)
        np.testing.assert_allclose(found.standard_errors, list(expected["se"].values()), rtol=1e-8)
        assert found.log_likelihood_null == pytest.approx(expected["loglik0"], rel=1e-11)
        assert found.log_likelihood == pytest.approx(expected["loglik"], rel=1e-11)
        assert found.likelihood_ratio == pytest.approx(expected["lr"], rel=1e-9)


def heart_valve(shared: Path, columns: tuple[str, ...], strata: str) -> SurvivalTable:
    """The first visit of each patient."""
    seen: dict[str, dict[str, str]] = {}
    with (shared / "data/avs/heart_valve.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            row["stentless"] = str(float(row["hs"] == "Stentless valve"))
            seen.setdefault(row["num"], row)
    rows = list(seen.values())
    n = len(rows)
    return SurvivalTable(
        n=n,
        time=np.array([float(r["fuyrs"]) for r in rows]),
        entry=np.zeros(n),
        event=np.array([int(r["status"]) for r in rows], dtype=np.int8),
        columns=np.array([[float(r[c]) for c in columns] for r in rows]),
        column_names=columns,
        strata=np.array([int(r[strata]) if strata else 0 for r in rows], dtype=np.int32),
        stratum_labels=("0", "1") if strata else ("all",),
        people=np.arange(n),
    )


def test_r_lung(shared: Path) -> None:
    """R survival on `lung`, rows as lifelines carries them (public data)."""
    datasets = pytest.importorskip("lifelines.datasets", reason="lifelines carries the rows")
    values = json.loads((shared / "data/avs/avs_survival_reference_R.json").read_text())
    for name in ("lung_efron", "lung_breslow"):
        expected = values[name]
        columns = tuple(expected["coef"])
        rows = datasets.load_lung()[["time", "status", *columns]].dropna()
        n = len(rows)
        table = SurvivalTable(
            n, rows["time"].to_numpy(float), np.zeros(n), rows["status"].to_numpy(np.int8),
            rows[list(columns)].to_numpy(float), columns, np.zeros(n, np.int32), ("all",),
            np.arange(n),
        )  # fmt: skip
        found = fit(table, ties=name.removeprefix("lung_"))
        np.testing.assert_allclose(found.coefficients, list(expected["coef"].values()), rtol=1e-8)
        np.testing.assert_allclose(found.standard_errors, list(expected["se"].values()), rtol=1e-8)


@pytest.mark.parametrize("ties", ["efron", "breslow"])
def test_r_stanford_transplants(shared: Path, ties: str) -> None:
    """Columns that change in time, in spells: R survival's `heart`, as lifelines carries it."""
    datasets = pytest.importorskip("lifelines.datasets", reason="lifelines carries the rows")
    values = json.loads((shared / "data/avs/avs_survival_reference_R.json").read_text())
    expected = values[f"heart_stanford_td_{ties}"]
    rows = datasets.load_stanford_heart_transplants()
    names = {"transplant1": "transplant"}
    columns = tuple(expected["coef"])
    n = len(rows)
    table = SurvivalTable(
        n, rows["stop"].to_numpy(float), rows["start"].to_numpy(float),
        rows["event"].to_numpy(np.int8), rows[[names.get(c, c) for c in columns]].to_numpy(float),
        columns, np.zeros(n, np.int32), ("all",), rows["id"].to_numpy(np.int64),
    )  # fmt: skip
    found = fit(table, ties=ties)
    assert found.persons < n
    np.testing.assert_allclose(found.coefficients, list(expected["coef"].values()), rtol=1e-7)
    np.testing.assert_allclose(found.standard_errors, list(expected["se"].values()), rtol=1e-7)


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 10_000), sites=st.integers(2, 5), late=st.booleans())
def test_federated_is_pooled_and_stratified(
    draw_survival: Draw, seed: int, sites: int, late: bool
) -> None:
    tables = [draw_survival(seed + k, n=120, strata=2, late=late) for k in range(sites)]
    federated, pooled = fit(*tables), fit(together(*tables))
    np.testing.assert_allclose(federated.coefficients, pooled.coefficients, atol=1e-10, rtol=1e-10)
    np.testing.assert_allclose(federated.covariance, pooled.covariance, atol=1e-10, rtol=1e-10)
    assert federated.log_likelihood == pytest.approx(pooled.log_likelihood, rel=1e-12)
    assert federated.events == pooled.events


def test_row_order_changes_nothing(draw_survival: Draw) -> None:
    table = draw_survival(5, n=200, strata=3, late=True)
    order = np.random.default_rng(1).permutation(table.n)
    arrays = {
        f: getattr(table, f)[order]
        for f in ("time", "entry", "event", "columns", "strata", "people")
    }
    np.testing.assert_allclose(
        fit(table).coefficients, fit(replace(table, **arrays)).coefficients, rtol=1e-11, atol=1e-13
    )


def test_spells_are_the_same_as_one_row(draw_survival: Draw) -> None:
    """A follow-up cut in two spells, (0, 4] and (4, end], says the same of the same people."""
    table = draw_survival(6, n=200)
    long = table.time > 4
    first = replace(table, time=np.where(long, 4, table.time), event=np.where(long, 0, table.event))
    rest = {f: getattr(table, f)[long] for f in ("time", "event", "columns", "strata", "people")}
    second = replace(table, n=int(long.sum()), entry=np.full(long.sum(), 4.0), **rest)
    cut = replace(together(first, second), strata=np.zeros(table.n + second.n, np.int32))
    whole, spells = fit(table), fit(cut)
    np.testing.assert_allclose(spells.coefficients, whole.coefficients, rtol=1e-10, atol=1e-12)
    assert (spells.persons, spells.events) == (whole.persons, whole.events)


def test_another_kind_of_event_is_a_censoring(draw_survival: Draw) -> None:
    table = draw_survival(7, n=300, kinds=2)
    only = replace(table, event=(table.event == 2).astype(np.int8))
    np.testing.assert_array_equal(fit(table, event=2).coefficients, fit(only).coefficients)


def test_large_columns_lose_nothing(draw_survival: Draw) -> None:
    """A calendar year as it is written: 2,000 more than its deviation from 2,000."""
    table = draw_survival(8, n=300)
    far = replace(table, columns=table.columns + np.array([2000.0, 0.0, 0.0]))
    np.testing.assert_allclose(
        fit(far).coefficients, fit(table).coefficients, rtol=1e-9, atol=1e-11
    )


def test_monotone_likelihood_is_said(draw_survival: Draw) -> None:
    """No event among those with the column: its estimate is infinite, and the result says so."""
    table = draw_survival(9, n=200)
    column = np.where(table.event == 0, table.columns[:, 2], 0.0)
    never = replace(table, columns=np.column_stack([table.columns[:, :2], column]))
    found = fit(never)
    assert found.monotone == ("x2",)
    assert not found.converged
    assert np.isnan(found.hazard_ratios[2])
    assert np.isfinite(found.hazard_ratios[:2]).all()


def test_redundant_and_unknown_columns_are_refused(draw_survival: Draw) -> None:
    table = draw_survival(1)
    twice = replace(table, columns=table.columns[:, [0, 0, 1]])
    with pytest.raises(StudyError) as refused:
        fit(twice)
    assert refused.value.where in ("x0", "x1")
    with pytest.raises(StudyError, match="x9"):
        fit(table, columns=("x9",))


def test_a_site_without_event_adds_nothing(draw_survival: Draw) -> None:
    table = draw_survival(2, n=150)
    none = replace(table, event=np.zeros(table.n, np.int8))
    empty = replace(
        table,
        n=0,
        **{
            f: getattr(table, f)[:0]
            for f in ("time", "entry", "event", "columns", "strata", "people")
        },
    )
    alone, joined = fit(table), fit(table, none, empty)
    np.testing.assert_allclose(joined.coefficients, alone.coefficients, rtol=1e-12)
    assert joined.persons == 2 * alone.persons


def test_implied_counts_are_of_people(draw_survival: Draw) -> None:
    """Tables of the 0/1 column with the event; the others tell no count; spells count once."""
    table = draw_survival(4, n=80)
    spells = together(table, table)
    counts = cox.implied_counts(spells, Parameters(spells.column_names))
    has, event = table.columns[:, 2] == 1, table.event == 1
    assert counts["persons"] == 80
    assert counts["x2&event"] == np.sum(has & event)
    assert counts["x2&!event"] == np.sum(has & ~event)
    assert counts["!x2&!event"] == np.sum(~has & ~event)
    assert not any("x0" in name for name in counts)


def test_weights_are_those_of_the_round(draw_survival: Draw) -> None:
    """Their sum is the number of events; a far coefficient leaves the weight to a few."""
    table = draw_survival(4, n=300)
    near = cox.weights(table, Parameters(table.column_names))
    assert near.sum() == pytest.approx((table.event == 1).sum())
    far = cox.weights(table, Parameters(table.column_names, coefficients=(30.0, 0.0, 0.0)))
    effective = [float(w.sum() ** 2 / (w**2).sum()) for w in (near, far)]
    assert effective[1] < 60 < effective[0]


@pytest.mark.parametrize("sites", [2, 3, 7])
@pytest.mark.parametrize("robust", [False, True])
def test_unbalanced_sites_weights_and_one_without_event(
    draw_survival: Draw, sites: int, robust: bool
) -> None:
    """90 % of the rows at one site; clusters inside sites; the last site has no event."""
    tables = [draw_survival(k, n=900 if k == 0 else 100, late=True) for k in range(sites)]
    tables[-1] = replace(tables[-1], event=np.zeros(tables[-1].n, np.int8))
    tables = [
        replace(
            t,
            weights=np.random.default_rng(k).uniform(0.5, 3, t.n),
            people=t.people // 3 + 10_000 * k,
        )
        for k, t in enumerate(tables)
    ]
    pooled = replace(together(*tables), weights=np.concatenate([t.weights for t in tables]))
    apart, one = fit(*tables, robust=robust), fit(pooled, robust=robust)
    np.testing.assert_allclose(apart.coefficients, one.coefficients, rtol=0, atol=1e-10)
    np.testing.assert_allclose(apart.covariance, one.covariance, rtol=0, atol=1e-10)
    assert apart.log_likelihood == pytest.approx(one.log_likelihood, rel=1e-12)


def test_score_residuals_add_up_to_the_gradient(draw_survival: Draw) -> None:
    table = replace(
        draw_survival(3, n=300, strata=2, late=True),
        weights=np.random.default_rng(1).uniform(0.5, 3, 300),
    )
    sets, at = risk_sets(table, table.column_names, 1), (0.3, -0.2, 0.1)
    residuals = cox_sums.score_residuals(sets, cox_sums.weighed(sets, at, "efron"))
    gradient = cox_sums.sums(sets, at, "efron").gradient
    np.testing.assert_allclose(residuals.sum(axis=0), gradient, atol=1e-10)


def test_a_weight_of_two_is_two_rows_under_breslow(draw_survival: Draw) -> None:
    table = draw_survival(3, n=100)
    twice = together(table, table)
    rows = replace(twice, strata=np.zeros(200, np.int32), stratum_labels=("all",))
    doubled = fit(replace(table, weights=np.full(100, 2.0)), ties="breslow")
    np.testing.assert_allclose(doubled.coefficients, fit(rows, ties="breslow").coefficients)


@pytest.mark.parametrize(
    ("field", "value", "where"),
    [
        ("time", -1.0, "time"),
        ("time", np.inf, "time"),
        ("entry", 1e6, "entry"),
        ("entry", np.nan, "entry"),
        ("weights", 0.0, "weights"),
    ],
)
def test_impossible_rows_are_refused_by_name(
    draw_survival: Draw, field: str, value: float, where: str
) -> None:
    table = draw_survival(1)
    table = replace(table, weights=np.ones(table.n))
    wrong = getattr(table, field).copy()
    wrong[3] = value
    with pytest.raises(StudyError) as refused:
        fit(replace(table, **{field: wrong}))
    assert refused.value.where == where


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_a_value_that_is_no_number_names_its_column(draw_survival: Draw, value: float) -> None:
    table = draw_survival(1)
    x = table.columns.copy()
    x[np.argmax(table.time), 1] = value
    with pytest.raises(StudyError) as refused:
        fit(replace(table, columns=x))
    assert refused.value.where == "x1"


def test_few_events_give_an_error_or_a_named_term_never_nan_in_silence(
    draw_survival: Draw,
) -> None:
    """None; one event; more columns than events; a constant column."""
    table = draw_survival(1, n=60)
    with pytest.raises(StudyError, match="Aucun événement"):
        fit(replace(table, event=np.zeros(60, np.int8)))
    constant = table.columns.copy()
    constant[:, 2] = 1.0
    with pytest.raises(StudyError, match="x2"):
        fit(replace(table, columns=constant))
    one = np.zeros(60, np.int8)
    one[np.argmin(table.time)] = 1
    with pytest.raises(StudyError, match="Moins d'événements que de colonnes"):
        fit(replace(table, event=one))
    alone = fit(replace(table, event=one), columns=("x0",))
    assert alone.monotone == ("x0",) or np.isfinite(alone.coefficients).all()


def test_an_event_at_time_zero_counts(draw_survival: Draw) -> None:
    """Without late entry everybody is there before the start; times moved on by 1 say the same."""
    table = draw_survival(2, n=100)
    early = replace(table, time=table.time - 1)
    np.testing.assert_allclose(fit(early).coefficients, fit(table).coefficients, atol=1e-12)
    assert fit(early).events == fit(table).events


def test_times_that_differ_by_rounding_are_ties(draw_survival: Draw) -> None:
    table = draw_survival(2, n=100)
    near = table.time * (1 + 1e-12 * np.random.default_rng(1).normal(size=100))
    np.testing.assert_allclose(
        fit(replace(table, time=near)).coefficients, fit(table).coefficients, atol=1e-12
    )
