"""Models of hazards that the coordinator sends back to the sites, as the gate sees them: set right
for a new shore (`recalibration`), reviewed on people they never saw (`hazard_review`)."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from transat.cohorts import folds
from transat.cohorts.survival_table import SurvivalTable
from transat.federation import predicted
from transat.federation.data import SiteData
from transat.federation.survival import held
from transat.federation.timed import LONGEST, Timed, everybody, rising
from transat.learners import hazard_review, hazards, recalibration
from transat.learners.hazards import Model

Floats = NDArray[np.float64]


def unfit_recalibration(data: SiteData, asked: recalibration.Parameters) -> tuple[str, ...]:
    """Fields of a question that sets a model right, which are not answered so."""
    wrong = _unfit(data, asked.before)
    if data.survival is None or wrong:
        return wrong
    by_group = asked.what in ("baseline", "both")
    sound = (
        ("kind", any(hazard.kind == asked.kind for hazard in asked.before.hazards)),
        ("groups", not asked.groups or asked.groups[-1] == asked.before.grid[-1]),
        ("groups", set(asked.groups) <= set(asked.before.grid) and bool(asked.groups) == by_group),
        ("groups", not asked.groups or rising(asked.groups)),
        ("part", asked.part == folds.Part()),
        ("coefficients", len(asked.coefficients) in (0, len(asked.columns))),
    )
    return tuple(dict.fromkeys(name for name, right in sound if not right))


def unfit_review(data: SiteData, asked: hazard_review.Parameters) -> tuple[str, ...]:
    """Fields of a question that reviews a model, which are not answered so."""
    wrong = _unfit(data, asked.model)
    return wrong if folds.sound(asked.part) else (*wrong, "part")


def _unfit(data: SiteData, model: Model) -> tuple[str, ...]:
    survival = data.survival
    if survival is None:
        return ("survival",)
    if not set(hazards.columns(model)) <= set(survival.column_names):
        return ("model",)
    wrong: tuple[str, ...] = ()
    if np.unique(survival.people).size < survival.n or survival.entry.any():
        wrong += ("spells",)
    if survival.weights is not None:
        wrong += ("weights",)
    whole = all(edge == round(edge) for edge in model.grid)
    return (
        wrong if rising(model.grid) and whole and len(model.grid) <= LONGEST else (*wrong, "grid")
    )


def foreseen(data: SiteData, asked: Any) -> Floats | None:
    """(n,) the events that a model which was sent expects of each person; None where none was."""
    if isinstance(asked, predicted.Parameters):
        return predicted.risks(held(data), asked)
    if isinstance(asked, recalibration.Parameters):
        return _expected(held(data), asked.before, asked.kind)
    if isinstance(asked, hazard_review.Parameters):
        each = [_expected(held(data), asked.model, h.kind) for h in asked.model.hazards]
        return np.asarray(np.sum(each, axis=0), dtype=np.float64)
    return None


def _expected(table: SurvivalTable, model: Model, kind: int) -> Floats:
    """Of one kind, over the intervals in which each person is at risk."""
    each = hazards.chances(model, table)[model.hazards.index(hazards.of(model, kind))]
    last = np.searchsorted(np.asarray(model.grid), table.time, "left")
    seen = np.where(np.arange(len(model.grid)) <= last[:, None], each, 0.0)
    return np.asarray(seen.sum(axis=1), dtype=np.float64)


def _until(data: SiteData, asked: recalibration.Parameters, edge: float) -> recalibration.Release:
    """The sums with everybody's follow-up ended at an edge: nothing is told of what comes later."""
    table = held(data)
    later = table.time > edge
    ended = replace(
        table, time=np.minimum(table.time, edge), event=np.where(later, 0, table.event).astype("i1")
    )
    return recalibration.at_site(ended, asked)


#: Events and leavers by group of intervals; the last group goes on beyond the last edge told.
RECALIBRATED = Timed(
    lambda table, asked, grid: everybody(table, grid), lambda _: "", founds=False, until=_until
)
