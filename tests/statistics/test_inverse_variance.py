"""Sites that answer once: their own fits averaged, what that costs, and who drops out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import csc_array

from transat.cohorts.analysis_table import AnalysisTable
from transat.core.errors import StudyError
from transat.statistics import cox, firth, logistic
from transat.statistics.design_matrix import Model
from transat.statistics.inverse_variance import Parameters, Result, at_site, combine, terms

Draw = Callable[..., Any]
MODEL = Model("m000", ("D000",), ("x0", "x1"))
LOGISTIC = Parameters(logistic.Parameters(MODEL))
FIRTH = Parameters(firth.Parameters(MODEL))
COX = Parameters(cox.Parameters(("x0", "x1", "x2")))


def averaged(tables: Sequence[Any], parameters: Parameters) -> Result:
    return combine([at_site(table, parameters) for table in tables], parameters)


def jointly(tables: Sequence[AnalysisTable]) -> logistic.Result:
    """The joint fit, with each site's own intercept."""
    asked = logistic.Parameters(replace(MODEL, sites=len(tables)))
    return logistic.combine(
        lambda ps: [logistic.at_site(tables[p.model.site], p) for p in ps], asked
    )


def test_one_site_is_its_own_fit(draw: Draw, draw_survival: Draw) -> None:
    rows, survival = draw(1, n=2000), draw_survival(1, n=800)
    odds = logistic.combine(lambda ps: [logistic.at_site(rows, ps[0])], LOGISTIC.fitted)
    found = averaged([rows], LOGISTIC)
    assert found.terms == ("D000", "x0", "x1")
    assert np.allclose(found.coefficients, odds.coefficients[1:], rtol=0, atol=1e-12)
    assert np.allclose(found.standard_errors, odds.standard_errors[1:], rtol=1e-9)
    assert np.allclose(found.low, odds.low[1:], rtol=1e-9)
    hazards = cox.combine(lambda ps: [cox.at_site(survival, ps[0])], COX.fitted)
    found = averaged([survival], COX)
    assert np.allclose(found.coefficients, hazards.coefficients, rtol=0, atol=1e-12)
    assert np.allclose(found.covariance, hazards.covariance, rtol=1e-9)
    assert (found.persons, found.events) == (hazards.persons, hazards.events)


def test_firth_at_the_site(draw: Draw) -> None:
    rows = draw(2, n=600)
    own = firth.combine(lambda ps: [firth.at_site(rows, ps[0])], FIRTH.fitted)
    found = averaged([rows], FIRTH)
    assert np.allclose(found.coefficients, own.coefficients[1:], rtol=0, atol=1e-9)
    assert np.allclose(found.standard_errors, own.standard_errors[1:], rtol=1e-6)


def test_with_one_column_it_is_the_weighted_mean(draw_survival: Draw) -> None:
    asked = Parameters(cox.Parameters(("x0",)))
    releases = [at_site(draw_survival(seed, n=300), asked) for seed in (1, 2, 3)]
    b = np.array([r.coefficients[0] for r in releases])
    w = 1 / np.array([r.covariance[0, 0] for r in releases])
    found = combine(releases, asked)
    assert found.coefficients[0] == pytest.approx((w * b).sum() / w.sum(), rel=1e-12)
    assert found.standard_errors[0] == pytest.approx(w.sum() ** -0.5, rel=1e-12)
    assert found.heterogeneity.statistic[0] == pytest.approx(
        float((w * (b - found.coefficients[0]) ** 2).sum()), rel=1e-9
    )


@pytest.mark.parametrize("sites", [2, 3, 5])
def test_with_many_events_it_is_the_joint_fit(draw: Draw, split: Draw, sites: int) -> None:
    tables = split(draw(7, n=40_000, strata=10, log_odds_ratio=0.7), sites)
    found, joint = averaged(tables, LOGISTIC), jointly(tables)
    at = [joint.terms.index(term) for term in found.terms]
    apart = (found.coefficients - joint.coefficients[at]) / joint.standard_errors[at]
    assert np.abs(apart).max() < 0.06
    assert np.allclose(found.standard_errors, joint.standard_errors[at], rtol=0.01)


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 10_000), copies=st.integers(1, 5))
def test_the_same_site_many_times_says_the_same_more_surely(
    draw_survival: Draw, seed: int, copies: int
) -> None:
    one = at_site(draw_survival(seed, n=150), COX)
    found, once = combine([one] * copies, COX), combine([one], COX)
    assert np.allclose(found.coefficients, once.coefficients, rtol=1e-8, atol=1e-10)
    assert np.allclose(found.covariance * copies, once.covariance, rtol=1e-8)


