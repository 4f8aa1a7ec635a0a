"""Rows of one woman that meet rows of another table: joins of sorted arrays."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]

#: Days are shifted so that a (person, day) pair sorts as one integer.
_SHIFT = 1 << 22
_LOWEST = -(1 << 21)


def keys(rank: Ints, day: Ints) -> Ints:
    """One integer per (rank of person, day), in the same order; days within about 5,000 years."""
    return rank * _SHIFT + np.clip(day - _LOWEST, 0, _SHIFT - 1)


def within(person: Ints, low: Ints, high: Ints, other: Ints, day: Ints) -> tuple[Ints, Ints]:
    """Pairs (i, j) of the same person with low[i] <= day[j] <= high[i].

    person, low, high: (n,); other, day: (m,), sorted by both. Pairs are in order of (i, j).
    """
    opens = first_of(other)
    people = other[opens]
    rank = np.searchsorted(people, person)
    known = rank < len(people)
    known[known] = people[rank[known]] == person[known]
    sorted_keys = keys(np.cumsum(opens) - 1, day)
    first = np.searchsorted(sorted_keys, keys(rank, low), "left")
    last = np.searchsorted(sorted_keys, keys(rank, high), "right")
    return expand(first, np.where(known, np.maximum(last - first, 0), 0))


def expand(first: Ints, count: Ints) -> tuple[Ints, Ints]:
    """Pairs (i, first[i]), (i, first[i] + 1), ... count[i] of them for each i."""
    left = np.repeat(np.arange(len(first)), count)
    step = np.arange(len(left)) - np.repeat(np.cumsum(count) - count, count)
    return left, first[left] + step


def others(size: int, present: Ints) -> Ints:
    """The numbers below `size` that are not in `present`."""
    left = np.ones(size, np.bool_)
    left[present] = False
    return np.flatnonzero(left)


def first_of(*groups: Ints) -> Mask:
    """Which rows open a group, of rows sorted by `groups`."""
    opens = np.ones(len(groups[0]), np.bool_)
    if len(opens) > 1:
        opens[1:] = np.logical_or.reduce([g[1:] != g[:-1] for g in groups])
    return opens
