"""Regressions whose sites share one baseline, as the gate sees them: sums of risk by interval.

Between two edges a sum of risk falls by the weights of those who leave; so as many leave in every
interval as there will be numbers about it (each round, and each column at the end), and more.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from transat.cohorts.survival_table import SurvivalTable
from transat.federation.data import SiteData
from transat.federation.regression import Fit
from transat.federation.survival import held, known_columns, view
from transat.federation.timed import Cells, Timed, columns_that_leave, everybody, rising
from transat.statistics import cox_unstratified, fine_gray
from transat.statistics.risk_sets import positions

Floats = NDArray[np.float64]
Asked = cox_unstratified.Parameters | fine_gray.Parameters

#: Rounds that such a fit may take: each tells one number about every interval.
ROUNDS = 60


def unfit_cox(data: SiteData, asked: cox_unstratified.Parameters) -> tuple[str, ...]:
    """Fields of a Cox regression with one baseline that are not answered so."""
    wrong = _unfit(data, asked)
    width, p = len(asked.edges or asked.grid), len(asked.columns)
    sound = (
        ("daily", asked.daily == 0),  # whole days are a grid like another
        ("edges", set(asked.edges) <= set(asked.grid)),
        ("centre", len(asked.centre) in (0, p)),
        ("hazard", len(asked.hazard) in (0, width)),
    )
    return wrong + tuple(name for name, right in sound if not right)


def unfit_fine_gray(data: SiteData, asked: fine_gray.Parameters) -> tuple[str, ...]:
    """Fields of Fine and Gray's regression that are not answered so."""
    wrong, survival = _unfit(data, asked), data.survival
    if survival is not None and survival.entry.any():
        wrong += ("entry",)
    return wrong if set(asked.edges) <= set(asked.grid) else (*wrong, "edges")


def _unfit(data: SiteData, asked: Asked) -> tuple[str, ...]:
    wrong, survival = known_columns(data, asked.columns), data.survival
    if survival is None or wrong:
        return wrong
    if np.unique(survival.people).size < survival.n:
        wrong += ("spells",)
    if survival.weights is not None:
        wrong += ("weights",)
    sound = (
        ("columns", bool(asked.columns)),
        ("grid", rising(asked.grid)),
        ("event", 1 <= asked.event <= 127),
        ("coefficients", len(asked.coefficients) in (0, len(asked.columns))),
        ("most_rounds", 1 <= asked.most_rounds <= ROUNDS),
    )
    return wrong + tuple(name for name, right in sound if not right)


def of_cox(data: SiteData, asked: cox_unstratified.Parameters) -> Fit:
    """The view of one question of a Cox regression with one baseline."""
    k, p = len(asked.edges or asked.grid), len(asked.columns)
    square = p * (p + 1) // 2
    if not asked.coefficients:
        numbers = 3 * k + 3 * p + square
    elif asked.told:
        numbers = k * p + square
    else:
        numbers = p + 1 if asked.hazard else k + p
    weights = cox_unstratified.weights(held(data), asked)
    return _view(data, asked, asked.first(), weights, numbers)


def of_fine_gray(data: SiteData, asked: fine_gray.Parameters) -> Fit:
    """The view of one question of Fine and Gray's regression."""
    k, p = len(asked.edges or asked.grid), len(asked.columns)
    square = p * (p + 1) // 2
    numbers = {
        "counts": 3 * k + p, "risk": k + p, "score": 2 * p + square + 1,
        "means": 2 * k * (1 + p) + square, "spread": square,
    }[asked.stage]  # fmt: skip
    return _view(data, asked, asked.start(), _relative(held(data), asked), numbers)


def _view(data: SiteData, asked: Asked, first: Asked, weights: Floats, numbers: int) -> Fit:
    same = replace(first, columns=tuple(sorted(asked.columns)))
    model, at = f"{type(asked).__module__} {same!r}", asked.coefficients
    return view(data, model, asked.columns, asked.event, at, weights, numbers)


def _relative(table: SurvivalTable, asked: Asked) -> Floats:
    """(n,) exp(x'b), up to a factor."""
    x = table.columns[:, positions(table, asked.columns)]
    eta = x @ np.asarray(asked.coefficients or np.zeros(x.shape[1]), dtype=np.float64)
    return np.asarray(np.exp(eta - eta.max(initial=0.0)), dtype=np.float64)


def _cells(table: SurvivalTable, asked: Asked, grid: tuple[float, ...]) -> Cells:
    """Everybody's; and, as the columns are summed by interval at the end, who leaves with each 0/1
    column and without."""
    cells, remaining = everybody(table, grid)
    if isinstance(asked, cox_unstratified.Parameters) and not asked.errors:
        return cells, remaining
    x = table.columns[:, positions(table, asked.columns)]
    return np.vstack([cells, columns_that_leave(table, x, grid)]), remaining


def _least(asked: Asked) -> int:
    """More people leave in an interval than numbers are told about it."""
    return asked.most_rounds + 2 * len(asked.columns) + 2


def parts(data: SiteData, asked: Asked, release: object) -> Iterator[Floats]:
    """What each of those who leave in an interval takes from the sums of risk at its edge, and, at
    the end, from those of each column."""
    columns, sums = _told(asked)
    if not sums:
        return
    table, edges = held(data), np.asarray(asked.edges or asked.grid)
    at = np.searchsorted(edges, table.time, "left")
    order = np.argsort(at, kind="stable")
    relative = _relative(table, asked)
    x = table.columns[:, positions(table, asked.columns)]
    for rows in np.split(order, np.searchsorted(at[order], np.arange(1, edges.size + 1)))[:-1]:
        yield relative[rows]
        if columns:
            for column in x[rows].T:
                if not np.isin(column, (0.0, 1.0)).all():
                    yield np.abs(relative[rows] * column)


def _told(asked: Asked) -> tuple[bool, bool]:
    """Whether sums of columns, and sums of risk, are told by interval."""
    if isinstance(asked, fine_gray.Parameters):
        return asked.stage == "means", asked.stage in ("risk", "means")
    return asked.told, (bool(asked.coefficients) and not asked.hazard) or asked.told


#: The first question: who leaves when, which makes the intervals of all the others.
COX = Timed(_cells, lambda _: "", least=_least, when=lambda asked: not asked.coefficients)
FINE_GRAY = Timed(_cells, lambda _: "", least=_least, when=lambda asked: asked.stage == "counts")
