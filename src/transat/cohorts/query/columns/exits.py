"""When the period that an event begins ends: observation, an offset, an era, a censoring event."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from transat.cohorts.query.columns import keys
from transat.cohorts.query.columns.collapse import joined
from transat.cohorts.query.model import FixedOffset, ObservationEnd, Persistence, Read

if TYPE_CHECKING:
    from transat.cohorts.query.columns.index import Index
    from transat.cohorts.query.columns.keys import Ints
    from transat.cohorts.query.columns.world import World
    from transat.cohorts.query.model import Exit


def ends(world: World, index: Index, way_out: Exit) -> Ints:
    """Keys of the last days; LAST for an event that the exit does not end from its start on."""
    if isinstance(way_out, ObservationEnd):
        return index.high
    if isinstance(way_out, FixedOffset):
        return _offset(index, way_out)
    return _persistent(index, *world.eras(way_out))


def _offset(index: Index, way_out: FixedOffset) -> Ints:
    edge = index.key if way_out.edge == "start" else index.end
    reached = np.minimum(edge + way_out.days, index.high)
    unended = reached < index.key
    if way_out.edge == "end" and index.open_ended:
        unended |= ~keys.known(edge)
    reached[unended] = keys.LAST
    return reached


def _persistent(index: Index, starts: Ints, lasts: Ints) -> Ints:
    """The end of the era that holds the event's start, else that of the observation period."""
    if not len(starts):
        return index.high
    era = np.searchsorted(starts, index.key, "right") - 1
    last = lasts[era]
    held = (era >= 0) & (last >= index.key)
    return np.where(held, np.minimum(last, index.high), index.high)


def eras(world: World, way_out: Persistence) -> tuple[Ints, Ints]:
    """First and last days of the eras of exposure of every person."""
    exposures = world.events(Read("drug_exposure", any_codes=way_out.codes))
    start, end = exposures.key, exposures.end
    if way_out.days_supply is not None:
        end = start + way_out.days_supply
    return joined(start, end + way_out.offset, way_out.gap)


def censored(world: World, index: Index, end: Ints, censoring: tuple[Read, ...]) -> Ints:
    """The ends, or the first start of a censoring event in the observation period if before."""
    for read in censoring:
        starts = world.events(read).starts
        first = starts[np.searchsorted(starts, index.key, "left")]
        end = np.minimum(end, np.where(first <= index.high, first, keys.LAST))
    return end
