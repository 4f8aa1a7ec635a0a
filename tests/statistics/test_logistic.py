"""Logistic regression over sites: against statsmodels, pooled, separated, and what it tells."""

from __future__ import annotations

import warnings
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from transat.core.errors import StudyError
from transat.statistics import design_matrix, logistic
from transat.statistics.design_matrix import Model
from transat.statistics.logistic import Parameters, at_site, combine

MODEL = Model("m000", ("D000", "D001"), ("x0", "x1"))


def asking(*tables):
    """Sites in this process: the k-th question goes to the k-th table."""
    return lambda questions: [at_site(t, q) for t, q in zip(tables, questions, strict=True)]


def test_hand_worked(make_table):
    """One binary exposure: the odds ratio of 4/10 against 5/40 is (4*35)/(6*5) = 14/3,
    and the variance of its logarithm 1/4 + 1/6 + 1/5 + 1/35 (Woolf)."""
    x = np.array([1] * 10 + [0] * 40)[:, None]
    y = np.array([1] * 4 + [0] * 6 + [1] * 5 + [0] * 35)[:, None]
    table = make_table(x, y, np.zeros(50), np.zeros((50, 0)))
    result = combine(asking(table), Parameters(Model("m000", ("D000",))))
    assert result.converged
    assert result.odds_ratios[1] == pytest.approx(14 / 3, rel=1e-9)
    assert result.standard_errors[1] ** 2 == pytest.approx(1 / 4 + 1 / 6 + 1 / 5 + 1 / 35, rel=1e-6)


@pytest.mark.parametrize("seed", range(4))
def test_statsmodels(draw, seed):
    """statsmodels Logit(method='newton') on the same matrix."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from statsmodels.api import Logit

    table = draw(seed, n=800, log_odds_ratio=0.7)
    result = combine(asking(table), Parameters(MODEL))
    x, y = design_matrix.columns(table, MODEL)
    peer = Logit(y, x).fit(method="newton", tol=1e-12, disp=0)
    np.testing.assert_allclose(result.coefficients, peer.params, rtol=1e-7, atol=1e-9)
    np.testing.assert_allclose(result.standard_errors, peer.bse, rtol=1e-6)
    np.testing.assert_allclose(result.p, peer.pvalues, rtol=1e-5, atol=1e-12)
    assert result.log_likelihood == pytest.approx(peer.llf, rel=1e-10)


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 10_000), sites=st.integers(2, 4))
def test_federated_equals_pooled(draw, split, seed, sites):
    table = draw(seed, n=600, strata=8, log_odds_ratio=0.5)
    parts = split(table, sites)
    strata = tuple(table.stratum_labels[1:])
    one = Model("m000", ("D000",), ("x0",), strata)
    pooled = combine(asking(table), Parameters(one))
    federated = combine(_same_site(parts), Parameters(one))
    np.testing.assert_allclose(pooled.coefficients, federated.coefficients, rtol=1e-8, atol=1e-10)
    np.testing.assert_allclose(pooled.standard_errors, federated.standard_errors, rtol=1e-8)
    assert (pooled.rows, pooled.cases) == (federated.rows, federated.cases)


def _same_site(parts):
    """Several sites behind one intercept: their sums are those of the pooled rows."""

    def ask(questions):
        (question,) = questions
        releases = [at_site(part, question) for part in parts]
        return [logistic._sum(releases)]

    return ask


def test_each_site_has_its_intercept(draw, split):
    """With sites=2, the columns are those of one table with an indicator of the second site."""
    table = draw(2, n=800, strata=4)
    parts = split(table, 2)
    model = replace(MODEL, sites=2)
    federated = combine(asking(*parts), Parameters(model))
    assert federated.terms == ("intercept", "site:1", "D000", "D001", "x0", "x1")
    second = (table.strata % 2 == 1).astype(float)[:, None]
    wide = replace(
        table,
        covariates=np.hstack([table.covariates, second]),
        covariate_names=(*table.covariate_names, "second"),
    )
    pooled = combine(asking(wide), Parameters(replace(MODEL, covariates=("x0", "x1", "second"))))
    order = [0, 5, 1, 2, 3, 4]
    np.testing.assert_allclose(
        federated.coefficients, pooled.coefficients[order], rtol=1e-8, atol=1e-10
    )


def test_row_order_changes_nothing(draw, shuffle):
    table = draw(9)
    one = combine(asking(table), Parameters(MODEL))
    other = combine(asking(shuffle(table, 1)), Parameters(MODEL))
    np.testing.assert_allclose(one.coefficients, other.coefficients, rtol=1e-10, atol=1e-12)


def test_separation_is_said(make_table):
    """No case among the unexposed: the exposure has no finite estimate, and the result says so."""
    x = np.array([1] * 30 + [0] * 50)[:, None]
    y = np.array([1] * 10 + [0] * 70)[:, None]
    rng = np.random.default_rng(0)
    table = make_table(x, y, np.zeros(80), rng.normal(size=(80, 1)))
    result = combine(asking(table), Parameters(Model("m000", ("D000",), ("x0",))))
    assert not result.converged
    assert "D000" in result.separated
    assert "x0" not in result.separated
    assert np.isnan(result.odds_ratios[result.terms.index("D000")])


def test_redundant_columns_are_refused(draw):
    table = draw(3)
    twice = replace(
        table,
        covariates=np.repeat(table.covariates[:, :1], 2, axis=1),
        covariate_names=("x0", "x1"),
    )
    with pytest.raises(StudyError) as refused:
        combine(asking(twice), Parameters(MODEL))
    assert refused.value.where in ("x0", "x1")


def test_unknown_columns_are_refused(draw):
    with pytest.raises(StudyError, match="D00"):
        at_site(draw(1), Parameters(Model("m000", ("D00",))))


def test_implied_counts_are_those_of_the_rows(draw):
    """Every 2 x 2 table of two binary columns; the continuous column x0 tells no count."""
    table = draw(4, n=120)
    counts = design_matrix.implied_counts(table, MODEL)
    d0, d1 = table.exposure("D000") == 1, table.exposure("D001") == 1
    x1, y = table.covariates[:, 1] == 1, table.outcome("m000") == 1
    assert counts["rows"] == 120
    assert counts["D000&D001"] == np.sum(d0 & d1)
    assert counts["D000&!x1"] == np.sum(d0 & ~x1)
    assert counts["D001&outcome:m000"] == np.sum(d1 & y)
    assert counts["!D000&!outcome:m000"] == np.sum(~d0 & ~y)
    assert not any("x0" in name for name in counts)


def test_first_hessian_tells_the_implied_counts(draw):
    """The reason for `implied_counts`: four times the first Hessian is the table of pairs."""
    table = draw(6)
    release = at_site(table, Parameters(MODEL))
    counts = design_matrix.implied_counts(table, MODEL)
    assert 4 * release.hessian[1, 2] == pytest.approx(counts["D000&D001"])
    assert release.counts()["cases"][0] == release.cases


def test_columns_of_another_table_or_model_are_never_those_of_the_last(draw):
    one, other = draw(1), draw(2)
    first, _ = design_matrix.columns(one, MODEL)
    again, _ = design_matrix.columns(one, MODEL)
    assert again is first
    assert not first.flags.writeable
    assert design_matrix.columns(other, MODEL)[0] is not first
    fewer = replace(MODEL, covariates=MODEL.covariates[:1])
    assert design_matrix.columns(one, fewer)[0].shape[1] == len(fewer.terms)
    np.testing.assert_array_equal(design_matrix.columns(one, MODEL)[0], first)
