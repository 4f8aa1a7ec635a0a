"""From landmarks to the rows that statistics see: one survival table per follow-up, its covariates.

Times are months of 30.4375 days. What happens on the landmark's own day counts half a day after it,
so that every time is above 0 (a death during the procedure is an event). A person whose follow-up
begins after it ended, or who lacks a value that the protocol requires, has no row, and the
attrition says how many went for that.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final, Literal

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csc_array

from transat.cohorts.analysis_table import AnalysisTable
from transat.cohorts.attrition import Attrition, AttritionStep
from transat.cohorts.landmarks import Feature, Landmarks, step_texts
from transat.cohorts.survival_table import SurvivalTable
from transat.core.languages import Text

if TYPE_CHECKING:
    from transat.cohorts.language.study import Population

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

MONTH: Final = 30.4375
#: Days after the landmark at which what happens on its own day stands.
SAME_DAY: Final = 0.5
FOLLOWED = Text("suivi au moins un jour", "followed at all")
COMPLETE = Text(
    "valeurs exigées par le protocole présentes", "values that the protocol requires are there"
)


@dataclass(frozen=True, slots=True)
class Column:
    """How a feature becomes a column: (value - centre) / per.

    missing: 'zero' (nothing recorded is 0), 'flag' (the value `fill`, and a column KEY_missing that
    is 1) or 'drop' (a person without it has no row). per: of the same unit as the value, > 0.
    """

    key: str
    missing: Literal["zero", "flag", "drop"] = "zero"
    fill: float = 0.0
    centre: float = 0.0
    per: float = 1.0

    @property
    def names(self) -> tuple[str, ...]:
        """The columns that it makes, in order."""
        return (self.key, f"{self.key}_missing") if self.missing == "flag" else (self.key,)


@dataclass(frozen=True, slots=True)
class Band:
    """A 0/1 column: `key` is in [low, high)."""

    name: str
    key: str
    low: float
    high: float


@dataclass(frozen=True, slots=True, eq=False)
class Rows:
    """One population: its survival table, the same rows for the gate, who they are, attrition."""

    survival: SurvivalTable
    table: AnalysisTable
    people: NDArray[np.int64]
    attrition: Attrition


def rows(
    found: Landmarks,
    follow_up: str,
    kinds: Sequence[str],
    columns: Sequence[Column],
    bands: Sequence[Band] = (),
    states: Mapping[str, Sequence[str]] | None = None,
) -> Rows:
    """The rows of one follow-up of the landmarks.

    kinds: names of the kinds of event, 1 and on. states: 0/1 columns that are 1 from the first of
    the days on that states of the landmarks say ('treated': 'replacement_day'); a person whose
    state changes while followed has several rows, one a spell.

    Raises
    ------
    KeyError: a follow-up or a feature that the landmarks do not have.
    """
    course = found.follow_ups[follow_up]
    complete = course.known.copy()
    for column in columns:
        if column.missing == "drop":
            complete &= found.features[column.key].known
    kept = np.flatnonzero(complete)
    time = np.maximum(course.days[kept], SAME_DAY) / MONTH
    values, names = _columns(found, kept, columns, bands)
    whole = SurvivalTable(
        n=len(kept),
        time=time,
        entry=np.zeros(len(kept)),
        event=course.status[kept].astype(np.int8),
        columns=values,
        column_names=names,
        strata=np.zeros(len(kept), np.int32),
        stratum_labels=("all",),
        people=found.people[kept],
    )
    for name, when in (states or {}).items():
        whole = _split(whole, name, _since([found.states[w] for w in when], found, whole.people))
    return Rows(
        whole, gate_table(whole, kinds), whole.people, _counted(found, course.known, complete)
    )


def steps_of(population: Population) -> dict[str, Text]:
    """The sentence of every step of the attrition of such rows, by its key."""
    return {**step_texts(population), "followed": FOLLOWED, "complete": COMPLETE}


def gate_table(table: SurvivalTable, kinds: Sequence[str]) -> AnalysisTable:
    """The same rows as the gate's masks want them: kinds of event as outcomes, no exposure."""
    by_kind = [(table.event == k).astype(np.uint8) for k in range(1, len(kinds) + 1)]
    outcomes = np.column_stack(by_kind) if by_kind else np.zeros((table.n, 0), np.uint8)
    cluster = np.unique(table.people, return_inverse=True)[1]
    return AnalysisTable(
        n=table.n,
        exposures=csc_array((table.n, 0), dtype=np.uint8),
        exposure_codes=(),
        outcomes=csc_array(outcomes),
        outcome_codes=tuple(kinds),
        strata=table.strata,
        stratum_labels=table.stratum_labels if table.n else (),
        covariates=table.columns,
        covariate_names=table.column_names,
        cluster=cluster.astype(np.int32),
        exposure_parents=(),
        outcome_parents=(-1,) * len(kinds),
    )


def _columns(
    found: Landmarks,
    kept: NDArray[np.intp],
    columns: Sequence[Column],
    bands: Sequence[Band],
) -> tuple[Floats, tuple[str, ...]]:
    made: list[Floats] = []
    names: list[str] = []
    for column in columns:
        feature = found.features[column.key]
        known = feature.known[kept]
        value = np.where(known, feature.values[kept], column.fill)
        made.append((value - column.centre) / column.per)
        if column.missing == "flag":
            made.append((~known).astype(np.float64))
        names += column.names
    for band in bands:
        value = found.features[band.key].values[kept]
        made.append(((value >= band.low) & (value < band.high)).astype(np.float64))
        names.append(band.name)
    values = np.column_stack(made) if made else np.zeros((len(kept), 0))
    return np.ascontiguousarray(values), tuple(names)


def _since(states: Sequence[Feature], found: Landmarks, people: NDArray[np.int64]) -> Floats:
    """Months from the landmark on which the state begins, by row of a table; inf where never.

    Tables with states are of one landmark a person.
    """
    days = [np.where(s.known, np.maximum(s.values, 0) / MONTH, np.inf) for s in states]
    when = np.min(days, axis=0)
    order = np.argsort(found.people, kind="stable")
    place = order[np.searchsorted(found.people, people, sorter=order)]
    return np.asarray(when[place], dtype=np.float64)


def _split(table: SurvivalTable, name: str, since: Floats) -> SurvivalTable:
    """Rows cut where the state begins, with its 0/1 column."""
    before = since >= table.time  # also where it never begins
    after = since <= table.entry
    cut = ~before & ~after
    index = np.concatenate([np.arange(table.n), np.flatnonzero(cut)])
    state = np.concatenate([after.astype(np.float64), np.ones(int(cut.sum()))])
    time, entry, event = table.time[index], table.entry[index], table.event[index]
    time[: table.n][cut], event[: table.n][cut] = since[cut], 0
    entry[table.n :] = since[cut]
    order = np.lexsort((entry, table.people[index]))
    return replace(
        table,
        n=len(index),
        time=time[order],
        entry=entry[order],
        event=event[order],
        columns=np.column_stack([table.columns[index], state])[order],
        column_names=(*table.column_names, name),
        strata=table.strata[index][order],
        people=table.people[index][order],
    )


def _counted(found: Landmarks, followed: Flags, complete: Flags) -> Attrition:
    def step(key: str, text: Text, rows: Flags) -> AttritionStep:
        people = len(np.unique(found.people[rows]))
        return AttritionStep(key, text, int(rows.sum()), people)

    return Attrition(
        (*found.attrition, step("followed", FOLLOWED, followed),
         step("complete", COMPLETE, complete))
    )  # fmt: skip
