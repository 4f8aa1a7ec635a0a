"""Who the persons of a cohort are at its start: sex, age, calendar, time observed.

Ages are calendar years less year of birth, as OHDSI counts them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from transat.cohorts.covariates.blocks import Block, column, indexed, sparse
from transat.cohorts.covariates.chunks import Chunk, Numbers, scan
from transat.cohorts.covariates.rows import Index, Rows, pairs
from transat.cohorts.covariates.settings import Analysis

if TYPE_CHECKING:
    from transat.cohorts.covariates.vocabulary import Vocabulary
    from transat.engines.cdm import Cdm

KINDS: Final = (
    "gender", "age", "age_group", "race", "ethnicity", "index_year", "index_month",
    "index_year_month", "observation_before", "observation_after", "time_in_cohort",
)  # fmt: skip
AGE_GROUP: Final = 5
NONE: Final = np.iinfo(np.int64).max
_COLUMNS: Final = {
    "year_of_birth": "id",
    "gender_concept_id": "id",
    "race_concept_id": "id",
    "ethnicity_concept_id": "id",
}


class Persons:
    """The persons of the rows, read once.

    known: (n,) whether PERSON holds the row's person; columns: (n,) each, 0 where unknown.
    """

    def __init__(self, cdm: Cdm, rows: Rows) -> None:
        self.rows = rows
        self._cdm = cdm
        self.known = np.zeros(rows.size, np.bool_)
        self.columns = {name: np.zeros(rows.size, np.int64) for name in _COLUMNS}
        wanted = (int(rows.person[0]), int(rows.person[-1])) if rows.size else (0, -1)
        for row, found in scan(cdm, "person", _COLUMNS, wanted, self._read):
            self.known[row] = True
            for name, values in found.items():
                self.columns[name][row] = values
        days = rows.start.astype("datetime64[D]")
        self.year = days.astype("datetime64[Y]").astype(np.int64) + 1970
        self.month = days.astype("datetime64[M]").astype(np.int64) % 12 + 1

    def _read(self, chunk: Chunk) -> tuple[Index, dict[str, Numbers]]:
        row, event = matched(self.rows, chunk)
        return row, {name: values[event] for name, values in chunk.columns.items()}

    @property
    def dated(self) -> NDArray[np.bool_]:
        """Where the year of birth is known."""
        dated: NDArray[np.bool_] = self.known & (self.columns["year_of_birth"] != 0)
        return dated

    @property
    def age(self) -> NDArray[np.int64]:
        """Years at the start, where `dated`."""
        return self.year - self.columns["year_of_birth"]

    def observed(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """First and last day of the observation period that holds each start; NONE where none.

        Of periods that overlap, the earliest first day and the latest last day.
        """
        first = np.full(self.rows.size, NONE)
        last = np.full(self.rows.size, -NONE)
        start, end = "observation_period_start_date", "observation_period_end_date"

        def read(chunk: Chunk) -> tuple[Index, Numbers, Numbers]:
            row, event = matched(self.rows, chunk)
            low, high = chunk.columns[start][event], chunk.columns[end][event]
            held = (low <= self.rows.start[row]) & (self.rows.start[row] <= high)
            return row[held], low[held], high[held]

        if self.rows.size:
            wanted = (int(self.rows.person[0]), int(self.rows.person[-1]))
            columns = {start: "start", end: "end"}
            for row, low, high in scan(self._cdm, "observation_period", columns, wanted, read):
                np.minimum.at(first, row, low.astype(np.int64))
                np.maximum.at(last, row, high.astype(np.int64))
        last[first == NONE] = NONE
        return first, last


def matched(rows: Rows, chunk: Chunk) -> tuple[Index, Index]:
    """Every pair of a row and a line of the chunk of the same person."""
    parts = [
        (np.repeat(np.arange(some.start, some.stop, dtype=np.int32), count), event)
        for some, event, count in pairs(rows, chunk.person)
    ]
    if not parts:
        return np.empty(0, np.int32), np.empty(0, np.int32)
    return np.concatenate([r for r, _ in parts]), np.concatenate([e for _, e in parts])


def block(analysis: Analysis, people: Persons, vocabulary: Vocabulary) -> Block:
    """The columns of one analysis of KINDS."""
    n = people.rows.size
    found = _levels(analysis.kind, people, vocabulary)
    if found is None:
        held, values = _number(analysis.kind, people)
        row = np.flatnonzero(held)
        return column(analysis, row, values[row].astype(np.float64), n)
    held, level = found
    row = np.flatnonzero(held)
    item, place = indexed(level[row])
    return Block(analysis, item, sparse(row, place, np.ones(len(row)), (n, len(item))))


def _levels(
    kind: str, people: Persons, vocabulary: Vocabulary
) -> tuple[NDArray[np.bool_], NDArray[np.int64]] | None:
    """Rows that have a level, and the level; None for a number."""
    match kind:
        case "gender":
            sex = people.columns["gender_concept_id"]
            return people.known & (sex != 0), sex
        case "race" | "ethnicity":
            level = people.columns[f"{kind}_concept_id"]
            return people.known & np.isin(level, vocabulary.of_class(np.unique(level), kind)), level
        case "age_group":
            return people.dated, people.age // AGE_GROUP
        case "index_year":
            return people.known, people.year
        case "index_month":
            return people.known, people.month
        case "index_year_month":
            return people.known, people.year * 100 + people.month
    return None


def _number(kind: str, people: Persons) -> tuple[NDArray[np.bool_], NDArray[np.int64]]:
    rows = people.rows
    match kind:
        case "age":
            return people.dated, people.age
        case "time_in_cohort":
            return np.ones(rows.size, np.bool_), (rows.end - rows.start).astype(np.int64)
    first, last = people.observed()
    held = first != NONE
    if kind == "observation_before":
        return held, rows.start - first
    return held, last - rows.start
