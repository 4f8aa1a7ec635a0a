"""G5: a sum that leaves is never almost all one or two people's."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from made_sites import draw
from numpy.typing import NDArray
from one_question import asked, data, refusal

from transat.cohorts.analysis_table import AnalysisTable
from transat.federation.checks.dominance import Dominance, dominated, spread, tellable
from transat.federation.policy import installed
from transat.federation.questions import fit_of
from transat.statistics import logistic
from transat.statistics.design_matrix import Model

POLICY = installed()["snds"]
ASKED = logistic.Parameters(Model("any_major", ("N02BE01",), ("age", "epilepsy")))


def with_ages(rows: AnalysisTable, ages: NDArray[np.float64]) -> AnalysisTable:
    return replace(rows, covariates=np.column_stack([ages, rows.covariates[:, 1:]]))


def test_ordinary_ages_pass() -> None:
    assert refusal(Dominance(), asked(data(draw(1, 1000)), "logistic", ASKED)) is None


@pytest.mark.parametrize("who", ["everybody", "cases", "exposed", "unexposed"])
def test_one_persons_value_that_makes_a_sum_is_refused(who: str) -> None:
    """A value of a million among ages: it dominates the sums of the group that it is in alone."""
    rows = draw(1, 1000)
    ages = np.full(rows.n, 30.0)
    inside = {
        "everybody": np.ones(rows.n, bool),
        "cases": rows.outcome("any_major") == 1,
        "exposed": rows.exposure("N02BE01") == 1,
        "unexposed": rows.exposure("N02BE01") == 0,
    }[who]
    ages[np.flatnonzero(inside)[0]] = 1e6
    no = refusal(Dominance(), asked(data(with_ages(rows, ages)), "logistic", ASKED))
    assert no is not None
    assert (no.code, no.columns, no.merge) == ("dominance", ("age",), ("-age",))
    before = asked(data(with_ages(rows, ages)), "logistic", ASKED)
    total = logistic.at_site(before.data.table, ASKED).gradient[2]
    assert abs(total) > 1e5  # what would have left is that person's value, nearly


def test_the_rows_of_one_person_count_together() -> None:
    rows = draw(1, 1000)
    ages = np.where(np.arange(rows.n) < 500, 60.0, 0.0)
    ages[500:520] = 60.0
    people = np.arange(rows.n)
    question = asked(data(with_ages(rows, ages), people), "logistic", ASKED)
    assert refusal(Dominance(), question) is None
    people = np.where(people < 500, 0, people)
    question = asked(data(with_ages(rows, ages), people), "logistic", ASKED)
    assert refusal(Dominance(), question) is not None


def test_a_sum_of_ten_people_is_refused_and_of_nobody_is_not() -> None:
    assert not spread(np.array([1.0] * 10 + [0.0] * 90), POLICY)
    assert spread(np.array([1.0] * 40 + [0.0] * 60), POLICY)
    assert spread(np.zeros(100), POLICY)


@given(parts=hnp.arrays(np.float64, st.integers(2, 60), elements=st.floats(0, 1e6)))
def test_what_passes_keeps_both_rules(parts: NDArray[np.float64]) -> None:
    if not spread(parts, POLICY) or not parts.any():
        return
    assert np.count_nonzero(parts) >= 11
    for values in (np.sort(parts), np.sort(parts) ** 2):
        assert values[-2:].sum() < 0.9 * values.sum()
        assert values[:-2].sum() >= 0.1 * values[-1] * (1 - 1e-9)


@settings(max_examples=60, deadline=None)
@given(
    seed=st.integers(0, 2**32 - 1),
    tail=st.sampled_from([0.5, 1.0, 2.0, 4.0]),
    share=st.sampled_from([0.9, 0.4, 0.1]),
    several=st.booleans(),
)
def test_no_sum_is_passed_over(seed: int, tail: float, share: float, several: bool) -> None:
    """The quick look agrees with one at every sum, of values with tails of every weight."""
    rng = np.random.default_rng(seed)
    rows = draw(seed, 300)
    ages = np.round(np.exp(tail * rng.normal(size=300)), 3) * (rng.random(300) < rng.random())
    people = np.sort(rng.integers(0, 200, 300)) if several else np.arange(300)
    policy = POLICY.tightened(11, {"top_two_share": share})
    fit = fit_of(data(with_ages(rows, ages), people), "logistic", ASKED)
    assert fit is not None
    groups = [np.ones(300), fit.events, *(fit.x[:, j] for j in (1, 3))]
    size = np.abs(fit.x[:, 2])
    parts = [np.bincount(people, weights=size * kept) for g in groups for kept in (g == 1, g == 0)]
    bad = any(not spread(part.astype(float), policy) for part in parts)
    if np.isin(fit.x[:, 2], (0.0, 1.0)).all():
        return
    assert dominated(fit, policy) == (("age",) if bad else ())


def test_quantiles_keep_off_both_ends() -> None:
    assert not tellable(0.0, 10_000, POLICY)
    assert not tellable(1.0, 10_000, POLICY)
    assert not tellable(0.005, 10_000, POLICY)
    assert not tellable(0.02, 500, POLICY)
    assert tellable(0.02, 550, POLICY)
    assert tellable(0.5, 22, POLICY)
    assert not tellable(0.5, 21, POLICY)
