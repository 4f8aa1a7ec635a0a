"""The events that let persons in, and the first or last of each person's events."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from transat.cohorts.query.columns import keys
from transat.cohorts.query.columns.index import Index, held, only

if TYPE_CHECKING:
    from collections.abc import Sequence

    from transat.cohorts.query.columns.events import Events
    from transat.cohorts.query.columns.keys import Ints, Mask
    from transat.cohorts.query.columns.world import World
    from transat.cohorts.query.model import Entry, Limit


def entered(world: World, entry: Entry) -> Index:
    """Entry events in their observation periods, after the limit of `entry`."""
    sources = tuple(world.events(read) for read in entry.reads)
    index = only(sources[0], world.periods) if len(sources) == 1 else _union(world, sources)
    if entry.prior_days or entry.post_days:
        kept = index.key - entry.prior_days >= index.low
        if entry.post_days:
            kept &= index.key + entry.post_days <= index.high
        index = index.keep(kept)
    if entry.limit == "all":
        return index
    if any(source.own is not None for source in sources):
        return index.keep(_by_own_start(index, entry.limit))
    return limited(index, entry.limit)


def limited(index: Index, limit: Limit) -> Index:
    """Each person's first or last event, or all of them."""
    if limit == "all":
        return index
    return index.keep(keys.firsts(index.key) if limit == "first" else keys.lasts(index.key))


def _union(world: World, sources: tuple[Events, ...]) -> Index:
    """The events of all sources, each source's being in order."""
    pairs = [held(source, world.periods) for source in sources]
    begins = np.cumsum([0, *map(len, sources)])
    key = np.concatenate([s.key[which] for s, (which, _) in zip(sources, pairs, strict=True)])
    period = np.concatenate([period for _, period in pairs])
    event = np.concatenate(
        [which + begin for (which, _), begin in zip(pairs, begins, strict=False)]
    )
    order = np.argsort(key, kind="stable")
    key, period, event = key[order], period[order], event[order]
    tied = keys.tied(key)
    if len(tied):
        # Of one day, events are in order of id, and of source only for one id.
        inner = tied[np.lexsort((_ids(sources)[event[tied]], key[tied]))]
        period[tied], event[tied] = period[inner], event[inner]
    return Index(sources, world.periods, key, period, event)


def _ids(sources: Sequence[Events]) -> Ints:
    ids: Ints = np.concatenate([s.domain.ids()[s.rows] for s in sources])
    return ids


def _by_own_start(index: Index, limit: Limit) -> Mask:
    """Of each person, the first or last event by the rows' own starts, then id, then source."""
    own: Ints = np.concatenate([s.key if s.own is None else s.own for s in index.sources])
    source = np.repeat(np.arange(len(index.sources)), [len(s) for s in index.sources])
    ids = _ids(index.sources)
    order = np.lexsort((source[index.event], ids[index.event], own[index.event]))
    sorted_own = own[index.event[order]]
    chosen = keys.firsts(sorted_own) if limit == "first" else keys.lasts(sorted_own)
    kept = np.zeros(len(index), np.bool_)
    kept[order[chosen]] = True
    return kept
