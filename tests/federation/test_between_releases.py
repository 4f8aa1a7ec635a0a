"""G8: a count that leaves is the one that left before, or far from it."""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from made_sites import draw
from one_question import answered, asked, data, refusal

from transat.federation.checks.between_releases import BetweenReleases, keyed, too_near
from transat.statistics import logistic
from transat.statistics.design_matrix import Model

ROWS = draw(1, 4000)
MODEL = Model("any_major", ("N02BE01",), ("age", "epilepsy"))


def test_the_same_again_is_answered_and_remembered_once() -> None:
    check, question = BetweenReleases(), asked(data(ROWS), "prevalence")
    release = answered(check, question)
    assert check.left(question, release) is None
    assert refusal(check, question) is None


@pytest.mark.parametrize("fewer", [1, 10, 11])
def test_a_population_smaller_by_few_is_refused(fewer: int) -> None:
    check = BetweenReleases()
    answered(check, asked(data(ROWS), "prevalence"))
    no = refusal(check, asked(data(ROWS.take(np.arange(4000 - fewer))), "prevalence"))
    assert (no is not None and "persons" in no.columns) == (fewer < 11)


def test_the_counts_that_a_regression_implies_are_compared_too() -> None:
    """Two populations of 4,000 that differ in one exposed with epilepsy, and in nothing stated."""
    check = BetweenReleases()
    answered(check, asked(data(ROWS), "logistic", logistic.Parameters(MODEL)))
    with_both = (ROWS.exposure("N02BE01") == 1) & (ROWS.covariates[:, 1] == 1)
    order = np.arange(4000)
    order[np.flatnonzero(with_both)[0]] = np.flatnonzero(~with_both)[0]
    other = asked(data(ROWS.take(order)), "logistic", logistic.Parameters(MODEL))
    no = refusal(check, other)
    assert no is not None
    assert no.code == "between_releases"
    assert no.columns == ("implied", "N02BE01", "epilepsy")
    assert no.merge == ("-N02BE01", "-epilepsy")


def test_what_it_remembers_survives_a_restart() -> None:
    check, question = BetweenReleases(), asked(data(ROWS), "prevalence")
    release = answered(check, question)
    again = BetweenReleases()
    again.recall(json.loads(json.dumps(BetweenReleases().left(question, release))))
    smaller = asked(data(ROWS.take(np.arange(3995))), "prevalence")
    assert refusal(again, smaller) is not None
    assert refusal(BetweenReleases(), smaller) is None


def test_only_populations_that_hold_one_another_are_compared() -> None:
    """Of two halves with 100 people in common, a near count of both is a count of nobody."""
    halves = ROWS.take(np.arange(2050)), ROWS.take(np.arange(1950, 4000))
    named = np.arange(2050), np.arange(1950, 4000)
    check = BetweenReleases()
    first, second = (data(t, p) for t, p in zip(halves, named, strict=True))
    answered(check, asked(first, "prevalence"))
    assert refusal(check, asked(second, "prevalence")) is None
    smaller = data(halves[0].take(np.arange(2045)), named[0][:2045])
    assert refusal(check, asked(smaller, "prevalence")) is not None
    nearly = np.append(named[0][:2040], np.arange(10_000, 10_010))  # but for ten people
    assert (
        refusal(check, asked(data(halves[0].take(np.arange(2050)), nearly), "prevalence")) is None
    )
    assert refusal(check, asked(data(halves[0].take(np.arange(2045)), nearly[5:]), "prevalence"))


def test_withheld_and_derived_counts_have_no_key() -> None:
    counts = {
        "persons": np.array([500]),
        "exposed": np.array([20, -1]),
        "unexposed": np.array([480, -1]),
        "bins": np.array([[12, -1], [0, 40]]),
    }
    assert keyed(counts, {"exposed": (("N03A", "B01AA"),)}) == {
        "persons": 500, "exposed N03A": 20, "bins 0 0": 12, "bins 1 0": 0, "bins 1 1": 40,
    }  # fmt: skip


@given(before=st.sets(st.integers(0, 200), max_size=5), value=st.integers(0, 200))
def test_near_is_one_to_ten_away(before: set[int], value: int) -> None:
    near = too_near({"cases m0": before}, {"cases m0": value}, 11)
    assert bool(near) == any(1 <= abs(value - other) <= 10 for other in before)
