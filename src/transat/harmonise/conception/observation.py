"""OBSERVATION: outcomes of pregnancy that a survey or EUROCAT attests, and what else was recorded.

EUROCAT's `type` of birth: 1 live birth, 2 stillbirth, 3 spontaneous abortion, 4 termination for
foetal anomaly (EUROCAT Guide 1.5, section 2.2).
"""

from __future__ import annotations

from typing import Final

from transat.engines.engine import Engine
from transat.harmonise.casts import cast_sql
from transat.harmonise.concepts import concept_sql
from transat.harmonise.context import Context
from transat.tables.omop import EHR_RECORD

NAME: Final = "observation"
CODES: Final[tuple[str, ...]] = ()

_TYPES: Final = (
    "CASE type WHEN '1' THEN 'live_birth' WHEN '2' THEN 'stillbirth' "
    "WHEN '3' THEN 'spontaneous_abortion' WHEN '4' THEN 'therapeutic_termination' END"
)


def build(engine: Engine, context: Context) -> str:
    """The query of the table; an outcome is `observation_source_concept_id`."""
    said, seen = cast_sql("so_source_value", "number"), cast_sql("mo_source_value", "number")
    records = (
        "SELECT own_id AS person_id, survey_date AS day, outcome, survey_meaning AS written, "
        "CAST(NULL AS VARCHAR) AS text, CAST(NULL AS DOUBLE) AS amount, "
        "CAST(NULL AS VARCHAR) AS unit, CAST(NULL AS INTEGER) AS visit_id FROM kept_SURVEY_ID "
        f"UNION ALL SELECT mother_id, birthdate, {_TYPES}, 'EUROCAT type ' || type, NULL, NULL, "
        "NULL, NULL FROM kept_EUROCAT WHERE mother_id IS NOT NULL AND type IS NOT NULL "
        f"UNION ALL SELECT own_id, so_date, NULL, so_source_column, so_source_value, {said}, "
        f"so_unit, NULL FROM kept_SURVEY_OBSERVATIONS WHERE measure IS NULL OR {said} IS NULL "
        "UNION ALL SELECT own_id, mo_date, NULL, coalesce(mo_source_column, mo_code), "
        f"mo_source_value, {seen}, mo_unit, visit_id FROM kept_MEDICAL_OBSERVATIONS "
        f"WHERE measure IS NULL OR {seen} IS NULL"
    )
    return (
        "SELECT CAST(row_number() OVER (ORDER BY o.person_id, o.day, o.outcome, o.written, "
        "o.text, o.amount, o.unit, o.visit_id) AS INTEGER) AS observation_id, o.person_id, "
        "coalesce(c.concept_id, 0) AS observation_concept_id, o.day AS observation_date, "
        f"{EHR_RECORD} AS observation_type_concept_id, o.amount AS value_as_number, "
        "o.text AS value_as_string, o.unit AS unit_source_value, "
        "o.visit_id AS visit_occurrence_id, o.written AS observation_source_value, "
        "coalesce(c.concept_id, 0) AS observation_source_concept_id "
        f"FROM ({records}) AS o {concept_sql('Transat', 'o.outcome', 'c')}"
    )
