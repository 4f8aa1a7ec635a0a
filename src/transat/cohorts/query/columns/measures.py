"""The columns of an analysis: what the events around each period of a cohort say."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from transat.cohorts.query.columns import keys
from transat.cohorts.query.columns.attributes import attribute
from transat.cohorts.query.columns.collapse import joined
from transat.cohorts.query.columns.counts import pairs, times
from transat.cohorts.query.columns.kinds import kind
from transat.cohorts.query.columns.values import Values
from transat.cohorts.query.columns.windows import spans

if TYPE_CHECKING:
    from transat.cohorts.query.analysis import FollowUp, Measure
    from transat.cohorts.query.columns.events import Events
    from transat.cohorts.query.columns.keys import Ints
    from transat.cohorts.query.columns.spells import Spells
    from transat.cohorts.query.columns.world import World
    from transat.cohorts.query.model import Read


def measured(world: World, spells: Spells, measure: Measure) -> Values:
    """One value per period."""
    events = world.events(measure.events)
    if measure.covered is not None:
        days = _days_covered(spells, events, measure, measure.covered)
        return Values((days >= measure.at_least).astype(np.int64) if _any(measure) else days)
    around = spans(spells, measure.windows, measure.outside_period)
    if measure.what in ("any", "count"):
        found = times(spells, events, around)
        return Values((found >= measure.at_least).astype(np.int64) if _any(measure) else found)
    i, j = pairs(spells, events, around)
    known = np.zeros(len(spells), np.bool_)
    known[i] = True
    chosen = np.zeros(len(spells), np.int64)
    if measure.what == "days_to_first":
        # Of several writes to one place the last stays: backwards, that of the first event.
        chosen[i[::-1]] = j[::-1]
        return _days(spells, events, chosen, known, 1)
    chosen[i] = j
    if measure.what == "days_since_last":
        return _days(spells, events, chosen, known, -1)
    return _last_value(world, events, measure, chosen, known)


def _any(measure: Measure) -> bool:
    return measure.what == "any"


def _days(spells: Spells, events: Events, chosen: Ints, known: keys.Mask, sign: int) -> Values:
    """Days from the period's start to the chosen event's, or (sign -1) from that to the start."""
    days = np.zeros(len(spells), np.int64)
    days[known] = sign * (events.key[chosen[known]] - spells.key[known])
    return Values(days, known)


def _last_value(
    world: World, events: Events, measure: Measure, chosen: Ints, known: keys.Mask
) -> Values:
    read = kind(measure.events.domain, measure.attribute or "")
    said = attribute(world, events, measure.attribute or "", read).take(chosen[known])
    values = np.zeros(len(known), said.values.dtype)
    values[known] = said.values - keys.EPOCH if read == "day" else said.values
    there = known.copy()
    there[known] = ~said.missing
    return Values(values, there)


def _days_covered(
    spells: Spells, events: Events, measure: Measure, covered: tuple[int, int]
) -> Ints:
    """Days of the window that lie in at least one event, prolonged by its grace."""
    first, last = spells.key + covered[0], spells.key + covered[1]
    if measure.until_end:
        last = np.minimum(last, spells.end)
    around = spans(spells, (), measure.outside_period)
    around["start"].before(last)
    i, j = pairs(spells, events, around)
    start = np.maximum(events.key[j], first[i])
    end = np.minimum(events.end[j] + measure.grace, last[i])
    touching = keys.known(events.end[j]) & (start <= end)
    i, start, end = i[touching], start[touching], end[touching]
    # Keys by period instead of by person: a person may have several.
    moved = (i << keys.PERSON_BITS) - keys.base(spells.key)[i]
    begins, ends = joined(start + moved, end + moved, 0)
    days: Ints = np.bincount(
        keys.person(begins), weights=ends - begins + 1, minlength=len(spells)
    ).astype(np.int64)
    return days


def followed(world: World, spells: Spells, asked: FollowUp) -> tuple[Values, Values]:
    """Time in days and status of each period; unknown where it ends before follow-up begins."""
    origin = spells.key + asked.from_day
    end = spells.end
    if asked.to_day is not None:
        end = np.minimum(end, spells.key + asked.to_day)
    known = end >= origin
    reached = end
    for read in asked.censoring:
        reached = np.minimum(reached, _first(world, read, origin, end))
    day, status = reached, np.zeros(len(spells), np.int64)
    for number, read in enumerate((asked.outcome, *asked.competing), 1):
        first = _first(world, read, origin, reached)
        sooner = (first < day) | ((first == day) & (status == 0))
        day, status = np.where(sooner, first, day), np.where(sooner, number, status)
    return Values(day - origin, known), Values(status, known)


def _first(world: World, read: Read, low: Ints, high: Ints) -> Ints:
    """The first start of an event from `low` to `high`; LAST for none."""
    starts = world.events(read).starts
    first = starts[np.searchsorted(starts, low, "left")]
    return np.where(first <= high, first, keys.LAST)
