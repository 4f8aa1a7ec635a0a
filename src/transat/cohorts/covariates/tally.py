"""How many events of each item lie in each window around each row of a cohort: the one kernel.

An item is what a column of the matrix will be of: a concept, a concept with its range or answer.
One pass over a table serves all windows. With a table in the order of (person, concept, date) what
comes out is in order already, and nothing is sorted.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from transat.cohorts.covariates.chunks import NEVER, Chunk, scan
from transat.cohorts.covariates.rows import Rows, pairs
from transat.cohorts.query.domains import DOMAINS

if TYPE_CHECKING:
    from transat.cohorts.covariates.settings import Events
    from transat.engines.cdm import Cdm

Items = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Window:
    """Days [low, high] from the start of a row (low None: no limit), and how events lie in it.

    cut: it ends on the row's last day at the latest.
    """

    low: int | None
    high: int
    events: Events
    cut: bool = False


@dataclass(frozen=True, slots=True)
class Tally:
    """m pairs of a row and an item, each once, in order.

    row: (m,) index in Rows. item: (m,). count: (m, w) events in each of the w windows.
    """

    row: NDArray[np.int32]
    item: Items
    count: NDArray[np.int32]

    def within(self, window: int) -> Tally:
        """The pairs that have an event in one window, with their counts there as (m', 1)."""
        held = self.count[:, window] > 0
        return Tally(self.row[held], self.item[held], self.count[held, window : window + 1])

    def where(self, held: NDArray[np.bool_]) -> Tally:
        """The pairs where the mask holds."""
        return Tally(self.row[held], self.item[held], self.count[held])


@dataclass(frozen=True, slots=True)
class Reading:
    """One way to read a table: its columns, the item of an event (0: none), the events that count.

    item: of a chunk and indices of its events, their items. keep: mask of a chunk's events.
    """

    table: str
    columns: dict[str, str]
    item: Callable[[Chunk, NDArray[np.int32]], Items]
    keep: Callable[[Chunk], NDArray[np.bool_]] | None = None


def tally(cdm: Cdm, rows: Rows, reading: Reading, windows: Sequence[Window]) -> Tally:
    """Count the events of `reading` in every window around every row."""
    columns = {**reading.columns, **day_columns(reading.table, windows)}
    if not rows.size:
        return _empty(len(windows))

    def work(chunk: Chunk) -> Tally:
        if reading.keep is not None:
            chunk = chunk.take(reading.keep(chunk))
        return _count(rows, chunk, reading, windows)

    wanted = (int(rows.person[0]), int(rows.person[-1]))
    return merge(scan(cdm, reading.table, columns, wanted, work), len(windows))


def day_columns(table: str, windows: Sequence[Window]) -> dict[str, str]:
    """The columns of a table that hold the days which these windows ask for."""
    domain = DOMAINS[table]
    columns = {domain.start: "start"}
    asked = {w.events for w in windows}
    supplied = "covered" in asked and domain.days_supply is not None
    if asked & {"overlap", "covered"} and domain.end is not None:
        columns[domain.end] = "spare_end" if supplied and "overlap" not in asked else "end"
    if supplied and domain.days_supply is not None:
        columns[domain.days_supply] = "id"
    return columns


def survivors(
    rows: Rows, chunk: Chunk, table: str, windows: Sequence[Window]
) -> list[tuple[NDArray[np.int32], NDArray[np.int32], NDArray[np.bool_]]]:
    """Parts of (row, event, (k, w) whether in each window) of pairs that may be in one."""
    start: NDArray[np.int32] = chunk.columns[DOMAINS[table].start]  # type: ignore[assignment]
    high = max(w.high for w in windows)
    low = _lowest(chunk, table, windows)
    length = rows.end - rows.start
    parts = []
    for some, event, count in pairs(rows, chunk.person):
        first = np.repeat(rows.start[some], count)
        since = start[event] - first
        held = since <= high
        if low is not None:
            held &= since >= low
        kept = np.flatnonzero(held)
        event, first, since = event[kept], first[kept], since[kept]
        last = {e: _last(chunk, table, e, event) - first for e in {w.events for w in windows}}
        row = some.start + np.searchsorted(np.cumsum(count), kept, "right")
        inside = np.empty((len(kept), len(windows)), np.bool_)
        for i, window in enumerate(windows):
            inside[:, i] = since <= window.high
            if window.cut:
                inside[:, i] &= since <= length[row]
            if window.low is not None:
                inside[:, i] &= last[window.events] >= window.low
        parts.append((row.astype(np.int32), event, inside))
    return parts


def _lowest(chunk: Chunk, table: str, windows: Sequence[Window]) -> int | None:
    """The earliest start that an event in one of the windows can have; None: no limit.

    No event lasts longer than the longest, so most starts say by themselves that they are too early
    and the exact last day is worked out for few events.
    """
    lows = [w.low for w in windows if w.low is not None]
    if len(lows) < len(windows) or not len(chunk.person):
        return None
    domain = DOMAINS[table]
    longest = 0
    end, supply = (chunk.columns.get(name or "") for name in (domain.end, domain.days_supply))
    if end is not None:
        longest = int(np.max(end - chunk.columns[domain.start]))
    if supply is not None:
        longest = max(longest, int(np.max(supply)))
    return min(lows) - min(max(longest, 0), NEVER)


def _last(chunk: Chunk, table: str, events: Events, event: NDArray[np.int32]) -> NDArray[np.int32]:
    """The last day on which these events are said to be there."""
    domain = DOMAINS[table]
    start: NDArray[np.int32] = chunk.columns[domain.start][event]  # type: ignore[assignment]
    if events in ("start", "inpatient") or domain.end is None:
        return start
    end: NDArray[np.int32] = chunk.columns[domain.end][event]  # type: ignore[assignment]
    if events == "overlap":
        return end
    # Days of supply say what is covered; the end date, then one day, where they are unknown: the
    # rule of the exposures of studies.
    known = np.maximum(start, end)
    if domain.days_supply is None:
        return known
    supply = np.minimum(chunk.columns[domain.days_supply][event], NEVER)
    return np.where(supply >= 1, start + supply - 1, known).astype(np.int32)


def _count(rows: Rows, chunk: Chunk, reading: Reading, windows: Sequence[Window]) -> Tally:
    found = []
    for row, event, inside in survivors(rows, chunk, reading.table, windows):
        item = reading.item(chunk, event)
        held = inside.any(axis=1) & (item != 0)
        found.append(Tally(row[held], item[held], inside[held].astype(np.int32)))
    return merge(found, len(windows))


def merge(parts: Sequence[Tally], windows: int) -> Tally:
    """One tally of several: pairs in order, each once, counts added."""
    parts = [p for p in parts if len(p.row)]
    if not parts:
        return _empty(windows)
    one = len(parts) == 1
    row = parts[0].row if one else np.concatenate([p.row for p in parts])
    item = parts[0].item if one else np.concatenate([p.item for p in parts])
    count = parts[0].count if one else np.concatenate([p.count for p in parts])
    step = (row[1:] > row[:-1]) | ((row[1:] == row[:-1]) & (item[1:] >= item[:-1]))
    if not bool(step.all()):
        order = np.lexsort((item, row))
        row, item, count = row[order], item[order], count[order]
    new = np.empty(len(row), np.bool_)
    new[0] = True
    np.not_equal(row[1:], row[:-1], out=new[1:])
    new[1:] |= item[1:] != item[:-1]
    if bool(new.all()):
        return Tally(row, item, count)
    starts = np.flatnonzero(new)
    return Tally(row[starts], item[starts], np.add.reduceat(count, starts, axis=0))


def _empty(windows: int) -> Tally:
    return Tally(np.empty(0, np.int32), np.empty(0, np.int64), np.empty((0, windows), np.int32))
