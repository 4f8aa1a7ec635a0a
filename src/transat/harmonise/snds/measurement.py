"""MEASUREMENT: what stays say of gestation and birth, and the biology billed in town (no value).

DEL_REG_ENT: days from last menstrual period to admission. AGE_GES: completed weeks of amenorrhoea.
POI_NAI: weight in grams (birth weight on a newborn's stay).
ER_BIO_F: a test was done (NABM code); the SNDS has no result of any test, so the value is null.
"""

from __future__ import annotations

from typing import Final

from transat.core.codes import TRANSAT
from transat.engines.engine import Engine
from transat.harmonise import echo_registry
from transat.harmonise.context import Context
from transat.tables.omop import CLAIM_RECORD, EHR_RECORD

NAME: Final = "measurement"
CODES: Final = ("SELECT DISTINCT 'NABM', code FROM net_ER_BIO_F", *echo_registry.CODES)

#: Transat concept, column of the stay, unit.
_MEASURES: Final = (
    ("gestational_age_days_at_admission", "DEL_REG_ENT", "d"),
    ("gestational_age_weeks", "AGE_GES", "wk"),
    ("birth_weight_g", "POI_NAI", "g"),
)


def build(engine: Engine, context: Context) -> str:
    """The query of the table."""
    nothing = "CAST(NULL AS DATE) AS prescription_date, CAST(NULL AS VARCHAR) AS prescriber"
    values = " UNION ALL ".join(
        f"SELECT person_id, start_date AS day, visit_occurrence_id, '{TRANSAT}' AS vocabulary, "
        f"'{name}' AS code, '{column}' AS written, '{unit}' AS unit, "
        f"CAST({column} AS DOUBLE) AS amount, {EHR_RECORD} AS type, {nothing} "
        f"FROM stay WHERE {column} > 0"
        for name, column, unit in _MEASURES
    )
    tests = (
        f"SELECT person_id, care_date, NULL, 'NABM', code, code, NULL, NULL, {CLAIM_RECORD}, "
        "prescription_date, prescriber FROM net_ER_BIO_F"
    )
    return echo_registry.with_echos(
        "SELECT CAST(row_number() OVER (ORDER BY m.person_id, m.day, m.visit_occurrence_id, "
        "c.concept_id, m.prescription_date, m.prescriber) AS INTEGER) AS measurement_id, "
        "m.person_id, coalesce(c.concept_id, 0) AS measurement_concept_id, "
        "m.day AS measurement_date, m.type AS measurement_type_concept_id, "
        "m.amount AS value_as_number, m.unit AS unit_source_value, m.visit_occurrence_id, "
        "m.written AS measurement_source_value, "
        "coalesce(c.concept_id, 0) AS measurement_source_concept_id "
        f"FROM ({values} UNION ALL {tests}) AS m "
        "LEFT JOIN local_concept AS c ON c.vocabulary_id = m.vocabulary AND c.concept_code = m.code"
    )
