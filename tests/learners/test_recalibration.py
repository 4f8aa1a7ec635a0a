"""Setting a model right: against statsmodels on person-periods laid out, over sites, applied."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
import statsmodels.api as sm
from hypothesis import given, settings
from hypothesis import strategies as st
from person_periods import person_periods

from transat.cohorts.survival_table import SurvivalTable
from transat.core.errors import StudyError
from transat.learners import hazard_review, hazards, recalibration
from transat.learners.hazards import Boosted, Hazard, Model, Proportional
from transat.learners.recalibration import Parameters, Result, What, at_site, combine
from transat.learners.time_trees import TIME
from transat.learners.trees import Bins, Tree

Draw = Callable[..., SurvivalTable]
Deal = Callable[[SurvivalTable, str, int], list[SurvivalTable]]

GRID = (2.0, 4.0, 8.0, 12.0, 18.0, 24.0)
COX = Proportional(("age",), (70.0,), (0.09,), (-3.2, -3.0, -2.6, -2.4, -2.2, -2.0))
TREES = Boosted(
    Bins(("age", TIME, "operated"), ((66.0, 74.0), (12.0,), (0.0,))),
    -3.0,
    (Tree((1, 0, 2), (0, 1, 0), (0.0, 0.0, 0.0, -0.5, 0.5, 0.0, 1.0)),),
)
GROUPS = (4.0, 12.0, 24.0)
FORMS = {"log-log": COX, "logit": TREES}


def fit(tables: list[SurvivalTable], asked: Parameters) -> Result:
    return combine(lambda questions: [at_site(t, questions[0]) for t in tables], asked)


def asked_for(form: str, what: What) -> Parameters:
    groups = GROUPS if what in ("baseline", "both") else ()
    hazard = Hazard(1, FORMS[form], slope=0.9, shift=(0.1, 0.0, -0.1, 0.2, 0.0, 0.1))
    return Parameters(Model(GRID, (hazard, Hazard(2, COX))), 1, what, groups)


@pytest.mark.parametrize("form", ["log-log", "logit"])
@pytest.mark.parametrize("what", ["large", "slope", "baseline", "both"])
@pytest.mark.parametrize("late", [False, True])
def test_as_statsmodels_fits_it(followed: Draw, form: str, what: What, late: bool) -> None:
    table, asked = followed(1, n=500, late=late), asked_for(form, what)
    lines = person_periods(table, GRID)
    f = hazards.scores(asked.before.hazards[0], GRID, table)
    f = f[lines["row"].astype(int), np.searchsorted(GRID, lines[TIME])]
    group = np.searchsorted(asked.groups or (24.0,), lines[TIME])
    design = np.eye(group.max() + 1)[group]
    if what in ("slope", "both"):
        design = np.column_stack([design, f])
    link = sm.families.links.CLogLog() if form == "log-log" else sm.families.links.Logit()
    judge = sm.GLM(lines["y"], design, sm.families.Binomial(link), offset=f).fit(tol=1e-12)
    found = fit([table], asked)
    terms = [*found.shifts, found.slope - 1][: design.shape[1]]
    np.testing.assert_allclose(terms, judge.params, atol=1e-6)
    if form == "logit":  # for the log-log link the judge gives expected information
        np.testing.assert_allclose(found.errors, judge.bse, rtol=1e-5)
    else:
        np.testing.assert_allclose(found.errors, judge.bse, rtol=0.05)
    assert found.observed == lines["y"].sum()


@settings(max_examples=12, deadline=None)
@given(
    seed=st.integers(0, 1_000),
    how=st.sampled_from(["2", "3", "7", "unbalanced", "no event"]),
    form=st.sampled_from(["log-log", "logit"]),
    what=st.sampled_from(["large", "slope", "baseline", "both"]),
)
def test_sites_are_the_pooled_rows(
    followed: Draw, dealt: Deal, seed: int, how: str, form: str, what: What
) -> None:
    table, asked = followed(seed, n=700, weighed=seed % 2 == 0), asked_for(form, what)
    apart, pooled = fit(dealt(table, how, seed), asked), fit([table], asked)
    np.testing.assert_allclose(apart.shifts, pooled.shifts, atol=1e-9)
    np.testing.assert_allclose(apart.errors, pooled.errors, atol=1e-9)
    assert apart.slope == pytest.approx(pooled.slope, abs=1e-9)
    assert (apart.persons, apart.observed) == (pooled.persons, pooled.observed)


def test_groups_that_one_site_told_together_are_one_for_all(followed: Draw, dealt: Deal) -> None:
    """As if the protocol had asked for the wider groups; the last edge is never taken out."""
    tables = dealt(followed(9), "2", 9)

    def ask(questions: list[Parameters]) -> list[recalibration.Release]:
        one, other = (at_site(t, questions[0]) for t in tables)
        return [one, other.merged(~np.isin(other.edges, (4.0, 24.0)))]

    for what in ("baseline", "both"):
        asked = asked_for("logit", what)
        found, wanted = combine(ask, asked), fit(tables, replace(asked, groups=(12.0, 24.0)))
        assert found.groups == wanted.groups == (12.0, 24.0)
        np.testing.assert_allclose(found.shifts, wanted.shifts, atol=1e-12)
        assert found.slope == pytest.approx(wanted.slope, abs=1e-12)
        assert found.rounds == wanted.rounds + 1


@pytest.mark.parametrize("what", ["baseline", "both"])
def test_merging_loses_no_sum(followed: Draw, what: What) -> None:
    """At the same shift in both groups, the sums are those of the wider group."""
    table, asked = followed(10), asked_for("log-log", what)
    b = (0.1,) if what == "both" else ()
    fine = at_site(table, replace(asked, coefficients=(0.2, 0.2, -0.1, *b)))
    wide = at_site(table, replace(asked, groups=(12.0, 24.0), coefficients=(0.2, -0.1, *b)))
    merged = fine.merged(np.array([False, True, True]))
    for field in ("edges", "events", "leavers", "expected", "gradient", "hessian"):
        np.testing.assert_allclose(getattr(merged, field), getattr(wide, field), rtol=1e-12)


def test_row_order_changes_nothing(followed: Draw) -> None:
    table = followed(3)
    shuffled = table.take(np.random.default_rng(1).permutation(table.n))
    one, other = (fit([t], asked_for("logit", "both")) for t in (table, shuffled))
    np.testing.assert_allclose(one.shifts, other.shifts, atol=1e-10)


@pytest.mark.parametrize("form", ["log-log", "logit"])
@pytest.mark.parametrize("what", ["large", "slope", "baseline", "both"])
def test_the_changed_model_is_right_where_it_was_changed(
    followed: Draw, form: str, what: What
) -> None:
    """Nothing is left to change; with the logit, observed is expected exactly."""
    table, asked = followed(4, n=3_000), asked_for(form, what)
    after = fit([table], asked).model
    again = fit([table], replace(asked, before=after))
    np.testing.assert_allclose(again.shifts, 0, atol=1e-7)
    assert again.slope == pytest.approx(1, abs=1e-7)
    assert after.hazards[1] == asked.before.hazards[1]
    tolerance = 1e-6 if form == "logit" else 0.05
    assert again.expected == pytest.approx(again.observed, rel=tolerance)
    before = hazard_review.at_site(table, hazard_review.Parameters(asked.before))
    better = hazard_review.at_site(table, hazard_review.Parameters(after))
    assert better.loss < before.loss


def test_a_model_of_half_the_hazard_is_doubled(followed: Draw) -> None:
    """The second kind comes to .015 a month of those whom neither the first, nor the end of their
    follow-up, takes in the same month: from .0075, up by nearly log 2."""
    table = followed(5, n=40_000)
    months = tuple(float(m) for m in range(1, 25))
    half = Proportional((), (), (), (np.log(0.0075),) * 24)
    found = fit([table], Parameters(Model(months, (Hazard(2, half),)), 2, "large"))
    assert found.shifts[0] == pytest.approx(np.log(2 * (1 - 0.04)), abs=3 * found.errors[0])
    assert found.observed / found.expected == pytest.approx(2 * (1 - 0.04), rel=0.1)


def test_what_has_no_estimate_is_said(followed: Draw) -> None:
    table = followed(6)
    quiet = table.take((table.event != 1) | (table.time > 4))
    with pytest.raises(StudyError, match="aucun événement"):
        fit([quiet], asked_for("logit", "baseline"))
    level = Proportional((), (), (), (-3.0,) * 6)
    with pytest.raises(StudyError, match="pente"):
        fit([table], Parameters(Model(GRID, (Hazard(1, level),)), 1, "slope"))


def test_bad_questions_are_refused(followed: Draw) -> None:
    table, asked = followed(7, n=60), asked_for("logit", "baseline")
    for wrong in (
        replace(asked, groups=(4.0, 12.0)),
        replace(asked, groups=(5.0, 24.0)),
        replace(asked, groups=()),
        replace(asked, what="large"),
        replace(asked, kind=3),
        replace(asked, coefficients=(0.0,)),
    ):
        with pytest.raises(ValueError, match=r"groups|kind|coefficients"):
            at_site(table, wrong)
    assert asked.columns == ("to_4", "to_12", "to_24")
    assert replace(asked, what="slope", groups=()).columns == ("shift", "slope")


def test_groups_hold_enough_events() -> None:
    found = recalibration.groups_with((1, 2, 3, 4, 5, 6), (4, 4, 9, 0, 11, 2), 8)
    assert found == (2.0, 3.0, 6.0)
    with pytest.raises(ValueError, match="events"):
        recalibration.groups_with((1, 2), (3, 2), 8)
