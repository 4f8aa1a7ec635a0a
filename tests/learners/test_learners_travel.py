"""Questions and answers of the learners cross as they are, and models in them are looked at."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import is_dataclass, replace
from typing import Any

import numpy as np
import pytest

from transat.cohorts import folds
from transat.cohorts.survival_table import SurvivalTable
from transat.federation.wire import Registry
from transat.learners import (
    discrete_network,
    hazard_review,
    hazard_trees,
    hazards,
    recalibration,
)
from transat.learners.hazards import Boosted, Hazard, Model, Network, Proportional
from transat.learners.time_trees import TIME
from transat.learners.trees import Bins, Tree

Draw = Callable[..., SurvivalTable]
GRID = (6.0, 12.0, 24.0)
BINS = Bins(("age", TIME, "operated"), ((60.0, 70.0), (6.0, 12.0), (0.0,)))
COX = Proportional(("age",), (70.0,), (0.05,), (-3.0, -2.0, -1.0))
TREES = Boosted(BINS, -3.0, (Tree((1, 0, 2), (0, 1, 0), (0.0, 0.0, 0.0, 0.5, 0.1, 0.2, 0.3)),))
WIRES = Network(("age",), (70.0,), (8.0,), 2, (0.1,) * (2 * 2 + 3 * 3))
MODEL = Model(GRID, (Hazard(1, COX, 0.9, (0.0, 0.1, 0.2)), Hazard(2, TREES), Hazard(3, WIRES)))
PART = folds.every(5).without(2)

QUESTIONS = (
    (hazard_trees, hazard_trees.Parameters(GRID, BINS, part=PART, least_rows=20)),
    (hazard_review, hazard_review.Parameters(MODEL, PART)),
    (recalibration, recalibration.Parameters(MODEL, 2, "both", (12.0, 24.0), PART)),
    (discrete_network, discrete_network.Parameters(("age",), (70.0,), (8.0,), GRID, rounds=3)),
)  # fmt: skip


def same(one: Any, other: Any) -> bool:
    if isinstance(one, np.ndarray):
        return bool(np.array_equal(one, other)) and one.dtype == other.dtype
    if is_dataclass(one):
        return all(same(getattr(one, f), getattr(other, f)) for f in one.__dataclass_fields__)
    return bool(one == other)


@pytest.mark.parametrize(("step", "asked"), QUESTIONS)
def test_questions_and_answers_cross_as_they_are(followed: Draw, step: Any, asked: Any) -> None:
    """Every round of a fit, decoded on each side, gives the same bits as in one process."""
    tables = [followed(1), followed(2)]
    questions = Registry({"step": step.Parameters})
    answers = Registry({"step": step.Release})

    def crossing(asked_now: list[Any]) -> list[Any]:
        question = questions.decode(questions.encode(asked_now[0]))
        assert question == asked_now[0]
        releases = [step.at_site(table, question) for table in tables]
        back = [answers.decode(answers.encode(release)) for release in releases]
        assert all(same(a, b) for a, b in zip(releases, back, strict=True))
        for release in back:
            assert all(v.dtype == np.int64 and v.min() >= 0 for v in release.counts().values())
        return back

    def direct(asked_now: list[Any]) -> list[Any]:
        return [step.at_site(table, asked_now[0]) for table in tables]

    if step is hazard_review:
        found, wanted = (step.combine(ask([asked]), asked) for ask in (crossing, direct))
    else:
        found, wanted = (step.combine(ask, asked) for ask in (crossing, direct))
    assert same(found, wanted)


def test_a_model_that_does_not_fit_together_is_known() -> None:
    assert hazards.sound(MODEL)
    cox, trees, wires = MODEL.hazards
    for wrong in (
        replace(MODEL, grid=(6.0, 6.0, 24.0)),
        replace(MODEL, grid=(0.0, 12.0, 24.0)),
        replace(MODEL, grid=(6.0, 24.0)),
        replace(MODEL, hazards=()),
        replace(MODEL, hazards=(cox, cox)),
        replace(MODEL, hazards=(replace(cox, shift=(0.0,)),)),
        replace(MODEL, hazards=(replace(cox, form=replace(COX, centres=())),)),
        replace(MODEL, hazards=(replace(cox, form=replace(COX, baseline=(0.0,))),)),
        replace(MODEL, hazards=(replace(wires, form=replace(WIRES, scales=(0.0,))),)),
        replace(MODEL, hazards=(replace(wires, form=replace(WIRES, hidden=3)),)),
    ):
        assert not hazards.sound(wrong)
    tree = TREES.trees[0]
    for form in (
        replace(TREES, bins=Bins(BINS.names, ((60.0, 60.0), *BINS.edges[1:]))),
        replace(TREES, bins=Bins(BINS.names, (BINS.edges[0], (7.0,), BINS.edges[2]))),
        replace(TREES, bins=Bins(BINS.names, BINS.edges[:2])),
        replace(TREES, bins=Bins(("age", "age", TIME), BINS.edges)),
        replace(TREES, trees=(replace(tree, feature=(1, 0, 3)),)),
        replace(TREES, trees=(replace(tree, cut=(0, 2, 0)),)),
        replace(TREES, trees=(replace(tree, value=(0.0,)),)),
        replace(TREES, trees=(Tree((1, 0), (0, 1), (0.0,) * 5),)),
    ):
        assert not hazards.sound(replace(MODEL, hazards=(replace(trees, form=form),)))
