"""Statistics that are told by time, as the gate sees them: which head counts stand behind each
interval of their grid, in which groups, and which of their questions are not answered."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from transat.cohorts.survival_table import SurvivalTable
from transat.federation.data import SiteData
from transat.federation.survival import known_columns
from transat.statistics import aalen_johansen, clone_censor_weight, kaplan_meier, multi_state
from transat.statistics.risk_sets import positions

Integers = NDArray[np.int64]

#: (C, K) head counts that an answer tells, and (G, K) people followed after each edge.
Cells = tuple[Integers, Integers]

#: Edges of the longest grid: sixty years of months.
LONGEST = 720
#: Draws of the variance of an emulated trial.
DRAWS = 1000


@dataclass(frozen=True, slots=True)
class Timed:
    """How an answer by time is looked at; the parameters have `grid`.

    cells: on the whole grid, whatever kind of event was asked for. by: the 0/1 column whose groups
    are told apart, empty for everybody. plan: how else people are grouped, one for a population;
    model: what weighs them, few for a plan. least: how many leave in each interval at least. when:
    whether it is this question that is answered by time, where not all are. founds: whether its
    grid becomes the population's. until: the release of follow-up ended at an edge, where the last
    interval of a release would go on beyond the edges that may be told.
    """

    cells: Callable[[SurvivalTable, Any, tuple[float, ...]], Cells]
    by: Callable[[Any], str]
    plan: Callable[[Any], str] = lambda _: ""
    model: Callable[[Any], str] = lambda _: ""
    least: Callable[[Any], int] = lambda _: 0
    when: Callable[[Any], bool] = lambda _: True
    founds: bool = True
    until: Callable[[SiteData, Any, float], Any] | None = None


def everybody(table: SurvivalTable, grid: tuple[float, ...], by: str = "") -> Cells:
    """Who enters, is censored, has each kind of event, by interval and group; who remains."""
    people = whole_people(table)
    told = kaplan_meier.Parameters(grid, by=by)
    whole = kaplan_meier.at_site(people, told)
    kinds = [
        kaplan_meier.at_site(people, replace(told, event=int(kind))).events
        for kind in np.unique(people.event[people.event > 0])
    ]
    left = np.cumsum(whole.events + whole.censored, axis=1)
    cells = np.concatenate([whole.entered, whole.censored, *kinds])
    return cells, whole.entered.sum(axis=1)[:, None] - left


def columns_that_leave(
    table: SurvivalTable, x: NDArray[np.float64], grid: tuple[float, ...]
) -> Integers:
    """(C, K) who leaves in each interval with each 0/1 column of x (n, p), and without it."""
    at, width = np.searchsorted(np.asarray(grid), table.time, "left"), len(grid)
    told = [
        np.bincount(at[column == value], minlength=width + 1)[:width]
        for column in x.T
        if np.isin(column, (0.0, 1.0)).all()
        for value in (0.0, 1.0)
    ]
    return np.array(told, dtype=np.int64).reshape(-1, width)


def whole_people(table: SurvivalTable) -> SurvivalTable:
    """The same table, one row a person from the first entry to the last end; unweighted."""
    persons, first, person = np.unique(table.people, return_index=True, return_inverse=True)
    if persons.size == table.n:
        return replace(table, weights=None)
    entry, time = np.full(persons.size, np.inf), np.zeros(persons.size)
    np.minimum.at(entry, person, table.entry)
    np.maximum.at(time, person, table.time)
    event = np.zeros(persons.size, dtype=np.int8)
    np.maximum.at(event, person, np.where(table.time == time[person], table.event, 0))
    return SurvivalTable(
        persons.size, time, entry, event, table.columns[first], table.column_names,
        table.strata[first], table.stratum_labels, persons,
    )  # fmt: skip


def unfit_curve(data: SiteData, parameters: kaplan_meier.Parameters) -> tuple[str, ...]:
    """Fields of a survival curve's question that are not answered so."""
    wrong = _unfit(data, parameters)
    return wrong if 0 <= parameters.event <= 127 else (*wrong, "event")


def unfit_incidence(data: SiteData, parameters: aalen_johansen.Parameters) -> tuple[str, ...]:
    """Fields of a question about cumulative incidences that are not answered so."""
    wrong, held = _unfit(data, parameters), data.survival
    if held is not None and not int(held.event.max(initial=1)) <= parameters.kinds <= 127:
        wrong += ("kinds",)
    return wrong


