"""A ConcePTION instance as a source: tables in the order of work, rules, OMOP tables."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from transat.harmonise.conception import (
    cdm_source,
    codes,
    condition_occurrence,
    death,
    drug_exposure,
    fact_relationship,
    measurement,
    numbering,
    observation,
    observation_period,
    payer_plan_period,
    person,
    procedure_occurrence,
    visit_occurrence,
)
from transat.harmonise.conception.mapping import load
from transat.harmonise.conception.native import native_table
from transat.harmonise.conception.rules import RULES
from transat.harmonise.native import NativeTable
from transat.harmonise.shore import Shore, Step

STEPS: Final[tuple[Step, ...]] = (
    person,
    observation_period,
    payer_plan_period,
    visit_occurrence,
    condition_occurrence,
    procedure_occurrence,
    drug_exposure,
    measurement,
    observation,
    death,
    fact_relationship,
    cdm_source,
)


def declare(columns: Path | None = None) -> Shore:
    """The source under the holder's mapping file. Raises MappingError at a line of that file."""
    meanings = load(columns)

    def table(name: str) -> NativeTable:
        return native_table(name, meanings)

    return Shore(
        "conception",
        "ConcePTION CDM",
        (
            table("PERSONS"),
            numbering.number_persons,
            table("CDM_SOURCE"),
            table("OBSERVATION_PERIODS"),
            table("PERSON_RELATIONSHIPS"),
            table("VISIT_OCCURRENCE"),
            numbering.number_visits,
            table("EVENTS"),
            table("PROCEDURES"),
            table("PRODUCTS"),
            table("MEDICINES"),
            table("VACCINES"),
            table("MEDICAL_OBSERVATIONS"),
            table("SURVEY_ID"),
            table("SURVEY_OBSERVATIONS"),
            table("EUROCAT"),
            codes.code_records,
            observation_period.observed,
        ),
        RULES,
        STEPS,
    )
