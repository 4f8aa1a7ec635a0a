"""The loss of a model on people it never saw: by person-periods laid out, over sites, proper."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from person_periods import person_periods

from transat.cohorts import folds
from transat.cohorts.survival_table import SurvivalTable
from transat.learners import hazards
from transat.learners.hazard_review import Parameters, Result, at_site, combine
from transat.learners.hazards import Hazard, Model, Proportional
from transat.learners.time_trees import TIME

Draw = Callable[..., SurvivalTable]
Deal = Callable[[SurvivalTable, str, int], list[SurvivalTable]]
GRID = (3.0, 6.0, 12.0, 24.0)
ONE = Proportional(("age",), (70.0,), (0.05,), (-2.5, -2.5, -1.5, -0.5))
TWO = Proportional(("operated",), (0.0,), (0.4,), (-4.0, -4.0, -3.0, -2.0))
MODEL = Model(GRID, (Hazard(1, ONE), Hazard(2, TWO)))


def review(tables: list[SurvivalTable], asked: Parameters) -> Result:
    return combine([at_site(t, asked) for t in tables], asked)


@pytest.mark.parametrize(("late", "weighed"), [(False, False), (True, False), (False, True)])
def test_the_definition(followed: Draw, late: bool, weighed: bool) -> None:
    table = followed(1, n=300, late=late, weighed=weighed)
    first, second = (person_periods(table, GRID, kind) for kind in (1, 2))
    each = hazards.chances(MODEL, table)
    row, at = first["row"].astype(int), np.searchsorted(GRID, first[TIME])
    p = each[:, row, at]
    y = np.stack([first["y"], second["y"]])
    lines = np.where(y.any(axis=0), -(y * np.log(p)).sum(axis=0), -np.log(1 - p.sum(axis=0)))
    seen = np.unique(row)
    weight = np.ones(table.n) if table.weights is None else table.weights
    found = review([table], Parameters(MODEL))
    assert found.loss == pytest.approx((lines * first["w"]).sum() / weight[seen].sum(), abs=1e-5)
    np.testing.assert_array_equal(found.events, y.sum(axis=1))
    np.testing.assert_allclose(found.expected, (p * first["w"]).sum(axis=1), atol=0.06)
    assert found.persons == len(seen)
    assert found.kinds == (1, 2)


@pytest.mark.parametrize("how", ["2", "3", "7", "unbalanced", "no event"])
def test_sites_are_the_pooled_rows(followed: Draw, dealt: Deal, how: str) -> None:
    table = followed(2)
    apart, pooled = (
        review(dealt(table, how, 2), Parameters(MODEL)),
        review([table], Parameters(MODEL)),
    )
    assert apart.loss == pytest.approx(pooled.loss, abs=1e-5)
    np.testing.assert_allclose(apart.expected, pooled.expected, atol=0.4)
    np.testing.assert_array_equal(apart.events, pooled.events)


def test_a_part_is_its_rows(followed: Draw) -> None:
    table = followed(3)
    part = folds.Part(5, (2,))
    alone = table.take(part.rows(table.people))
    found, wanted = review([table], Parameters(MODEL, part)), review([alone], Parameters(MODEL))
    np.testing.assert_equal(found.loss, wanted.loss)
    np.testing.assert_array_equal(found.expected, wanted.expected)


def test_the_true_chances_lose_least(followed: Draw) -> None:
    """The second kind comes with a hazard of .015 a month whatever the columns."""
    table = followed(4, n=30_000)
    grid = tuple(float(m) for m in range(1, 25))

    def loss(level: float, slope: float) -> float:
        form = Proportional(("age",), (70.0,), (slope,), (np.log(level),) * 24)
        return review([table], Parameters(Model(grid, (Hazard(2, form),)))).loss

    best = loss(0.0150, 0.0)
    assert best < min(loss(0.020, 0.0), loss(0.011, 0.0), loss(0.015, 0.03), loss(0.015, -0.03))


def test_nobody_at_risk_is_an_error(followed: Draw) -> None:
    table = followed(5, n=50)
    with pytest.raises(ValueError, match="nobody"):
        at_site(table.take(np.zeros(50, dtype=bool)), Parameters(MODEL))
    late = replace(table, entry=np.full(50, 30.0), time=np.full(50, 31.0))
    with pytest.raises(ValueError, match="nobody"):
        at_site(late, Parameters(MODEL))
    with pytest.raises(ValueError, match="releases"):
        combine([], Parameters(MODEL))
