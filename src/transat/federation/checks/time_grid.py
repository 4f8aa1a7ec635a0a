"""G6. Time: what is told by time is told on one grid for a population, with enough leavers in each.

Rule: edges are whole steps of the study's time unit, never dates; the first grid asked about a
population is its grid, and later ones may only take edges out of it. Neighbouring intervals are
made one until, in each of them and in each group told apart, those who entered, had an event of
each kind, or were censored are 0 or at least the threshold, and those who leave 0 or at least
`leavers`; where those still observed at the end would be few, the last intervals are taken off.
The grouping is made on the whole grid and for every kind of event, first of everybody, then, of
those edges, by the groups that a question tells apart: so it never depends on the order of the
questions, whoever adds up groups has the sums of everybody, and two answers differ by groups alone.
Groups of another column, nested in or holding those told before, must not differ from them by a
small count either. The arms of an emulated trial are told for one strategy of a population, weighed
by a few models; predicted risks in bins (`risk_bins`); sums of risk by interval where more people
leave than numbers are told about it (`shared_baseline`). What it stops: the people who left within
one short interval read one by one, or by subtracting two grids. Cox regressions by stratum send
nothing by time.

Source: reference/federation.md §4.3 (risk sets differenced day by day gave back 1,363 of 3,000
patients) and §4.4, G6; AI-SDC/ACRO acro/default.yaml 1.0.2 (survival threshold 10).
"""

from __future__ import annotations

import hashlib
from dataclasses import replace
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from transat.cohorts.survival_table import SurvivalTable
from transat.federation.checks import groups, risk_bins
from transat.federation.checks.check import Asked, Remembered
from transat.federation.data import SiteData
from transat.federation.predicted import Parameters as Predicted
from transat.federation.questions import PARAMETERS, STEPS
from transat.federation.refusals import Refused
from transat.federation.timed import Cells, Timed, everybody

Integers = NDArray[np.int64]
Flags = NDArray[np.bool_]
Grid = tuple[float, ...]

#: Treatment models that may weigh the arms of one strategy: each tells the same people otherwise.
MODELS: Final = 4


class TimeGrid:
    """The check of G6; it remembers, by population, its grid, the columns that told groups apart,
    and the plan and models of its emulated trial."""

    rule, key = "G6", "time_grid"

    def __init__(self) -> None:
        self._grid: dict[str, Grid] = {}
        self._by: dict[str, set[str]] = {}
        self._plans: dict[str, dict[str, set[str]]] = {}
        self._scored: dict[str, tuple[Predicted, ...]] = {}
        self._named: tuple[SiteData, str] | None = None

    def before(self, asked: Asked) -> None:
        """Raises Refused: time_grid, for edges that are no whole steps or not of the grid, another
        strategy, or too many models."""
        timed = _timed(asked)
        if timed is None:
            return
        edges = asked.parameters.grid
        grid = self._grid.get(self._people(asked), edges)
        if any(edge != round(edge) for edge in edges) or not set(edges) <= set(grid):
            raise Refused("time_grid", ("grid",))
        table = asked.data.survival
        # People who enter and leave within one interval are in no count: of two grids, not the same
        if table is not None and edges != grid and _late(table):
            raise Refused("time_grid", ("grid",))
        if isinstance(asked.parameters, Predicted):
            risk_bins.before(asked, self._scored.get(self._people(asked), ()))
        plan, model = _plan(timed, asked)
        plans = self._plans.get(f"{asked.step} {self._people(asked)}", {})
        if plan and plans and plan not in plans:
            raise Refused("time_grid", ("strategy",))
        if plan and len(plans.get(plan, set()) | {model}) > MODELS:
            raise Refused("time_grid", ("columns",))

    def after(self, asked: Asked, release: Any) -> Any:
        """The release on fewer edges. Raises Refused: time_grid, where none is left."""
        timed, table = _timed(asked), asked.data.survival
        if timed is None or table is None:
            return release
        grid = self._grid.get(self._people(asked), asked.parameters.grid)
        by, every = timed.by(asked.parameters), everybody(table, grid)
        base = _kept(every, np.ones(len(grid), dtype=np.bool_), asked)
        for other in sorted(self._by.get(self._people(asked), set()) - {by}):
            if not timed.plan(asked.parameters) and _nested(table, grid, base, (by, other), asked):
                named = by or other
                raise Refused("time_grid", (named,), (f"-{named}",))
        edges = np.asarray(grid)[_told(table, grid, base, every, timed, asked)]
        if timed.until is not None and edges.size and edges[-1] < grid[-1]:
            release = timed.until(asked.data, asked.parameters, float(edges[-1]))
        merged = release.merged(np.isin(release.edges, edges))
        if isinstance(asked.parameters, Predicted):
            merged = risk_bins.merged(asked, merged, self._scored.get(self._people(asked), ()))
        if not merged.edges.size or not _fit(merged, asked):
            raise Refused("time_grid", (by,) if by else ())
        return merged

    def left(self, asked: Asked, release: Any) -> Remembered | None:
        """The grid and what told groups apart, where the release is told by time."""
        timed = _timed(asked)
        if timed is None or not timed.founds:
            return None
        grid = self._grid.get(self._people(asked), asked.parameters.grid)
        plan, model = _plan(timed, asked)
        said = {"people": self._people(asked), "grid": list(grid)}
        if isinstance(asked.parameters, Predicted):
            return {**said, "scored": PARAMETERS.encode(asked.parameters).decode()}
        if plan:
            return {**said, "step": asked.step, "plan": plan, "model": model}
        return {**said, "by": timed.by(asked.parameters)}

    def recall(self, remembered: Remembered) -> None:
        """Remember a population's grid and a column, or a plan."""
        people = str(remembered["people"])
        self._grid[people] = tuple(float(edge) for edge in remembered["grid"])
        if "scored" in remembered:
            scored = PARAMETERS.decode(remembered["scored"].encode())
            earlier = self._scored.get(people, ())
            self._scored[people] = earlier if scored in earlier else (*earlier, scored)
        elif "plan" in remembered:
            plans = self._plans.setdefault(f"{remembered['step']} {people}", {})
            plans.setdefault(str(remembered["plan"]), set()).add(str(remembered["model"]))
        else:
            self._by.setdefault(people, set()).add(str(remembered["by"]))

    def _people(self, asked: Asked) -> str:
        """A name of those whose times are told, whatever the cohort is called."""
        if self._named is None or self._named[0] is not asked.data:
            table = asked.data.survival
            people = np.unique(table.people) if table is not None else np.empty(0, np.int64)
            name = hashlib.sha256(people.astype(np.int64).tobytes()).hexdigest()
            self._named = asked.data, name
        return self._named[1]


