"""Who is at risk at each event time of each stratum: sorted once, then summed as often as wanted.

Event times are numbered over all strata, stratum after stratum, in order of time. A row is at risk
at the numbers `before` < j <= `last` of its own stratum: those with entry < t_j <= time. A sum over
risk sets is then a sum by `last`, accumulated backwards within its stratum (less the same by
`before`, for rows that enter late): O(n p), with no array of rows x terms x terms. A row whose
entry is 0 is there from before the start: an event at time 0 counts.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from transat.cohorts.survival_table import SurvivalTable
from transat.cohorts.survival_table import check as check
from transat.cohorts.survival_table import not_survival as not_survival
from transat.core.errors import StudyError, close_match
from transat.core.languages import Text

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
#: Square root of the least difference from 1 that a double holds.
_ROUNDING = float(np.sqrt(np.finfo(np.float64).eps))
Number = TypeVar("Number", np.int64, np.float64)


@dataclass(frozen=True, slots=True, eq=False)
class RiskSets:
    """Rows at risk at some event time, in order of `last` and, within one, those whose event it
    is first; J event times, S strata.

    persons, events, event_free: people behind the table; events; people without any.
    x: (n, p) columns less their means (p,), which no partial likelihood sees. before, last: (n,).
    row: (n,) their place in the table.
    late: rows that enter after the first event time of their stratum, in order of `before`.
    failed: rows with an event, in order of `last`. tie: (events,) their event time. share:
    (events,) 0, 1/d, ... (d-1)/d among the d events of a time. strata: (S+1,) where the event times
    of each stratum start; rows: (S+1,) likewise for its rows. ends: (2J+1,) where the rows of each
    event time start, its events then the others. often: (n,) how often each row counts, None where
    each counts once; mean_often: (J,) its mean over the events of a time. instants: (J,) times;
    stratum: (J,) of which stratum of the table.
    """

    persons: int
    events: int
    event_free: int
    x: Floats
    means: Floats
    before: Integers
    last: Integers
    row: Integers
    late: Integers
    failed: Integers
    tie: Integers
    share: Floats
    strata: Integers
    rows: Integers
    ends: Integers
    often: Floats | None
    mean_often: Floats
    instants: Floats
    stratum: Integers

    @property
    def times(self) -> int:
        """J, the number of event times over all strata."""
        return int(self.strata[-1])

    def by_time(self, values: Floats) -> Floats:
        """(J,) sums by event time of values given per event, in the order of `failed`."""
        return self._sums(self.tie, values)

    def at_risk(self, weights: Floats) -> Floats:
        """(J,) sums of `weights` (n,) over those at risk at each event time."""
        here = self._backwards(self._sums(self.last, weights))
        if self.late.size:
            here -= self._backwards(self._sums(self.before[self.late], weights[self.late]))
        return here

    def columns_summed(self, weights: Floats) -> tuple[Floats, Floats]:
        """(J, p) twice: sums of `weights` times the columns over those at risk at each event time,
        and over those whose event is at that time."""
        everyone = np.arange(self.last.size)
        parts = self._by(self.ends, everyone, weights)
        together, others = parts[::2], parts[1::2]
        here = self._backwards(together + others)
        if self.late.size:
            before = np.searchsorted(self.before[self.late], np.arange(self.times + 1))
            here -= self._backwards(self._by(before, self.late, weights))
        return here, together

    def cumulated(self, values: Floats) -> Floats:
        """(n,) for each row, the sum of `values` (J,) over the event times at which it is at risk.

        Strata are accumulated apart, so that none loses digits to another.
        """
        so_far = np.empty(self.times)
        for start, end in zip(self.strata[:-1], self.strata[1:], strict=True):
            so_far[start:end] = np.cumsum(values[start:end])
        total = so_far[self.last]
        if self.late.size:
            total[self.late] -= so_far[self.before[self.late]]
        return total

    def _sums(self, times: Integers, values: Floats) -> Floats:
        return np.asarray(np.bincount(times, values, self.times), dtype=np.float64)

    def _by(self, starts: Integers, rows: Integers, weights: Floats) -> Floats:
        """(groups, p) sums over groups of `rows` that lie side by side; starts: (groups + 1,)."""
        matrix = csr_array((weights[rows], rows, starts), shape=(len(starts) - 1, len(self.x)))
        return np.asarray(matrix @ self.x, dtype=np.float64)

    def _backwards(self, values: Floats) -> Floats:
        for start, end in zip(self.strata[:-1], self.strata[1:], strict=True):
            values[start:end] = np.cumsum(values[start:end][::-1], axis=0)[::-1]
        return values


class _Last(threading.local):
    """The risk sets asked for last, in each thread: a fit asks for the same ones every round."""

    asked: tuple[SurvivalTable, tuple[str, ...], int] | None = None
    made: RiskSets | None = None


_last = _Last()


def risk_sets(table: SurvivalTable, columns: tuple[str, ...], event: int) -> RiskSets:
    """The risk sets of one kind of event (others are censorings) with the columns named.

    Raises
    ------
    StudyError : a column that the table does not hold.
    """
    if _last.asked is not None and _last.made is not None:
        same_table, *same = _last.asked
        if same_table is table and same == [columns, event]:
            return _last.made
    _last.asked = _last.made = None  # frees the memory before more is taken
    made = _made(table, columns, event)
    _last.asked, _last.made = (table, columns, event), made
    return made


def positions(table: SurvivalTable, columns: tuple[str, ...]) -> list[int]:
    """Where the columns named are in the table.

    Raises
    ------
    StudyError : a column that the table does not hold.
    """
    for name in columns:
        if name not in table.column_names:
            near = close_match(name, table.column_names)
            raise StudyError(
                Text(
                    f"« {name} » n'est pas dans la table de survie.",
                    f"'{name}' is not in the survival table.",
                ),
                "columns",
                Text(
                    f"Vouliez-vous « {near} » ?" if near else "Corriger le protocole.",
                    f"Did you mean '{near}'?" if near else "Correct the protocol.",
                ),
            )
    return [table.column_names.index(name) for name in columns]


def _made(table: SurvivalTable, columns: tuple[str, ...], event: int) -> RiskSets:
    positions(table, columns)
    check(table)
    failed = table.event == event
    time, entry = _without_rounding(table)
    instants = _distinct(time[failed])
    per_stratum = len(instants) + 1
    first_key = table.strata.astype(np.int64) * per_stratum
    key = first_key + np.searchsorted(instants, time, "right")
    keys = _distinct(key[failed])
    last = np.searchsorted(keys, key, "right") - 1
    entered = first_key
    if entry.any():
        late = np.searchsorted(instants, entry, "right")
        entered = first_key + np.where(entry > 0, late, 0)
    before = np.searchsorted(keys, entered, "right") - 1
    strata = np.searchsorted(keys // per_stratum, np.arange(len(table.stratum_labels) + 1))
    strata = np.unique(strata) if keys.size else np.zeros(1, np.int64)  # strata with an event
    return _assembled(
        table, columns, event, _Placed(
            last, before, failed, strata, instants[keys % per_stratum - 1], keys // per_stratum
        ),
    )  # fmt: skip


def grid_sets(
    table: SurvivalTable, columns: tuple[str, ...], event: int, edges: Floats
) -> RiskSets:
    """Risk sets at every edge (K,) of a grid, over all strata: times and entries rounded up to the
    next edge; J = K, whether an event falls there or not. Who enters and leaves between two edges
    is at risk at none, and events after the last edge are not seen.

    Raises
    ------
    StudyError : a column that the table does not hold; impossible times.
    """
    check(table)
    slack = _ROUNDING * np.maximum(1.0, np.abs(edges))
    last = np.searchsorted(edges + slack, table.time, "left")
    entered = np.searchsorted(edges + slack, table.entry, "left")
    before = np.where(table.entry > 0, entered, -1)
    failed = (table.event == event) & (last < len(edges))
    place = np.zeros(len(edges), dtype=np.int64)
    strata = np.array([0, len(edges)])
    last = np.minimum(last, len(edges) - 1)
    return _assembled(table, columns, event, _Placed(last, before, failed, strata, edges, place))


@dataclass(frozen=True, slots=True)
class _Placed:
    """Rows (n,) between event times: last, before, whether an event; where strata start (S+1,); of
    each event time (J,), when and in which stratum of the table."""

    last: Integers
    before: Integers
    failed: NDArray[np.bool_]
    strata: Integers
    instants: Floats
    stratum: Integers


def _assembled(
    table: SurvivalTable, columns: tuple[str, ...], event: int, placed: _Placed
) -> RiskSets:
    times, strata = len(placed.instants), placed.strata
    kept = np.flatnonzero(placed.last > placed.before)
    kept = kept[_sorted(2 * placed.last[kept] + ~placed.failed[kept])]
    last, before, failed = placed.last[kept], placed.before[kept], placed.failed[kept]
    start = strata[np.searchsorted(strata, last, "right") - 1] if times else last
    late = np.flatnonzero(before >= start)
    ends = np.flatnonzero(failed)
    tie = last[ends]
    deaths = np.bincount(tie, minlength=times)
    rank = np.arange(tie.size) - (np.cumsum(deaths) - deaths)[tie]
    often = None if table.weights is None else table.weights[kept]
    x, means = _centred(table, kept, columns, positions(table, columns))
    persons = _distinct(table.people).size
    return RiskSets(
        persons=persons,
        events=int(tie.size),
        event_free=persons - _distinct(table.people[table.event == event]).size,
        x=x,
        means=means,
        before=before,
        last=last,
        row=kept,
        late=late[np.argsort(before[late], kind="stable")],
        failed=ends,
        tie=tie,
        share=rank / np.maximum(deaths[tie], 1),
        strata=strata,
        rows=np.searchsorted(last, strata),
        ends=np.searchsorted(2 * last + ~failed, np.arange(2 * times + 1)),
        often=often,
        mean_often=_means(often, ends, tie, deaths),
        instants=placed.instants,
        stratum=placed.stratum,
    )


def _without_rounding(table: SurvivalTable) -> tuple[Floats, Floats]:
    """Times and entries where those that differ by rounding alone (an age plus a duration) are one:
    by less than `_ROUNDING` of a step of time or of their mean, as R's survival has it."""
    late = table.entry > 0
    both = np.concatenate([table.time, table.entry[late]]) if late.any() else table.time
    distinct = _distinct(both)
    steps = np.diff(distinct)
    same = (
        steps <= _ROUNDING * max(1.0, float(np.abs(distinct).mean())) if len(steps) else steps > 0
    )
    if not same.any():
        return table.time, table.entry
    first = distinct[np.append(True, ~same)]

    def put(values: Floats) -> Floats:
        at = np.maximum(np.searchsorted(first, values, "right") - 1, 0)
        return np.asarray(first[at], dtype=np.float64)

    return put(table.time), np.where(late, put(table.entry), 0.0)


