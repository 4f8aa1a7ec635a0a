"""Firth's regression over sites: against firthmodels, pooled, and where plain regression fails."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from transat.core.errors import StudyError
from transat.statistics import design_matrix, firth
from transat.statistics.design_matrix import Model
from transat.statistics.firth import Parameters, at_site, combine

MODEL = Model("m000", ("D000", "D001"), ("x0", "x1"))


def asking(*tables):
    return lambda questions: [at_site(t, q) for t, q in zip(tables, questions, strict=True)]


def behind_one_intercept(parts):
    def ask(questions):
        (question,) = questions
        releases = [at_site(part, question) for part in parts]
        first = releases[0]
        return [
            firth.Release(
                terms=first.terms,
                rows=sum(r.rows for r in releases),
                cases=sum(r.cases for r in releases),
                log_likelihood=sum(r.log_likelihood for r in releases),
                information=np.sum([r.information for r in releases], axis=0),
                score=np.sum([r.score for r in releases], axis=0),
            )
        ]

    return ask


def test_hand_worked(make_table):
    """In a saturated 2 x 2 table Firth's estimate adds 1/2 to each cell (Firth 1993, section 3.1):
    4/10 against 0/40 gives log(4.5/6.5) - log(0.5/40.5)."""
    x = np.array([1] * 10 + [0] * 40)[:, None]
    y = np.array([1] * 4 + [0] * 46)[:, None]
    table = make_table(x, y, np.zeros(50), np.zeros((50, 0)))
    result = combine(asking(table), Parameters(Model("m000", ("D000",))))
    assert result.converged
    expected = np.log(4.5 / 6.5) - np.log(0.5 / 40.5)
    assert result.coefficients[1] == pytest.approx(expected, rel=1e-8)


@pytest.mark.parametrize("seed", range(4))
def test_firthmodels(draw, seed):
    """firthmodels 0.8 FirthLogisticRegression (numpy back end), estimates and penalised LR p."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from firthmodels import FirthLogisticRegression

    table = draw(seed, n=300, risk=0.04, exposure=0.08, log_odds_ratio=1.5)
    result = combine(asking(table), Parameters(MODEL, tested=("D000", "x0")))
    x, y = design_matrix.columns(table, MODEL)
    peer = FirthLogisticRegression(backend="numpy", gtol=1e-8, xtol=1e-8, max_iter=500)
    peer.fit(x[:, 1:], y)
    peer.lrt([0, 2])
    ours = result.coefficients
    np.testing.assert_allclose(ours[1:], peer.coef_, rtol=1e-6, atol=1e-8)
    assert ours[0] == pytest.approx(peer.intercept_, rel=1e-6)
    assert result.penalised_log_likelihood == pytest.approx(peer.loglik_, rel=1e-9)
    np.testing.assert_allclose(result.p[[1, 3]], peer.lrt_pvalues_[[0, 2]], rtol=1e-6)
    assert np.isnan(result.p[[0, 2, 4]]).all()


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 10_000), sites=st.integers(2, 4))
def test_federated_equals_pooled(draw, split, seed, sites):
    table = draw(seed, n=400, strata=8, risk=0.06, exposure=0.1)
    parameters = Parameters(MODEL, tested=("D000",))
    pooled = combine(asking(table), parameters)
    federated = combine(behind_one_intercept(split(table, sites)), parameters)
    np.testing.assert_allclose(pooled.coefficients, federated.coefficients, rtol=1e-8, atol=1e-9)
    np.testing.assert_allclose(pooled.p[1], federated.p[1], rtol=1e-8, atol=1e-9)


def test_two_sites_two_intercepts(draw, split):
    parts = split(draw(5, n=600, strata=4), 2)
    model = Model("m000", ("D000",), ("x0",), sites=2)
    result = combine(asking(*parts), Parameters(model, tested=("D000",)))
    assert result.terms == ("intercept", "site:1", "D000", "x0")
    assert result.converged
    assert result.rows == 600


def test_row_order_changes_nothing(draw, shuffle):
    table = draw(8, risk=0.05)
    one = combine(asking(table), Parameters(MODEL))
    other = combine(asking(shuffle(table, 2)), Parameters(MODEL))
    np.testing.assert_allclose(one.coefficients, other.coefficients, rtol=1e-9, atol=1e-10)


def test_refusals(draw):
    table = draw(1)
    with pytest.raises(StudyError, match="D009"):
        combine(asking(table), Parameters(MODEL, tested=("D009",)))
    constant = Model("m000", ("D000", "D001"), ("x0", "x1"), ("absent",))
    with pytest.raises(StudyError, match="stratum:absent"):
        combine(asking(table), Parameters(constant))


def test_messages_carry_one_thing_each(draw):
    """First message: no score. Second: no information. Both: the same implied counts."""
    table = draw(2)
    first = at_site(table, Parameters(MODEL))
    assert first.score.size == 0
    assert first.information.shape == (5, 5)
    inverse = tuple(np.linalg.inv(first.information).ravel())
    second = at_site(table, Parameters(MODEL, inverse=inverse))
    assert second.information.size == 0
    assert second.score.shape == (5,)
    assert design_matrix.implied_counts(table, MODEL)["rows"] == table.n
    assert first.counts()["persons"][0] == table.n
