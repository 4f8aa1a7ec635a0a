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
from dataclasses import dataclass

import numpy as np

from transat.cohorts.folds import Part
from transat.learners import recalibration
from transat.learners.hazards import Hazard, Model, Proportional

#: Hazard per unit of time where the baseline's fit starts.
_START = 0.01


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


def competing(models: Sequence[Model]) -> Model:
    """One model of several kinds of event, from a model of each, on the same grid.

    Raises
    ------
    ValueError : different grids, or two models of a kind.
    """
    hazards = tuple(hazard for model in models for hazard in model.hazards)
    kinds = [hazard.kind for hazard in hazards]
    if len({model.grid for model in models}) != 1 or len(set(kinds)) != len(kinds):
        raise ValueError("competing: one grid, and one model a kind of event")
    return Model(models[0].grid, hazards)


def _settled(hazard: Hazard) -> Hazard:
    """The shifts taken into the baseline, which is what they are."""
    form = hazard.form
    assert isinstance(form, Proportional)
    baseline = np.asarray(form.baseline) + np.asarray(hazard.shift)
    told = tuple(float(v) for v in baseline)
    return Hazard(hazard.kind, Proportional(form.columns, form.centres, form.coefficients, told))
