"""Which recorded ends are pregnancies of their own: the outcome pass of HIP.

Outcomes are taken in order of priority (LB, SB, ECT, AB and SA, DELIV). One is kept when it lies
far enough from its neighbours among the outcomes taken before it.

Published: an outcome whose one neighbour is far enough and whose other neighbour is of its own
category is dropped (a live birth, then two miscarriages: only the second stays). Here each side
is judged by itself.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from transat.cohorts.episodes.intervals import Ints, Mask, first_of
from transat.cohorts.episodes.parameters import HippsParameters
from transat.cohorts.episodes.records import Ends

#: Places in OUTCOMES that are taken together, in order of priority.
ROUNDS: Final = ((0,), (1,), (2,), (3, 4), (5,))
LIVE_BIRTH, STILLBIRTH, DELIVERY = 0, 1, 5


@dataclass(frozen=True, slots=True)
class Outcomes:
    """Ends of pregnancies in order of (person, day): (n,) each; row: of the record in Ends."""

    person: Ints
    day: Ints
    category: Ints
    row: Ints

    def take(self, index: Ints | Mask) -> Outcomes:
        """The rows of `index`."""
        return Outcomes(self.person[index], self.day[index], self.category[index], self.row[index])


def outcomes(ends: Ends, parameters: HippsParameters) -> Outcomes:
    """The outcomes that are kept."""
    least = parameters.spacing_matrix().astype(np.int64)
    kept = _spaced(ends, ROUNDS[0], least)
    for taken in ROUNDS[1:]:
        kept = _added(kept, _spaced(ends, taken, least), taken, least)
    return _sorted(kept)


def _spaced(ends: Ends, taken: tuple[int, ...], least: Ints) -> Outcomes:
    """Of the records of some categories, one a day, far enough from the one before."""
    rows = np.flatnonzero(np.isin(ends.category, taken))
    rows = rows[
        np.lexsort((ends.event[rows], ends.event_table[rows], ends.concept[rows], ends.day[rows],
                    ends.person[rows]))
    ]  # fmt: skip
    rows = rows[first_of(ends.person[rows], ends.day[rows])]
    person, day = ends.person[rows], ends.day[rows]
    far = first_of(person)
    far[1:] |= day[1:] - day[:-1] >= least[taken[0], taken[0]]
    return Outcomes(person, day, ends.category[rows], rows).take(far)


def _added(kept: Outcomes, new: Outcomes, taken: tuple[int, ...], least: Ints) -> Outcomes:
    both = _sorted(_joined(kept, new))
    mine = np.isin(both.category, taken)
    far = np.ones(len(mine), np.bool_)
    gap = both.day[1:] - both.day[:-1]
    near = (both.person[1:] == both.person[:-1]) & (
        gap < least[both.category[:-1], both.category[1:]]
    )
    far[1:] &= ~(near & mine[1:] & ~mine[:-1])
    far[:-1] &= ~(near & mine[:-1] & ~mine[1:])
    if DELIVERY in taken:
        both = _at_delivery(both, least)
    return both.take(far | ~mine)


def _at_delivery(both: Outcomes, least: Ints) -> Outcomes:
    """A birth that follows the delivery's own record took place on the day of the delivery."""
    birth = np.isin(both.category[1:], (LIVE_BIRTH, STILLBIRTH))
    moved = np.zeros(len(both.day), np.bool_)
    moved[1:] = (
        birth
        & (both.category[:-1] == DELIVERY)
        & (both.person[1:] == both.person[:-1])
        & (both.day[1:] - both.day[:-1] < least[DELIVERY, STILLBIRTH])
    )
    day = both.day.copy()
    index = np.flatnonzero(moved)
    day[index] = both.day[index - 1]
    return Outcomes(both.person, day, both.category, both.row)


def _joined(one: Outcomes, other: Outcomes) -> Outcomes:
    return Outcomes(
        np.concatenate((one.person, other.person)),
        np.concatenate((one.day, other.day)),
        np.concatenate((one.category, other.category)),
        np.concatenate((one.row, other.row)),
    )


def _sorted(one: Outcomes) -> Outcomes:
    return one.take(np.lexsort((one.row, one.category, one.day, one.person)))
