"""Regressions of times whose sites keep their baselines, or have one in few numbers, as the gate
sees them: what of their questions is not answered, and the view of each of their rounds."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from transat.cohorts import folds
from transat.cohorts.survival_table import SurvivalTable
from transat.federation.data import SiteData
from transat.federation.regression import Fit
from transat.federation.survival import held, known_columns, view
from transat.federation.timed import Cells, Timed, columns_that_leave, everybody, rising
from transat.statistics import (
    baseline_hazard,
    cox,
    cox_penalised,
    discrete_hazard,
    parametric,
    proportional_hazards,
)
from transat.statistics.risk_sets import positions

Floats = NDArray[np.float64]

#: Rounds that a fit by intervals usually takes, each of which tells of every interval.
USUAL = 10


def _unfit(data: SiteData, asked: Any, more: int = 0, rows: bool = False) -> tuple[str, ...]:
    """Of any of them. more: coefficients besides those of the columns; rows: must be people."""
    wrong, survival = known_columns(data, asked.columns), data.survival
    if survival is None or wrong:
        return wrong
    if rows and np.unique(survival.people).size < survival.n:
        wrong += ("spells",)
    if not 1 <= getattr(asked, "event", 1) <= 127:
        wrong += ("event",)
    size = len(asked.coefficients)
    return wrong if size in (0, len(asked.columns) + more) else (*wrong, "coefficients")


def unfit_baseline(data: SiteData, asked: baseline_hazard.Parameters) -> tuple[str, ...]:
    """Fields of a question about baselines that are not answered so."""
    wrong = _unfit(data, asked, rows=True)
    if len(asked.profile) not in (0, len(asked.columns)):
        wrong += ("profile",)
    return wrong if rising(asked.grid) else (*wrong, "grid")


def unfit_proportional(data: SiteData, asked: proportional_hazards.Parameters) -> tuple[str, ...]:
    """Fields of a test of proportional hazards that are not answered so: steps would weigh one
    interval of the coordinator's choice alone."""
    wrong = _unfit(data, asked)
    if asked.transform == "steps" or asked.edges or asked.values:
        wrong += ("transform",)
    named = {name for group in asked.groups for name in group}
    return wrong if named <= set(asked.columns) else (*wrong, "groups")


def unfit_penalised(data: SiteData, asked: cox_penalised.Parameters) -> tuple[str, ...]:
    """Fields of a penalised regression's question that are not answered so."""
    wrong = _unfit(data, asked)
    if not (folds.sound(asked.part) and folds.sound(asked.judged)):
        return (*wrong, "part")
    return wrong if asked.part.folds == asked.judged.folds else (*wrong, "judged")


def unfit_parametric(data: SiteData, asked: parametric.Parameters) -> tuple[str, ...]:
    """Fields of a survival regression's question that are not answered so."""
    wrong, survival = _unfit(data, asked, len(asked.terms) - len(asked.columns), rows=True), data
    late = survival.survival is not None and survival.survival.entry.any()
    return (*wrong, "entry") if late else wrong


def unfit_discrete(data: SiteData, asked: discrete_hazard.Parameters) -> tuple[str, ...]:
    """Fields of a question about hazards by interval that are not answered so."""
    wrong = _unfit(data, replace(asked, coefficients=()), rows=True)
    survival = data.survival
    if survival is None or wrong:
        return wrong
    sound = (
        ("grid", rising(asked.grid)),
        ("edges", set(asked.edges) <= set(asked.grid)),
        ("kinds", int(survival.event.max(initial=1)) <= asked.kinds <= 127),
        ("coefficients", len(asked.coefficients) in (0, len(asked.terms))),
    )
    return tuple(name for name, right in sound if not right)


def of_baseline(data: SiteData, asked: baseline_hazard.Parameters) -> Fit:
    """A Cox regression's view; the last round tells the baselines besides."""
    p, strata = len(asked.columns), len(held(data).stratum_labels)
    return _as_cox(data, asked, asked.first(), strata * len(asked.grid) * (2 + p) * asked.told)


def of_proportional(data: SiteData, asked: proportional_hazards.Parameters) -> Fit:
    """A Cox regression's view; the last round tells two matrices more."""
    p = len(asked.columns)
    return _as_cox(data, asked, asked.first(), (p + p * (p + 1)) * asked.tested)