def _unfit(
    data: SiteData, parameters: kaplan_meier.Parameters | aalen_johansen.Parameters
) -> tuple[str, ...]:
    by = (parameters.by,) if parameters.by else ()
    wrong = known_columns(data, by)
    survival = data.survival
    if survival is None:
        return wrong
    if not wrong:
        wrong = two_values(survival, by, "by")
    if np.unique(survival.people).size < survival.n:
        wrong += ("spells",)  # rows are counted, so they must be people
    if survival.weights is not None:
        wrong += ("weights",)
    return wrong if rising(parameters.grid) else (*wrong, "grid")


def unfit_trial(data: SiteData, parameters: clone_censor_weight.Parameters) -> tuple[str, ...]:
    """Fields of an emulated trial's question that are not answered so."""
    strategy, survival = parameters.strategy, data.survival
    flags = tuple(name for name in (strategy.treated, strategy.trigger) if name)
    wrong = known_columns(data, parameters.columns) + known_columns(data, flags)
    if wrong or survival is None:
        return wrong
    wrong = two_values(survival, flags, "strategy")
    if survival.weights is not None:
        wrong += ("weights",)
    sound = (
        ("strategy", strategy.step > 0 and strategy.grace > 0 and strategy.wait >= 0),
        ("grid", rising(parameters.grid) and _whole(parameters)),
        ("periods", not parameters.periods or rising(parameters.periods)),
        ("event", 0 <= parameters.event <= 127),
        ("penalty", 0 <= parameters.penalty < np.inf),
        ("cap", 1 <= parameters.cap < np.inf),
        ("draws", 2 <= parameters.draws <= DRAWS),
        ("level", 0 < parameters.level < 1),
    )
    return wrong + tuple(name for name, right in sound if not right)


def unfit_states(data: SiteData, asked: multi_state.Parameters) -> tuple[str, ...]:
    """Fields of a question about states that are not answered so."""
    flags = tuple(name for name in (asked.after, asked.by) if name)
    wrong, survival = known_columns(data, flags), data.survival
    if survival is None or wrong:
        return wrong
    wrong = two_values(survival, flags, "after")
    if survival.weights is not None:
        wrong += ("weights",)
    kinds = 1 <= asked.replacement <= 127 and 1 <= asked.death <= 127
    sound = (
        ("grid", rising(asked.grid)),
        ("death", kinds and asked.replacement != asked.death),
        ("waits", set(asked.waits) <= {0.0, *asked.grid}),
    )
    return wrong + tuple(name for name, right in sound if not right)


def _states(table: SurvivalTable, asked: multi_state.Parameters, grid: tuple[float, ...]) -> Cells:
    """Every count by interval, and who is left in each state, by group."""
    told = multi_state.at_site(table, replace(asked, grid=grid, waits=()))
    before = told.entered - told.replaced - told.died - told.censored
    after = told.entered_after - told.died_after - told.censored_after
    since = told.died_since + told.censored_since
    counts = [
        told.entered, told.replaced, told.died, told.censored, told.entered_after, told.died_after,
        told.censored_after, told.died_since, told.censored_since,
    ]  # fmt: skip
    left = [before.cumsum(axis=1), after.cumsum(axis=1)]
    left.append(told.persons_since[:, None] - since.cumsum(axis=1))
    return np.concatenate(counts), np.concatenate(left)


def _whole(parameters: clone_censor_weight.Parameters) -> bool:
    """Whether the edges are at most `LONGEST` whole steps of a trial."""
    steps = np.asarray(parameters.grid) / max(parameters.strategy.step, 1e-9)
    return bool(np.allclose(steps, np.rint(steps)) and steps[-1] <= LONGEST)


def two_values(table: SurvivalTable, names: tuple[str, ...], field: str) -> tuple[str, ...]:
    """The field that names columns with other values than 0 and 1."""
    held = table.columns[:, positions(table, names)]
    return () if np.isin(held, (0.0, 1.0)).all() else (field,)


def rising(grid: tuple[float, ...]) -> bool:
    """Whether edges rise from above 0, and are not too many."""
    edges = np.asarray(grid)
    return bool(1 <= edges.size <= LONGEST and edges[0] > 0 and (np.diff(edges) > 0).all())


#: Survival curves and cumulative incidences: the same counts, by group.
CURVES = Timed(lambda table, asked, grid: everybody(table, grid, asked.by), lambda asked: asked.by)
#: An emulated trial: by arm.
TRIAL = Timed(
    lambda table, asked, grid: clone_censor_weight.cells(table, replace(asked, grid=grid)),
    lambda _: "",
    plan=lambda asked: repr(asked.strategy),
    model=lambda asked: repr((
        asked.columns, asked.periods, asked.penalty, asked.cap, asked.draws,
    )),
)  # fmt: skip
#: Before, after and since replacement.
STATES = Timed(
    _states, lambda asked: asked.by,
    plan=lambda asked: repr((asked.after, asked.replacement, asked.death)),
)  # fmt: skip
