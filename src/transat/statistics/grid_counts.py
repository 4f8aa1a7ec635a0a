"""Head counts by interval of an agreed grid of time: who came under observation, who left, and why.

Times are rounded up to the next edge of the grid, so that an interval is ]edge before, edge]; who
enters within an interval is at risk from the next, and who leaves within one is at risk through it
(events before censorings, as is usual for equal times). Beyond the last edge nothing is told but
that people are still there. On a grid that holds every time of the data nothing is rounded.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from transat.cohorts.survival_table import SurvivalTable
from transat.core.errors import StudyError
from transat.core.languages import Text
from transat.statistics.risk_sets import check, not_survival, positions

_ROUNDING = 1.5e-8  # of a step of time, or of the times' mean where that is longer

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Places = NDArray[np.intp]


def edges_of(grid: Sequence[float]) -> Floats:
    """(K,) the edges as an array.

    Raises
    ------
    ValueError : a grid that is empty, not finite, or does not rise from above 0.
    """
    edges = np.asarray(grid, dtype=np.float64)
    rising = edges.size > 0 and edges[0] > 0 and bool((np.diff(edges) > 0).all())
    if not rising or not np.isfinite(edges).all():
        raise ValueError("grid: edges that do not rise from above 0")
    return edges


def daily(*tables: SurvivalTable) -> tuple[float, ...]:
    """The grid that rounds nothing: every time and entry of these tables, those that differ by
    rounding alone (an age plus a duration) taken for one, as R's survival takes them. It tells
    single days, so it is for rows that lie in one place; what crosses is asked on the permit's
    grid."""
    times = [np.concatenate([t.time, t.entry[t.entry > 0]]) for t in tables]
    distinct = np.unique(np.concatenate(times))
    near = _ROUNDING * max(1.0, float(np.abs(distinct).mean())) if distinct.size else 0.0
    last = np.append(np.diff(distinct) > near, True)[: distinct.size]
    return tuple(float(t) for t in distinct[last])


def by_quantiles(edges: Floats, events: Integers, most: int) -> Floats:
    """At most so many of the edges (K,), between which about equally many events (K,) lie: from
    counts that sites released, a shorter grid for a next question. The last edge stays."""
    shares = np.cumsum(events) / max(int(events.sum()), 1)
    wanted = np.arange(1, most) / most
    at = np.append(np.searchsorted(shares, wanted - 1e-12), edges.size - 1)
    return np.asarray(edges[np.unique(np.minimum(at, edges.size - 1))], dtype=np.float64)


def intervals(table: SurvivalTable, edges: Floats) -> tuple[Places, Places]:
    """(n,) the first interval at whose edge each row is at risk and the one in which it leaves, K
    where it is still there after the last edge; a row with first > last is in no count.

    Raises
    ------
    StudyError : a time that is missing, infinite or negative, an entry not before its exit.
    """
    check(table)
    first = np.searchsorted(edges, table.entry, "left") + (table.entry > 0)
    return first, np.searchsorted(edges, table.time, "left")


def groups(table: SurvivalTable, by: str) -> tuple[Integers, int]:
    """(n,) the group of each row and how many there are: those of one 0/1 column, or one alone.

    Raises
    ------
    StudyError : a column that the table does not hold.
    ValueError : a column with other values than 0 and 1.
    """
    if not by:
        return np.zeros(table.n, dtype=np.int64), 1
    column = table.columns[:, positions(table, (by,))[0]]
    if not np.isin(column, (0.0, 1.0)).all():
        raise ValueError("by: a column that is not 0 or 1")
    return column.astype(np.int64), 2


def counted(cell: Integers, cells: int, interval: Places, size: int) -> Integers:
    """(cells, size) how many rows lie in each cell and interval; rows with interval >= size are
    told nowhere."""
    inside = interval < size
    at = cell[inside] * size + interval[inside]
    return np.bincount(at, minlength=cells * size).reshape(cells, size).astype(np.int64)


def merged(counts: Integers, kept: NDArray[np.bool_]) -> Integers:
    """(..., number kept) the counts (..., K) of the intervals that end where `kept` (K,) is True;
    those after the last of them are dropped."""
    if not kept.any():
        return np.zeros((*counts.shape[:-1], 0), dtype=np.int64)
    starts = np.flatnonzero(np.append(True, kept[:-1]))[: int(kept.sum())]
    end = int(np.flatnonzero(kept)[-1]) + 1
    return np.asarray(np.add.reduceat(counts[..., :end], starts, axis=-1), dtype=np.int64)


def common(edges: Sequence[Floats]) -> Floats:
    """The edges that every site kept."""
    shared = edges[0]
    for others in edges[1:]:
        shared = np.intersect1d(shared, others)
    return shared


def at_risk(entered: Integers, left: Integers) -> Integers:
    """(..., K) under observation at each edge, before those who leave there (..., K) do."""
    return np.asarray(
        np.cumsum(entered, axis=-1) - (np.cumsum(left, axis=-1) - left), dtype=np.int64
    )


def unweighted(table: SurvivalTable) -> None:
    """Raises ValueError where rows count more or less than once: heads are counted here."""
    if table.weights is not None:
        raise ValueError("weights: this statistic counts heads, and takes no weights")


def columns(table: SurvivalTable, names: tuple[str, ...]) -> Floats:
    """(n, p) the columns named.

    Raises
    ------
    StudyError : a column that the table does not hold, a value missing or infinite.
    """
    chosen = table.columns[:, positions(table, names)]
    finite = np.isfinite(chosen).all(axis=0)
    if not finite.all():
        raise not_survival(names[int(np.argmin(finite))])
    return np.asarray(chosen, dtype=np.float64)


def no_event() -> StudyError:
    """The error where no site has an event of the kind asked for."""
    return StudyError(
        Text(
            "Aucun événement de cette sorte : rien n'est à estimer.",
            "No event of this kind: there is nothing to estimate.",
        ),
        "event",
        Text(
            "Choisir une autre sorte d'événement ou un suivi plus long.",
            "Choose another kind of event or a longer follow-up.",
        ),
    )
