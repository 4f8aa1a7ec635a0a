"""Two copies of every person, each followed as long as the person does what its strategy says.

Times are cut into short steps. Within a step the treatment comes before the event: a person treated
and dead in the same step died treated. Early: treated by the end of the grace period, or else the
copy leaves as the last step of that period begins. Waiting: the copy leaves as the step begins in
which the person is treated without the trigger; after the trigger any treatment is allowed.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from transat.cohorts.survival_table import SurvivalTable
from transat.statistics.risk_sets import positions

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Flags = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Strategy:
    """treated: the 0/1 column that is 1 in every spell from the treatment on. grace: months within
    which the early arm is treated. trigger: a 0/1 column; who has it may be treated while waiting
    (empty: nobody). wait: months for which the waiting arm is not treated without it; 0: as long as
    the grid. step: months of a step. timing: when, within the grace period, the early arm is
    treated: with equal chances at every step left, or as observed and the rest in the last."""

    treated: str
    grace: float
    trigger: str = ""
    wait: float = 0.0
    step: float = 1.0
    timing: Literal["uniform", "natural"] = "uniform"


@dataclass(frozen=True, slots=True, eq=False)
class Clones:
    """n persons, in order of their number, over J steps; R untreated person-steps.

    last: (n,) step in which follow-up ends, J beyond the last. event: (n,) the kind there, 0 for
    none. early, waiting: (n,) first step at which that copy is no longer followed, J + 1 for never.
    person, step, spell: (R,) who is untreated as the step begins, and the row of the table then.
    treated: (R,) whether the treatment comes in the step. deviates: (R,) whether it does while
    waiting without the trigger; bound: (R,) whether it could.
    """

    people: Integers
    stratum: Integers
    last: Integers
    event: Integers
    early: Integers
    waiting: Integers
    person: Integers
    step: Integers
    spell: Integers
    treated: Flags
    deviates: Flags
    bound: Flags


def clones(table: SurvivalTable, strategy: Strategy, steps: int) -> Clones:
    """The copies of everybody in a table of spells, from time 0.

    steps: J, of the whole grid.

    Raises
    ------
    StudyError : a column that the table does not hold.
    ValueError : a table with weights, late entries, gaps between spells, or a treatment that ends.
    """
    order = np.lexsort((table.entry, table.people))
    people, first, person = np.unique(table.people[order], return_index=True, return_inverse=True)
    entry, time = table.entry[order], table.time[order]
    _sound(table, entry, time, first)
    end = np.append(first[1:], len(order)) - 1
    treated = _flag(table, strategy.treated)[order]
    trigger = _flag(table, strategy.trigger)[order]
    _lasting(treated, first)
    edges = strategy.step * np.arange(1, steps + 1)
    began = np.full(len(people), np.inf)
    np.minimum.at(began, person[treated], entry[treated])
    asked = np.full(len(people), np.inf)
    np.minimum.at(asked, person[trigger], entry[trigger])
    start = np.where(np.isfinite(began), np.searchsorted(edges, began, "left"), steps)
    last = np.searchsorted(edges, time[end], "left")
    grace = max(round(strategy.grace / strategy.step), 1)
    wait = round(strategy.wait / strategy.step) if strategy.wait else steps
    apart = np.isfinite(began) & (asked > began) & (start < wait)
    never = steps + 1
    rows, step, spell = _untreated(entry, time, first, end, start, last, strategy.step, steps)
    hit = start[rows] == step
    bound = (step < wait) & ~trigger[spell]
    return Clones(
        people=people.astype(np.int64),
        stratum=table.strata[order][first].astype(np.int64),
        last=last.astype(np.int64),
        event=table.event[order][end].astype(np.int64),
        early=np.where(start < grace, never, grace - 1),
        waiting=np.where(apart, start, never),
        person=rows,
        step=step,
        spell=order[spell],
        treated=hit,
        deviates=hit & apart[rows],
        bound=bound | (hit & apart[rows]),
    )


def _sound(table: SurvivalTable, entry: Floats, time: Floats, first: Integers) -> None:
    """Refuse what has no meaning here: weights, late entries, gaps, events before the end."""
    if table.weights is not None:
        raise ValueError("weights: an emulated trial makes its own")
    if entry[first].any():
        raise ValueError("entry: everybody is followed from time 0")
    inside = np.ones(len(entry), dtype=np.bool_)
    inside[first] = False
    later = np.flatnonzero(inside)
    if (entry[later] != time[later - 1]).any():
        raise ValueError("entry: spells with gaps between them")


def _lasting(treated: Flags, first: Integers) -> None:
    after = np.ones(len(treated), dtype=np.bool_)
    after[first] = False
    later = np.flatnonzero(after)
    if (treated[later - 1] & ~treated[later]).any():
        raise ValueError("treated: a treatment that ends")


def _flag(table: SurvivalTable, name: str) -> Flags:
    if not name:
        return np.zeros(table.n, dtype=np.bool_)
    column = table.columns[:, positions(table, (name,))[0]]
    if not np.isin(column, (0.0, 1.0)).all():
        raise ValueError(f"{name}: a column that is not 0 or 1")
    return np.asarray(column == 1, dtype=np.bool_)


def _untreated(
    entry: Floats, time: Floats, first: Integers, end: Integers, start: Integers, last: Integers,
    step: float, steps: int,
) -> tuple[Integers, Integers, Integers]:  # fmt: skip
    """Person, step and spell of everybody untreated and followed as a step begins."""
    count = np.minimum(np.minimum(start, last) + 1, steps)
    rows = np.repeat(np.arange(len(first)), count)
    at = np.arange(count.sum()) - np.repeat(np.cumsum(count) - count, count)
    # Spells of a person follow each other: one search over all, each person in a span of its own.
    span = float(time.max(initial=0.0)) + step * (steps + 2)
    whose = np.repeat(np.arange(len(first)), end - first + 1)
    spell = np.searchsorted(whose * span + entry, rows * span + at * step, "right") - 1
    return rows.astype(np.int64), at.astype(np.int64), spell.astype(np.int64)
