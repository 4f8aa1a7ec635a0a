"""Days that persons spent in hospital, and which events fall on one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from transat.cohorts.covariates.chunks import NEVER, Chunk, Numbers, scan
from transat.cohorts.covariates.rows import Rows

if TYPE_CHECKING:
    from transat.engines.cdm import Cdm

_START: Final = "visit_start_date"
_END: Final = "visit_end_date"
_CONCEPT: Final = "visit_concept_id"
#: Days are below this, so a person's rank and a day make one number that sorts by both.
_DAYS: Final = 2 * NEVER + 2


class Stays:
    """The stays of the persons of `rows`: visits whose concept is one of `concepts`."""

    def __init__(self, cdm: Cdm, rows: Rows, concepts: NDArray[np.int64]) -> None:
        def read(chunk: Chunk) -> tuple[Numbers, Numbers, Numbers]:
            start, end = chunk.columns[_START], chunk.columns[_END]
            held = np.isin(chunk.columns[_CONCEPT], concepts) & (end >= start)
            return chunk.person[held], start[held], end[held]

        columns = {_CONCEPT: "id", _START: "start", _END: "end"}
        wanted = (int(rows.person[0]), int(rows.person[-1])) if rows.size else (0, -1)
        found = scan(cdm, "visit_occurrence", columns, wanted, read)
        person, start, end = (
            np.concatenate([part[i] for part in found] or [np.empty(0)]).astype(np.int64)
            for i in range(3)
        )
        self._persons, rank = np.unique(person, return_inverse=True)
        order = np.lexsort((end, start, rank))
        self._start = (rank * _DAYS + start + NEVER)[order]
        # The latest end so far; a person's numbers are above those of all persons before.
        self._end = np.maximum.accumulate((rank * _DAYS + end + NEVER)[order])

    def hold(self, chunk: Chunk, day: Numbers) -> NDArray[np.bool_]:
        """Whether each event's day is in a stay of its person, first and last day included."""
        if not len(self._persons):
            return np.zeros(len(chunk.person), np.bool_)
        rank = np.minimum(np.searchsorted(self._persons, chunk.person), len(self._persons) - 1)
        known = self._persons[rank] == chunk.person
        at = rank * _DAYS + day.astype(np.int64) + NEVER
        before = np.searchsorted(self._start, at, "right") - 1
        held: NDArray[np.bool_] = known & (before >= 0) & (self._end[np.maximum(before, 0)] >= at)
        return held
