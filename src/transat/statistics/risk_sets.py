"""Who is at risk at each event time of each stratum: sorted once, then summed as often as wanted.

Event times are numbered over all strata, stratum after stratum, in order of time. A row is at risk
at the numbers `before` < j <= `last` of its own stratum: those with entry < t_j <= time. A sum over
risk sets is then a sum by `last`, accumulated backwards within its stratum (less the same by
`before`, for rows that enter late): O(n p), with no array of rows x terms x terms.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from transat.cohorts.survival_table import SurvivalTable
from transat.core.errors import StudyError, close_match
from transat.core.languages import Text

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class RiskSets:
    """Rows that are at risk at some event time, in order of `last`; J event times, S strata.

    persons, events, event_free: people behind the table; events; people without any.
    x: (n, p) columns less their means, which no partial likelihood sees. before, last: (n,).
    row: (n,) their place in the table.
    late: rows that enter after the first event time of their stratum, in order of `before`.
    failed: rows with an event, in order of `last`. tie: (events,) their event time. share:
    (events,) 0, 1/d, ... (d-1)/d among the d events of a time. strata: (S+1,) where the event times
    of each stratum start; rows: (S+1,) likewise for its rows.
    """

    persons: int
    events: int
    event_free: int
    x: Floats
    before: Integers
    last: Integers
    row: Integers
    late: Integers
    failed: Integers
    tie: Integers
    share: Floats
    strata: Integers
    rows: Integers

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

    def columns_at_risk(self, weights: Floats) -> Floats:
        """(J, p) sums of `weights` times the columns over those at risk at each event time."""
        everyone = np.arange(self.last.size)
        here = self._backwards(self._by(self.last, everyone, weights))
        if self.late.size:
            here -= self._backwards(self._by(self.before[self.late], self.late, weights))
        return here

    def columns_of_failed(self, weights: Floats) -> Floats:
        """(J, p) sums of `weights` times the columns over those whose event is at that time."""
        return self._by(self.tie, self.failed, weights)

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

    def _by(self, times: Integers, rows: Integers, weights: Floats) -> Floats:
        """(J, p) sums by event time; `times` sorted, so the rows of a time lie side by side."""
        starts = np.searchsorted(times, np.arange(self.times + 1))
        matrix = csr_array((weights[rows], rows, starts), shape=(self.times, len(self.x)))
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
    chosen = np.array(positions(table, columns), dtype=np.int64)
    persons, person = np.unique(table.people, return_inverse=True)
    failed = table.event == event
    with_event = np.bincount(person[failed], minlength=persons.size)
    instants = np.unique(table.time[failed])
    per_stratum = len(instants) + 1
    first_key = table.strata.astype(np.int64) * per_stratum
    key = first_key + np.searchsorted(instants, table.time, "right")
    keys = np.unique(key[failed])
    last = np.searchsorted(keys, key, "right") - 1
    entered = first_key + np.searchsorted(instants, table.entry, "right")
    before = np.searchsorted(keys, entered, "right") - 1
    kept = np.flatnonzero(last > before)
    kept = kept[np.argsort(last[kept], kind="stable")]
    strata = np.searchsorted(keys // per_stratum, np.arange(len(table.stratum_labels) + 1))
    strata = np.unique(strata) if keys.size else np.zeros(1, np.int64)  # strata with an event
    last, before, failed = last[kept], before[kept], failed[kept]
    start = strata[np.searchsorted(strata, last, "right") - 1] if keys.size else last
    late = np.flatnonzero(before >= start)
    ends = np.flatnonzero(failed)
    tie = last[ends]
    deaths = np.bincount(tie, minlength=len(keys))
    rank = np.arange(tie.size) - (np.cumsum(deaths) - deaths)[tie]
    x = table.columns[kept[:, None], chosen]
    if len(x):
        x -= x.mean(axis=0)
    return RiskSets(
        persons=persons.size,
        events=int(tie.size),
        event_free=persons.size - int(np.count_nonzero(with_event)),
        x=np.ascontiguousarray(x),
        before=before,
        last=last,
        row=kept,
        late=late[np.argsort(before[late], kind="stable")],
        failed=ends,
        tie=tie,
        share=rank / np.maximum(deaths[tie], 1),
        strata=strata,
        rows=np.searchsorted(last, strata),
    )
