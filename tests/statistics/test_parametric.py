"""Accelerated failure time models: R's survreg to the digit, own differences, pooled."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from curve_rows import Rows, arrays, expected, sites, table, take
from hypothesis import given, settings
from hypothesis import strategies as st

from transat.cohorts.survival_table import SurvivalTable
from transat.core.errors import StudyError
from transat.statistics.parametric import (
    Parameters,
    Result,
    at_site,
    combine,
    quantile,
    survival,
    weights,
)

Draw = Callable[..., SurvivalTable]
FAMILIES = {"weibull": "weibull", "exponential": "exponential",
            "lognormal": "log_normal", "loglogistic": "log_logistic"}  # fmt: skip


def fit(parameters: Parameters, *tables: SurvivalTable) -> Result:
    return combine(lambda asked: [at_site(t, asked[0]) for t in tables], parameters)


def dataset(r_rows: Rows, name: str) -> SurvivalTable:
    rows = arrays(r_rows("colon" if name.startswith("colon") else name))
    if name == "lung":
        rows = {c: v[~np.isnan(rows["ph.ecog"])] for c, v in rows.items()}
        columns = {c: rows[c] for c in ("age", "sex", "ph.ecog")}
        return table(rows["time"], rows["status"] - 1, columns)
    if name == "rotterdam":
        columns = {c: rows[c] for c in ("age", "meno", "grade", "nodes")}
        columns |= {"pgr": np.log(rows["pgr"] + 1.0)}
        columns |= {c: rows[c] for c in ("hormon", "chemo")}
        return table(rows["dtime"], rows["death"], columns)
    rows = {c: v[rows["etype"] == 2] for c, v in rows.items()}
    columns = {c: rows[c] for c in ("sex", "age", "node4", "obstruct")}
    weights = 1 + 0.5 * (rows["sex"] == 1) + rows["surg"]
    return table(rows["time"], rows["status"], columns, weights=weights)


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("name", ["lung", "rotterdam", "colon_weighted"])
def test_r_survreg(r_rows: Rows, name: str, family: str) -> None:
    values, whole = expected()[f"aft_{name}_{family}"], dataset(r_rows, name)
    found = fit(Parameters(whole.column_names, FAMILIES[family]), whole)
    assert found.converged
    size = len(values["coef"])
    np.testing.assert_allclose(found.coefficients[:size], values["coef"], rtol=0, atol=1e-10)
    assert found.scale == pytest.approx(values["scale"], rel=1e-10)
    assert found.log_likelihood == pytest.approx(values["loglik"][1], rel=1e-12)
    np.testing.assert_allclose(found.covariance, values["var"], rtol=1e-6, atol=1e-12)


def test_references_of_the_founders(r_rows: Rows) -> None:
    """lung_aft_*: as far as survreg's own stop leaves digits."""
    whole = dataset(r_rows, "lung")
    for family, beta, scale, likelihood in (
        ("weibull", (6.27343525199871, -0.00747543940840923, 0.401090541173619,
                     -0.339638098297285), 0.731108992136593, -1132.43874588232),
        ("log_normal", (6.49478672723393, -0.019181868101864, 0.521952878946603,
                        -0.355566670502548), 1.02863458146333, -1146.88183108603),
        ("exponential", (6.37342319824177, -0.0102173605939422, 0.509061399783878,
                         -0.405016989975992), 1.0, -1143.56315131318),
    ):  # fmt: skip
        found = fit(Parameters(whole.column_names, family), whole)
        np.testing.assert_allclose(found.coefficients[:4], beta, rtol=0, atol=1e-8)
        assert found.scale == pytest.approx(scale, abs=1e-8)
        assert found.log_likelihood == pytest.approx(likelihood, rel=1e-10)


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 10_000), family=st.sampled_from(sorted(FAMILIES.values())))
def test_slopes_are_the_differences(draw_survival: Draw, seed: int, family: str) -> None:
    drawn = draw_survival(seed, n=60)
    drawn = replace(drawn, weights=np.random.default_rng(seed).uniform(0.5, 2, drawn.n))
    asked = Parameters(drawn.column_names, family)
    here = np.random.default_rng(seed).normal(size=len(asked.terms)) / 4

    def at(point: np.ndarray):
        return at_site(drawn, replace(asked, coefficients=tuple(point)))

    steps = 1e-5 * np.eye(here.size)
    up, down = [at(here + s) for s in steps], [at(here - s) for s in steps]
    slopes = [(a.log_likelihood - b.log_likelihood) / 2e-5 for a, b in zip(up, down, strict=True)]
    bends = [(b.gradient - a.gradient) / 2e-5 for a, b in zip(up, down, strict=True)]
    np.testing.assert_allclose(at(here).gradient, slopes, rtol=1e-5, atol=1e-5)
    np.testing.assert_allclose(at(here).hessian, bends, rtol=1e-5, atol=1e-5)


