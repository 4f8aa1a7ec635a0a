"""G9: distinct sums that leave one population are at most 5% of its rows, over all models."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from made_sites import draw
from one_question import answered, asked, data, refusal
from scipy.sparse import csc_array

from transat.cohorts.analysis_table import AnalysisTable
from transat.federation.checks.budget import Budget, functionals
from transat.federation.questions import fit_of
from transat.statistics import design_matrix, firth, logistic
from transat.statistics.design_matrix import Model

MODEL = Model("any_major", ("N03A",), ("age", "epilepsy"))
ALL = {"functionals_share": 0.05}


def at(*coefficients: float, model: Model = MODEL) -> logistic.Parameters:
    return logistic.Parameters(model, coefficients=coefficients)


def spend(check: Budget, rows: AnalysisTable, model: Model = MODEL, simulated: bool = False) -> int:
    """Rounds that are answered at ever new coefficients, up to 60."""
    held = data(rows, simulated=simulated)
    for k in range(60):
        tried = at(*(0.01 * k * (j + 1) for j in range(len(model.terms))), model=model)
        if refusal(check, asked(held, "logistic", tried)) is not None:
            return k
    return 60


def test_a_round_is_counted_without_repeats() -> None:
    """Four columns: ten products, less two squares of 0/1 columns; and four with the outcome."""
    fit = fit_of(data(draw(1, 500)), "logistic", at())
    assert fit is not None
    assert len(functionals(fit)) == 10 - 2 + 4


def test_the_intercept_of_a_site_tells_nothing_new_there() -> None:
    fit = fit_of(data(draw(1, 500)), "logistic", at(model=replace(MODEL, sites=3, site=1)))
    assert fit is not None
    assert len(functionals(fit)) == 10 - 2 + 4


def test_levels_of_one_variable_have_no_product() -> None:
    rows = draw(1, 500)
    level = np.arange(500) % 3
    levels = np.column_stack([level == 1, level == 2]).astype(float)
    table = replace(rows, covariates=levels, covariate_names=("year=1", "year=2"))
    fit = fit_of(data(table), "logistic", at(model=replace(MODEL, covariates=("year=1", "year=2"))))
    assert fit is not None
    assert len(functionals(fit)) == 10 - 3 - 1 + 4


def test_a_small_population_gives_no_regression_and_nothing_is_spent_on_it() -> None:
    """12 sums, then 7 rounds of 13: 103 numbers need 2,060 rows."""
    assert spend(Budget(), draw(1, 2000)) == 0
    assert spend(Budget(), draw(1, 2400)) >= 8


def test_the_count_goes_over_all_models_of_a_population() -> None:
    check, rows = Budget(), draw(1, 6000)
    held = data(rows)
    rounds = 1
    answered(check, asked(held, "logistic", at()))
    for k in range(1, 10):
        answered(check, asked(held, "logistic", at(-2.0, 0.1 * k, 0.0, 0.0)))
        rounds += 1
    other = replace(MODEL, outcome="hypospadias")
    numbers = sum(
        refusal(check, asked(held, "logistic", at(-2.0, 0.1 * k, 0.0, 0.0, model=other))) is None
        for k in range(1, 40)
    )
    alone = spend(Budget(), rows, other)
    assert rounds + numbers <= 300 / 12
    assert numbers < alone


def test_what_another_model_told_at_zero_is_not_counted_again() -> None:
    check, held = Budget(), data(draw(1, 8000))
    first = asked(held, "logistic", at())
    assert len(check.left(first, None)["sums"]) == 12
    answered(check, first)
    other = asked(held, "logistic", at(model=replace(MODEL, outcome="hypospadias")))
    assert len(check.left(other, None)["sums"]) == 4  # its columns with the other outcome
    same = asked(held, "firth", firth.Parameters(MODEL))
    assert check.left(same, None)["sums"] == []


def test_a_model_of_fewer_columns_takes_over_what_the_fuller_put_aside() -> None:
    """3,000 rows hold one such fit at a time: of another pair none, of the same pair a smaller."""
    held, check = data(draw(1, 3000)), Budget()
    answered(check, asked(held, "logistic", at()))
    fewer, other = replace(MODEL, covariates=("age",)), replace(MODEL, outcome="hypospadias")
    assert refusal(check, asked(held, "logistic", at(model=other))) is not None
    assert refusal(check, asked(held, "logistic", at(model=fewer))) is None
    assert refusal(check, asked(held, "logistic", at(-2.0, 0.1, 0.1, model=fewer))) is None


def test_another_name_for_the_same_people_shares_their_budget() -> None:
    rows, check = draw(1, 3000), Budget()
    used = spend(check, rows)
    again = asked(data(rows), "logistic", at(-1.0, 0.5, 0.1, 0.1), cohort="f" * 64)
    assert used < 60
    assert refusal(check, again) is not None


def test_what_it_remembers_survives_a_restart() -> None:
    check, held = Budget(), data(draw(1, 3000))
    lines = []
    for k in range(30):
        question = asked(held, "logistic", at(*(0.01 * k * (j + 1) for j in range(4))))
        if refusal(Budget(), question) is None and refusal(check, question) is None:
            lines.append(k)
    again = Budget()
    other = Budget()
    for k in lines:
        question = asked(held, "logistic", at(*(0.01 * k * (j + 1) for j in range(4))))
        again.recall(json.loads(json.dumps(again.left(question, None))))
        answered(other, question)
    new = asked(held, "logistic", at(-1.0, 0.5, 0.1, 0.1))
    assert refusal(again, new) is not None
    assert refusal(Budget(), new) is None


def test_a_model_of_large_groups_only_spends_nothing() -> None:
    rows = draw(1, 400)
    flags = (np.arange(400) % 2).astype(np.uint8)
    x = np.zeros((400, 4), np.uint8)
    x[:, 2] = flags
    table = replace(rows, exposures=csc_array(x))
    assert spend(Budget(), table, Model("any_major", ("N02BE01",))) == 60


def test_simulated_people_may_be_asked_about_as_often_as_a_model_allows() -> None:
    assert spend(Budget(), draw(1, 1000), simulated=True) == 60
    assert spend(Budget(), draw(1, 1000)) == 0


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), rounds=st.integers(1, 4))
def test_the_count_is_never_below_the_rank(seed: int, rounds: int) -> None:
    """The numbers that left, as functionals of rows: their rank is at most what was counted."""
    rng = np.random.default_rng(seed)
    rows, check, told = draw(seed, 300), Budget(), []
    held, counted = data(rows, simulated=True), 0
    x, y = design_matrix.columns(rows, MODEL)
    for k in range(rounds):
        beta = rng.normal(size=4) if k else np.zeros(4)
        question = asked(held, "logistic", at(*beta))
        left = check.left(question, None)
        counted += left["numbers"] + len(left["sums"])
        answered(check, question)
        p = 1 / (1 + np.exp(-x @ beta))
        upper = np.triu_indices(4)
        told.append(x[:, upper[0]] * x[:, upper[1]] * (p * (1 - p))[:, None])
        told.append(x * (y - p)[:, None])
    assert np.linalg.matrix_rank(np.column_stack(told)) <= counted
