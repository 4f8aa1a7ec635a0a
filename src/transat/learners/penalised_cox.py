"""Cox regression as a learner: coefficients from a statistic, and the baseline that makes of them a
model which foresees.

Question
    Of coefficients fitted by sums over sites (ridge, lasso or none), what chance of the event by
    each month?

Formula
    Hazard accumulated in an interval of the grid: exp(c_g + (x - centres)'b) times its width, c_g
    common to a group of intervals: a baseline that is constant within a group. The c_g are
    `recalibration`'s shifts of a flat baseline, the slope kept at 1: maximum likelihood of events
    grouped in intervals given b (Prentice and Gloeckler 1978), from sums over sites.

Assumptions
    Proportional hazards; the coefficients are on the columns as the table holds them.

References
    Cox DR (1972) J R Stat Soc B 34:187-220, doi:10.1111/j.2517-6161.1972.tb00899.x.
    Tibshirani R (1997) Stat Med 16:385-395, lasso for the Cox model,
    doi:10.1002/(SICI)1097-0258(19970228)16:4<385::AID-SIM380>3.0.CO;2-3.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from transat.cohorts.folds import Part
from transat.learners import recalibration
from transat.learners.hazards import Hazard, Model, Proportional

#: Hazard per unit of time where the baseline's fit starts.
_START = 0.01
#: Hazard of an interval without event: its logarithm is a number.
_LEAST = 1e-200


@dataclass(frozen=True, slots=True)
class Fitted:
    """What a statistic fitted: columns and their coefficients, finite, 0 for one left out. centres:
    where the baseline is told, e.g. means over the sites; any numbers serve."""

    columns: tuple[str, ...]
    coefficients: tuple[float, ...]
    centres: tuple[float, ...] = ()


def flat(fitted: Fitted, grid: tuple[float, ...], kind: int = 1) -> Model:
    """The model with the same hazard at every time, before its baseline is fitted.

    Columns whose coefficient is 0 are left out: who applies the model need not have them.

    Raises
    ------
    ValueError : coefficients that are not finite (a term without estimate), or not one a column.
    """
    coefficients = np.asarray(fitted.coefficients, dtype=np.float64)
    centres = np.asarray(fitted.centres or np.zeros(len(fitted.columns)), dtype=np.float64)
    if not len(fitted.columns) == coefficients.size == centres.size:
        raise ValueError("coefficients: not one for each column")
    if not (np.isfinite(coefficients).all() and np.isfinite(centres).all()):
        raise ValueError("coefficients: one has no finite estimate")
    used = np.flatnonzero(coefficients)
    widths = np.diff(np.concatenate([[0.0], grid]))
    form = Proportional(
        tuple(fitted.columns[int(k)] for k in used),
        tuple(float(v) for v in centres[used]),
        tuple(float(v) for v in coefficients[used]),
        tuple(float(v) for v in np.log(widths * _START)),
    )
    return Model(grid, (Hazard(kind, form),))


def with_baseline(
    fitted: Fitted,
    grid: tuple[float, ...],
    groups: tuple[float, ...],
    ask: recalibration.Ask,
    kind: int = 1,
    part: Part | None = None,
) -> Model:
    """The model with its baseline, fitted by asking sites for `recalibration`'s sums.

    groups: edges of the grid, to its last, within which the hazard is constant
    (`recalibration.groups_with`, from a released curve, chooses them by events).

    Raises
    ------
    StudyError : a group without event.
    """
    asked = recalibration.Parameters(
        flat(fitted, grid, kind), kind, "baseline", groups, part or Part()
    )
    found = recalibration.combine(ask, asked).model
    return Model(grid, tuple(_settled(hazard) for hazard in found.hazards))


def with_hazard(
    fitted: Fitted, edges: Sequence[float], hazard: Sequence[float], kind: int = 1
) -> Model:
    """The model with a baseline that a statistic told: the hazard accumulated up to each edge for
    somebody at the centres (`baseline_hazard` at that profile).

    Raises
    ------
    ValueError : a hazard that is not finite, or that falls.
    """
    grid = tuple(float(edge) for edge in edges)
    added = np.diff(np.concatenate([[0.0], np.asarray(hazard, dtype=np.float64)]))
    if added.size != len(grid) or not np.isfinite(added).all() or (added < 0).any():
        raise ValueError("hazard: not one for each edge, not finite, or falling")
    (flat_hazard,) = flat(fitted, grid, kind).hazards
    return Model(grid, (_of(flat_hazard, added),))


def competing(models: Sequence[Model]) -> Model:
    """One model of several kinds of event, from a Cox model of each, on the edges that all have.

    Raises
    ------
    ValueError : no such edge, two models of a kind, or a model of another form.
    """
    hazards = [(model.grid, hazard) for model in models for hazard in model.hazards]
    common = sorted(set.intersection(*(set(model.grid) for model in models)))
    if not common or len({hazard.kind for _, hazard in hazards}) != len(hazards):
        raise ValueError("competing: common edges of the grids, and one model a kind of event")
    return Model(tuple(common), tuple(_coarser(h, grid, common) for grid, h in hazards))


def _coarser(hazard: Hazard, grid: tuple[float, ...], common: list[float]) -> Hazard:
    """On fewer edges: the hazard accumulated between them is what it was."""
    form = hazard.form
    if not isinstance(form, Proportional) or hazard.shift or hazard.slope != 1:
        raise ValueError("competing: a model that is no Cox model as it was fitted")
    if len(grid) == len(common):
        return hazard
    total = np.cumsum(np.exp(np.asarray(form.baseline)))
    at = np.isin(np.asarray(grid), common)
    return _of(hazard, np.diff(np.concatenate([[0.0], total[at]])))


def _of(hazard: Hazard, added: NDArray[np.float64]) -> Hazard:
    """With this hazard accumulated in each interval at the centres."""
    form = hazard.form
    assert isinstance(form, Proportional)
    told = tuple(float(v) for v in np.log(np.maximum(added, _LEAST)))
    return Hazard(hazard.kind, replace(form, baseline=told))


def _settled(hazard: Hazard) -> Hazard:
    """The shifts taken into the baseline, which is what they are."""
    form = hazard.form
    assert isinstance(form, Proportional)
    baseline = np.asarray(form.baseline) + np.asarray(hazard.shift)
    return _of(hazard, np.exp(baseline))
