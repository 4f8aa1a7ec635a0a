"""A CDM of a few rows and cohorts on it, small enough to be followed on paper."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from transat.cohorts.query.model import (
    CodeSet,
    Cohort,
    ConceptItem,
    Count,
    Demographic,
    Entry,
    FixedOffset,
    Group,
    NumberIs,
    Read,
    Rule,
    Window,
)
from transat.core.languages import Text
from transat.engines.cdm import Cdm

STENOSIS, VALVE = 1, 2
WITHIN_30_DAYS = Text("Valve posée sous 30 jours", "Valve within 30 days")
Rows = list[dict[str, Any]]


def day(month: int, number: int) -> date:
    """A day of 2015."""
    return date(2015, month, number)


def small_cdm(folder: Path) -> Cdm:
    """Four persons: 1 and 2 with a valve after a stenosis, 3 without, 4 too young."""
    people = ((1, 1940), (2, 1950), (3, 1945), (4, 1990))
    conditions = ((1, 1, day(2, 1)), (2, 1, day(5, 1)), (3, 2, day(3, 1)), (4, 3, day(3, 1)),
                  (5, 4, day(3, 1)))  # fmt: skip
    procedures = ((1, 1, day(2, 11)), (2, 2, day(3, 31)), (3, 4, day(3, 2)))
    tables: dict[str, Rows] = {
        "person": [{"person_id": p, "year_of_birth": y} for p, y in people],
        "observation_period": [
            {
                "observation_period_id": p,
                "person_id": p,
                "observation_period_start_date": day(1, 1),
                "observation_period_end_date": day(12, 31),
            }
            for p, _ in people
        ],
        "condition_occurrence": [
            {
                "condition_occurrence_id": n,
                "person_id": p,
                "condition_concept_id": STENOSIS,
                "condition_start_date": d,
            }
            for n, p, d in conditions
        ],
        "procedure_occurrence": [
            {
                "procedure_occurrence_id": n,
                "person_id": p,
                "procedure_concept_id": VALVE,
                "procedure_date": d,
            }
            for n, p, d in procedures
        ],
        "concept": [
            {"concept_id": c, "vocabulary_id": "own", "concept_code": str(c)}
            for c in (STENOSIS, VALVE)
        ],
    }
    folder.mkdir(parents=True, exist_ok=True)
    for name, rows in tables.items():
        pq.write_table(pa.Table.from_pylist(rows), folder / f"{name}.parquet")
    return Cdm(folder)


def codes(concept: int, name: str) -> CodeSet:
    """One concept."""
    return CodeSet((ConceptItem(concept),), name=name)


def treated(rule: Text = WITHIN_30_DAYS, name: str = "stenosis") -> Cohort:
    """Stenosis of somebody of 60 or more, with a valve within 30 days; 90 days from there."""
    valve = Count(Read("procedure_occurrence", codes(VALVE, "valve")), (Window(0, 30),))
    aged = Demographic((NumberIs("age_at_start", ">=", 60),))
    return Cohort(
        Entry((Read("condition_occurrence", codes(STENOSIS, name)),)),
        rules=(
            Rule(Group("all", (aged,)), Text("60 ans ou plus", "Aged 60 or more")),
            Rule(Group("all", (valve,)), rule),
        ),
        exit=FixedOffset(90),
        name=Text("Sténose opérée", "Stenosis treated"),
    )
