"""The network: its gradient, one step a round is the pooled fit, it learns, it is a model."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from transat.cohorts import folds
from transat.cohorts.survival_table import SurvivalTable
from transat.core.errors import StudyError
from transat.learners import discrete_network, hazard_review
from transat.learners.discrete_network import Parameters, Result, at_site, combine
from transat.learners.hazards import Hazard, Model, Proportional

Draw = Callable[..., SurvivalTable]
Deal = Callable[[SurvivalTable, str, int], list[SurvivalTable]]
GRID = (3.0, 6.0, 9.0, 12.0, 18.0, 24.0)
ASKED = Parameters(
    ("age", "operated", "noise"), (70.0, 0.0, 0.0), (8.0, 1.0, 1.0), GRID, hidden=4, rounds=20
)


def fit(tables: list[SurvivalTable], asked: Parameters) -> Result:
    return combine(lambda questions: [at_site(t, questions[0]) for t in tables], asked)


def loss(table: SurvivalTable, model: Model) -> float:
    return hazard_review.at_site(table, hazard_review.Parameters(model)).loss


@pytest.mark.parametrize("weighed", [False, True])
def test_a_step_goes_down_the_gradient_of_the_loss(followed: Draw, weighed: bool) -> None:
    table = followed(1, n=200, late=True, weighed=weighed)
    start = discrete_network.first_weights(ASKED)
    arrived = at_site(table, ASKED).weights
    for k in (0, 7, 13, 20, 35, len(start) - 1):
        either = []
        for move in (-1e-5, 1e-5):
            there = start.copy()
            there[k] += move
            asked = replace(ASKED, coefficients=tuple(there.tolist()))
            either.append(at_site(table, asked).loss)
        slope = (either[1] - either[0]) / 2e-5
        assert (start[k] - arrived[k]) / ASKED.rate == pytest.approx(slope, abs=1e-6)


def test_the_loss_is_that_of_the_review(followed: Draw) -> None:
    table = followed(2, n=400)
    asked = replace(ASKED, decay=0.0)
    first = tuple(discrete_network.first_weights(asked).tolist())
    form = replace(fit([table], replace(asked, rounds=1)).form, weights=first)
    wanted = loss(table, Model(GRID, (Hazard(1, form),)))
    assert at_site(table, asked).loss == pytest.approx(wanted, abs=1e-5)


@pytest.mark.parametrize("how", ["2", "3", "7", "unbalanced", "no event"])
def test_one_step_a_round_is_the_pooled_fit(followed: Draw, dealt: Deal, how: str) -> None:
    table = followed(3)
    apart, pooled = fit(dealt(table, how, 3), ASKED), fit([table], ASKED)
    np.testing.assert_allclose(apart.form.weights, pooled.form.weights, atol=1e-8)
    np.testing.assert_allclose(apart.losses, pooled.losses, atol=1e-10)
    assert (apart.persons, apart.events) == (pooled.persons, pooled.events)


def test_the_same_seed_gives_the_same_bits(followed: Draw) -> None:
    table = followed(4)
    assert fit([table], ASKED).form == fit([table], ASKED).form
    assert fit([table], replace(ASKED, seed=2)).form != fit([table], ASKED).form
    shuffled = table.take(np.random.default_rng(1).permutation(table.n))
    one, other = fit([table], ASKED).form.weights, fit([shuffled], ASKED).form.weights
    np.testing.assert_allclose(one, other, atol=1e-8)


@pytest.mark.parametrize("steps", [1, 5])
def test_it_learns_what_is_not_proportional(followed: Draw, dealt: Deal, steps: int) -> None:
    """On new people, better than the best common hazard; several local steps need fewer rounds."""
    sites, new = dealt(followed(5, n=6_000), "2", 5), followed(6, n=6_000)
    asked = replace(ASKED, steps=steps, rounds=150 if steps == 1 else 60)
    found = fit(sites, asked)
    assert found.losses[-1] < found.losses[0]
    rate = sum(t.event.tolist().count(1) for t in sites) / sum(t.time.sum() for t in sites)
    widths = np.diff([0.0, *GRID])
    level = Proportional((), (), (), tuple(np.log(rate * widths).tolist()))
    flat = loss(new, Model(GRID, (Hazard(1, level),)))
    assert loss(new, Model(GRID, (Hazard(1, found.form),))) < flat - 0.02


def test_a_part_is_its_rows(followed: Draw) -> None:
    table, part = followed(7), folds.every(3).without(0)
    alone = table.take(part.rows(table.people))
    found, wanted = fit([table], replace(ASKED, part=part)), fit([alone], ASKED)
    np.testing.assert_allclose(found.form.weights, wanted.form.weights, atol=1e-10)


def test_bad_settings_are_refused(followed: Draw) -> None:
    table = followed(8, n=60)
    for wrong in (
        replace(ASKED, scales=(8.0, 0.0, 1.0)),
        replace(ASKED, centres=(1.0,)),
        replace(ASKED, hidden=0),
        replace(ASKED, steps=21),
        replace(ASKED, coefficients=(1.0,)),
    ):
        with pytest.raises(ValueError, match="network"):
            at_site(table, wrong)
    with pytest.raises(StudyError, match="ages"):
        at_site(table, replace(ASKED, columns=("ages", "operated", "noise")))
    with pytest.raises(ValueError, match="nobody"):
        at_site(table.take(np.zeros(60, dtype=bool)), ASKED)
    with pytest.raises(ValueError, match="event"):
        fit([replace(table, event=np.zeros_like(table.event))], ASKED)
