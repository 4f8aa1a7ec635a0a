"""Statistics that a site answers once: through the gate, under the rules of the joint fit."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from gated import times
from made_sites import attrition, draw, question, signed_site, site_data

from transat.federation import messages
from transat.federation.questions import PARAMETERS, RELEASES, Question, fit_of
from transat.federation.wire import Refusal
from transat.statistics import cox, firth, inverse_variance, logistic
from transat.statistics.design_matrix import Model
from transat.statistics.inverse_variance import Parameters

MODEL = Model("any_major", ("N03A",), ("age", "epilepsy"))
ONE_SHOT = Parameters(logistic.Parameters(MODEL))
Asked = Callable[[Parameters], Any]


@pytest.fixture
def asked(tmp_path: Path) -> Iterator[Asked]:
    with signed_site(tmp_path, draw(1, 4000)) as site:

        def ask(parameters: Parameters) -> Any:
            payload = site.answer(question("inverse_variance", parameters))
            return RELEASES.decode(messages.read_answer(payload).body)

        yield ask


@pytest.mark.parametrize(
    "fitted",
    [logistic.Parameters(MODEL), firth.Parameters(MODEL), cox.Parameters(("x0", "x1"))],
    ids=["logistic", "firth", "cox"],
)
def test_the_question_travels(fitted: Any) -> None:
    body = Question("inverse_variance", Parameters(fitted)).encode()
    assert Question.decode(body).parameters == Parameters(fitted)
    assert PARAMETERS.name_of(Parameters(fitted)) == "inverse_variance"


@pytest.mark.parametrize("kind", [logistic.Parameters, firth.Parameters])
def test_a_site_answers_its_own_fit(asked: Asked, kind: Any) -> None:
    parameters = Parameters(kind(MODEL))
    release = asked(parameters)
    expected = inverse_variance.at_site(draw(1, 4000), parameters)
    assert release.terms == ("N03A", "age", "epilepsy")
    assert np.array_equal(release.coefficients, expected.coefficients)
    assert np.array_equal(release.covariance, expected.covariance)


@pytest.mark.parametrize(
    ("model", "code", "columns"),
    [
        (replace(MODEL, covariates=("diabetes",)), "implied_tables", ("diabetes",)),
        (replace(MODEL, exposures=("B01AA",)), "implied_tables", ("B01AA",)),
        (replace(MODEL, strata=("y1",)), "closed_list", ("strata", "exposures")),
        (replace(MODEL, sites=2), "closed_list", ("sites",)),
        (replace(MODEL, sites=2, site=1), "closed_list", ("sites",)),
        (replace(MODEL, covariates=("height",)), "closed_list", ("covariates",)),
    ],
)
def test_what_the_joint_fit_refuses_is_refused(
    asked: Asked, model: Model, code: str, columns: tuple[str, ...]
) -> None:
    refused = asked(Parameters(logistic.Parameters(model)))
    assert isinstance(refused, Refusal)
    assert refused.code == code
    assert set(columns) <= set(refused.columns) or refused.columns == ()


def test_no_coefficients_may_be_given(asked: Asked) -> None:
    for fitted in (
        logistic.Parameters(MODEL, coefficients=(0.0, 1.0, 0.0, 0.0)),
        firth.Parameters(MODEL, inverse=(1.0,) * 16),
    ):
        refused = asked(Parameters(fitted))
        assert isinstance(refused, Refusal)
        assert refused.code == "closed_list"


def test_a_cox_regression_without_a_survival_table_is_refused(asked: Asked) -> None:
    refused = asked(Parameters(cox.Parameters(("age",))))
    assert isinstance(refused, Refusal)
    assert refused.code == "closed_list"


def test_two_sites_averaged_are_near_their_joint_fit(tmp_path: Path) -> None:
    """Through gates and bytes, against the joint logistic regression on the rows themselves."""
    tables = {"france": draw(1, 6000), "quebec": draw(2, 5000)}
    releases = []
    for name, rows in tables.items():
        with signed_site(tmp_path / name, rows, name=name) as site:
            payload = site.answer(question("inverse_variance", ONE_SHOT, site=name))
        releases.append(RELEASES.decode(messages.read_answer(payload).body))
    found = inverse_variance.combine(releases, ONE_SHOT)
    joint = logistic.combine(
        lambda ps: [logistic.at_site(rows, p) for rows, p in zip(tables.values(), ps, strict=True)],
        logistic.Parameters(replace(MODEL, sites=2)),
    )
    at = [joint.terms.index(term) for term in found.terms]
    apart = (found.coefficients - joint.coefficients[at]) / joint.standard_errors[at]
    assert np.abs(apart).max() < 0.2


def test_a_site_fits_a_cox_regression_alone(tmp_path: Path) -> None:
    rows, months = draw(1, 4000), times(1, 4000)
    held = replace(site_data(rows, attrition(rows.n)), survival=months)
    parameters = Parameters(cox.Parameters(("x0", "old")))
    with signed_site(tmp_path, rows, data=lambda: held) as site:
        payload = site.answer(question("inverse_variance", parameters))
    release = RELEASES.decode(messages.read_answer(payload).body)
    expected = inverse_variance.at_site(months, parameters)
    assert release.terms == ("x0", "old")
    assert np.array_equal(release.coefficients, expected.coefficients)
    assert np.array_equal(release.covariance, expected.covariance)


def test_the_gate_counts_it_as_the_last_round_of_that_fit(tmp_path: Path) -> None:
    """Budget, coefficients and dominance see where the site's own fit ends, not zero."""
    rows = draw(1, 4000)
    held = site_data(rows, attrition(rows.n))
    view = fit_of(held, "inverse_variance", ONE_SHOT)
    joint = fit_of(held, "logistic", ONE_SHOT.fitted)
    assert view is not None
    assert joint is not None
    assert view.model == joint.model
    assert not view.at_zero
    assert view.coefficients == pytest.approx(
        np.asarray(inverse_variance.estimate(rows, ONE_SHOT)), abs=0
    )