def _distinct(values: NDArray[Number]) -> NDArray[Number]:
    """The values once each, rising: sorted, which is several times as fast as hashing them."""
    ordered = np.sort(values)
    return ordered[np.append(True, ordered[1:] != ordered[:-1])] if len(ordered) else ordered


def _sorted(keys: Integers) -> Integers:
    """The order of keys that are not negative, ties in the order given; in one pass where small."""
    small = keys.size and keys.max() < np.iinfo(np.uint16).max
    return np.argsort(keys.astype(np.uint16) if small else keys, kind="stable")


def _centred(
    table: SurvivalTable, rows: Integers, columns: tuple[str, ...], chosen: list[int]
) -> tuple[Floats, Floats]:
    """The columns of these rows less their means, row after row in memory; and their means."""
    whole = chosen == list(range(table.columns.shape[1]))
    x = np.take(table.columns if whole else table.columns[:, chosen], rows, axis=0)
    means = np.zeros(len(chosen))
    if len(x):
        with np.errstate(all="ignore"):
            means = x.mean(axis=0)
        if not np.isfinite(means).all():
            raise not_survival(columns[int(np.argmin(np.isfinite(means)))])
        x -= means
    return np.ascontiguousarray(x, dtype=np.float64), means


def _means(often: Floats | None, failed: Integers, tie: Integers, deaths: Integers) -> Floats:
    if often is None:
        return np.ones(len(deaths))
    return np.bincount(tie, often[failed], len(deaths)) / np.maximum(deaths, 1)