@settings(max_examples=20, deadline=None)
@given(
    seed=st.integers(0, 10_000),
    number=st.sampled_from([2, 3, 7]),
    uneven=st.booleans(),
    family=st.sampled_from(sorted(FAMILIES.values())),
)
def test_federated_is_pooled(
    draw_survival: Draw, seed: int, number: int, uneven: bool, family: str
) -> None:
    drawn = draw_survival(seed, n=200)
    asked = Parameters(drawn.column_names, family)
    shuffled = take(drawn, np.random.default_rng(seed).permutation(drawn.n))
    one, other = fit(asked, *sites(drawn, number, seed, uneven)), fit(asked, shuffled)
    np.testing.assert_allclose(one.coefficients, other.coefficients, rtol=0, atol=1e-10)
    np.testing.assert_allclose(one.covariance, other.covariance, rtol=0, atol=1e-10)
    assert (one.persons, one.events) == (other.persons, other.events)


@pytest.mark.parametrize("family", sorted(FAMILIES.values()))
def test_weights_are_those_of_the_hessian(draw_survival: Draw, family: str) -> None:
    drawn = draw_survival(2, n=80)
    asked = Parameters(drawn.column_names, family)
    asked = replace(asked, coefficients=(0.3,) * len(asked.terms))
    found = weights(drawn, asked)
    assert found.sum() == pytest.approx(at_site(drawn, asked).hessian[0, 0], rel=1e-12)
    assert (found > 0).all()


def test_weibull_without_columns_by_hand() -> None:
    """Exponential: as many events as time under observation times the rate."""
    rows = table([1.0, 2.0, 4.0, 5.0], [1, 1, 0, 1])
    found = fit(Parameters((), "exponential"), rows)
    assert found.coefficients[0] == pytest.approx(np.log(12 / 3), rel=1e-12)
    curve = survival(found, (), (3.0,))
    assert curve.survival[0] == pytest.approx(np.exp(-3 / 4), rel=1e-12)
    assert curve.low[0] < curve.survival[0] < curve.high[0]
    assert quantile(found, (), 0.5) == pytest.approx(4 * np.log(2), rel=1e-12)


@pytest.mark.parametrize("family", sorted(FAMILIES.values()))
def test_curves_go_through_their_quantiles(draw_survival: Draw, family: str) -> None:
    drawn = draw_survival(2, n=300)
    found = fit(Parameters(drawn.column_names, family), drawn)
    person = (0.3, -0.2, 1.0)
    for share in (0.1, 0.5, 0.9):
        curve = survival(found, person, (quantile(found, person, share),))
        assert curve.survival[0] == pytest.approx(1 - share, rel=1e-9)


@pytest.mark.slow
def test_coverage() -> None:
    """Weibull of known shape: intervals of b and of survival hold the truth at the nominal rate."""
    rng, held, inside = np.random.default_rng(5), 0, 0
    for _ in range(400):
        x = rng.normal(size=200)
        time = np.exp(2 + 0.5 * x + 0.7 * np.log(rng.exponential(size=200)))
        end = rng.exponential(30, 200)
        whole = table(np.minimum(time, end), (time <= end).astype(int), {"x": x})
        found = fit(Parameters(("x",)), whole)
        held += found.low[1] <= np.exp(0.5) <= found.high[1]
        curve = survival(found, (1.0,), (10.0,))
        truth = np.exp(-np.exp((np.log(10) - 2.5) / 0.7))
        inside += curve.low[0] <= truth <= curve.high[0]
    assert 365 <= held <= 394
    assert 365 <= inside <= 394


def test_what_has_no_estimate_is_named() -> None:
    """Nobody with the column had the event: a time ratio without bound."""
    rng = np.random.default_rng(3)
    time, event = rng.exponential(10, 100), rng.integers(0, 2, 100)
    group = rng.random(100) < 0.3
    rows = table(time, np.where(group, 0, event), {"g": group})
    found = fit(Parameters(("g",)), rows)
    assert found.monotone == ("g",)
    assert np.isnan(found.coefficients[1])
    assert np.isfinite(found.coefficients[[0, 2]]).all()


def test_bad_questions_are_said(draw_survival: Draw) -> None:
    drawn = draw_survival(1)
    for wrong, named in (
        (table([1, 2], [0, 0], {"g": [0, 1]}), "event"),
        (table([1, 2, 3, 4], [1, 1, 1, 0], {"g": [1, 1, 1, 1]}), "g|intercept"),
        (table([0, 2, 3], [1, 1, 1], {"g": [0, 1, 0]}), "time"),
        (table([1, 2, 3], [1, 1, 1], {"g": [0, 1, np.inf]}), "g"),
    ):
        with pytest.raises(StudyError, match=named):
            fit(Parameters(("g",)), wrong)
    with pytest.raises(StudyError, match="x9"):
        at_site(drawn, Parameters(("x9",)))
    with pytest.raises(ValueError, match="entry"):
        at_site(draw_survival(1, late=True), Parameters(("x0",)))
    with pytest.raises(ValueError, match="coefficients"):
        at_site(drawn, Parameters(("x0",), coefficients=(0.0, 0.0, -1.0)))
    one = fit(Parameters(("x0",)), replace(drawn, event=(np.arange(drawn.n) == 3).astype(np.int8)))
    assert one.converged or one.monotone
