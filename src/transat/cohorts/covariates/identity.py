"""The id of each column: OHDSI's, as FeatureExtraction 3.14 computes it on DuckDB.

The last three digits are the analysis. Columns of code groups have no OHDSI id: theirs is the
number of the code times 1,000 plus the analysis.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from transat.cohorts.covariates.blocks import Block
from transat.cohorts.covariates.events import HALF

Ids = NDArray[np.int64]
#: Factor of FeatureExtraction's hash of a concept (Knuth's multiplicative hash).
_KNUTH: Final = 2654435769
_LOW: Final = (1 << HALF) - 1


def covariate_ids(block: Block) -> Ids:
    """The id of each column of a block."""
    item, number = block.item, block.analysis.number
    if block.analysis.kind == "value":
        return (item >> HALF) * 1_000_000 + ((item & _LOW) % 1000) * 1000 + number
    if block.analysis.kind == "answer":
        asked = _hashed(item >> HALF, 4096) & 1048575
        answer = _hashed(item & _LOW, 1024) & 4194303
        return asked * 4194304000 + answer * 1000 + number
    return item * 1000 + number


def _hashed(concept: Ids, divisor: int) -> Ids:
    # Divided as DuckDB does, in floating point, and rounded half to even: the ids of other
    # database systems, which divide whole numbers, differ in places.
    return np.rint((concept * _KNUTH).astype(np.float64) / divisor).astype(np.int64)


def without_collisions(block: Block) -> tuple[Block, Ids, Ids]:
    """The block without columns whose id another has, the ids, and how many had each.

    Of pairs of concept and answer with one id, FeatureExtraction keeps the one that has both the
    smallest concept and the smallest answer, or none; of values, the smallest unit is kept.
    """
    ids = covariate_ids(block)
    distinct, place, times = np.unique(ids, return_inverse=True, return_counts=True)
    if len(distinct) == len(ids):
        return block, ids, np.zeros(len(ids), np.int64)
    first, second = block.item >> HALF, block.item & _LOW
    least = [np.full(len(distinct), np.iinfo(np.int64).max) for _ in range(2)]
    np.minimum.at(least[0], place, first)
    np.minimum.at(least[1], place, second)
    kept = (first == least[0][place]) & (second == least[1][place])
    return block.only(kept), ids[kept], (times - 1)[place][kept]


def concepts(block: Block) -> tuple[Ids, Ids]:
    """The concept of each column and, for answers and units, the second; 0 where there is none."""
    none = np.zeros(len(block.item), np.int64)
    match block.analysis.kind:
        case "gender" | "race" | "ethnicity" | "concept" | "group" | "rows_by_concept":
            return block.item, none
        case "range":
            return block.item // 10, none
        case "answer" | "value":
            return block.item >> HALF, block.item & _LOW
    return none, none
