"""Weeks of gestation that follow each other: runs of one pregnancy."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from transat.cohorts.episodes.intervals import Ints, Mask, first_of
from transat.cohorts.episodes.parameters import HippsParameters
from transat.cohorts.episodes.records import Weeks


@dataclass(frozen=True, slots=True)
class Gestations:
    """Runs of recorded weeks in order of (person, day): (n,) each.

    day: when the highest week was first recorded; start: the earlier of the starts that the highest
    and the lowest week say.
    """

    person: Ints
    day: Ints
    start: Ints


def gestations(weeks: Weeks, parameters: HippsParameters) -> Gestations:
    """Cut the weeks of each woman where another pregnancy begins.

    A week that does not grow belongs to another pregnancy from `same_gestation` days on; one that
    grows, when more time passed than it grew by and `late_record` days.
    """
    person, day, week = weeks.person, weeks.day, weeks.weeks
    grown = week[1:] - week[:-1]
    passed = day[1:] - day[:-1]
    opens = first_of(person)
    opens[1:] |= np.where(
        grown > 0,
        passed >= 7 * grown + parameters.late_record,
        passed >= parameters.same_gestation,
    )
    run = np.cumsum(opens) - 1
    begins = np.flatnonzero(opens)
    highest = _first(run, week == np.maximum.reduceat(week, begins)[run]) if len(run) else begins
    lowest = _first(run, week == np.minimum.reduceat(week, begins)[run]) if len(run) else begins
    says = day - np.floor(7 * week).astype(np.int64)
    return Gestations(person[highest], day[highest], np.minimum(says[highest], says[lowest]))


def _first(run: Ints, wanted: Mask) -> Ints:
    """The first wanted row of each run."""
    rows = np.flatnonzero(wanted)
    return rows[first_of(run[rows])]
