"""ESD: the start of each episode from the evidence that lies in it, and how precise it is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from transat.cohorts.episodes.intervals import Floats, Ints, Mask, first_of, within
from transat.cohorts.episodes.match import Matched
from transat.cohorts.episodes.parameters import HippsParameters
from transat.cohorts.episodes.records import Evidence

#: How a start is known: by day, by week, by months of gestation, by nothing.
DATINGS: Final = ("day", "week", "month", "default")
DAY, WEEK, MONTH, DEFAULT = range(4)
#: Class of a start by the spread of its evidence in days (DARWIN EU), and the widest of each.
CLASSES: Final = (
    "week_poor-support", "week", "two-week", "three-week", "month", "two-month", "three-month",
    "non-specific",
)  # fmt: skip
_WIDEST: Final = np.array([-1, 7, 14, 21, 28, 56, 84])
#: Completed weeks hide so many days.
_WITHIN_WEEK: Final = 6
_RANGE: Final = 4


@dataclass(frozen=True, slots=True)
class Starts:
    """Start of each episode: (n,) each.

    dating: place in DATINGS. spread: days between the earliest and the latest start that the
    evidence allows, -1 for one week alone. precision: largest error in days.
    start, spread and precision mean nothing where dating is DEFAULT.
    """

    start: Ints
    dating: Ints
    spread: Ints
    precision: Ints


def starts(matched: Matched, evidence: Evidence, parameters: HippsParameters) -> Starts:
    """Infer the starts.

    Days and weeks decide, those within the months when more than half are, without outliers; the
    earliest record among them gives the start. Else the middle of the months.

    Published: the months that agree are found by dropping those that overlap few others, counted on
    one side only. Here they are the days that most of them allow.
    """
    size = len(matched.person)
    episode, row = within(
        matched.person, matched.first, matched.last, evidence.person, evidence.day
    )
    ranges = evidence.rank[row] == _RANGE
    common = _common(episode[ranges], row[ranges], evidence, size)
    points = _believed(episode[~ranges], row[~ranges], evidence, common, parameters)
    found = _by_months(common)
    _by_points(found, points, evidence, common)
    return found


def precision_class(spread: Ints) -> Ints:
    """Place in CLASSES of a spread in days; -1 is a week that nothing supports."""
    return np.searchsorted(_WIDEST, spread, "left")


@dataclass(frozen=True, slots=True)
class _Common:
    """By episode, the starts that most of its ranges allow, and the range of these ranges."""

    known: Mask
    low: Ints
    high: Ints
    widest_low: Ints
    widest_high: Ints


@dataclass(frozen=True, slots=True)
class _Points:
    """Days that are believed, in order of (episode, record); supported: within the months."""

    episode: Ints
    row: Ints
    supported: Mask


def _common(episode: Ints, row: Ints, evidence: Evidence, size: int) -> _Common:
    low, high = evidence.low[row], evidence.high[row]
    order = np.lexsort((high, low, episode))
    order = order[first_of(episode[order], low[order], high[order])]
    episode, low, high = episode[order], low[order], high[order]
    owner = np.concatenate((episode, episode))
    day = np.concatenate((low, high + 1))
    step = np.repeat((1, -1), len(low))
    order = np.lexsort((step, day, owner))  # a range that ends leaves before one that begins
    owner, day, step = owner[order], day[order], step[order]
    depth = np.cumsum(step)
    best = np.lexsort((np.arange(len(day)), -depth, owner))
    best = best[first_of(owner[best])]
    known = np.zeros(size, np.bool_)
    known[owner[best]] = True
    common = _Common(known, *(np.zeros(size, np.int64) for _ in range(4)))
    common.low[owner[best]] = day[best]
    common.high[owner[best]] = day[best + 1] - 1
    holds = (low <= common.low[episode]) & (high >= common.high[episode])
    common.widest_low[known] = np.iinfo(np.int64).max
    common.widest_high[known] = np.iinfo(np.int64).min
    np.minimum.at(common.widest_low, episode[holds], low[holds])
    np.maximum.at(common.widest_high, episode[holds], high[holds])
    return common


def _believed(
    episode: Ints, row: Ints, evidence: Evidence, common: _Common, parameters: HippsParameters
) -> _Points:
    order = np.lexsort((evidence.low[row], evidence.rank[row], evidence.day[row], episode))
    episode, row = episode[order], row[order]
    start = evidence.low[row]
    low, high = _widened(common, parameters)
    inside = common.known[episode] & (start >= low[episode]) & (start <= high[episode])
    size = len(common.known)
    most = 2 * np.bincount(episode[inside], minlength=size) > np.bincount(episode, minlength=size)
    keep = inside | ~most[episode]
    episode, row, start = episode[keep], row[keep], start[keep]
    keep = ~_outliers(episode, start)
    return _Points(episode[keep], row[keep], most[episode[keep]])


def _widened(common: _Common, parameters: HippsParameters) -> tuple[Ints, Ints]:
    middle = common.low + (common.high - common.low) // 2
    narrow = common.high - common.low < parameters.narrow_days
    half = parameters.narrow_days // 2
    return (
        np.where(narrow, middle - half, common.low),
        np.where(narrow, middle + half, common.high),
    )


def _outliers(episode: Ints, start: Ints) -> Mask:
    """Distances from the median beyond 1.5 interquartile ranges of the quartiles (Tukey)."""
    if not len(start):
        return np.zeros(0, np.bool_)
    opens = first_of(episode)
    group = np.cumsum(opens) - 1
    first = np.flatnonzero(opens)
    count = np.diff(np.append(first, len(start)))
    ordered = start[np.lexsort((start, group))]
    distance = np.abs(start - ordered[first + (count + 1) // 2 - 1][group])
    ranked = distance[np.lexsort((distance, group))]
    lower, upper = (_quantile(ranked, first, count, q) for q in (0.25, 0.75))
    fence = 1.5 * (upper - lower)
    outside: Mask = (distance < (lower - fence)[group]) | (distance > (upper + fence)[group])
    return outside


def _quantile(ranked: Ints, first: Ints, count: Ints, share: float) -> Floats:
    """Linear interpolation between order statistics (R's type 7), by group."""
    place = (count - 1) * share
    under = np.floor(place).astype(np.int64)
    over = np.minimum(under + 1, count - 1)
    low, high = ranked[first + under], ranked[first + over]
    return np.asarray(low + (high - low) * (place - under), np.float64)


def _by_months(common: _Common) -> Starts:
    middle = common.low + (common.high - common.low) // 2
    error = np.maximum(middle - common.widest_low, common.widest_high - middle)
    return Starts(
        middle,
        np.where(common.known, MONTH, DEFAULT),
        common.widest_high - common.widest_low,
        error,
    )


def _by_points(found: Starts, points: _Points, evidence: Evidence, common: _Common) -> None:
    """Write into `found` the starts of the episodes that have points."""
    if not len(points.row):
        return
    opens = np.flatnonzero(first_of(points.episode))
    episode, row = points.episode[opens], points.row[opens]
    start = evidence.low[points.row]
    width = np.maximum.reduceat(start, opens) - np.minimum.reduceat(start, opens)
    single = np.diff(np.append(opens, len(start))) == 1
    weeks = evidence.rank[row] == 0
    found.start[episode] = evidence.low[row]
    found.dating[episode] = np.where(weeks, WEEK, DAY)
    found.spread[episode] = np.where(single & weeks & ~points.supported[opens], -1, width)
    found.precision[episode] = width + np.where(weeks, _WITHIN_WEEK, 0)
