"""A Cox model that foresees: its baseline, over sites, and what it says against what happened."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import pytest

from transat.cohorts.survival_table import SurvivalTable
from transat.learners import hazard_review, hazards, penalised_cox, recalibration, validation
from transat.learners.hazards import Model
from transat.learners.penalised_cox import Fitted
from transat.learners.validation import Loss, People
from transat.statistics import baseline_hazard, cox, cox_penalised, kaplan_meier

Draw = Callable[..., SurvivalTable]
Deal = Callable[[SurvivalTable, str, int], list[SurvivalTable]]
Ask = Callable[[Sequence[recalibration.Parameters]], list[recalibration.Release]]

NAMES = ("age", "operated", "noise")


def asking(tables: list[SurvivalTable]) -> Ask:
    return lambda questions: [recalibration.at_site(t, questions[0]) for t in tables]


def fitted(tables: list[SurvivalTable]) -> Fitted:
    asked = cox.Parameters(NAMES)
    found = cox.combine(lambda q: [cox.at_site(t, q[0]) for t in tables], asked)
    return Fitted(NAMES, tuple(found.coefficients.tolist()), (70.0, 0.0, 0.0))


def grouped(table: SurvivalTable, grid: tuple[float, ...], least: int = 20) -> tuple[float, ...]:
    curve = kaplan_meier.at_site(table, kaplan_meier.Parameters(grid, event=1))
    return recalibration.groups_with(curve.edges.tolist(), curve.events[0], least)


def test_without_columns_it_is_the_kaplan_meier_of_its_groups(
    followed: Draw, month_grid: tuple[float, ...]
) -> None:
    table = followed(1, n=3_000)
    groups = grouped(table, month_grid, 1)
    none = Fitted((), ())
    model = penalised_cox.with_baseline(none, month_grid, groups, asking([table]))
    risk = hazards.incidence(model, table, 1, month_grid)[0]
    curve = kaplan_meier.combine(
        [kaplan_meier.at_site(table, kaplan_meier.Parameters(month_grid, event=1))],
        kaplan_meier.Parameters(month_grid, event=1),
    ).together[0]
    np.testing.assert_allclose(1 - risk, curve.survival, atol=0.003)


@pytest.mark.parametrize("how", ["2", "3", "7", "unbalanced", "no event"])
def test_sites_are_the_pooled_rows(
    followed: Draw, dealt: Deal, month_grid: tuple[float, ...], how: str
) -> None:
    table = followed(2)
    groups, found = grouped(table, month_grid), fitted([table])
    apart = penalised_cox.with_baseline(found, month_grid, groups, asking(dealt(table, how, 2)))
    pooled = penalised_cox.with_baseline(found, month_grid, groups, asking([table]))
    np.testing.assert_allclose(
        hazards.incidence(apart, table, 1, month_grid),
        hazards.incidence(pooled, table, 1, month_grid),
        atol=1e-9,
    )


def test_it_expects_on_new_people_what_happens_to_them(
    followed: Draw, month_grid: tuple[float, ...]
) -> None:
    """Two kinds of event, each with its own coefficients."""
    train, new = followed(3, n=8_000), followed(4, n=8_000)
    both = []
    for kind in (1, 2):
        asked = cox.Parameters(NAMES, event=kind)
        found = cox.combine(lambda q: [cox.at_site(train, q[0])], asked)
        curve = kaplan_meier.at_site(train, kaplan_meier.Parameters(month_grid, event=kind))
        both.append(
            penalised_cox.with_baseline(
                Fitted(NAMES, tuple(found.coefficients.tolist())),
                month_grid,
                recalibration.groups_with(month_grid, curve.events[0], 50),
                asking([train]),
                kind,
            )
        )
    model = penalised_cox.competing(both)
    asked_of = hazard_review.Parameters(model)
    result = hazard_review.combine([hazard_review.at_site(new, asked_of)], asked_of)
    np.testing.assert_allclose(result.observed_over_expected, 1, atol=0.06)
    flat = penalised_cox.competing(
        [penalised_cox.flat(Fitted((), ()), month_grid, kind) for kind in (1, 2)]
    )
    assert result.loss < hazard_review.at_site(new, hazard_review.Parameters(flat)).loss


def test_columns_left_out_are_not_asked_for(followed: Draw, month_grid: tuple[float, ...]) -> None:
    model = penalised_cox.flat(Fitted(NAMES, (0.05, 0.0, -0.1), (70.0, 0.0, 0.0)), month_grid)
    assert hazards.columns(model) == ("age", "noise")


def test_bad_fits_are_refused(month_grid: tuple[float, ...]) -> None:
    with pytest.raises(ValueError, match="finite"):
        penalised_cox.flat(Fitted(NAMES, (0.0, float("nan"), 0.0)), month_grid)
    with pytest.raises(ValueError, match="column"):
        penalised_cox.flat(Fitted(NAMES, (0.0, 1.0)), month_grid)
    one = penalised_cox.flat(Fitted((), ()), month_grid)
    with pytest.raises(ValueError, match="kind"):
        penalised_cox.competing([one, one])
    other = penalised_cox.flat(Fitted((), ()), (0.5, 1.5), 2)
    with pytest.raises(ValueError, match="edges"):
        penalised_cox.competing([one, other])
    with pytest.raises(ValueError, match="falling"):
        penalised_cox.with_hazard(Fitted((), ()), (1.0, 2.0), (0.2, 0.1))
    with pytest.raises(ValueError, match="edge"):
        penalised_cox.with_hazard(Fitted((), ()), (1.0, 2.0), (0.2,))


def test_a_baseline_that_a_statistic_told(followed: Draw) -> None:
    """At the profile, and away from it, what the statistic's own curves say; on common edges."""
    table, profile = followed(7, n=1_000), (70.0, 0.0, 0.0)
    models = []
    for kind, grid in ((1, (3.0, 6.0, 12.0, 24.0)), (2, (2.0, 6.0, 12.0, 18.0, 24.0))):
        asked = baseline_hazard.Parameters(NAMES, grid, event=kind, profile=profile)
        told = baseline_hazard.combine(lambda q: [baseline_hazard.at_site(table, q[0])], asked)
        base = told.baselines[0][0]
        found = Fitted(NAMES, tuple(told.coefficients.tolist()), profile)
        models.append(
            penalised_cox.with_hazard(found, base.edges.tolist(), base.hazard.tolist(), kind)
        )
        relative = np.exp((table.columns - np.array(profile)) @ told.coefficients)
        wanted = 1 - np.exp(-relative[:, None] * base.hazard)
        risk = hazards.incidence(models[-1], table, kind, grid)
        np.testing.assert_allclose(risk, wanted, rtol=1e-9)
    both = penalised_cox.competing(models)
    assert both.grid == (6.0, 12.0, 24.0)
    alone = [hazards.incidence(m, table, k, both.grid) for k, m in enumerate(models, 1)]
    first, second = (hazards.incidence(both, table, kind, both.grid) for kind in (1, 2))
    np.testing.assert_allclose(1 - first - second, (1 - alone[0]) * (1 - alone[1]), rtol=1e-9)


