"""Penalised Cox paths: conditions of a minimum, peers' digits, sites, folds, bad input."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from test_cox import fit, together
from test_cox_r import table_of

from transat.cohorts.folds import Part, every
from transat.cohorts.survival_table import SurvivalTable
from transat.core.errors import StudyError
from transat.statistics.cox_penalised import Choice, Parameters, Result, at_site, choose, combine

Draw = Callable[..., SurvivalTable]
Rows = Callable[[str], pa.Table]
LUNG = ("age", "sex", "ph.ecog", "ph.karno", "wt.loss")


def path(*tables: SurvivalTable, **wanted: object) -> Result:
    asked = Parameters(tables[0].column_names, **wanted)
    return combine(lambda each: [at_site(t, each[0]) for t in tables], asked)


def wide(seed: int, n: int = 300, p: int = 12) -> SurvivalTable:
    """Columns that say nearly the same, of different sizes; three act."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(n, p)) + rng.normal(size=(n, 1))
    rate = np.exp(0.6 * x[:, 0] - 0.5 * x[:, 1] + 0.3 * x[:, 2])
    time = np.ceil(20 * rng.exponential(1 / rate))
    end = rng.integers(1, 40, n)
    return SurvivalTable(
        n, np.minimum(time, end).astype(float), np.zeros(n), (time <= end).astype(np.int8),
        x * np.geomspace(0.1, 10, p) + 5, tuple(f"x{k}" for k in range(p)), np.zeros(n, np.int32),
        ("all",), np.arange(n),
    )  # fmt: skip


@settings(max_examples=20, deadline=None)
@given(
    seed=st.integers(0, 10_000),
    mixture=st.sampled_from([0.0, 0.3, 1.0]),
    ties=st.sampled_from(["efron", "breslow"]),
    standardise=st.booleans(),
)
def test_every_solution_is_the_minimum(
    seed: int, mixture: float, ties: str, standardise: bool
) -> None:
    """The problem is convex: its conditions of a minimum, computed here from the sums, decide."""
    table = wide(seed)
    found = path(table, mixture=mixture, ties=ties, standardise=standardise, count=6)
    assert found.converged
    assert found.residual.max() < 1e-8
    scale = table.columns.std(axis=0) if standardise else np.ones(12)
    np.testing.assert_allclose(found.spreads, table.columns.std(axis=0), rtol=1e-10)
    for penalty, beta in zip(found.penalties, found.coefficients, strict=True):
        asked = Parameters(table.column_names, ties=ties, coefficients=tuple(beta))
        slope = at_site(table, asked).gradient / scale / table.n
        slope -= penalty * (1 - mixture) * beta * scale
        at_zero = beta == 0
        np.testing.assert_allclose(
            slope[~at_zero], penalty * mixture * np.sign(beta[~at_zero]), atol=1e-8
        )
        assert (np.abs(slope[at_zero]) <= penalty * mixture + 1e-8).all()


def test_the_path_starts_where_all_are_zero_and_opens() -> None:
    found = path(wide(1))
    used = (found.coefficients != 0).sum(axis=1)
    assert used[0] == 0
    assert used[-1] >= 6
    np.testing.assert_allclose(found.degrees, used, atol=1e-6)
    assert (np.diff(found.log_likelihood) > 0).all()
    assert found.rounds < 8 * len(found.penalties)


@pytest.mark.parametrize(
    ("ties", "theta", "expected"),
    [
        ("efron", 25, (0.0156320844102453, -0.329315270057562, 0.363802191560416,
                       0.000824176805670438, -0.00580762529927076)),
        ("breslow", 1, (0.0151530746510488, -0.607594303396478, 0.709571597304601,
                        0.0141074760197957, -0.00899937837101914)),
    ],
)  # fmt: skip
def test_ridge_of_r(ties: str, theta: float, expected: tuple[float, ...], r_rows: Rows) -> None:
    """R 4.2.2, survival 3.5-3: coxph(Surv(time, status) ~ ridge(age, sex, ph.ecog, ph.karno,
    wt.loss, theta = theta, scale = FALSE), na.omit(lung), control = coxph.control(eps = 1e-13))."""
    table = table_of("lung", LUNG, r_rows)
    found = path(table, ties=ties, mixture=0.0, penalties=(theta / table.n,), standardise=False)
    np.testing.assert_allclose(found.coefficients[0], expected, rtol=0, atol=1e-8)


