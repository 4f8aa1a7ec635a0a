"""Histograms of many features in few passes: features laid together as the axes of one table.

Counting n rows by a feature costs a pass over them; counting them by three features at once costs
the same pass, and the three histograms are the margins of a small table. Sums must be exact
(whole parts of one, `hazard_trees`), since the order of adding is then of no matter.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

#: The most cells of a table: it should stay in the processor's nearest memory.
CELLS = 2**15


@dataclass(frozen=True, slots=True, eq=False)
class Packed:
    """features: their places; sizes: bins of each; cell: (n,) of each row in the table of them."""

    features: tuple[int, ...]
    sizes: tuple[int, ...]
    cell: NDArray[np.uint16]


def packed(
    bins: NDArray[np.int16], features: Sequence[int], sizes: Sequence[int]
) -> tuple[Packed, ...]:
    """Tables of these features, in their order. bins: (F, n); sizes: bins of each of the F."""
    rows = bins.shape[1]
    most = min(CELLS, max(rows // 8, 64))
    made: list[Packed] = []
    group: list[int] = []
    for feature in features:
        if group and np.prod([sizes[f] for f in group]) * sizes[feature] > most:
            made.append(_table(bins, group, sizes))
            group = []
        group.append(feature)
    return (*made, _table(bins, group, sizes)) if group else tuple(made)


def histograms(
    tables: Sequence[Packed],
    rows: Integers | None,
    weights: Sequence[Floats],
    shape: tuple[int, int],
) -> Floats:
    """(w + 1, F, B) sums of each weight (one number per row counted), then rows, by feature and
    bin; 0 for features of no table. rows: those counted, None for all."""
    sums = np.zeros((len(weights) + 1, *shape))
    for table in tables:
        cell = (table.cell if rows is None else table.cell[rows]).astype(np.intp)
        cells = int(np.prod(table.sizes))
        for at, weight in enumerate((*weights, None)):
            whole = np.bincount(cell, weight, cells).reshape(table.sizes)
            for axis, feature in enumerate(table.features):
                others = tuple(a for a in range(len(table.sizes)) if a != axis)
                sums[at, feature, : table.sizes[axis]] = whole.sum(axis=others)
    return sums


def _table(bins: NDArray[np.int16], group: Sequence[int], sizes: Sequence[int]) -> Packed:
    cell = np.zeros(bins.shape[1], dtype=np.uint16)
    for feature in group:
        cell = cell * np.uint16(sizes[feature]) + bins[feature].astype(np.uint16)
    return Packed(tuple(group), tuple(sizes[f] for f in group), cell)
