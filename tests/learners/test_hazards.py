"""What models say: each form by its definition, and incidences of competing kinds."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from transat.cohorts.analysis_table import AnalysisTable
from transat.cohorts.survival_table import SurvivalTable
from transat.core.errors import StudyError
from transat.learners import boosted_trees, hazards, trees
from transat.learners.hazards import Boosted, Hazard, Model, Network, Proportional
from transat.learners.time_trees import TIME
from transat.learners.trees import Bins, Tree

Draw = Callable[..., SurvivalTable]
GRID = (6.0, 12.0, 24.0)
COX = Proportional(("age", "operated"), (70.0, 0.0), (0.03, -0.4), (-3.0, -2.5, -2.0))
#: Up to month 6 by age; after it, by operation.
TREES = Boosted(
    Bins(("age", TIME, "operated"), ((70.0,), (6.0,), (0.0,))),
    -2.0,
    (Tree((1, 0, 2), (0, 0, 0), (0.0, 0.0, 0.0, -0.5, 0.25, 0.125, 1.0)),),
)


def test_a_proportional_hazard(followed: Draw) -> None:
    table = followed(1, n=40)
    found = hazards.scores(Hazard(1, COX), GRID, table)
    for i, (age, operated, _) in enumerate(table.columns):
        wanted = np.array([-3.0, -2.5, -2.0]) + 0.03 * (age - 70) - 0.4 * operated
        np.testing.assert_allclose(found[i], wanted, rtol=1e-12)


def test_boosted_trees_cut_time(followed: Draw) -> None:
    table = followed(2, n=40)
    found = hazards.scores(Hazard(1, TREES), GRID, table)
    for i, (age, operated, _) in enumerate(table.columns):
        early = -0.5 if age <= 70 else 0.25
        late = 1.0 if operated else 0.125
        np.testing.assert_allclose(found[i], [-2 + early, -2 + late, -2 + late])


def test_a_network(followed: Draw) -> None:
    table = followed(3, n=10)
    weights = np.random.default_rng(0).normal(size=2 * 4 + 4 + 4 * 3 + 3)
    form = Network(("operated", "age"), (0.0, 70.0), (1.0, 8.0), 4, tuple(weights.tolist()))
    found = hazards.scores(Hazard(1, form), GRID, table)
    x = np.column_stack([table.columns[:, 1], (table.columns[:, 0] - 70) / 8])
    inner = np.tanh(x @ weights[:8].reshape(2, 4) + weights[8:12])
    np.testing.assert_allclose(found, inner @ weights[12:24].reshape(4, 3) + weights[24:])
    with pytest.raises(ValueError, match="weights"):
        hazards.scores(Hazard(1, replace(form, hidden=5)), GRID, table)


@pytest.mark.parametrize("forms", [(COX, COX), (TREES, TREES), (COX, TREES)])
def test_incidences_and_who_stays_free_are_everybody(
    followed: Draw, forms: tuple[hazards.Proportional | hazards.Boosted, ...]
) -> None:
    """By the definition, one row and interval at a time."""
    table = followed(4, n=30)
    second = Hazard(2, forms[1], slope=0.8, shift=(0.1, 0.2, 0.3))
    model = Model(GRID, (Hazard(1, forms[0]), second))
    found = [hazards.incidence(model, table, kind, GRID) for kind in (1, 2)]
    each = [hazards.scores(hazard, GRID, table) for hazard in model.hazards]
    for i in range(table.n):
        free, came = 1.0, np.zeros((2, 3))
        for k in range(3):
            if forms == (COX, COX):
                h = np.exp([f[i, k] for f in each])
                p = (1 - np.exp(-h.sum())) * h / h.sum()
            else:
                link = [isinstance(f, Proportional) for f in forms]
                p = np.array([
                    1 - np.exp(-np.exp(f[i, k])) if log else 1 / (1 + np.exp(-f[i, k]))
                    for f, log in zip(each, link, strict=True)
                ])  # fmt: skip
            came[:, k] = free * p
            free *= 1 - p.sum()
        np.testing.assert_allclose([f[i] for f in found], np.cumsum(came, axis=1), rtol=1e-10)
        assert free + came.sum() == pytest.approx(1)


def test_chances_never_exceed_one(followed: Draw) -> None:
    """Scores of an absurd model stay finite, and its chances sum to 1 at most."""
    table = followed(5, n=50)
    wild = Proportional(("age",), (0.0,), (900.0,), (0.0, 0.0, 0.0))
    for pair in ((wild, wild), (wild, replace(TREES, base=60.0)), (TREES, TREES)):
        model = Model(GRID, tuple(Hazard(k, form) for k, form in enumerate(pair, 1)))
        each = hazards.chances(model, table)
        assert np.isfinite(each).all()
        assert (each >= 0).all()
        assert each.sum(axis=0).max() <= 1 + 1e-12
        assert (hazards.incidence(model, table, 1, (24.0,)) <= 1 + 1e-12).all()


def test_rows_are_taken_in_pieces(followed: Draw, monkeypatch: pytest.MonkeyPatch) -> None:
    table = followed(6, n=100, weighed=True)
    model = Model(GRID, (Hazard(1, COX), Hazard(2, TREES)))
    whole = hazards.incidence(model, table, 2, GRID)
    monkeypatch.setattr(hazards, "_ROWS", 7)
    np.testing.assert_array_equal(hazards.incidence(model, table, 2, GRID), whole)


def test_what_a_model_reads_and_what_it_does_not_say(followed: Draw) -> None:
    model = Model(GRID, (Hazard(1, TREES), Hazard(2, COX)))
    assert hazards.columns(model) == ("age", "operated")
    with pytest.raises(ValueError, match="horizons"):
        hazards.incidence(model, followed(1, n=5), 1, (7.0,))
    with pytest.raises(ValueError, match="kind"):
        hazards.incidence(model, followed(1, n=5), 3, (6.0,))
    named = replace(followed(1, n=5), column_names=("ages", "operated", "noise"))
    with pytest.raises(StudyError, match="age"):
        hazards.scores(Hazard(1, COX), GRID, named)


def test_a_forest_of_an_outcome_by_a_horizon(
    draw: Callable[..., AnalysisTable], agreed: Bins, followed: Draw
) -> None:
    """A binary forest is a model of one interval, with the probabilities of the forest."""
    births = draw(1, n=600)
    asked = boosted_trees.Parameters("m0", agreed, number=5)
    found = boosted_trees.combine(lambda q: [boosted_trees.at_site(births, q[0])], asked).forest
    columns = [births.covariates, births.exposure("D0")[:, None]]
    same = replace(
        followed(1, n=600),
        columns=np.hstack(columns),
        column_names=("age", "year", "epilepsy", "D0"),
    )
    risk = hazards.incidence(hazards.of_forest(found, (12.0,), 2), same, 2, (12.0,))
    np.testing.assert_allclose(risk[:, 0], trees.probabilities(found, births), rtol=1e-12)
