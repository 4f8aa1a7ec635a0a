"""PPS: signs of progress in the order in which a pregnancy brings them, and their outcome."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from transat.cohorts.episodes.hip import NEVER
from transat.cohorts.episodes.intervals import Ints, Mask, first_of, within
from transat.cohorts.episodes.parameters import LAST, HippsParameters
from transat.cohorts.episodes.records import Ends, Signs

#: Days of a month between two signs.
MONTH: Final = 30
#: Order in which the outcomes of a run are taken, by place in OUTCOMES: LB, SB, ECT, SA, AB, DELIV.
_PRIORITY: Final = np.array([0, 1, 2, 4, 3, 5], np.int64)


@dataclass(frozen=True, slots=True)
class Progress:
    """Runs of signs in order of (person, first day): (n,) each.

    first, last: days of the first and the last sign; reach: the last, `beyond_months` later.
    end, category, row: of the outcome (place in OUTCOMES, row in Ends); the last sign's day,
    UNKNOWN and -1 without.
    """

    person: Ints
    first: Ints
    last: Ints
    reach: Ints
    end: Ints
    category: Ints
    row: Ints


def progress(signs: Signs, ends: Ends, parameters: HippsParameters) -> Progress:
    """The runs of signs, with the outcome of each.

    A woman's last sign that agrees with none, after a break, is set aside. Published: signs are
    read as they come, and the runs that are too long make one together. Here signs are in order of
    time, and runs too long are none.
    """
    bridged = _bridged(signs, parameters)
    kept = _kept(signs, bridged, parameters)
    signs, bridged = signs.take(kept), bridged[kept]
    run = np.cumsum(_opens(signs, bridged, parameters)) - 1
    size = int(run[-1]) + 1 if len(run) else 0
    first, last = np.full(size, NEVER, np.int64), np.full(size, -NEVER, np.int64)
    np.minimum.at(first, run, signs.day)
    np.maximum.at(last, run, signs.day)
    believed = last - first <= MONTH * parameters.longest_months
    person = signs.person[first_of(run)][believed]
    latest = _latest_outcome(signs, run, last, parameters)[believed]
    first, last = first[believed], last[believed]
    found = Progress(
        person,
        first,
        last,
        add_months(last, np.full(len(last), parameters.beyond_months)),
        last.copy(),
        np.full(len(last), LAST),
        np.full(len(last), -1),
    )
    _take_outcomes(found, latest, ends, parameters)
    return found


def add_months(day: Ints, months: Ints) -> Ints:
    """Days `months` calendar months later; the last of the month where it has no such day."""
    date = day.astype("datetime64[D]")
    month = date.astype("datetime64[M]")
    moved = month + months.astype("timedelta64[M]")
    length = (
        (moved + np.timedelta64(1, "M")).astype("datetime64[D]") - moved.astype("datetime64[D]")
    ).astype(np.int64)
    of_month = (date - month.astype("datetime64[D]")).astype(np.int64)
    later: Ints = moved.astype("datetime64[D]").astype(np.int64) + np.minimum(of_month, length - 1)
    return later


def _gaps(signs: Signs) -> Ints:
    gaps = np.zeros(len(signs.day), np.int64)
    gaps[1:] = signs.day[1:] - signs.day[:-1]
    return gaps


def _kept(signs: Signs, bridged: Mask, parameters: HippsParameters) -> Mask:
    """All but a woman's last sign, when nothing agrees with it after a break."""
    gap, opens = _gaps(signs), first_of(signs.person)
    last = np.append(opens[1:], True)[: len(opens)]
    breaks = gap > MONTH * parameters.break_months
    long = gap > MONTH * parameters.pregnancy_months
    return ~(last & ~opens & breaks & ~long & ~bridged)


def _opens(signs: Signs, bridged: Mask, parameters: HippsParameters) -> Mask:
    """Which signs open a run: after a break that no two agreeing signs bridge, or a long one."""
    gap = _gaps(signs)
    breaks = (gap > MONTH * parameters.break_months) & ~bridged
    return first_of(signs.person) | breaks | (gap > MONTH * parameters.pregnancy_months)


def _bridged(signs: Signs, parameters: HippsParameters) -> Mask:
    """Signs that lie behind one, and not behind the other, of two that agree."""
    earliest = _earliest_agreeing(signs, parameters)
    # Rows of women further down only reach their own, which lie behind.
    least = np.minimum.accumulate(earliest[::-1])[::-1]
    bridged: Mask = least < np.arange(len(earliest))
    return bridged


def _earliest_agreeing(signs: Signs, parameters: HippsParameters) -> Ints:
    """For each sign, the earliest one before it that agrees with it; itself when none does."""
    slack = parameters.slack_months
    size = len(signs.day)
    earliest = np.arange(size)
    if not size:
        return earliest
    reach = MONTH * (signs.max_month - signs.min_month.min() + slack)
    later = np.arange(size)
    lag = 0
    while later.size:
        lag += 1
        later = later[later >= lag]
        before = later - lag
        months = signs.day[later] - signs.day[before]
        near = (signs.person[later] == signs.person[before]) & (months <= reach[later])
        later, before, months = later[near], before[near], months[near]
        most = MONTH * (signs.max_month[later] - signs.min_month[before] + slack)
        least = MONTH * (signs.min_month[later] - signs.max_month[before] - slack)
        agree = (months >= least) & (months <= most)
        earliest[later[agree]] = before[agree]
    return earliest


def _latest_outcome(signs: Signs, run: Ints, last: Ints, parameters: HippsParameters) -> Ints:
    """For each run, the last day on which the pregnancy of its last sign may end."""
    rows = np.flatnonzero(signs.day == last[run])
    order = np.lexsort((-signs.min_month[rows], -signs.max_month[rows], run[rows]))
    rows = rows[order][first_of(run[rows[order]])]
    months = parameters.outcome_month - np.floor(signs.min_month[rows]).astype(np.int64)
    return add_months(signs.day[rows], months)


def _take_outcomes(found: Progress, latest: Ints, ends: Ends, parameters: HippsParameters) -> None:
    until = latest.copy()
    same = found.person[1:] == found.person[:-1]
    until[:-1][same] = np.minimum(latest[:-1][same], found.first[1:][same] - 1)
    low = found.last - parameters.outcome_before
    i, j = within(found.person, low, until, ends.person, ends.day)
    order = np.lexsort((j, ends.day[j], _PRIORITY[ends.category[j]], i))
    best = order[first_of(i[order])]
    i, j = i[best], j[best]
    found.end[i], found.category[i], found.row[i] = ends.day[j], ends.category[j], j
