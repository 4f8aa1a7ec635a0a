"""Hazards by interval: R's glm on person-periods, statsmodels' multinomial model, own differences,
pooled, merged intervals."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from curve_rows import Rows, arrays, expected, sites, table, take
from hypothesis import given, settings
from hypothesis import strategies as st

from transat.cohorts.survival_table import SurvivalTable
from transat.core.errors import StudyError
from transat.statistics import aalen_johansen
from transat.statistics.discrete_hazard import (
    Parameters,
    Release,
    Result,
    at_site,
    combine,
    risks,
    weights,
)

Draw = Callable[..., SurvivalTable]
LINKS = ("logit", "cloglog")
QUARTERS = (3.0, 6.0, 9.0, 12.0, 18.0, 24.0)


def fit(parameters: Parameters, *tables: SurvivalTable) -> Result:
    return combine(lambda asked: [at_site(t, asked[0]) for t in tables], parameters)


@pytest.mark.parametrize("link", LINKS)
@pytest.mark.parametrize("name", ["veteran", "colon"])
def test_r_glm(r_rows: Rows, name: str, link: str) -> None:
    rows = arrays(r_rows(name))
    if name == "veteran":
        columns = {"trt": rows["trt"], "karno": rows["karno"],
                   "small": rows["celltype"] == "smallcell", "age": rows["age"]}  # fmt: skip
        edges = (30.0, 60.0, 90.0, 120.0, 180.0, 240.0, 365.0, 600.0)
    else:
        rows = {c: v[rows["etype"] == 2] for c, v in rows.items()}
        columns = {"lev": rows["rx"] == "Lev", "fu": rows["rx"] == "Lev+5FU",
                   "sex": rows["sex"], "age": rows["age"], "node4": rows["node4"]}  # fmt: skip
        edges = tuple(float(k) for k in range(180, 2881, 180))
    values = expected()[f"discrete_{name}_{link}"]
    whole = table(rows["time"], rows["status"], columns)
    found = fit(Parameters(tuple(columns), edges, link=link), whole)
    assert found.converged
    np.testing.assert_array_equal(found.edges, edges)
    coefficients = np.concatenate([found.baseline[0], found.coefficients[0]])
    np.testing.assert_allclose(coefficients, values["coef"], rtol=0, atol=1e-9)
    np.testing.assert_allclose(np.sqrt(np.diag(found.covariance)), values["se"], rtol=1e-7)
    assert found.log_likelihood == pytest.approx(values["loglik"], rel=1e-12)


def person_periods(
    whole: SurvivalTable, edges: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Design with an indicator per interval, outcome, and the row of each person-period."""
    first = np.searchsorted(edges, whole.entry, "left") + (whole.entry > 0)
    last = np.searchsorted(edges, whole.time, "left")
    pairs = [(i, j) for i in range(whole.n)
             for j in range(first[i], min(last[i], len(edges) - 1) + 1)]  # fmt: skip
    x = [np.concatenate([np.eye(len(edges))[j], whole.columns[i]]) for i, j in pairs]
    y = [whole.event[i] if j == last[i] else 0 for i, j in pairs]
    return np.array(x), np.array(y), np.array([i for i, _ in pairs])


@pytest.mark.parametrize("late", [False, True])
def test_statsmodels_two_kinds(draw_survival: Draw, late: bool) -> None:
    drawn = draw_survival(6, n=400, kinds=2, late=late)
    found = fit(Parameters(drawn.column_names, QUARTERS, kinds=2), drawn)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import statsmodels.api as sm

        x, y, _ = person_periods(drawn, found.edges)
        peer = sm.MNLogit(y, x).fit(method="newton", disp=0, tol=1e-14)
    np.testing.assert_allclose(found.coefficients, peer.params.T[:, -3:], atol=1e-9)
    np.testing.assert_allclose(found.standard_errors, peer.bse.T[:, -3:], rtol=1e-8)
    assert found.log_likelihood == pytest.approx(peer.llf, rel=1e-12)


