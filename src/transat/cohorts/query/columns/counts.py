"""How often something happens around each index event."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from transat.cohorts.query.columns.attributes import attribute
from transat.cohorts.query.columns.keys import spread
from transat.cohorts.query.columns.kinds import kind
from transat.cohorts.query.columns.windows import Anchors, Spans, spans

if TYPE_CHECKING:
    from collections.abc import Callable

    from transat.cohorts.query.columns.events import Events
    from transat.cohorts.query.columns.index import Index
    from transat.cohorts.query.columns.keys import Ints, Mask
    from transat.cohorts.query.columns.world import World
    from transat.cohorts.query.model import Count


def counted(world: World, index: Index, count: Count) -> Mask:
    """Whether the count of each index event is as `count` wants it."""
    events = world.events(count.events)
    around = spans(index, count.windows, count.outside_period)
    one_edge = not (around["start"].bounded and around["end"].bounded)
    if one_edge and count.distinct is None and not count.same_visit:
        return _compared(count, lambda times: at_least(index, events, around, times))
    found = _counts(world, index, count, events, around)
    return _compared(count, lambda times: found >= times)


def _compared(count: Count, reaches: Callable[[int], Mask]) -> Mask:
    """The comparison that `count` wants, said by whether so many are reached."""
    if count.comparison == "at_least":
        return reaches(count.times)
    if count.comparison == "at_most":
        return ~reaches(count.times + 1)
    return reaches(count.times) & ~reaches(count.times + 1)


def at_least(index: Anchors, events: Events, around: Spans, times: int) -> Mask:
    """Whether so many of the events lie in the range of each index event, which one edge bounds.

    One search finds the first that may; the one `times` - 1 after it must lie in the range too.
    """
    if times <= 0:
        return np.ones(len(index.key), np.bool_)
    by_end = around["end"].bounded
    edges = events.ends if by_end else events.starts
    low, high = (around["end"] if by_end else around["start"]).closed(index)
    place = np.searchsorted(edges, low, "left")
    if times > 1:
        place = np.minimum(place + (times - 1), len(events))
    return np.less_equal(edges.take(place), high)


def times(index: Anchors, events: Events, around: Spans) -> Ints:
    """How many of the events lie in the ranges of each index event."""
    return _tally(pairs(index, events, around)[0], index)


def _counts(world: World, index: Index, count: Count, events: Events, around: Spans) -> Ints:
    """How many events, or distinct values, there are, of the same visit where it is asked."""
    i, j = pairs(index, events, around)
    if count.same_visit:
        here, there = index.visits.take(i), events.visits.take(j)
        same = (here.values == there.values) & ~here.missing & ~there.missing
        i, j = i[same], j[same]
    if count.distinct is not None:
        i = _distinct(world, events, count.events.domain, count.distinct, i, j)
    return _tally(i, index)


def _tally(i: Ints, index: Anchors) -> Ints:
    found: Ints = np.bincount(i, minlength=len(index.key))
    return found


def pairs(index: Anchors, events: Events, around: Spans) -> tuple[Ints, Ints]:
    """All pairs (index event, event) whose edges lie in the ranges, by index event, in order."""
    start, end = around["start"], around["end"]
    low, high = start.closed(index)
    i, j = spread(
        np.searchsorted(events.key, low, "left"), np.searchsorted(events.key, high, "right")
    )
    if end.bounded:
        first, last = end.closed(index)
        edge = events.end[j]
        held = (edge >= first[i]) & (edge <= last[i])
        i, j = i[held], j[held]
    return i, j


def _distinct(world: World, events: Events, domain: str, name: str, i: Ints, j: Ints) -> Ints:
    """Of the pairs, one of each index event and known value."""
    values = attribute(world, events, name, kind(domain, name))
    numbers = np.unique(values.values, return_inverse=True)[1]
    paired = values.take(j)
    known = ~paired.missing
    width = np.int64(len(events))
    return np.unique(i[known] * width + numbers[j[known]]) // width
