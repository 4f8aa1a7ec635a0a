"""Sizes of groups (exposed, cases): masked when small, or when a difference of two is small.

A group inside another, everybody included, leaves a difference that anybody can compute; so do
groups that never meet, taken together out of one that holds them all. Where such a difference lies
in 1..threshold-1, the smaller group is masked, until none is left. Looks at sizes only, never at
cells: a margin is not masked because of what was observed in a cell (the scan's test needs that).
"""

from __future__ import annotations

import numpy as np

from transat.federation.checks.cell_floor import Flags, Integers, too_small
from transat.federation.checks.containment import Family, Relations


def mask(
    sizes: Integers, total: int, groups: Relations, parts: tuple[Family, ...], threshold: int
) -> Flags:
    """Which of K sizes stay inside; shape (K,).

    sizes: (K,) head counts, -1 where already withheld. total: everybody. If the total itself is
    too small, everything stays inside.
    """
    if 0 < total < threshold:
        return np.ones(sizes.shape, dtype=np.bool_)
    hidden = too_small(sizes, threshold) | (sizes < 0)
    while True:
        more = _single(sizes, total, groups, hidden, threshold)
        more |= _together(sizes, total, parts, hidden | more, threshold)
        if not (more & ~hidden).any():
            return hidden
        hidden |= more


def _single(sizes: Integers, total: int, groups: Relations, hidden: Flags, threshold: int) -> Flags:
    shown = ~hidden & (sizes > 0)
    wholes = np.append(sizes, total)
    usable = np.append(~hidden, True)
    inside = np.column_stack([groups.inside, np.ones(sizes.size, dtype=np.bool_)])
    gap = wholes[None, :] - sizes[:, None]
    small = inside & usable[None, :] & shown[:, None] & (gap > 0) & (gap < threshold)
    return np.asarray(small.any(axis=1), dtype=np.bool_)


def _together(
    sizes: Integers, total: int, parts: tuple[Family, ...], hidden: Flags, threshold: int
) -> Flags:
    more = np.zeros(sizes.shape, dtype=np.bool_)
    wholes, known = np.append(sizes, total), np.append(~hidden, True)
    for family in parts:
        shown = [i for i in family.parts if not hidden[i] and not more[i] and sizes[i] > 0]
        if not known[family.whole] or not shown:
            continue
        if 0 < wholes[family.whole] - int(sizes[shown].sum()) < threshold:
            more[min(shown, key=lambda i: (int(sizes[i]), i))] = True
    return more
