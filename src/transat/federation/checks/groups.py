"""Neighbouring intervals made one until no cell of theirs is small: of time (G6), of values (G7).

Greedy from the first: a group ends as soon as every one of its cells is 0 or large enough. Cells of
any two groups' union are then 0 or large too, so every coarser grouping of the same intervals may
leave beside this one: what one shows less the other is a sum of groups.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Integers = NDArray[np.int64]
Flags = NDArray[np.bool_]


def ends(cells: Integers, floors: Integers, allowed: Flags) -> Flags:
    """(B,) where groups end, of those `allowed`; what follows the last end is left over.

    cells: (C, B) head counts by interval. floors: (C,) or (1,) smallest of each but 0.
    """
    total = np.cumsum(cells, axis=1)
    kept = np.zeros(cells.shape[1], dtype=np.bool_)
    before: Integers = np.zeros(len(cells), dtype=np.int64)
    for at in np.flatnonzero(allowed):
        if fits(total[:, at] - before, floors):
            kept[at], before = True, total[:, at]
    return kept


def whole(cells: Integers, floors: Integers, allowed: Flags) -> Flags:
    """As `ends`, and the last interval allowed always ends a group: the rest joins those before.

    One group is left, whatever its cells, where no two can be told apart.
    """
    kept, final = ends(cells, floors, allowed), int(np.flatnonzero(allowed)[-1])
    total = np.cumsum(cells, axis=1)
    while not kept[final]:
        chosen = np.flatnonzero(kept)
        if not chosen.size or fits(total[:, final] - total[:, chosen[-1]], floors):
            kept[final] = True
        else:
            kept[chosen[-1]] = False
    return kept


def fits(cells: Integers, floors: Integers) -> bool:
    """Whether every cell (C, ...) is 0 or at least its floor."""
    least = np.broadcast_to(floors, (len(cells),)).reshape(-1, *[1] * (cells.ndim - 1))
    return bool(((cells == 0) | (cells >= least)).all())