def of_penalised(data: SiteData, asked: cox_penalised.Parameters) -> Fit:
    """A Cox regression's view, of the people who take part."""
    whole = _as_cox(data, asked, replace(asked, coefficients=()), 0)
    used = asked.part.rows(whole.people)
    if used.all():
        return whole
    return replace(
        whole, x=whole.x[used], events=whole.events[used], people=whole.people[used],
        weights=whole.weights[used], means=whole.means[used],
    )  # fmt: skip


def _as_cox(data: SiteData, asked: Any, first: Any, more: int) -> Fit:
    p = len(asked.columns)
    as_cox = cox.Parameters(asked.columns, asked.event, asked.ties, coefficients=asked.coefficients)
    weights = cox.weights(held(data), as_cox)
    usual = p + p * (p + 1) // 2 + 1 if asked.coefficients else 0
    return _view(data, asked, first, asked.coefficients, weights, usual + more if more else 0)


def of_parametric(data: SiteData, asked: parametric.Parameters) -> Fit:
    """Rows weigh by how their time bends the likelihood."""
    q, p = len(asked.terms), len(asked.columns)
    weights = np.abs(parametric.weights(held(data), asked))
    at = asked.coefficients[1 : 1 + p]
    return _view(
        data, asked, replace(asked, coefficients=()), at, weights, q + q * (q + 1) // 2 + 1
    )


def of_discrete(data: SiteData, asked: discrete_hazard.Parameters) -> Fit:
    """Rows weigh by the intervals in which they are at risk; a column's coefficient is the largest
    of its kinds."""
    p, width, kinds = len(asked.columns), len(asked.edges or asked.grid), asked.kinds
    if not asked.coefficients:
        weights, numbers = np.ones(held(data).n), (2 + kinds) * width
        return _view(data, asked, asked.start(), (), weights, numbers)
    each = np.asarray(asked.coefficients).reshape(kinds, -1)[:, -p:] if p else np.zeros((1, 0))
    q = len(asked.terms)
    return _view(
        data, asked, asked.start(), tuple(float(b) for b in np.abs(each).max(axis=0)),
        discrete_hazard.weights(held(data), asked), q + q * (q + 1) // 2 + 1,
    )  # fmt: skip


def _view(
    data: SiteData, asked: Any, first: Any, at: tuple[float, ...], weights: Floats, numbers: int
) -> Fit:
    same = replace(first, columns=tuple(sorted(asked.columns)))
    model, event = f"{type(asked).__module__} {same!r}", getattr(asked, "event", 0)
    return view(data, model, asked.columns, event, at, weights, numbers)


def _by_stratum(table: SurvivalTable, asked: Any, grid: tuple[float, ...]) -> Cells:
    """Everybody's cells in each stratum."""
    found = [everybody(_of_stratum(table, s), grid) for s in range(len(table.stratum_labels))]
    return np.vstack([cells for cells, _ in found]), np.vstack([after for _, after in found])


def _of_stratum(table: SurvivalTable, stratum: int) -> SurvivalTable:
    rows = table.strata == stratum
    return replace(
        table, n=int(rows.sum()), time=table.time[rows], entry=table.entry[rows],
        event=table.event[rows], columns=table.columns[rows], strata=table.strata[rows],
        people=table.people[rows], weights=None,
    )  # fmt: skip


def _with_columns(table: SurvivalTable, asked: Any, grid: tuple[float, ...]) -> Cells:
    cells, remaining = everybody(table, grid)
    x = table.columns[:, positions(table, asked.columns)]
    return np.vstack([cells, columns_that_leave(table, x, grid)]), remaining


def _several(asked: discrete_hazard.Parameters) -> int:
    """Each usual round tells of an interval its gradient and its row of the information."""
    return USUAL * asked.kinds * (2 + len(asked.columns))


_everyone: Callable[[Any], str] = lambda _: ""  # noqa: E731

#: Baselines, by stratum, at the last round.
BASELINE = Timed(_by_stratum, _everyone, when=lambda asked: asked.told)
#: Hazards by interval: the counts come first, and make the intervals of all rounds.
DISCRETE = Timed(
    _with_columns, _everyone, least=_several, when=lambda asked: not asked.coefficients
)
