"""CONDITION_OCCURRENCE from EVENTS, and from EUROCAT's malformations of a registered case."""

from __future__ import annotations

from typing import Final

from transat.engines.engine import Engine
from transat.harmonise.context import Context
from transat.tables.omop import EHR_RECORD

NAME: Final = "condition_occurrence"
CODES: Final = (
    "SELECT DISTINCT vocabulary_id, code FROM diagnosis WHERE vocabulary_id IS NOT NULL",
    "SELECT DISTINCT 'ICD10', icd10 FROM diagnosis WHERE icd10 IS NOT NULL",
)


def build(engine: Engine, context: Context) -> str:
    """The query of the table."""
    return (
        "SELECT CAST(row_number() OVER (ORDER BY d.person_id, d.day, d.vocabulary_id, d.written, "
        "d.status, d.visit_id, d.last_day) AS INTEGER) AS condition_occurrence_id, d.person_id, "
        "coalesce(w.concept_id, 0) AS condition_concept_id, d.day AS condition_start_date, "
        f"d.last_day AS condition_end_date, {EHR_RECORD} AS condition_type_concept_id, "
        "d.status AS condition_status_source_value, d.visit_id AS visit_occurrence_id, "
        "d.written AS condition_source_value, "
        "coalesce(n.concept_id, 0) AS condition_source_concept_id FROM diagnosis AS d "
        "LEFT JOIN local_concept AS n ON n.vocabulary_id = d.vocabulary_id "
        "AND n.concept_code = d.code "
        "LEFT JOIN local_concept AS w ON w.vocabulary_id = 'ICD10' AND w.concept_code = d.icd10"
    )
