"""A person and a day in one integer that sorts: keys.

A key is ``person << 32 | day``: the person's position in its range, and the day counted from the
year 1. Persons' keys do not interleave, so that one search among sorted keys answers a question
about every person at once, and an offset in days is added to a key as it is. An unknown day is one
that never comes (UNKNOWN); moved by any number of days it stays unknown.
"""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Ints = NDArray[np.int64]
    Rows = NDArray[np.int32]
    Mask = NDArray[np.bool_]

#: Day 0 of Arrow's date32, counted from the year 1.
EPOCH: Final = date(1970, 1, 1).toordinal()
UNKNOWN: Final = 1 << 30
PERSON_BITS: Final = 32
_DAY: Final = (1 << PERSON_BITS) - 1
#: Beyond any key.
LAST: Final = np.iinfo(np.int64).max


def day(value: date) -> int:
    """The day of a date, as keys count it."""
    return value.toordinal()


def base(key: Ints) -> Ints:
    """The keys of day 0 of the same persons."""
    return key & ~np.int64(_DAY)


def person(key: Ints) -> Ints:
    """The persons' positions."""
    return key >> PERSON_BITS


def days(key: Ints) -> Ints:
    """The days alone."""
    return key & _DAY


def known(key: Ints) -> Mask:
    """Whether the day is known."""
    found: Mask = (key & (UNKNOWN >> 1 | UNKNOWN)) == 0
    return found


def firsts(key: Ints) -> Mask:
    """Whether each of sorted keys is its person's first."""
    found = np.empty(len(key), np.bool_)
    if len(key):
        who = key >> PERSON_BITS
        found[0] = True
        np.not_equal(who[1:], who[:-1], out=found[1:])
    return found


def lasts(key: Ints) -> Mask:
    """Whether each of sorted keys is of its person's last day, and the first of that day."""
    found = np.empty(len(key), np.bool_)
    if len(key):
        found[0] = True
        np.not_equal(key[1:], key[:-1], out=found[1:])
        begins = np.flatnonzero(found)
        who = key[begins] >> PERSON_BITS
        found[begins[:-1]] = who[1:] != who[:-1]
    return found


def persons(key: Ints) -> int:
    """How many persons sorted keys are of."""
    if not len(key):
        return 0
    who = key >> PERSON_BITS
    return 1 + int(np.count_nonzero(who[1:] != who[:-1]))


def tied(key: Ints) -> Ints:
    """Which of sorted keys are equal to another."""
    same = np.flatnonzero(key[1:] == key[:-1])
    return np.unique(np.concatenate((same, same + 1)))


def spread(low: Ints, high: Ints) -> tuple[Ints, Ints]:
    """All pairs (i, j) with low[i] ≤ j < high[i], in order.

    Returns the i and the j; both are empty where no range holds anything.
    """
    many = np.maximum(high - low, 0)
    i = np.repeat(np.arange(len(low)), many)
    ends = np.cumsum(many)
    j = np.arange(len(i)) + np.repeat(low - (ends - many), many)
    return i, j
