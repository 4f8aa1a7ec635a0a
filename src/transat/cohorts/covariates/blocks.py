"""A block of the matrix: the columns of one analysis, before they are put beside the others."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from transat.cohorts.covariates.settings import Analysis
from transat.cohorts.covariates.tally import Tally

Ids = NDArray[np.int64]

#: A table of all the items between the smallest and the largest is faster than a sort up to here.
_DENSE = 1 << 24


@dataclass(frozen=True, slots=True)
class Block:
    """The columns of one analysis.

    item: (k,) what each column is of, ascending: a concept, a code group's number, a year. matrix:
    (n, k), rows in the order of Rows; a stored 0 is a number that is known to be 0.
    """

    analysis: Analysis
    item: Ids
    matrix: csr_array[np.float64]

    def only(self, kept: NDArray[np.bool_]) -> Block:
        """The columns where the mask holds."""
        if bool(kept.all()):
            return self
        return Block(
            self.analysis, self.item[kept], csr_array(self.matrix[:, np.flatnonzero(kept)])
        )


def counted(tally: Tally, rows: int) -> tuple[Ids, csr_array[np.float64]]:
    """The items of a tally of one window, ascending, and the (rows, items) matrix of its counts."""
    item, column = indexed(tally.item)
    starts = np.zeros(rows + 1, np.int64)
    np.cumsum(np.bincount(tally.row, minlength=rows), out=starts[1:])
    data = tally.count[:, 0].astype(np.float64)
    shape = (rows, len(item))
    return item, csr_array((data, column, starts.astype(_width(starts[-1]))), shape=shape)


def indexed(values: Ids) -> tuple[Ids, NDArray[np.int32]]:
    """The distinct values, ascending, and the place of each value among them."""
    if not len(values):
        return values, np.empty(0, np.int32)
    low, high = int(values.min()), int(values.max())
    if high - low >= _DENSE:
        distinct = np.unique(values)
        return distinct, np.searchsorted(distinct, values).astype(np.int32)
    offset = values - low
    met = np.zeros(high - low + 1, np.bool_)
    met[offset] = True
    place = np.cumsum(met, dtype=np.int32) - 1
    return np.flatnonzero(met) + low, place[offset]


def column(
    analysis: Analysis, rows: NDArray[np.intp], values: NDArray[np.float64], n: int
) -> Block:
    """A block of one column: the values of some rows, each once, in order; no row, no column."""
    columns = min(len(rows), 1)
    at = np.zeros(len(rows), np.int32)
    return Block(analysis, np.ones(columns, np.int64), sparse(rows, at, values, (n, columns)))


def sparse(
    row: NDArray[np.intp] | NDArray[np.int32],
    column: NDArray[np.int32],
    values: NDArray[np.float64],
    shape: tuple[int, int],
) -> csr_array[np.float64]:
    """A matrix of values at (row, column), each place once; zeros given are kept."""
    return csr_array((values, (row, column)), shape=shape)


def ones(matrix: csr_array[np.float64]) -> csr_array[np.float64]:
    """1 wherever something is stored."""
    return csr_array((np.ones(matrix.nnz), matrix.indices, matrix.indptr), shape=matrix.shape)


def _width(largest: int) -> type[np.int32] | type[np.int64]:
    return np.int32 if largest < 2**31 else np.int64
