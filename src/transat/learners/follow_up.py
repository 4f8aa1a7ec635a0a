"""Rows of a survival table on the permit's grid, by stretches of time: what a hazard is fitted on.

A row is at risk in the intervals ]edge before, edge] of the grid from the one that begins at its
entry (or the next, where it enters within one) to the one in which its time falls, with an event
only there; who stays beyond the last edge is at risk to the end. That is Kaplan-Meier's convention:
a censoring counts to the end of its interval. Intervals are laid together into stretches, where a
hazard is taken to be constant: a row needs one number per stretch, not one per interval.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from transat.cohorts.folds import Part
from transat.cohorts.survival_table import SurvivalTable, check

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class FollowUp:
    """The m rows that are at risk in some interval, and their s stretches, row after row.

    row: (m,) place in the table. first, last: (m,) stretches; start: (m,) place of the first one.
    event: (m,) bool, the event wanted, in the last stretch. intervals: (s,) at risk in the stretch;
    stretch: (s,) which one; weight: (m,) of the row; persons: how many people the rows are.
    """

    row: Integers
    first: Integers
    last: Integers
    start: Integers
    event: NDArray[np.bool_]
    intervals: Floats
    stretch: Integers
    weight: Floats
    persons: int

    @property
    def many(self) -> Integers:
        """(m,) how many stretches each row has."""
        return self.last - self.first + 1

    @property
    def ends(self) -> Integers:
        """(m,) place of the last stretch of each row."""
        return self.start + self.last - self.first


def sound(grid: tuple[float, ...]) -> bool:
    """Whether edges are finite and rise from above 0."""
    edges = np.asarray(grid, dtype=np.float64)
    rising = bool(edges.size and edges[0] > 0 and (np.diff(edges) > 0).all())
    return rising and bool(np.isfinite(edges).all())


def follow_up(
    table: SurvivalTable,
    grid: tuple[float, ...],
    kind: int,
    stretch_of: Integers,
    part: Part | None = None,
) -> FollowUp:
    """The rows of a part of the people, for events of one kind (0: any).

    stretch_of: (K,) the stretch of each interval of the grid, rising from 0 by steps of 1.

    Raises
    ------
    StudyError : times, entries or weights that are none.
    ValueError : a grid that does not rise from above 0.
    """
    if not sound(grid):
        raise ValueError("grid: edges that do not rise from above 0")
    check(table)
    edges = np.asarray(grid, dtype=np.float64)
    begin = np.searchsorted(edges, table.entry, "left") + (table.entry > 0)
    end = np.searchsorted(edges, table.time, "left")
    seen = (begin <= end) & (begin < edges.size)
    if part is not None:
        seen &= part.rows(table.people)
    row = np.flatnonzero(seen)
    begin, inside = begin[row], end[row] < edges.size
    end = np.minimum(end[row], edges.size - 1)
    happened = table.event[row] == kind if kind else table.event[row] > 0
    first, last = stretch_of[begin], stretch_of[end]
    many = last - first + 1
    start = np.cumsum(many) - many
    stretch = np.arange(many.sum()) - np.repeat(start - first, many)
    opening = np.searchsorted(stretch_of, np.arange(stretch_of[-1] + 2), "left")
    low = np.maximum(opening[stretch], np.repeat(begin, many))
    high = np.minimum(opening[stretch + 1] - 1, np.repeat(end, many))
    return FollowUp(
        row, first, last, start, inside & happened, (high - low + 1).astype(np.float64), stretch,
        np.ones(row.size) if table.weights is None else table.weights[row],
        int(np.unique(table.people[row]).size),
    )  # fmt: skip
