"""A Cox model that foresees: its baseline, over sites, and what it says against what happened."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import pytest

from transat.cohorts.survival_table import SurvivalTable
from transat.learners import hazard_review, hazards, penalised_cox, recalibration
from transat.learners.penalised_cox import Fitted
from transat.statistics import cox, kaplan_meier

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
    other = penalised_cox.flat(Fitted((), ()), month_grid[:5], 2)
    with pytest.raises(ValueError, match="grid"):
        penalised_cox.competing([one, other])