@settings(max_examples=15, deadline=None)
@given(
    seed=st.integers(0, 10_000),
    link=st.sampled_from(LINKS),
    kinds=st.integers(1, 3),
    late=st.booleans(),
)
def test_the_definition(draw_survival: Draw, seed: int, link: str, kinds: int, late: bool) -> None:
    """Value and gradient are those of the person-periods laid out; rows count by their weights."""
    drawn = draw_survival(seed, n=80, kinds=kinds, late=late)
    rng = np.random.default_rng(seed)
    drawn = replace(drawn, weights=rng.uniform(0.5, 2, drawn.n))
    asked = Parameters(drawn.column_names, QUARTERS, kinds=kinds, link=link, edges=QUARTERS)
    at = rng.normal(size=len(asked.terms)) / 4 - 0.5
    x, y, row = person_periods(drawn, np.array(QUARTERS))

    def value(point: np.ndarray) -> float:
        log_v = point.reshape(kinds, -1) @ x.T
        v = np.exp(log_v)
        total = v.sum(axis=0)
        none = np.exp(-total) if link == "cloglog" else 1 / (1 + total)
        own = np.where(y == 0, none, (1 - none) * v[np.maximum(y - 1, 0), range(len(y))] / total)
        return float(drawn.weights[row] @ np.log(own))

    found = at_site(drawn, replace(asked, coefficients=tuple(at)))
    assert found.log_likelihood == pytest.approx(value(at), rel=1e-10)
    slopes = [(value(at + s) - value(at - s)) / 2e-5 for s in 1e-5 * np.eye(at.size)]
    np.testing.assert_allclose(found.gradient, slopes, rtol=1e-5, atol=1e-5)
    if link == "logit":
        bends = [
            at_site(drawn, replace(asked, coefficients=tuple(at - s))).gradient
            - at_site(drawn, replace(asked, coefficients=tuple(at + s))).gradient
            for s in 1e-5 * np.eye(at.size)
        ]
        np.testing.assert_allclose(found.hessian, np.array(bends) / 2e-5, rtol=1e-4, atol=1e-4)


@settings(max_examples=20, deadline=None)
@given(
    seed=st.integers(0, 10_000),
    number=st.sampled_from([2, 3, 7]),
    uneven=st.booleans(),
    link=st.sampled_from(LINKS),
)
def test_federated_is_pooled(
    draw_survival: Draw, seed: int, number: int, uneven: bool, link: str
) -> None:
    drawn = draw_survival(seed, n=250, kinds=2, late=True)
    asked = Parameters(drawn.column_names, QUARTERS, kinds=2, link=link)
    shuffled = take(drawn, np.random.default_rng(seed).permutation(drawn.n))
    one, other = fit(asked, *sites(drawn, number, seed, uneven)), fit(asked, shuffled)
    np.testing.assert_array_equal(one.edges, other.edges)
    np.testing.assert_allclose(one.coefficients, other.coefficients, rtol=0, atol=1e-10)
    np.testing.assert_allclose(one.covariance, other.covariance, rtol=0, atol=1e-9)
    np.testing.assert_array_equal(one.events, other.events)
    assert one.persons == other.persons


@pytest.mark.parametrize("link", LINKS)
def test_without_columns_the_risks_are_aalen_johansen(draw_survival: Draw, link: str) -> None:
    """And their errors are its delta errors."""
    drawn = draw_survival(9, n=300, kinds=2)
    found = fit(Parameters((), QUARTERS, kinds=2, link=link), drawn)
    told = risks(found, ())
    asked = aalen_johansen.Parameters(tuple(float(e) for e in found.edges))
    curves = aalen_johansen.combine([aalen_johansen.at_site(drawn, asked)], asked).together[0]
    np.testing.assert_allclose(told.free, curves.free, rtol=1e-9)
    np.testing.assert_allclose(told.incidence, curves.incidence, rtol=1e-9)
    np.testing.assert_allclose(told.standard_errors, curves.standard_errors, rtol=1e-8)
    np.testing.assert_allclose(told.low, curves.low, rtol=1e-8)
    np.testing.assert_allclose(told.high, curves.high, rtol=1e-8)


def test_cloglog_finds_the_ratio_of_hazards() -> None:
    """Hazards proportional in continuous time, seen by interval: the truth within three errors."""
    rng = np.random.default_rng(2)
    x = rng.normal(size=4000)
    time = rng.exponential(20 * np.exp(-0.7 * x))
    end = rng.uniform(1, 40, 4000)
    whole = table(np.minimum(time, end), (time <= end).astype(int), {"x": x})
    found = fit(Parameters(("x",), tuple(float(k) for k in range(1, 41)), link="cloglog"), whole)
    assert abs(found.coefficients[0, 0] - 0.7) < 3 * found.standard_errors[0, 0]