def test_a_lasso_tuned_inside_one_shore_foresees_the_other(
    followed: Draw, month_grid: tuple[float, ...]
) -> None:
    """Both ways: penalty chosen in the folds of the shore fitted on, baseline from its sums."""
    tables = {"france": followed(5, n=2_500), "quebec": followed(6, n=2_500)}
    groups = recalibration.groups_with(
        month_grid,
        sum(
            kaplan_meier.at_site(t, kaplan_meier.Parameters(month_grid, event=1)).events[0]
            for t in tables.values()
        ),
        40,
    )

    def fit(mixture: float, people: People) -> Model:
        asked = cox_penalised.Parameters(NAMES, mixture=mixture, count=6, part=people.part)

        def ask(
            questions: Sequence[cox_penalised.Parameters],
        ) -> list[cox_penalised.Release]:
            return [cox_penalised.at_site(tables[s], questions[0]) for s in people.sites]

        choice = cox_penalised.choose(ask, asked)
        at = choice.path.coefficients[choice.best]
        means = tuple(choice.path.means.tolist())
        found = Fitted(NAMES, tuple(at.tolist()), means)
        there = asking([tables[s] for s in people.sites])
        return penalised_cox.with_baseline(found, month_grid, groups, there, part=people.part)

    def score(model: Model, people: People) -> Loss:
        asked = hazard_review.Parameters(model, people.part)
        found = [hazard_review.at_site(tables[s], asked) for s in people.sites]
        return Loss(found[0].loss, found[0].weight)

    found = validation.validated(validation.across(tuple(tables), 4), (1.0, 0.5), fit, score)
    for one in found:
        (site,) = one.cut.judged_on.sites
        asked = hazard_review.Parameters(one.model)
        review = hazard_review.combine([hazard_review.at_site(tables[site], asked)], asked)
        assert review.observed_over_expected[0] == pytest.approx(1, abs=0.15)
        form = one.model.hazards[0].form
        assert isinstance(form, hazards.Proportional)
        assert dict(zip(form.columns, form.coefficients, strict=True))["age"] > 0.02
        assert [tried.settings for tried in one.tried] == [1.0, 0.5]
