"""Which groups of people lie inside which, and which never meet: what subtraction can use.

Both are read from the site's own rows, so they hold every relation that a protocol's trees declare
(a child row is a parent row) and those that happen to be true of these people. Treating a chance
inclusion like a declared one only masks more.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csc_array

Flags = NDArray[np.bool_]
Integers = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Relations:
    """Of K groups: sizes (K,), inside[i, j] = every row of i is a row of j, apart[i, j] = none is.

    Groups of equal rows are inside each other; a group is not said to be inside itself.
    """

    sizes: Integers
    inside: Flags
    apart: Flags


def relations(matrix: csc_array[Any]) -> Relations:
    """Relations between the columns of a sparse 0/1 matrix (rows, K)."""
    binary = csc_array(matrix, dtype=np.int64, copy=True)
    binary.sum_duplicates()
    binary.data = np.minimum(binary.data, 1)
    both = np.asarray((binary.T @ binary).todense(), dtype=np.int64)
    sizes = np.diagonal(both).copy()
    inside = (both == sizes[:, None]) & (sizes > 0)[:, None]
    np.fill_diagonal(inside, False)
    return Relations(sizes, inside, both == 0)


@dataclass(frozen=True, slots=True)
class Family:
    """A group (`whole`, K for everybody) and groups inside it of which no two meet."""

    whole: int
    parts: tuple[int, ...]


def families(groups: Relations) -> tuple[Family, ...]:
    """For every whole, and for everybody, the largest sets of parts that never meet.

    Greedy from each part in turn, larger groups first, ties by index: not every set of disjoint
    parts (there are exponentially many), but each part is in one that cannot be extended.
    """
    everybody = groups.sizes.size
    order = np.lexsort((np.arange(everybody), -groups.sizes))
    found: set[Family] = set()
    for whole in range(everybody + 1):
        within = [
            int(i)
            for i in order
            if groups.sizes[i] > 0 and (whole == everybody or groups.inside[i, whole])
        ]
        for seed in within:
            parts = _grown(seed, within, groups.apart)
            if len(parts) > 1:
                found.add(Family(whole, parts))
    return tuple(sorted(found, key=lambda f: (f.whole, f.parts)))


def _grown(seed: int, within: list[int], apart: Flags) -> tuple[int, ...]:
    parts = [seed]
    for other in within:
        if other != seed and all(apart[other, part] for part in parts):
            parts.append(other)
    return tuple(sorted(parts))
