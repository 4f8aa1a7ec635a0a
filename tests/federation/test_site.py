"""A site answers installed questions through its gate, and nothing else."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from made_sites import question

from transat.cohorts.analysis_table import AnalysisTable
from transat.federation import attrition, messages
from transat.federation.questions import RELEASES, STEPS
from transat.federation.site import Site
from transat.federation.wire import Refusal
from transat.statistics import firth, inverse_variance, logistic, mantel_haenszel, prevalence
from transat.statistics.design_matrix import Model

NewSite = Callable[..., Site]
Draw = Callable[..., AnalysisTable]
MODEL = Model("any_major", ("N03A",), ("age", "epilepsy"))


def ask(site: Site, step: str, parameters: object) -> object:
    return RELEASES.decode(messages.read_answer(site.answer(question(step, parameters))).body)


QUESTIONS: dict[str, object] = {
    "attrition": attrition.Parameters(),
    "prevalence": prevalence.Parameters(),
    "mantel_haenszel": mantel_haenszel.Parameters(),
    "logistic": logistic.Parameters(MODEL),
    "firth": firth.Parameters(MODEL),
    "inverse_variance": inverse_variance.Parameters(logistic.Parameters(MODEL)),
}


#: Steps of times and of trees, which answer in test_time_grid and test_trees_check.
ELSEWHERE = {
    *("cox", "kaplan_meier", "bins", "boosted_trees", "tree_review"),
    *("aalen_johansen", "log_rank", "clone_censor_weight", "risk_histogram"),
    *("cox_unstratified", "fine_gray", "recalibration", "hazard_review"),
    *("baseline_hazard", "proportional_hazards", "cox_penalised", "parametric", "discrete_hazard"),
    "multi_state",
}


def test_every_step_is_installed_and_answers(new_site: NewSite, draw: Draw) -> None:
    site = new_site("france", draw(1, 4000), 5000)
    assert set(QUESTIONS) | ELSEWHERE == set(STEPS)
    for step, parameters in QUESTIONS.items():
        assert not isinstance(ask(site, step, parameters), Refusal), step


@pytest.mark.parametrize("n", [0, 4000])
def test_no_answer_states_a_small_count(new_site: NewSite, draw: Draw, n: int) -> None:
    site = new_site("france", draw(1, n), n + 3, n + 300)
    for step, parameters in QUESTIONS.items():
        release = ask(site, step, parameters)
        if isinstance(release, Refusal):
            continue
        for counts in release.counts().values():  # type: ignore[attr-defined]
            assert not ((counts > 0) & (counts < 11)).any()


def test_a_site_of_seven_births_says_nothing(new_site: NewSite, draw: Draw) -> None:
    site = new_site("france", draw(1, 7))
    for step, parameters in QUESTIONS.items():
        assert isinstance(ask(site, step, parameters), Refusal)


def test_a_masked_cell_leaves_no_trace_in_the_other_sums(new_site: NewSite, draw: Draw) -> None:
    rows = draw(1, 4000)
    release = ask(new_site("france", rows), "mantel_haenszel", mantel_haenszel.Parameters())
    assert isinstance(release, mantel_haenszel.Release)
    d, m = DRUG_RARE, 3
    assert 0 < int(rows.exposures[:, [d]].T.multiply(1).sum()) < 40
    assert release.exposed_cases[d, m] == -1
    for field in ("r", "s", "pr", "psqr", "qs", "exposed_weighted", "ratio_variance"):
        assert np.isnan(getattr(release, field)[d, m])


DRUG_RARE = 3


def test_refusals_name_columns_never_values(new_site: NewSite, draw: Draw) -> None:
    site = new_site("france", draw(1, 4000))
    model = Model("any_major", ("N03A",), ("age", "epilepsy", "diabetes"))
    answer = ask(site, "logistic", logistic.Parameters(model))
    assert answer == Refusal("implied_tables", ("diabetes",), ("-diabetes",))
    masked_pair = Model("hypospadias", ("B01AA",))
    answer = ask(site, "logistic", logistic.Parameters(masked_pair))
    assert answer == Refusal("implied_tables", ("B01AA",), ("-B01AA",))


def test_coefficients_that_isolate_a_few_rows_are_refused(new_site: NewSite, draw: Draw) -> None:
    site = new_site("france", draw(1, 4000))
    for coefficients in ((-28.0, 0.0, 9.5, 0.0), (1e9, 0.0, 0.0, 0.0)):
        parameters = logistic.Parameters(MODEL, coefficients=coefficients)
        assert ask(site, "logistic", parameters) == Refusal("coefficients")


def test_strata_of_the_coordinators_choice_are_refused(new_site: NewSite, draw: Draw) -> None:
    model = replace(MODEL, strata=("y1",))
    answer = ask(new_site("france", draw(1, 4000)), "logistic", logistic.Parameters(model))
    assert answer == Refusal("closed_list", ("strata", "exposures"))


def test_attrition_steps_that_differ_by_three_are_masked(new_site: NewSite, draw: Draw) -> None:
    site = new_site("france", draw(1, 4000), 5000, 4500, 4003)
    release = ask(site, "attrition", attrition.Parameters())
    assert isinstance(release, attrition.Release)
    assert release.pregnancies.tolist() == [5000, 4500, -1, 4000]


def test_a_masked_count_cannot_be_asked_for_another_way(new_site: NewSite, draw: Draw) -> None:
    """Pairs and columns that the scan masks are refused by every regression."""
    rows = draw(1, 4000)
    site = new_site("france", rows)
    scan = ask(site, "mantel_haenszel", mantel_haenszel.Parameters())
    assert isinstance(scan, mantel_haenszel.Release)
    for d, drug in enumerate(rows.exposure_codes):
        for m, group in enumerate(rows.outcome_codes):
            for step, make in (("logistic", logistic.Parameters), ("firth", firth.Parameters)):
                answer = ask(site, step, make(Model(group, (drug,))))  # type: ignore[operator]
                assert isinstance(answer, Refusal) == (not bool(scan.shown[d, m]))


def test_rounds_stop_before_small_patterns_can_be_solved_for(new_site: NewSite, draw: Draw) -> None:
    """Three 0/1 columns: eight patterns, one of them small; no second round."""
    site = new_site("france", _few_young_exposed_with_epilepsy(draw(1, 4000)))
    model = Model("any_major", ("N03A",), ("age", "epilepsy"))
    first = ask(site, "logistic", logistic.Parameters(model))
    assert not isinstance(first, Refusal)
    answers = [
        ask(site, "logistic", logistic.Parameters(model, coefficients=(-2.0, 0.1 * k, 0.0, 0.0)))
        for k in range(1, 9)
    ]
    assert answers == [Refusal("rounds")] * 8


def _few_young_exposed_with_epilepsy(rows: AnalysisTable) -> AnalysisTable:
    """Age in two bands, and five in the younger with both others: no two-way table tells it."""
    covariates = rows.covariates.copy()
    covariates[:, 0] = covariates[:, 0] < 0
    banded = replace(rows, covariates=covariates)
    all_three = (rows.exposure("N03A") == 1) & covariates[:, :2].all(axis=1)
    kept = np.ones(rows.n, np.bool_)
    kept[np.flatnonzero(all_three)[5:]] = False
    return banded.take(kept)


def test_a_population_of_4000_gives_200_sums_and_no_more(new_site: NewSite, draw: Draw) -> None:
    """Ten a round of four columns (0/1 columns are their squares), four with the outcome, one l."""
    site = new_site("france", draw(1, 4000))
    answers = [
        ask(site, "logistic", logistic.Parameters(MODEL, coefficients=(-2.0, 0.01 * k, 0.0, 0.0)))
        for k in range(30)
    ]
    let_out = [not isinstance(answer, Refusal) for answer in answers]
    assert let_out == [True] * sum(let_out) + [False] * (30 - sum(let_out))
    assert 10 <= sum(let_out) <= 200 // 12
    assert answers[-1] == Refusal("rounds")