def _timed(asked: Asked) -> Timed | None:
    timed = STEPS[asked.step].timed
    return timed if timed is not None and timed.when(asked.parameters) else None


def _plan(timed: Timed, asked: Asked) -> tuple[str, str]:
    """Names of a plan and its model; empty where there is none."""
    said = timed.plan(asked.parameters), timed.model(asked.parameters)
    plan, model = (hashlib.sha256(text.encode()).hexdigest()[:32] if text else "" for text in said)
    return plan, model


def _late(table: SurvivalTable) -> bool:
    """Whether somebody enters late; spells begin where the one before ends."""
    first = np.full(int(np.unique(table.people).size), np.inf)
    np.minimum.at(first, np.unique(table.people, return_inverse=True)[1], table.entry)
    return bool(first.any())


def _told(
    table: SurvivalTable, grid: Grid, base: Flags, every: Cells, timed: Timed, asked: Asked
) -> Flags:
    """The edges of the grid that may leave: of everybody's, those that the groups told leave."""
    cells, remaining = timed.cells(table, asked.parameters, grid)
    leavers = np.vstack([cells, every[0][1:].sum(axis=0)])  # the first are those who enter
    return _kept((leavers, remaining), base, asked, timed.least(asked.parameters))


def _kept(found: Cells, allowed: Flags, asked: Asked, least: int = 0) -> Flags:
    """(K,) where intervals end; cells (C, K), remaining (G, K); least: of the last cell."""
    cells, remaining = found
    floors = np.full(len(cells), _floors(asked)[0])
    floors[-1] = max(floors[-1], least)
    kept = groups.ends(cells, floors, allowed)
    while kept.any():
        last = int(np.flatnonzero(kept)[-1])
        if groups.fits(remaining[:, last], _floors(asked)):
            break
        kept[last] = False
    return kept


def _floors(asked: Asked) -> Integers:
    """One floor for entries, events and censorings alike; the leavers are sums of the latter."""
    return np.array([max(asked.policy.threshold, int(asked.policy.limit("leavers")))])


def _fit(release: Any, asked: Asked) -> bool:
    return all(groups.fits(cells, _floors(asked)) for cells in release.counts().values())


def _nested(
    table: SurvivalTable, grid: Grid, base: Flags, by: tuple[str, str], asked: Asked
) -> bool:
    """Whether a group of one column, less one of the other that it holds, leaves a small count."""
    one_kept, other_kept = (_kept(everybody(table, grid, name), base, asked) for name in by)
    common = tuple(float(edge) for edge in np.asarray(grid)[one_kept & other_kept])
    if not common:
        return False
    for one in _members(table, by[0]):
        for two in _members(table, by[1]):
            small, large = (one, two) if one.sum() <= two.sum() else (two, one)
            if (small & ~large).any() or not (large & ~small).any():
                continue
            cells, remaining = everybody(_rows(table, large & ~small), common)
            if not groups.fits(np.vstack([cells, remaining]), _floors(asked)):
                return True
    return False


def _members(table: SurvivalTable, by: str) -> tuple[Flags, ...]:
    if not by:
        return (np.ones(table.n, dtype=np.bool_),)
    column = table.columns[:, table.column_names.index(by)] == 1
    return column, ~column


def _rows(table: SurvivalTable, chosen: Flags) -> SurvivalTable:
    return replace(
        table, n=int(chosen.sum()), time=table.time[chosen], entry=table.entry[chosen],
        event=table.event[chosen], columns=table.columns[chosen], strata=table.strata[chosen],
        people=table.people[chosen],
    )  # fmt: skip
