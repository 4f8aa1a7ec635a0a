"""G10: no step is computed at coefficients out of the box, or that give a few all the weight."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from made_sites import draw
from one_question import asked, data, refusal

from transat.federation.checks.coefficients import Coefficients, effective
from transat.statistics import logistic
from transat.statistics.design_matrix import Model

MODEL = Model("any_major", ("N03A",), ("age", "epilepsy"))
HELD = data(draw(1, 4000))


def refused(*coefficients: float) -> tuple[str, ...] | None:
    question = asked(HELD, "logistic", logistic.Parameters(MODEL, coefficients=coefficients))
    no = refusal(Coefficients(), question)
    assert no is None or no.code == "coefficients"
    return None if no is None else no.columns


@pytest.mark.parametrize("at", [(0.0, 0.0, 0.0, 0.0), (-3.0, 1.2, 0.1, -0.4), (5.0, 0.0, 0.0, 0.0)])
def test_what_a_fit_asks_is_answered(at: tuple[float, ...]) -> None:
    assert refused(*at) is None


def test_the_box_is_in_standard_deviations_and_names_its_column() -> None:
    """age has a standard deviation of 1, so 10 is its box."""
    assert refused(-2.0, 0.0, 10.9, 0.0) == ("age",)


@pytest.mark.parametrize("at", [np.nan, np.inf, -np.inf, 31.0])
def test_what_is_no_coefficient_is_refused(at: float) -> None:
    assert refused(at, 0.0, 0.0, 0.0) is not None


def test_one_persons_weight_is_refused_and_was_that_person() -> None:
    """At -28 + 8 age the few at the end of the column weigh all: their ages could be read."""
    at = (-28.0, 0.0, 8.0, 0.0)
    assert refused(*at) == ()
    release = logistic.at_site(HELD.table, logistic.Parameters(MODEL, coefficients=at))
    read = release.hessian[0, 2] / release.hessian[0, 0]
    oldest = np.sort(HELD.table.covariates[:, 0])[-5:]
    assert oldest[0] < read <= oldest[-1]


@given(ones=st.integers(1, 50), zeros=st.integers(0, 50), scale=st.floats(1e-6, 1e6))
def test_equal_weights_count_their_rows(ones: int, zeros: int, scale: float) -> None:
    weights = np.concatenate([np.full(ones, scale), np.zeros(zeros)])
    assert effective(weights) == pytest.approx(ones)


def test_no_weight_at_all_is_nobodys() -> None:
    assert effective(np.zeros(5)) == np.inf