@pytest.mark.parametrize(
    ("mixture", "expected"),
    [
        (1.0, [[0.014962625802085502, 0.0, 0.0, -0.012357695569722398, -0.0012334409245736895],
               [0.014767609789470788, -0.3969366706090202, 0.46036373303509925,
                0.00424525228155106, -0.006484258785618064]]),
        (0.5, [[0.015125713458019375, -0.18092406181988568, 0.21152397220592678,
                -0.004608701646048955, -0.0037785078203435027],
               [0.015012790454388334, -0.4585833941387429, 0.5296905813290896,
                0.00705191808229752, -0.007239746789767984]]),
    ],
)  # fmt: skip
def test_peers_path(mixture: float, expected: list[list[float]], r_rows: Rows) -> None:
    """scikit-survival 0.28.0: CoxnetSurvivalAnalysis(l1_ratio=mixture, alphas=[0.1, 0.03],
    tol=1e-14) on the same rows of lung."""
    table = table_of("lung", LUNG, r_rows)
    found = path(table, ties="breslow", mixture=mixture, penalties=(0.1, 0.03), standardise=False)
    np.testing.assert_allclose(found.coefficients, expected, atol=1e-6)


def test_ridge_of_lifelines(r_rows: Rows) -> None:
    """Its columns are divided by the standard deviation of n - 1."""
    table = table_of("lung", LUNG, r_rows)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        lifelines = pytest.importorskip("lifelines")
        pandas = pytest.importorskip("pandas")
        frame = pandas.DataFrame(table.columns, columns=LUNG)
        frame["time"], frame["status"] = table.time, table.event
        peer = lifelines.CoxPHFitter(penalizer=0.1, l1_ratio=0.0).fit(
            frame, "time", "status", fit_options={"precision": 1e-12}
        )
    penalty = 0.1 * table.n / (table.n - 1)
    found = path(table, mixture=0.0, penalties=(penalty,))
    np.testing.assert_allclose(found.coefficients[0], peer.params_.to_numpy(), atol=1e-9)


def test_a_small_ridge_is_plain_cox(draw_survival: Draw) -> None:
    table = draw_survival(3)
    found = path(table, mixture=0.0, penalties=(1e-10,))
    np.testing.assert_allclose(found.coefficients[0], fit(table).coefficients, atol=1e-7)
    np.testing.assert_allclose(found.degrees, 3, atol=1e-6)


@pytest.mark.parametrize("sites", [2, 3, 7])
def test_federated_is_pooled(sites: int) -> None:
    tables = [wide(k, n=700 if k == 0 else 90) for k in range(sites)]
    tables[-1] = replace(tables[-1], event=np.zeros(tables[-1].n, np.int8))
    tables = [replace(t, people=t.people + 1000 * k) for k, t in enumerate(tables)]
    apart, pooled = path(*tables, count=8), path(together(*tables), count=8)
    np.testing.assert_allclose(apart.coefficients, pooled.coefficients, atol=1e-8)
    np.testing.assert_allclose(apart.penalties, pooled.penalties, rtol=1e-12)
    one, other = chosen(*tables), chosen(together(*tables))
    np.testing.assert_allclose(one.scores, other.scores, rtol=1e-8)
    assert (one.best, one.simplest) == (other.best, other.simplest)


