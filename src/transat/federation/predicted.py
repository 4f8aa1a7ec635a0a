"""A model that the coordinator sends, applied where the people are, and told by bins of risk."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from transat.cohorts.survival_table import SurvivalTable
from transat.federation.data import SiteData
from transat.federation.survival import held, known_columns
from transat.federation.timed import LONGEST, Cells, Timed, rising, two_values
from transat.learners import hazards
from transat.learners.hazards import Model
from transat.statistics import risk_histogram

Floats = NDArray[np.float64]

#: Name of the column that the model makes; bins and groups of one question.
RISK, BINS, GROUPS = "predicted risk", 200, 4


@dataclass(frozen=True, slots=True)
class Parameters:
    """model, kind, horizon: whose incidence by when is the risk. The rest: of `risk_histogram`."""

    model: Model
    kind: int
    horizon: float
    bins: tuple[float, ...]
    grid: tuple[float, ...]
    kinds: int = 1
    by: tuple[str, ...] = ()

    def counted(self) -> risk_histogram.Parameters:
        """What is counted once the risks are there: `risk_histogram.combine` takes it."""
        return risk_histogram.Parameters(RISK, self.bins, self.grid, self.kinds, self.by)


def at_site(data: SiteData, asked: Parameters) -> risk_histogram.Release:
    """The counts of one site.

    Raises
    ------
    As `risk_histogram.at_site` and `hazards.incidence`.
    """
    table = held(data)
    risk = risks(table, asked)
    scored = replace(
        table, columns=np.column_stack([table.columns, risk]),
        column_names=(*table.column_names, RISK),
    )  # fmt: skip
    return risk_histogram.at_site(scored, asked.counted())


def risks(table: SurvivalTable, asked: Parameters) -> Floats:
    """(n,) the predicted risk of every row."""
    found = hazards.incidence(asked.model, table, asked.kind, (asked.horizon,))[:, 0]
    return np.clip(found, 0.0, 1.0)


def unfit(data: SiteData, asked: Parameters) -> tuple[str, ...]:
    """Fields of a question about predicted risks that are not answered so."""
    survival = data.survival
    wrong = known_columns(data, asked.by)
    if survival is None or wrong:
        return wrong
    if not set(hazards.columns(asked.model)) <= set(survival.column_names):
        wrong += ("model",)
    wrong += two_values(survival, asked.by, "by")
    if np.unique(survival.people).size < survival.n or survival.entry.any():
        wrong += ("spells",)
    if survival.weights is not None:
        wrong += ("weights",)
    ends = np.asarray(asked.bins)
    between = ends.size <= BINS and bool(
        ((ends > 0) & (ends < 1)).all() and (np.diff(ends) > 0).all()
    )
    sound = (
        ("horizon", asked.horizon in asked.model.grid and len(asked.model.grid) <= LONGEST),
        ("kind", any(hazard.kind == asked.kind for hazard in asked.model.hazards)),
        ("bins", between),
        ("grid", rising(asked.grid)),
        ("by", len(asked.by) <= GROUPS),
        ("kinds", int(survival.event.max(initial=1)) <= asked.kinds <= 127),
    )
    return wrong + tuple(name for name, right in sound if not right)


def _cells(table: SurvivalTable, asked: Parameters, grid: tuple[float, ...]) -> Cells:
    """Every kind of end by group and interval, all risks together; who remains."""
    alike = replace(
        table, columns=np.column_stack([table.columns, np.zeros(table.n)]),
        column_names=(*table.column_names, RISK),
    )  # fmt: skip
    whole = risk_histogram.at_site(alike, replace(asked.counted(), bins=(), grid=grid))
    left = whole.left[:, 0]
    after = whole.persons().sum(axis=1)[:, None] - np.cumsum(left.sum(axis=1), axis=1)
    return left.reshape(-1, len(grid)), after


def cells(release: risk_histogram.Release) -> NDArray[np.int64]:
    """(C, B) every head count of a release by bin of risk."""
    by_bin = np.moveaxis(release.left, 1, -1).reshape(-1, release.left.shape[1])
    return np.concatenate([by_bin, release.remaining])


def above(risk: Floats, bins: Floats) -> Iterator[NDArray[np.bool_]]:
    """For each end of a bin, (n,) who has at least that risk."""
    for end in bins:
        yield risk >= end


#: Risks by bin: the intervals first, all risks together.
PREDICTED = Timed(_cells, lambda _: "")
