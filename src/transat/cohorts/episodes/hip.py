"""HIP: pregnancies from their outcome and from recorded weeks, each woman's in order of time.

outcomes ─┐
          ├─ joined where they overlap ── implausible outcomes ── overlaps ── first week
weeks ────┘                                     become UNKNOWN
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from transat.cohorts.episodes.gestation import Gestations, gestations
from transat.cohorts.episodes.intervals import Ints, Mask, first_of, others, within
from transat.cohorts.episodes.outcomes import Outcomes, outcomes
from transat.cohorts.episodes.parameters import LAST, HippsParameters
from transat.cohorts.episodes.records import Records, Weeks

#: A day that nothing has.
NEVER = np.iinfo(np.int32).max


@dataclass(frozen=True, slots=True)
class Hip:
    """Episodes of HIP in order of (person, end, category, start): (n,) each.

    category: place in OUTCOMES; row: of the outcome in Ends, -1 without outcome.
    first_week: day of the first recorded week in [start, end], NEVER without. last_week: day of the
    highest week of its run, -NEVER without; it may lie a little behind the end.
    """

    person: Ints
    start: Ints
    end: Ints
    category: Ints
    row: Ints
    first_week: Ints
    last_week: Ints


@dataclass(frozen=True, slots=True)
class _Joined:
    """Outcomes and runs of weeks side by side: (n,) each; NEVER and -1 where one lacks.

    term: place in OUTCOMES whose numbers hold, -1 for a run of weeks alone.
    """

    person: Ints
    end: Ints
    category: Ints
    term: Ints
    row: Ints
    week_day: Ints
    week_start: Ints

    def take(self, index: Ints | Mask) -> _Joined:
        return _Joined(*(getattr(self, name)[index] for name in self.__slots__))

    def with_end(self, unknown: Mask) -> _Joined:
        """The same, where some outcomes are not believed: the weeks alone say the end."""
        return _Joined(
            self.person,
            np.where(unknown, self.week_day, self.end),
            np.where(unknown, LAST, self.category),
            self.term,
            np.where(unknown, -1, self.row),
            self.week_day,
            self.week_start,
        )


def hip(records: Records, parameters: HippsParameters) -> Hip:
    """The episodes of HIP."""
    joined = _joined(
        outcomes(records.ends, parameters), gestations(records.weeks, parameters), parameters
    )
    return _with_first_week(_apart(_plausible(joined, parameters), parameters), records.weeks)


def _joined(ended: Outcomes, runs: Gestations, parameters: HippsParameters) -> _Joined:
    matched, run = _pairs(ended, runs, parameters)
    alone = others(len(ended.day), matched)
    weeks_only = others(len(runs.day), run)
    order = np.concatenate((matched, alone))
    week_day = np.concatenate((runs.day[run], np.full(len(alone), NEVER)))
    week_start = np.concatenate((runs.start[run], np.full(len(alone), NEVER)))
    none = np.full(len(weeks_only), -1)
    return _Joined(
        np.concatenate((ended.person[order], runs.person[weeks_only])),
        np.concatenate((ended.day[order], runs.day[weeks_only])),
        np.concatenate((ended.category[order], np.full(len(weeks_only), LAST))),
        np.concatenate((ended.category[order], none)),
        np.concatenate((ended.row[order], none)),
        np.concatenate((week_day, runs.day[weeks_only])),
        np.concatenate((week_start, runs.start[weeks_only])),
    )


def _pairs(ended: Outcomes, runs: Gestations, parameters: HippsParameters) -> tuple[Ints, Ints]:
    """Outcomes and the run of weeks that is theirs: each has one of the other at most.

    Published: any of those that overlap, as its rows come. Here an outcome takes a run that its
    gestation believes, then the nearest in time; and a run the nearest of these outcomes.
    """
    longest = parameters.max_days[ended.category]
    i, j = within(
        ended.person,
        ended.day - longest,
        np.full(len(ended.day), NEVER),
        runs.person,
        runs.day,
    )
    overlap = runs.start[j] <= ended.day[i]
    i, j = i[overlap], j[overlap]
    gestation = ended.day[i] - runs.start[j]
    shortest = parameters.min_days[ended.category[i]]
    odd = (gestation < shortest) | (gestation > longest[i])
    distance = np.abs(ended.day[i] - runs.day[j])
    for _ in range(2):
        best = np.lexsort((j, distance, odd, i))
        best = best[first_of(i[best])]
        i, j, odd, distance = j[best], i[best], odd[best], distance[best]
    return i, j


def _plausible(joined: _Joined, parameters: HippsParameters) -> _Joined:
    """An outcome after more than the longest gestation, or long before its weeks, is not theirs."""
    both = (joined.row >= 0) & (joined.week_day != NEVER)
    longest = parameters.max_days[joined.term]
    over = joined.end - joined.week_start > longest
    late = joined.week_day - joined.end > parameters.late_record
    return joined.with_end(both & (over | late))


def _apart(joined: _Joined, parameters: HippsParameters) -> Hip:
    """Starts behind the previous pregnancy; UNKNOWN that the next one overlaps is that one."""
    joined = joined.take(
        np.lexsort((joined.week_day, joined.row, joined.category, joined.end, joined.person))
    )
    _, overlaps = _overlaps(joined, parameters)
    next_overlaps = np.append(overlaps[1:], False)
    swallowed = next_overlaps & (joined.category == LAST) & (joined.week_day != NEVER)
    joined = joined.take(~swallowed)
    says, overlaps = _overlaps(joined, parameters)
    before = np.flatnonzero(overlaps) - 1
    known = joined.term[before] >= 0
    before = before[known]
    start = says.copy()
    start[before + 1] = joined.end[before] + parameters.retry_days[joined.term[before]]
    short = (
        (joined.week_day != NEVER)
        & (joined.term >= 0)
        & (joined.end - start < parameters.min_days[joined.term])
    )
    joined = joined.with_end(short)
    order = np.lexsort((joined.row, start, joined.category, joined.end, joined.person))
    joined, start = joined.take(order), start[order]
    one = first_of(joined.person, joined.end, joined.category, start)
    joined, start = joined.take(one), start[one]
    last = np.where(joined.week_day == NEVER, -NEVER, joined.week_day)
    none = np.full(len(start), NEVER)
    return Hip(joined.person, start, joined.end, joined.category, joined.row, none, last)


def _overlaps(joined: _Joined, parameters: HippsParameters) -> tuple[Ints, Mask]:
    """The start that the records of each say, and whether it lies in the one before."""
    longest = parameters.max_days[np.maximum(joined.term, 0)]
    says = np.where(joined.week_day != NEVER, joined.week_start, joined.end - longest)
    overlaps = ~first_of(joined.person)
    overlaps[1:] &= says[1:] < joined.end[:-1]
    return says, overlaps


def _with_first_week(hip: Hip, weeks: Weeks) -> Hip:
    """Published: an episode without a week is lost when its woman has weeks at another time."""
    i, j = within(hip.person, hip.start, hip.end, weeks.person, weeks.day)
    opens = first_of(i)
    hip.first_week[i[opens]] = weeks.day[j[opens]]
    return hip
