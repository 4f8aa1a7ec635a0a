"""G1: installed steps, their own parameters, finite numbers and the study's codes; nothing else."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from made_sites import draw
from one_question import asked, data, refusal

from transat.federation.checks.closed_list import ClosedList, not_numbers, unknown_strings, words
from transat.federation.questions import STEPS
from transat.federation.refusals import Refused
from transat.statistics import firth, logistic, prevalence
from transat.statistics.design_matrix import Model

HELD = data(draw(1, 500))
MODEL = Model("any_major", ("N03A",), ("age", "epilepsy"))


def no(step: str, parameters: Any) -> tuple[str, tuple[str, ...]] | None:
    found = refusal(ClosedList(), asked(HELD, step, parameters))
    return None if found is None else (found.code, found.columns)


def test_what_is_not_installed_is_refused() -> None:
    question = replace(asked(HELD, "prevalence"), step="rows")
    with pytest.raises(Refused) as refused:
        ClosedList().before(question)
    assert refused.value.code == "not_installed"


def test_parameters_of_another_step_are_refused() -> None:
    assert no("logistic", prevalence.Parameters()) == ("closed_list", ("parameters",))


@pytest.mark.parametrize(
    ("model", "fields"),
    [
        (replace(MODEL, strata=("y1",)), ("strata", "exposures")),
        (replace(MODEL, exposures=("N03A", "N03AG01")), ("strata", "exposures")),
        (replace(MODEL, outcome="person_17"), ("outcome",)),
        (replace(MODEL, exposures=("person_17",)), ("exposures",)),
        (replace(MODEL, covariates=("age", "person_17")), ("covariates",)),
        (replace(MODEL, covariates=("age", "age")), ("covariates",)),
        (replace(MODEL, sites=2, site=2), ("sites",)),
        (replace(MODEL, sites=10**9), ("sites",)),
    ],
)
def test_columns_of_the_coordinators_making_are_refused(
    model: Model, fields: tuple[str, ...]
) -> None:
    for step, parameters in (("logistic", logistic.Parameters), ("firth", firth.Parameters)):
        assert no(step, parameters(model)) == ("closed_list", fields)  # type: ignore[operator]


def test_coefficients_of_another_number_are_refused() -> None:
    assert no("logistic", logistic.Parameters(MODEL, (1.0,))) == ("closed_list", ("coefficients",))
    four = (0.1, 0.1, 0.1, 0.1)
    wrong = firth.Parameters(MODEL, four, (1.0, 2.0))
    assert no("firth", wrong) == ("closed_list", ("inverse",))


def test_a_release_of_another_step_is_refused() -> None:
    with pytest.raises(Refused):
        ClosedList().after(asked(HELD, "logistic", logistic.Parameters(MODEL)), HELD.table)


def test_a_string_that_is_no_code_is_named_by_its_field() -> None:
    release = STEPS["prevalence"].compute(HELD, None)
    assert unknown_strings(release, words(HELD)) == ()
    changed = replace(release, outcome_codes=("any_major", "2850775115001"))
    assert unknown_strings(changed, words(HELD)) == ("outcome_codes",)
    assert unknown_strings("text", words(HELD)) == ("release",)
    fit = logistic.at_site(HELD.table, logistic.Parameters(replace(MODEL, sites=3, site=1)))
    assert unknown_strings(fit, words(HELD)) == ()
    assert unknown_strings(replace(fit, terms=("site:1a",)), words(HELD)) == ("terms",)


@pytest.mark.parametrize(
    "value", [np.inf, -np.inf, np.array([np.inf]), np.array(["a"], dtype=object), {"a": 1}]
)
def test_what_is_no_finite_number_is_named_by_its_field(value: Any) -> None:
    fit = logistic.at_site(HELD.table, logistic.Parameters(MODEL))
    assert not_numbers(fit) == ()
    assert not_numbers(replace(fit, gradient=value)) == ("gradient",)
    assert not_numbers(replace(fit, gradient=np.array([np.nan]))) == ()  # withheld
