"""Which rows hold a concept: the rows of a domain listed concept by concept."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from transat.cohorts.query.columns.keys import Ints, Rows

#: From this share of all rows on, marking rows and reading the marks beats sorting them.
_DENSE: Final = 1 / 300


class Postings:
    """Row numbers, ascending within each concept; rows of an unknown concept are in none.

    concepts: an Arrow column, of which `order` are the rows by number.
    """

    def __init__(self, concepts: Any, order: Ints) -> None:
        self._rows = len(order)
        codes, dictionary = _coded(concepts)
        codes = codes[order]
        # A stable sort keeps the rows of a concept in order; that of 16-bit numbers is linear.
        self._listed: Rows = np.argsort(codes, kind="stable").astype(np.int32)
        bounds = np.zeros(len(dictionary) + 2, np.int64)
        np.cumsum(np.bincount(codes, minlength=len(dictionary) + 1), out=bounds[1:])
        by_concept = np.argsort(dictionary)
        self._concepts = dictionary[by_concept]
        self._lows, self._highs = bounds[by_concept + 1], bounds[by_concept + 2]

    def rows(self, concepts: Ints) -> Rows:
        """The rows whose concept is one of `concepts` (ascending), in order."""
        if not len(self._concepts) or not len(concepts):
            return self._listed[:0]
        place = np.minimum(np.searchsorted(self._concepts, concepts), len(self._concepts) - 1)
        place = place[self._concepts[place] == concepts]
        lows, highs = self._lows[place].tolist(), self._highs[place].tolist()
        if len(lows) == 1:
            return self._listed[lows[0] : highs[0]]
        found = [self._listed[low:high] for low, high in zip(lows, highs, strict=True)]
        rows = np.concatenate(found) if found else self._listed[:0]
        if len(rows) > self._rows * _DENSE:
            marks = np.zeros(self._rows, np.bool_)
            marks[rows] = True
            return np.flatnonzero(marks).astype(np.int32)
        rows.sort()
        return rows


def _coded(concepts: Any) -> tuple[NDArray[Any], Ints]:
    """Each row's number in the list of concepts, from 1; 0 where the concept is unknown."""
    coded = pc.cast(concepts, pa.int64(), safe=False).combine_chunks().dictionary_encode()
    codes = pc.fill_null(pc.add(coded.indices, 1), 0).to_numpy(zero_copy_only=False)
    small = len(coded.dictionary) < (1 << 16) - 1
    dictionary = coded.dictionary.to_numpy().astype(np.int64)
    return codes.astype(np.uint16 if small else np.int32), dictionary
