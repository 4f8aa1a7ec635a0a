"""G6. Time: what is told by time is told on one grid for a population, with enough leavers in each.

Rule: edges are whole steps of the study's time unit, never dates; the first grid asked about a
population is its grid, and later ones may only take edges out of it. Neighbouring intervals are
made one until, in each of them and in each group told apart, those who entered, had an event of
each kind, or were censored are 0 or at least the threshold, and those who leave 0 or at least
`leavers`; where those still observed at the end would be few, the last intervals are taken off.
The grouping is made on the whole grid and for every kind of event, so that it never depends on the
order of the questions and two answers differ by groups alone. Groups of another column, nested in
or holding those told before, must not differ from them by a small count either. What it stops:
the people who left within one short interval read one by one, or by subtracting two grids. Cox
regressions send nothing by time.

Source: reference/federation.md §4.3 (risk sets differenced day by day gave back 1,363 of 3,000
patients) and §4.4, G6; AI-SDC/ACRO acro/default.yaml 1.0.2 (survival threshold 10).
"""

from __future__ import annotations

import hashlib
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from transat.cohorts.survival_table import SurvivalTable
from transat.federation.checks import groups
from transat.federation.checks.check import Asked, Remembered
from transat.federation.data import SiteData
from transat.federation.refusals import Refused
from transat.statistics import kaplan_meier
from transat.statistics.kaplan_meier import Parameters, Release

Integers = NDArray[np.int64]
Flags = NDArray[np.bool_]


class TimeGrid:
    """The check of G6; it remembers, by population, its grid and the columns that told groups
    apart."""

    rule, key = "G6", "time_grid"

    def __init__(self) -> None:
        self._grid: dict[str, tuple[float, ...]] = {}
        self._by: dict[str, set[str]] = {}
        self._named: tuple[SiteData, str] | None = None

    def before(self, asked: Asked) -> None:
        """Raises Refused: time_grid, for edges that are no whole steps or not of the grid."""
        if not isinstance(asked.parameters, Parameters):
            return
        edges = asked.parameters.grid
        grid = self._grid.get(self._people(asked), edges)
        if any(edge != round(edge) for edge in edges) or not set(edges) <= set(grid):
            raise Refused("time_grid", ("grid",))
        table = asked.data.survival
        # People who enter and leave within one interval are in no count: of two grids, not the same
        if table is not None and table.entry.any() and edges != grid:
            raise Refused("time_grid", ("grid",))

    def after(self, asked: Asked, release: Any) -> Any:
        """The release on fewer edges. Raises Refused: time_grid, where none is left."""
        table = asked.data.survival
        if not isinstance(release, Release) or table is None:
            return release
        grid = self._grid.get(self._people(asked), asked.parameters.grid)
        told = replace(asked.parameters, grid=grid)
        edges = _edges(table, told, asked)
        for by in sorted(self._by.get(self._people(asked), set()) - {told.by}):
            if _nested(table, told, by, edges, asked):
                named = told.by or by
                raise Refused("time_grid", (named,), (f"-{named}",))
        merged = release.merged(np.isin(release.edges, edges))
        if not merged.edges.size or not _fit(merged, asked):
            raise Refused("time_grid", (told.by,) if told.by else ())
        return merged

    def left(self, asked: Asked, release: Any) -> Remembered | None:
        """The grid and the column, where the release is told by time."""
        if not isinstance(release, Release):
            return None
        grid = self._grid.get(self._people(asked), asked.parameters.grid)
        return {"people": self._people(asked), "grid": list(grid), "by": asked.parameters.by}

    def recall(self, remembered: Remembered) -> None:
        """Remember a population's grid and a column."""
        people = str(remembered["people"])
        self._grid[people] = tuple(float(edge) for edge in remembered["grid"])
        self._by.setdefault(people, set()).add(str(remembered["by"]))

    def _people(self, asked: Asked) -> str:
        """A name of those whose times are told, whatever the cohort is called."""
        if self._named is None or self._named[0] is not asked.data:
            table = asked.data.survival
            people = np.unique(table.people) if table is not None else np.empty(0, np.int64)
            name = hashlib.sha256(people.astype(np.int64).tobytes()).hexdigest()
            self._named = asked.data, name
        return self._named[1]


def _edges(table: SurvivalTable, told: Parameters, asked: Asked) -> NDArray[np.float64]:
    """The edges of the grid that may leave."""
    cells, remaining = _cells(table, told)
    floor = _floors(asked)
    kept = groups.ends(cells, floor, np.ones(cells.shape[1], dtype=np.bool_))
    while kept.any():
        last = int(np.flatnonzero(kept)[-1])
        if groups.fits(remaining[:, last], floor):
            break
        kept[last] = False
    return np.asarray(told.grid)[kept]


def _floors(asked: Asked) -> Integers:
    """One floor for entries, events and censorings alike; the leavers are sums of the latter."""
    return np.array([max(asked.policy.threshold, int(asked.policy.limit("leavers")))])


def _cells(table: SurvivalTable, told: Parameters) -> tuple[Integers, Integers]:
    """(C, K) who entered, was censored, had each kind of event, by group; and (G, K) who remains
    observed after each edge."""
    whole = kaplan_meier.at_site(table, replace(told, event=0))
    kinds = [
        kaplan_meier.at_site(table, replace(told, event=int(kind))).events
        for kind in np.unique(table.event[table.event > 0])
    ]
    cells = np.concatenate([whole.entered, whole.censored, *kinds])
    left = np.cumsum(whole.events + whole.censored, axis=1)
    return cells, whole.entered.sum(axis=1)[:, None] - left


def _fit(release: Release, asked: Asked) -> bool:
    return all(groups.fits(cells, _floors(asked)) for cells in release.counts().values())


def _nested(
    table: SurvivalTable, told: Parameters, by: str, edges: NDArray[np.float64], asked: Asked
) -> bool:
    """Whether a group of one column, less one of the other that it holds, leaves a small count."""
    other = replace(told, by=by)
    common = np.intersect1d(edges, _edges(table, other, asked))
    if not common.size:
        return False
    on_common = replace(told, by="", grid=tuple(float(edge) for edge in common))
    for one in _members(table, told):
        for two in _members(table, other):
            small, large = (one, two) if one.sum() <= two.sum() else (two, one)
            if (small & ~large).any() or not (large & ~small).any():
                continue
            cells, remaining = _cells(_rows(table, large & ~small), on_common)
            if not groups.fits(np.vstack([cells, remaining]), _floors(asked)):
                return True
    return False


def _members(table: SurvivalTable, told: Parameters) -> tuple[Flags, ...]:
    if not told.by:
        return (np.ones(table.n, dtype=np.bool_),)
    column = table.columns[:, table.column_names.index(told.by)] == 1
    return column, ~column


def _rows(table: SurvivalTable, chosen: Flags) -> SurvivalTable:
    return replace(
        table, n=int(chosen.sum()), time=table.time[chosen], entry=table.entry[chosen],
        event=table.event[chosen], columns=table.columns[chosen], strata=table.strata[chosen],
        people=table.people[chosen],
    )  # fmt: skip
