"""One person written by hand, and what the reference makes of a definition."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from transat.cohorts.query.analysis import Analysis
from transat.cohorts.query.domains import DOMAINS
from transat.cohorts.query.executor import Definition
from transat.cohorts.query.model import CodeSet, Cohort, ConceptItem
from transat.cohorts.query.reference import Reference
from transat.engines.cdm import Cdm

ORIGIN = date(2020, 1, 1)
#: Concepts of CONCEPT in a paragraph: 1 has the descendants 11 and 12; 12 is no longer valid.
CONCEPTS = ((1, "A1", None), (2, "A2", None), (3, "B.1", None), (11, "A11", None), (12, "A12", "D"))


def day(number: int) -> date:
    """A day, counted from ORIGIN."""
    return ORIGIN + timedelta(days=number)


def concepts(*ids: int, **flags: bool) -> CodeSet:
    """A code set of concepts, all with the same flags."""
    return CodeSet(tuple(ConceptItem(number, **flags) for number in ids))


class Paragraph:
    """A CDM of person 1, born in 1980, a woman, observed from day 0 to day 100 unless said."""

    def __init__(self, folder: Path, *observed: tuple[int, int]) -> None:
        self.folder = folder
        self.rows: dict[str, list[dict[str, Any]]] = {}
        self.add("person", person_id=1, year_of_birth=1980, gender_concept_id=8532)
        for start, end in observed or ((0, 100),):
            self.event("observation_period", start, end)
        for number, code, invalid in CONCEPTS:
            self.add("concept", concept_id=number, vocabulary_id="V", concept_code=code,
                     invalid_reason=invalid)  # fmt: skip
        for low in (1, 11, 12):
            self.add("concept_ancestor", ancestor_concept_id=1, descendant_concept_id=low)

    def add(self, table: str, **values: Any) -> None:
        """A row as it is."""
        self.rows.setdefault(table, []).append(values)

    def event(
        self, name: str, start: int, end: int | None = None, concept: int = 1, **more: Any
    ) -> int:
        """An event of person 1; returns its id, in the order of the calls unless `id` is given."""
        domain = DOMAINS[name]
        number = more.pop("id", len(self.rows.get(domain.table, [])) + 1)
        row = {domain.key: number, "person_id": 1, domain.start: day(start)}
        if domain.end is not None:
            row[domain.end] = None if end is None else day(end)
        if domain.concept is not None:
            row[domain.concept] = concept
        self.add(domain.table, **{**row, **more})
        return int(number)

    def cdm(self) -> Cdm:
        """The rows, written."""
        for name, rows in self.rows.items():
            names = sorted({key for row in rows for key in row})
            table = pa.Table.from_pylist([{n: row.get(n) for n in names} for row in rows])
            pq.write_table(table, self.folder / f"{name}.parquet")
        return Cdm(self.folder)

    def periods(self, cohort: Cohort) -> list[tuple[int, int]]:
        """First and last day of the cohort's periods, counted from ORIGIN."""
        found = Reference().run(self.cdm(), [Definition(1, cohort)]).cohorts
        days = found.select(["cohort_start_date", "cohort_end_date"]).to_pylist()
        return [
            ((row["cohort_start_date"] - ORIGIN).days, (row["cohort_end_date"] - ORIGIN).days)
            for row in days
        ]

    def starts(self, cohort: Cohort) -> list[int]:
        """First days of the cohort's periods."""
        return [start for start, _ in self.periods(cohort)]

    def attrition(self, cohort: Cohort) -> list[tuple[str, int | None, int, int]]:
        """Kind, rule, events and persons of each step."""
        found = Reference().run(self.cdm(), [Definition(1, cohort)]).attrition
        return [(r["kind"], r["rule"], r["events"], r["persons"]) for r in found.to_pylist()]

    def columns(self, analysis: Analysis, names: Sequence[str]) -> list[tuple[Any, ...]]:
        """Some columns of an analysis, a tuple for each period."""
        found = Reference().analyse(self.cdm(), analysis)
        return [tuple(row[name] for name in names) for row in found.to_pylist()]