def test_intervals_are_merged_until_each_says_something() -> None:
    """No event of kind 2 before 3, everybody gone at 5: intervals ]0, 3], ]3, 5], and the last
    joins what stays before it."""
    rows = table([1, 2, 3, 3, 4, 4, 5, 5, 4], [1, 1, 2, 1, 1, 2, 1, 2, 0])
    found = fit(Parameters((), (1.0, 2.0, 3.0, 4.0, 5.0), kinds=2), rows)
    np.testing.assert_array_equal(found.edges, [3, 5])
    assert found.converged


def test_the_baseline_has_few_intervals_where_asked(draw_survival: Draw) -> None:
    drawn = draw_survival(8, n=400)
    grid = tuple(float(k) for k in range(1, 25))
    months = Parameters(drawn.column_names, grid, link="cloglog")
    few = fit(replace(months, most_intervals=4), drawn)
    assert len(few.edges) <= 4
    assert few.edges[-1] == 24
    counts = np.histogram(drawn.time[drawn.event == 1], [0, *few.edges + 0.5])[0]
    assert counts.min() > counts.sum() / 12
    every = fit(months, drawn)
    assert (np.abs(few.coefficients - every.coefficients) < every.standard_errors).all()


def test_weights_are_those_of_the_information(draw_survival: Draw) -> None:
    """Of one kind and a column of ones, they add up to the column's information."""
    drawn = draw_survival(8, n=200)
    drawn = replace(drawn, columns=np.ones((200, 1)), column_names=("one",))
    asked = Parameters(("one",), QUARTERS, edges=QUARTERS, coefficients=(-1.0,) * 6 + (0.2,))
    found = weights(drawn, asked)
    assert found.sum() == pytest.approx(at_site(drawn, asked).hessian[-1, -1], rel=1e-12)
    assert (found > 0).all()


def test_what_leaves(draw_survival: Draw) -> None:
    drawn, seen = draw_survival(3, n=300, kinds=2), []

    def ask(asked: list[Parameters]) -> list[Release]:
        seen.append((asked[0], at_site(drawn, asked[0])))
        return [seen[-1][1].merged(np.arange(6) % 2 == 1)] if len(seen) == 1 else [seen[-1][1]]

    asked = Parameters(drawn.column_names, QUARTERS, kinds=2)
    found = combine(ask, asked)
    np.testing.assert_array_equal(found.edges, [6, 12, 24])
    first = seen[0][1].counts()
    assert seen[0][0] == asked
    assert first["entered"].sum() == 300
    assert first["events"].shape == (2, 6)
    assert first["remaining"][0] == np.sum(drawn.time > 24)
    assert all(q.start() == asked for q, _ in seen)
    assert all(set(r.counts()) == {"persons"} for _, r in seen[1:])


def test_what_has_no_estimate_is_named() -> None:
    rng = np.random.default_rng(3)
    group = rng.random(200) < 0.3
    time, event = np.ceil(rng.exponential(5, 200)), rng.integers(0, 2, 200)
    rows = table(time, np.where(group, 0, event), {"g": group})
    for link in LINKS:
        found = fit(Parameters(("g",), (2.0, 4.0, 8.0), link=link), rows)
        assert found.monotone == ("1:g",)
        assert np.isnan(found.coefficients[0, 0])


def test_bad_questions_are_said(draw_survival: Draw) -> None:
    drawn = draw_survival(1, kinds=2)
    asked = Parameters(drawn.column_names, QUARTERS, kinds=2)
    with pytest.raises(StudyError, match="event"):
        fit(replace(asked, kinds=3), drawn)
    with pytest.raises(StudyError, match="x9"):
        fit(replace(asked, columns=("x9",)), drawn)
    with pytest.raises(StudyError, match="c"):
        fit(Parameters(("c",), (2.0, 4.0)), table([1, 2, 3, 4], [1, 0, 1, 0], {"c": [1, 1, 1, 1]}))
    with pytest.raises(ValueError, match="kinds"):
        fit(replace(asked, kinds=1), drawn)
    with pytest.raises(ValueError, match="grid"):
        fit(replace(asked, grid=()), drawn)
