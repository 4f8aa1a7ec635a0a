"""How often something happens around each index event."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from transat.cohorts.query.columns.attributes import attribute
from transat.cohorts.query.columns.keys import spread
from transat.cohorts.query.columns.kinds import kind
from transat.cohorts.query.columns.windows import Span, spans

if TYPE_CHECKING:
    from transat.cohorts.query.columns.events import Events, Index
    from transat.cohorts.query.columns.keys import Ints, Mask
    from transat.cohorts.query.columns.world import World
    from transat.cohorts.query.model import Count


def counted(world: World, index: Index, count: Count) -> Mask:
    """Whether the count of each index event is as `count` wants it."""
    times = _times(world, index, count)
    if count.comparison == "at_least":
        return times >= count.times
    return times <= count.times if count.comparison == "at_most" else times == count.times


def _times(world: World, index: Index, count: Count) -> Ints:
    events = world.events(count.events)
    if not len(events) or not len(index):
        return np.zeros(len(index), np.int64)
    around = spans(index, count.windows, count.outside_period)
    start, end = around["start"], around["end"]
    if count.distinct is None and not count.same_visit:
        if not end.bounded:
            return _between(events.key, index, start)
        if not start.bounded:
            return _between(events.by_end[0], index, end)
    i, j = pairs(index, events, start, end)
    if count.same_visit:
        here, there = index.visits.take(i), events.visits.take(j)
        same = (here.values == there.values) & ~here.missing & ~there.missing
        i, j = i[same], j[same]
    if count.distinct is not None:
        i = _distinct(world, events, count.events.domain, count.distinct, i, j)
    times: Ints = np.bincount(i, minlength=len(index))
    return times


def _between(sorted_keys: Ints, index: Index, span: Span) -> Ints:
    """How many of the keys lie in each range."""
    low, high = span.closed(index)
    after = np.searchsorted(sorted_keys, high, "right")
    before = np.searchsorted(sorted_keys, low, "left")
    times: Ints = np.maximum(after - before, 0)
    return times


def pairs(index: Index, events: Events, start: Span, end: Span) -> tuple[Ints, Ints]:
    """All pairs (index event, event) whose edges lie in the ranges, by index event, in order."""
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
