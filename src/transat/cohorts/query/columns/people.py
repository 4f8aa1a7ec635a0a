"""The persons of a range: everybody with an observation period, in order of person id."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from transat.cohorts.query.columns.keys import Ints


class People:
    """Persons by position; `ids` are theirs, ascending."""

    def __init__(self, ids: Ints) -> None:
        self.ids = ids
        self._first = int(ids[0]) if len(ids) else 0
        span = int(ids[-1]) - self._first + 1 if len(ids) else 0
        self._span = span
        self._table: NDArray[np.int32] | None = None
        if span <= 8 * len(ids):
            # Ids that lie close together are looked up; a search would cost ten times as much.
            self._table = np.full(span + 2, -1, np.int32)
            self._table[ids - self._first + 1] = np.arange(len(ids), dtype=np.int32)

    def __len__(self) -> int:
        return len(self.ids)

    def positions(self, ids: Ints) -> NDArray[Any]:
        """The position of each person id, -1 for somebody else."""
        if not len(self.ids):
            return np.full(len(ids), -1, np.int32)
        if self._table is not None:
            return self._table[np.clip(ids - (self._first - 1), 0, self._span + 1)]
        place = np.minimum(np.searchsorted(self.ids, ids), len(self.ids) - 1)
        return np.where(self.ids[place] == ids, place, -1)
