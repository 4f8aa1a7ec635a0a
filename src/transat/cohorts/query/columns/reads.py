"""The events of a Read, in the order in which its docstring tells it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from transat.cohorts.query.columns import keys
from transat.cohorts.query.columns.events import Events
from transat.cohorts.query.columns.filters import satisfied
from transat.cohorts.query.columns.index import only
from transat.cohorts.query.model import Shift

if TYPE_CHECKING:
    from transat.cohorts.query.columns.domain_rows import DomainRows
    from transat.cohorts.query.columns.keys import Ints, Rows
    from transat.cohorts.query.columns.world import World
    from transat.cohorts.query.model import Read

_START: Final = Shift("start")
_END: Final = Shift("end")


def found(world: World, read: Read) -> Events:
    """The events of `read` among the persons of `world`."""
    domain = world.domain(read.domain)
    rows = _coded(world, domain, read)
    key = domain.key.take(rows)
    if read.first:
        earliest = keys.firsts(key)
        rows, key = rows[earliest], key[earliest]
    events = _moved(Events(domain, rows, key), read)
    for condition in read.filters:
        events = events.keep(satisfied(world, events, condition))
    if read.start_on is not None or read.end_on is not None:
        events = _cut(events, read)
    if read.within is not None:
        index = only(events, world.periods)
        kept = np.zeros(len(events), np.bool_)
        kept[index.event[world.holds(read.within, index)]] = True
        events = events.keep(kept)
    return events


def _coded(world: World, domain: DomainRows, read: Read) -> Rows:
    """The rows whose concepts are in the code sets of `read`."""
    chosen: Rows | None = None
    if read.codes is not None:
        chosen = world.coded(domain, domain.domain.concept, read.codes)
    if read.source_codes is not None:
        source = world.coded(domain, domain.domain.source_concept, read.source_codes)
        chosen = source if chosen is None else np.intersect1d(chosen, source, True)
    if read.any_codes is not None:
        either = np.union1d(
            world.coded(domain, domain.domain.concept, read.any_codes),
            world.coded(domain, domain.domain.source_concept, read.any_codes),
        )
        chosen = either if chosen is None else np.intersect1d(chosen, either, True)
    return domain.every if chosen is None else chosen


def _moved(events: Events, read: Read) -> Events:
    if read.start == _START and read.end == _END:
        return events
    start, end = _shifted(events, read.start), _shifted(events, read.end)
    moved = Events(events.domain, events.rows, start, end, moved=True)
    if read.start.edge == "start":
        return moved
    return _ordered(moved.keep(keys.known(start)))


def _shifted(events: Events, shift: Shift) -> Ints:
    return (events.key if shift.edge == "start" else events.end) + shift.days


def _ordered(events: Events) -> Events:
    """The events in order of (start, id)."""
    return events.keep(np.lexsort((events.domain.ids()[events.rows], events.key)))


def _cut(events: Events, read: Read) -> Events:
    """The events that cover the dates of `read`, which take the place of their own."""
    base = keys.base(events.key)
    kept = keys.known(events.key) & keys.known(events.end)
    key, end = events.key, events.end
    if read.start_on is not None:
        key = base + keys.day(read.start_on)
        kept &= (events.key <= key) & (key <= events.end)
    if read.end_on is not None:
        end = base + keys.day(read.end_on)
        kept &= (events.key <= end) & (end <= events.end)
    return _ordered(Events(events.domain, events.rows, key, end, events.key, True).keep(kept))
