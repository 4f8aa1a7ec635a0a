"""The rows of a cohort in the order of persons, and the events of each among sorted events."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from transat.cohorts.query.executor import COHORT_SCHEMA
from transat.core.errors import InputError
from transat.core.languages import Text

Days = NDArray[np.int32]
Index = NDArray[np.int32]

#: Pairs of (row, event) held at once by one thread: about 60 MB with what is computed of them.
PAIRS = 1 << 21


@dataclass(frozen=True, slots=True)
class Rows:
    """n rows of a cohort, by (person, start, end, definition, place).

    person, start, end: (n,), days since 1970-01-01. order: (n,) place of each in the given table.
    """

    person: NDArray[np.int64]
    start: Days
    end: Days
    order: NDArray[np.int64]

    @property
    def size(self) -> int:
        """How many rows."""
        return len(self.person)


def rows_of(cohorts: pa.Table) -> Rows:
    """The rows of a cohort table (COHORT_SCHEMA; other columns are left alone).

    Raises InputError when a column is missing or a value unknown.
    """
    for name in COHORT_SCHEMA.names:
        if name not in cohorts.column_names or cohorts[name].null_count:
            raise InputError(
                Text(f"la colonne {name} manque, ou a des vides.", f"{name} is missing or empty."),
                "cohort",
                Text("Donnez une table de cohorte d'OMOP.", "Give a cohort table of OMOP."),
            )
    definition = cohorts["cohort_definition_id"].cast(pa.int64()).to_numpy()
    person = cohorts["subject_id"].cast(pa.int64()).to_numpy()
    start = _days(cohorts["cohort_start_date"])
    end = _days(cohorts["cohort_end_date"])
    order = np.lexsort((definition, end, start, person))
    return Rows(person[order], start[order], end[order], order)


def _days(column: pa.ChunkedArray) -> Days:
    days: Days = column.cast(pa.date32()).cast(pa.int32()).to_numpy()
    return days


def pairs(
    rows: Rows, person: NDArray[np.int32] | NDArray[np.int64]
) -> Iterator[tuple[slice, Index, Index]]:
    """Each row with each event of its person, in parts of at most PAIRS or one row.

    person: (e,) of the events, in ascending order. Yields the rows of the part, then for each pair
    the event, and for each row of the part the number of its pairs.
    """
    low, high = _ends(person)
    first = int(np.searchsorted(rows.person, low, "left"))
    last = int(np.searchsorted(rows.person, high, "right"))
    if first == last:
        return
    wanted = rows.person[first:last].astype(person.dtype)
    begin = np.searchsorted(person, wanted, "left").astype(np.int32)
    count = np.searchsorted(person, wanted, "right").astype(np.int32) - begin
    total = np.cumsum(count, dtype=np.int64)
    at = 0
    while at < len(count):
        done = int(total[at - 1]) if at else 0
        stop = max(at + 1, int(np.searchsorted(total, done + PAIRS, "right")))
        some = count[at:stop]
        before = (total[at:stop] - done - some).astype(np.int32)
        size = int(total[stop - 1]) - done
        event = np.arange(size, dtype=np.int32) + np.repeat(begin[at:stop] - before, some)
        yield slice(first + at, first + stop), event, some
        at = stop


def _ends(person: NDArray[np.int32] | NDArray[np.int64]) -> tuple[int, int]:
    return (int(person[0]), int(person[-1])) if len(person) else (0, -1)
