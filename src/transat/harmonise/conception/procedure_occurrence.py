"""PROCEDURE_OCCURRENCE from PROCEDURES."""

from __future__ import annotations

from typing import Final

from transat.engines.engine import Engine
from transat.harmonise.context import Context
from transat.tables.omop import EHR_RECORD

NAME: Final = "procedure_occurrence"
CODES: Final = ("SELECT DISTINCT vocabulary_id, code FROM act WHERE vocabulary_id IS NOT NULL",)


def build(engine: Engine, context: Context) -> str:
    """The query of the table."""
    return (
        "SELECT CAST(row_number() OVER (ORDER BY a.person_id, a.day, a.vocabulary_id, a.written, "
        "a.visit_id) AS INTEGER) AS procedure_occurrence_id, a.person_id, "
        "coalesce(c.concept_id, 0) AS procedure_concept_id, a.day AS procedure_date, "
        f"{EHR_RECORD} AS procedure_type_concept_id, a.visit_id AS visit_occurrence_id, "
        "a.written AS procedure_source_value, "
        "coalesce(c.concept_id, 0) AS procedure_source_concept_id FROM act AS a "
        "LEFT JOIN local_concept AS c ON c.vocabulary_id = a.vocabulary_id "
        "AND c.concept_code = a.code"
    )