def chosen(*tables: SurvivalTable, **wanted: object) -> Choice:
    asked = Parameters(tables[0].column_names, part=every(5), count=8, **wanted)
    return choose(lambda each: [at_site(t, each[0]) for t in tables], asked)


def test_folds_choose_a_model_that_foresees() -> None:
    """The likelihood of other people is better at the penalty chosen than at both ends."""
    choice = chosen(wide(5, n=400), smallest=1e-3)
    assert choice.best > 0
    assert choice.simplest <= choice.best
    assert choice.scores[choice.best] > choice.scores[0]
    held = replace(wide(99, n=4000), people=np.arange(4000))
    null, there = (
        at_site(held, Parameters(held.column_names, coefficients=tuple(b))).log_likelihood
        for b in (choice.path.coefficients[0], choice.path.coefficients[choice.best])
    )
    assert there > null


def test_scores_are_of_the_people_left_out() -> None:
    """l of all less l of those fitted, at the coefficients fitted without a fold, by hand."""
    table = wide(5, n=400)
    part = every(5)
    found = path(table, part=part.without(2), judged=part, penalties=(0.05,))
    beta = tuple(found.coefficients[0])
    whole, less = (
        at_site(table, Parameters(table.column_names, part=p, coefficients=beta)).log_likelihood
        for p in (Part(), part.without(2))
    )
    assert found.judged[0] == pytest.approx(whole - less, rel=1e-12)


def test_more_columns_than_events_constant_and_doubled_columns() -> None:
    """A finite answer; a constant column stays at 0, the same column twice shares under a ridge."""
    table = wide(2, n=60, p=80)
    few = replace(table, event=np.where(np.arange(60) < 12, table.event, 0))
    x = few.columns.copy()
    x[:, 3], x[:, 5] = 7.0, x[:, 4]
    for mixture in (0.0, 0.5, 1.0):
        found = path(replace(few, columns=x), mixture=mixture)
        assert np.isfinite(found.coefficients).all()
        assert (found.coefficients[:, 3] == 0).all()
        assert found.residual.max() < 1e-7
        if mixture == 0.0:
            np.testing.assert_allclose(
                found.coefficients[:, 4], found.coefficients[:, 5], atol=1e-8
            )


def test_separation_has_a_finite_answer(draw_survival: Draw) -> None:
    table = draw_survival(9, n=200)
    column = np.where(table.event == 0, table.columns[:, 2], 0.0)
    never = replace(table, columns=np.column_stack([table.columns[:, :2], column]))
    assert np.isfinite(path(never, mixture=0.5).coefficients).all()


def test_one_event(draw_survival: Draw) -> None:
    table = draw_survival(9, n=50)
    one = np.zeros(50, np.int8)
    one[np.argmin(table.time)] = 1
    found = path(replace(table, event=one))
    assert np.isfinite(found.coefficients).all()


def test_row_order_changes_nothing() -> None:
    table = wide(5)
    order = np.random.default_rng(1).permutation(table.n)
    names = ("time", "entry", "event", "columns", "strata", "people")
    shuffled = replace(table, **{f: getattr(table, f)[order] for f in names})
    np.testing.assert_allclose(path(table).coefficients, path(shuffled).coefficients, atol=1e-9)


def test_bad_questions_are_refused(draw_survival: Draw) -> None:
    table = draw_survival(1)
    with pytest.raises(StudyError, match="Aucun événement"):
        path(replace(table, event=np.zeros(table.n, np.int8)))
    with pytest.raises(ValueError, match="penalties"):
        path(table, penalties=(0.1, 0.2))
    with pytest.raises(ValueError, match="mixture"):
        path(table, mixture=1.5)
    with pytest.raises(ValueError, match="folds"):
        choose(lambda each: [at_site(table, each[0])], Parameters(table.column_names))
    far = table.columns.copy()
    far[0, 0] = np.inf
    with pytest.raises(StudyError, match="x0"):
        path(replace(table, columns=far))
