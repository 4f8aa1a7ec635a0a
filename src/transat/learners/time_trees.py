"""Trees that cut time as well as columns: which stretches of which rows are in a node.

A row has one number per stretch of time (`follow_up`), and a node is a set of rows between two
stretches: a cut on a column deals the rows, a cut on `time` the stretches, where a row may be on
both sides. What a tree adds to every stretch is made from the spans of its leaves, so that no line
per person and interval is ever laid out.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from transat.cohorts.folds import Part
from transat.cohorts.survival_table import SurvivalTable
from transat.learners import trees
from transat.learners.follow_up import FollowUp, follow_up
from transat.learners.packing import Packed, packed
from transat.learners.trees import Bins, Small, Tree

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

#: The feature that is time; its edges are edges of the grid, without the last.
TIME = "time"


def stretches(grid: tuple[float, ...], bins: Bins) -> Integers:
    """(K,) the bin of time of each interval; all 0 where time is no feature.

    Raises
    ------
    ValueError : edges of time that are not of the grid, or that are its last.
    """
    if TIME not in bins.names:
        return np.zeros(len(grid), dtype=np.int64)
    edges = bins.edges[bins.names.index(TIME)]
    if not set(edges) <= set(grid[:-1]):
        raise ValueError("time: edges that are not of the grid, or its last one")
    return np.searchsorted(np.asarray(edges), np.asarray(grid), "left").astype(np.int64)


def binned(table: SurvivalTable, bins: Bins) -> Small:
    """(features, n) the bin of each row; 0 for `time`, of which a row has several.

    Raises
    ------
    StudyError : a feature that the table does not hold.
    ValueError : a column of the table that is called `time`.
    """
    if TIME in table.column_names:
        raise ValueError("time: a column has the name of the feature that is time")
    names = [k for k, name in enumerate(bins.names) if name != TIME]
    columns = Bins(tuple(bins.names[k] for k in names), tuple(bins.edges[k] for k in names))
    made = np.zeros((len(bins.names), table.n), dtype=np.int16)
    made[names] = trees.binned(table, columns)
    return made


@dataclass(frozen=True, slots=True)
class Place:
    """A node: the rows (among those seen) that are in it, from stretch `low` to stretch `high`."""

    rows: Integers
    low: int
    high: int


@dataclass(frozen=True, slots=True, eq=False)
class Seen:
    """The rows of a question. bins: (features, m) of the rows at risk; tables: the same, packed;
    time: place of that feature, -1 where there is none; stretches: how many."""

    rows: FollowUp
    bins: Small
    tables: tuple[Packed, ...]
    time: int
    stretches: int

    def spans(self, place: Place) -> tuple[Integers, Integers]:
        """(rows of the node,) their first stretch in it, and the one after their last, as places
        among all stretches."""
        at = self.rows
        first, last = at.first[place.rows], at.last[place.rows]
        origin = at.start[place.rows] - first
        return origin + np.maximum(first, place.low), origin + np.minimum(last, place.high) + 1


def seen(
    table: SurvivalTable, grid: tuple[float, ...], bins: Bins, kind: int, part: Part | None = None
) -> Seen:
    """The rows of a part of the people that are at risk on the grid, for events of one kind.

    Raises
    ------
    StudyError : a feature that the table does not hold.
    ValueError : a grid that does not rise, edges of time that are not of the grid.
    """
    of_time = stretches(grid, bins)
    rows = follow_up(table, grid, kind, of_time, part)
    time = bins.names.index(TIME) if TIME in bins.names else -1
    small = np.ascontiguousarray(binned(table, bins)[:, rows.row])
    columns = [k for k in range(len(bins.names)) if k != time]
    tables = packed(small, columns, [len(edges) + 1 for edges in bins.edges])
    return Seen(rows, small, tables, time, int(of_time[-1]) + 1)


def values(seen: Seen, tree: Tree) -> Floats:
    """(s,) what a whole tree adds to the log odds of each stretch."""
    change = np.zeros(seen.rows.stretch.size + 1)
    for node, place in places(seen, tree).items():
        value = tree.value[node]
        if value:
            begin, end = seen.spans(place)
            change[begin] += value  # no two rows of a node begin, or end, at one place;
            change[end] -= value  # and values of one grain add up exactly
    return np.asarray(np.cumsum(change)[:-1])


def places(seen: Seen, tree: Tree) -> dict[int, Place]:
    """Every node of the tree that hangs on a split, the root among them, by its number."""
    found = {0: Place(np.arange(seen.rows.row.size), 0, seen.stretches - 1)}
    for node, (feature, cut) in enumerate(zip(tree.feature, tree.cut, strict=True)):
        if feature >= 0 and node in found:
            found[2 * node + 1], found[2 * node + 2] = _parts(seen, found[node], feature, cut)
    return found


def _parts(seen: Seen, place: Place, feature: int, cut: int) -> tuple[Place, Place]:
    rows = place.rows
    if feature != seen.time:
        right = seen.bins[feature, rows] > cut
        return Place(rows[~right], place.low, place.high), Place(rows[right], place.low, place.high)
    before, after = seen.rows.first[rows] <= cut, seen.rows.last[rows] > cut
    low, high = min(place.high, cut), max(place.low, cut + 1)
    return Place(rows[before], place.low, low), Place(rows[after], high, place.high)
