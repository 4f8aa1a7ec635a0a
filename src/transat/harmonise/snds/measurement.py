"""MEASUREMENT: what stays say of gestation and birth.

DEL_REG_ENT: days from last menstrual period to admission. AGE_GES: completed weeks of amenorrhoea.
POI_NAI: weight in grams (birth weight on a newborn's stay).
"""

from __future__ import annotations

from typing import Final

from transat.engines.engine import Engine
from transat.harmonise.concepts import concept_sql
from transat.harmonise.context import Context
from transat.tables.omop import EHR_RECORD

NAME: Final = "measurement"
CODES: Final[tuple[str, ...]] = ()

#: Transat concept, column of the stay, unit.
_MEASURES: Final = (
    ("gestational_age_days_at_admission", "DEL_REG_ENT", "d"),
    ("gestational_age_weeks", "AGE_GES", "wk"),
    ("birth_weight_g", "POI_NAI", "g"),
)


def build(engine: Engine, context: Context) -> str:
    """The query of the table."""
    values = " UNION ALL ".join(
        f"SELECT person_id, start_date, visit_occurrence_id, '{name}' AS name, "
        f"'{column}' AS written, '{unit}' AS unit, CAST({column} AS DOUBLE) AS amount "
        f"FROM stay WHERE {column} > 0"
        for name, column, unit in _MEASURES
    )
    return (
        "SELECT CAST(row_number() OVER (ORDER BY m.person_id, m.start_date, "
        "m.visit_occurrence_id, m.name) AS INTEGER) AS measurement_id, m.person_id, "
        "c.concept_id AS measurement_concept_id, m.start_date AS measurement_date, "
        f"{EHR_RECORD} AS measurement_type_concept_id, m.amount AS value_as_number, "
        "m.unit AS unit_source_value, m.visit_occurrence_id, "
        "m.written AS measurement_source_value, c.concept_id AS measurement_source_concept_id "
        f"FROM ({values}) AS m {concept_sql('Transat', 'm.name', 'c')}"
    )
