"""MEASUREMENT: gestation and birth weight, from surveys, medical observations and EUROCAT."""

from __future__ import annotations

from typing import Final

from transat.engines.engine import Engine
from transat.harmonise.casts import cast_sql
from transat.harmonise.concepts import concept_sql
from transat.harmonise.context import Context
from transat.tables.omop import EHR_RECORD

NAME: Final = "measurement"
CODES: Final[tuple[str, ...]] = ()


def build(engine: Engine, context: Context) -> str:
    """The query of the table; a value that is not a number is an observation instead."""
    said, seen = cast_sql("so_source_value", "number"), cast_sql("mo_source_value", "number")
    values = (
        f"SELECT own_id AS person_id, so_date AS day, measure, {said} AS amount, so_unit AS unit, "
        "so_source_column AS written, CAST(NULL AS INTEGER) AS visit_id "
        f"FROM kept_SURVEY_OBSERVATIONS WHERE measure IS NOT NULL AND {said} IS NOT NULL UNION ALL "
        f"SELECT own_id, mo_date, measure, {seen}, mo_unit, coalesce(mo_source_column, mo_code), "
        f"visit_id FROM kept_MEDICAL_OBSERVATIONS WHERE measure IS NOT NULL AND {seen} IS NOT NULL "
        "UNION ALL SELECT mother_id, birthdate, 'gestational_age_weeks', gestlength, 'wk', "
        "'gestlength', NULL FROM kept_EUROCAT WHERE mother_id IS NOT NULL AND gestlength > 0 "
        "UNION ALL SELECT child_id, birthdate, 'birth_weight_g', weight, 'g', 'weight', NULL "
        "FROM kept_EUROCAT WHERE child_id IS NOT NULL AND weight > 0"
    )
    return (
        "SELECT CAST(row_number() OVER (ORDER BY m.person_id, m.day, m.measure, m.amount, "
        "m.written, m.unit, m.visit_id) AS INTEGER) AS measurement_id, m.person_id, "
        "c.concept_id AS measurement_concept_id, m.day AS measurement_date, "
        f"{EHR_RECORD} AS measurement_type_concept_id, m.amount AS value_as_number, "
        "m.unit AS unit_source_value, m.visit_id AS visit_occurrence_id, "
        "m.written AS measurement_source_value, c.concept_id AS measurement_source_concept_id "
        f"FROM ({values}) AS m {concept_sql('Transat', 'm.measure', 'c')}"
    )
