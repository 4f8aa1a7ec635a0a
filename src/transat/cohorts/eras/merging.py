"""Intervals of one key that overlap, or that few days separate, become one: the kernel.

One pass of vectorised steps over arrays that fit a processor's cache; nothing per row in Python and
nothing sorted when the rows already come in order. The result is a function of the set of rows:
rows of one key and one start may come in any order (a window over them, in SQL, would have to be
ordered totally to say as much).

    rows in order ──▶ latest end so far in the key ──▶ days apart ──▶ cuts ──▶ one row per era
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int32]
Flags = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Merged:
    """Eras in order of (keys, start); arrays of one length.

    keys: as given. start, end: days, both in the era. count: intervals merged. gap_days: days from
    the end of what precedes to the next start, summed over the holes inside the era (None when not
    asked for); two intervals on consecutive days are one day apart, as in OHDSI's tables.
    """

    keys: tuple[Ints, ...]
    start: Ints
    end: Ints
    count: Ints
    gap_days: Ints | None = None

    def __len__(self) -> int:
        return len(self.start)

    def where(self, kept: Flags) -> Merged:
        """The eras that are flagged."""
        return Merged(
            tuple(key[kept] for key in self.keys),
            self.start[kept],
            self.end[kept],
            self.count[kept],
            None if self.gap_days is None else self.gap_days[kept],
        )


def merge(
    keys: Sequence[Ints], start: Ints, end: Ints, gap: int = 0, gap_days: bool = False
) -> Merged:
    """Merge intervals [start, end] that share all `keys` and are at most `gap` days apart.

    keys: one array or more (person; person and concept; definition and person), first the most
    significant. start, end: days since 1970-01-01, start <= end. Rows may come in any order; those
    already in order of (keys, start) are not sorted.
    """
    if not len(start):
        none = np.empty(0, np.int32)
        return Merged(tuple(none for _ in keys), none, none, none, none if gap_days else None)
    new = _changes(keys)
    if not (new[1:] | (start[1:] >= start[:-1])).all():
        return _sorted_first(keys, start, end, gap, gap_days)
    latest = _latest_end(new, end)
    apart = start[1:] - latest[1:-1]
    new[1:] |= apart > gap
    first = np.flatnonzero(new)
    found = tuple(_at(first, key) for key in keys)
    if not _ascending(found):  # asked of the eras, since they are fewer
        return _sorted_first(keys, start, end, gap, gap_days)
    count = np.empty(len(first), np.int32)
    np.subtract(first[1:], first[:-1], out=count[:-1], casting="same_kind")
    count[-1] = len(start) - first[-1]
    ends = np.append(_at(first, latest)[1:], latest[-1:])
    holes = _gap_days(new, apart, first) if gap_days else None
    return Merged(found, _at(first, start), ends, count, holes)


def _sorted_first(keys: Sequence[Ints], start: Ints, end: Ints, gap: int, gap_days: bool) -> Merged:
    order = _order(keys, start)
    return merge([key[order] for key in keys], start[order], end[order], gap, gap_days)


def _changes(keys: Sequence[Ints]) -> Flags:
    """Whether each row has another key than the row before; the first one has."""
    new = np.empty(len(keys[0]), np.bool_)
    new[0] = True
    np.not_equal(keys[0][1:], keys[0][:-1], out=new[1:])
    for key in keys[1:]:
        new[1:] |= key[1:] != key[:-1]
    return new


def _ascending(keys: Sequence[Ints]) -> bool:
    """Whether no row comes before the one above it, by the first key, then the second, …"""
    back = keys[-1][1:] < keys[-1][:-1]
    for key in keys[-2::-1]:
        back = (key[1:] < key[:-1]) | ((key[1:] == key[:-1]) & back)
    return not back.any()


def _order(keys: Sequence[Ints], start: Ints) -> NDArray[np.intp]:
    """Indices that put rows in order of (keys, start)."""
    columns = (*keys, start)
    lows = [int(column.min()) for column in columns]
    widths = [(int(c.max()) - low).bit_length() for c, low in zip(columns, lows, strict=True)]
    if sum(widths) > 63:
        return np.lexsort(columns[::-1])
    packed = np.zeros(len(start), np.int64)
    for column, low, width in zip(columns, lows, widths, strict=True):
        packed <<= width
        packed |= column.astype(np.int64) - low
    return np.argsort(packed)


def _latest_end(new: Flags, end: Ints) -> Ints:
    """In place i + 1, the latest end of row i and of those before it in its key; place 0 is free.

    So place i holds, at an era's first row i, the end of the era before. The number of the key
    stands above the days in one integer: a maximum over all rows never carries from a key to the
    next. It is taken over 2, 4, 8, … rows until nothing decreases: intervals of one length need no
    step, and n rows at most log2(n).
    """
    low = int(end.min())
    days = (int(end.max()) - low).bit_length()
    keys = int(np.count_nonzero(new))
    one, two = np.empty((2, len(end) + 1), np.int32 if keys.bit_length() + days < 32 else np.int64)
    code, other = one[1:], two[1:]
    np.cumsum(new, out=code)
    code <<= days
    code += end
    code -= low
    step = 1
    while (code[1:] < code[:-1]).any():
        for _ in range(2):  # to look costs as much as a step
            other[:step] = code[:step]
            np.maximum(code[step:], code[:-step], out=other[step:])
            (one, code), (two, other), step = (two, other), (one, code), 2 * step
    code &= (1 << days) - 1
    code += low
    return one.astype(np.int32, copy=False)


def _at(places: NDArray[np.intp], values: Ints) -> Ints:
    return values.take(places, mode="clip")  # they are within; "raise" would check each one


def _gap_days(new: Flags, apart: Ints, first: NDArray[np.intp]) -> Ints:
    np.maximum(apart, 0, out=apart)
    apart *= ~new[1:]
    total = np.empty(len(new), np.int32)
    total[0] = 0
    np.cumsum(apart, out=total[1:])
    # What precedes an era's first row adds nothing, so an era's sum ends where the next begins.
    before = np.append(_at(first, total), total[-1:])
    return before[1:] - before[:-1]
