"""How often something happens around each index event."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from transat.cohorts.query.columns.attributes import attribute
from transat.cohorts.query.columns.keys import spread
from transat.cohorts.query.columns.kinds import kind
from transat.cohorts.query.columns.windows import Anchors, Span, Spans, spans

if TYPE_CHECKING:
    from transat.cohorts.query.columns.events import Events
    from transat.cohorts.query.columns.index import Index
    from transat.cohorts.query.columns.keys import Ints, Mask
    from transat.cohorts.query.columns.world import World
    from transat.cohorts.query.model import Count


def counted(world: World, index: Index, count: Count) -> Mask:
    """Whether the count of each index event is as `count` wants it."""
    found = _counts(world, index, count)
    if count.comparison == "at_least":
        return found >= count.times
    return found <= count.times if count.comparison == "at_most" else found == count.times


def _counts(world: World, index: Index, count: Count) -> Ints:
    events = world.events(count.events)
    if not len(events) or not len(index):
        return np.zeros(len(index), np.int64)
    around = spans(index, count.windows, count.outside_period)
    if count.distinct is None and not count.same_visit:
        return times(index, events, around)
    i, j = pairs(index, events, around)
    if count.same_visit:
        here, there = index.visits.take(i), events.visits.take(j)
        same = (here.values == there.values) & ~here.missing & ~there.missing
        i, j = i[same], j[same]
    if count.distinct is not None:
        i = _distinct(world, events, count.events.domain, count.distinct, i, j)
    return _tally(i, index)


def times(index: Anchors, events: Events, around: Spans) -> Ints:
    """How many of the events lie around each index event."""
    if not around["end"].bounded:
        return _between(events.key, index, around["start"])
    if not around["start"].bounded:
        return _between(events.by_end[0], index, around["end"])
    return _tally(pairs(index, events, around)[0], index)


def _tally(i: Ints, index: Anchors) -> Ints:
    found: Ints = np.bincount(i, minlength=len(index.key))
    return found


def _between(sorted_keys: Ints, index: Anchors, span: Span) -> Ints:
    """How many of the keys lie in each range."""
    low, high = span.closed(index)
    after = np.searchsorted(sorted_keys, high, "right")
    before = np.searchsorted(sorted_keys, low, "left")
    found: Ints = np.maximum(after - before, 0)
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
