"""Which rows hold a concept: the rows of a domain listed concept by concept."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from transat.cohorts.query.columns.keys import Ints, Mask, Rows
    from transat.cohorts.query.columns.values import Values

#: From this share of all rows on, marking rows and reading the marks beats sorting them.
_DENSE: Final = 1 / 300


class Postings:
    """Row numbers, ascending within each concept; rows of an unknown concept are in none."""

    def __init__(self, concepts: Values) -> None:
        self._rows = len(concepts.values)
        codes: Ints
        self._concepts, codes = np.unique(concepts.values, return_inverse=True)
        small = codes.astype(np.uint16) if len(self._concepts) < 1 << 16 else codes
        # A stable sort keeps the rows of a concept in order; that of 16-bit numbers is linear.
        self._listed: Rows = np.argsort(small, kind="stable").astype(np.int32)
        self._bounds = np.zeros(len(self._concepts) + 1, np.int64)
        np.cumsum(np.bincount(codes, minlength=len(self._concepts)), out=self._bounds[1:])
        if concepts.known is not None:
            self._keep_known(concepts.known)

    def _keep_known(self, known: Mask) -> None:
        kept = known[self._listed]
        before = np.concatenate(([0], np.cumsum(kept)))
        self._listed, self._bounds = self._listed[kept], before[self._bounds]

    def rows(self, concepts: Ints) -> Rows:
        """The rows whose concept is one of `concepts` (ascending), in order."""
        if not len(self._concepts) or not len(concepts):
            return self._listed[:0]
        place = np.minimum(np.searchsorted(self._concepts, concepts), len(self._concepts) - 1)
        place = place[self._concepts[place] == concepts]
        lows, highs = self._bounds[place].tolist(), self._bounds[place + 1].tolist()
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