def test_neither_the_order_of_rows_nor_of_sites_matters(draw: Draw, shuffle: Draw) -> None:
    tables = [draw(seed, n=900) for seed in (1, 2, 3)]
    found = averaged(tables, LOGISTIC)
    other = averaged([shuffle(t, 9) for t in reversed(tables)], LOGISTIC)
    assert np.allclose(found.coefficients, other.coefficients, rtol=1e-9, atol=1e-11)
    assert found.heterogeneity.statistic == pytest.approx(other.heterogeneity.statistic, rel=1e-6)


def without_exposed_cases(table: AnalysisTable) -> AnalysisTable:
    exposures = table.exposures.toarray()
    exposures[table.outcome("m000") == 1, 0] = 0
    return replace(table, exposures=csc_array(exposures))


def test_a_separated_site_drops_out_and_is_named(draw: Draw) -> None:
    good, bad = draw(1, n=2000), without_exposed_cases(draw(2, n=2000))
    release = at_site(bad, LOGISTIC)
    assert (release.state, release.columns) == ("separated", ("D000",))
    assert np.isnan(release.coefficients).all()
    assert np.isnan(release.covariance).all()
    found = averaged([good, bad], LOGISTIC)
    assert found.states == ("fitted", "separated")
    assert np.array_equal(found.coefficients, averaged([good], LOGISTIC).coefficients)
    assert found.persons == 2000
    # Firth's has an estimate there, and so says something of that site.
    assert averaged([good, bad], FIRTH).states == ("fitted", "fitted")


def test_no_site_with_an_estimate_gives_none(draw: Draw) -> None:
    found = averaged([without_exposed_cases(draw(2, n=500))], LOGISTIC)
    assert np.isnan(found.coefficients).all()
    assert np.isnan(found.p).all()
    assert found.persons == 0


def test_a_redundant_column_is_named_and_an_unknown_one_is_an_error(draw: Draw) -> None:
    rows = draw(3, n=500)
    constant = rows.covariates.copy()
    constant[:, 1] = 1.0
    release = at_site(replace(rows, covariates=constant), LOGISTIC)
    assert release.state == "redundant"
    assert set(release.columns) <= set(terms(LOGISTIC))
    with pytest.raises(StudyError):
        at_site(rows, Parameters(logistic.Parameters(replace(MODEL, covariates=("height",)))))


def test_the_table_must_be_the_statistics_own(draw: Draw, draw_survival: Draw) -> None:
    with pytest.raises(TypeError):
        at_site(draw(1), COX)
    with pytest.raises(TypeError):
        at_site(draw_survival(1), LOGISTIC)


def test_sites_must_say_the_same_columns(draw: Draw) -> None:
    other = Parameters(logistic.Parameters(replace(MODEL, covariates=("x0",))))
    with pytest.raises(ValueError, match="same columns"):
        combine([at_site(draw(1), LOGISTIC), at_site(draw(1), other)], LOGISTIC)
    with pytest.raises(ValueError, match="same columns"):
        combine([], LOGISTIC)


@pytest.mark.slow
def test_with_few_events_it_is_biased_and_the_joint_fit_is_not(draw: Draw) -> None:
    """The warning of the docstring, measured: 8 sites, about 3 exposed cases expected at each.

    Averages over 150 drawn studies of the estimate less the truth, a log odds ratio of 1.
    """
    drawn: dict[str, list[float]] = {"joint": [], "averaged": [], "firth": []}
    for seed in range(150):
        tables = [
            draw(1000 * seed + k, n=500, drugs=1, groups=1, strata=1, exposure=0.1, risk=0.025,
                 log_odds_ratio=1.0)
            for k in range(8)
        ]  # fmt: skip
        joint = jointly(tables)
        drawn["joint"].append(float(joint.coefficients[joint.terms.index("D000")]))
        drawn["averaged"].append(float(averaged(tables, LOGISTIC).coefficients[0]))
        drawn["firth"].append(float(averaged(tables, FIRTH).coefficients[0]))
    bias = {name: float(np.mean(values)) - 1.0 for name, values in drawn.items()}
    assert bias["joint"] == pytest.approx(-0.03, abs=0.02)
    assert bias["averaged"] == pytest.approx(0.41, abs=0.02)
    assert bias["firth"] == pytest.approx(0.37, abs=0.02)


def test_a_site_with_too_few_events_has_no_estimate_and_the_others_have(
    draw_survival: Draw,
) -> None:
    tables = [draw_survival(k, n=200) for k in (1, 2, 3)]
    tables[2] = replace(tables[2], event=np.zeros(tables[2].n, np.int8))
    asked = Parameters(cox.Parameters(tables[0].column_names))
    found = combine([at_site(t, asked) for t in tables], asked)
    assert found.states == ("fitted", "fitted", "not_converged")
    assert np.isfinite(found.coefficients).all()
