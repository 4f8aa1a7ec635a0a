"""Rows that are no survival data, or say little: a clear error, or a finite answer."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from transat.cohorts.survival_table import SurvivalTable
from transat.core.errors import StudyError
from transat.learners import (
    discrete_network,
    hazard_review,
    hazard_trees,
    hazards,
    recalibration,
)
from transat.learners.hazards import Boosted, Hazard, Model, Proportional
from transat.learners.time_trees import TIME
from transat.learners.trees import Bins

Draw = Callable[..., SurvivalTable]
GRID = (6.0, 12.0, 24.0)
BINS = Bins(("age", TIME), ((60.0, 70.0), (6.0, 12.0)))
COX = Proportional(("age",), (70.0,), (0.05,), (-3.0, -2.0, -1.0))
MODEL = Model(GRID, (Hazard(1, COX),))

ASKS: dict[str, Callable[[SurvivalTable], object]] = {
    "trees": lambda t: hazard_trees.at_site(t, hazard_trees.Parameters(GRID, BINS)),
    "review": lambda t: hazard_review.at_site(t, hazard_review.Parameters(MODEL)),
    "recalibration": lambda t: recalibration.at_site(t, recalibration.Parameters(MODEL)),
    "network": lambda t: discrete_network.at_site(
        t, discrete_network.Parameters(("age",), (70.0,), (8.0,), GRID)
    ),
}


def changed(table: SurvivalTable, field: str, value: float) -> SurvivalTable:
    array = np.array(getattr(table, field), dtype=np.float64, copy=True)
    array[(0,) * array.ndim] = value
    return replace(table, **{field: array})


@pytest.mark.parametrize("who", ASKS)
@pytest.mark.parametrize(
    ("field", "value", "where"),
    [
        ("time", np.nan, "time"),
        ("time", np.inf, "time"),
        ("time", -1.0, "time"),
        ("entry", 99.0, "entry"),
        ("entry", np.nan, "entry"),
        ("columns", np.nan, "age"),
        ("columns", np.inf, "age"),
        ("weights", 0.0, "weights"),
        ("weights", np.nan, "weights"),
    ],
)
def test_impossible_rows_are_said_by_name(
    followed: Draw, who: str, field: str, value: float, where: str
) -> None:
    table = changed(followed(1, n=80, weighed=True), field, value)
    with pytest.raises(StudyError) as wrong:
        ASKS[who](table)
    assert wrong.value.where == where


def finite(result: hazard_trees.Result) -> bool:
    values = (result.forest.base, *(v for tree in result.forest.trees for v in tree.value))
    return bool(np.isfinite(values).all() and np.isfinite(result.gain).all())


def grown(table: SurvivalTable, **settings: object) -> hazard_trees.Result:
    asked = replace(hazard_trees.Parameters(GRID, BINS, number=5, least_rows=5), **settings)
    return hazard_trees.combine(lambda q: [hazard_trees.at_site(table, q[0])], asked)


def test_one_event(followed: Draw) -> None:
    table = followed(2, n=200)
    event = np.zeros_like(table.event)
    event[np.flatnonzero(table.time < 20)[0]] = 1
    result = grown(replace(table, event=event))
    assert (result.events, finite(result)) == (1, True)


@pytest.mark.parametrize("penalty", [0.0, 1.0])
def test_separation(followed: Draw, penalty: float) -> None:
    """Only the old ever have the event: leaves grow no further than the sums let them."""
    table = followed(3, n=300)
    event = np.where(table.columns[:, 0] > 70, table.event == 1, 0).astype(np.int8)
    result = grown(replace(table, event=event), penalty=penalty, rate=1.0, number=30)
    assert finite(result)
    form = Boosted(BINS, result.forest.base, result.forest.trees)
    risk = hazards.incidence(Model(GRID, (Hazard(1, form),)), table, 1, GRID)
    assert np.isfinite(risk).all()
    assert risk[table.columns[:, 0] <= 70].max() < risk[table.columns[:, 0] > 70].min()


def test_a_constant_column_is_never_cut(followed: Draw) -> None:
    table = followed(4, n=300)
    table.columns[:, 0] = 65.0
    result = grown(table)
    assert all(0 not in tree.feature for tree in result.forest.trees)
    assert finite(result)


def test_everybody_at_one_time(followed: Draw) -> None:
    """One common time: half have the event then, half are censored."""
    table = followed(5, n=100)
    event = np.arange(100) % 2
    tied = replace(table, time=np.full(100, 7.0), event=event.astype(np.int8))
    assert finite(grown(tied))
    asked = recalibration.Parameters(MODEL)
    found = recalibration.combine(lambda q: [recalibration.at_site(tied, q[0])], asked)
    assert (found.observed, np.isfinite(found.shifts).all()) == (50, True)


def test_more_columns_than_events(followed: Draw) -> None:
    table = followed(6, n=120)
    noise = np.random.default_rng(0).normal(size=(120, 60))
    wide = replace(table, columns=noise, column_names=tuple(f"x{k}" for k in range(60)))
    bins = Bins((*wide.column_names, TIME), (*(((-0.5, 0.5),) * 60), (6.0, 12.0)))
    asked = hazard_trees.Parameters(GRID, bins, number=5, least_rows=5)
    result = hazard_trees.combine(lambda q: [hazard_trees.at_site(wide, q[0])], asked)
    assert finite(result)
    net = discrete_network.Parameters(wide.column_names, (0.0,) * 60, (1.0,) * 60, GRID, rounds=30)
    weights = discrete_network.combine(
        lambda q: [discrete_network.at_site(wide, q[0])], net
    ).form.weights
    assert np.isfinite(weights).all()
