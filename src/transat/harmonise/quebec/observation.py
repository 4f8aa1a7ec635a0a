"""OBSERVATION: triage priority, days absent from a stay, and stillbirths.

A stillborn child is nobody's record: the mother bears the fact, beside the weight and gestation.
"""

from __future__ import annotations

from typing import Final

from transat.core.codes import TRANSAT
from transat.engines.engine import Engine
from transat.harmonise.concepts import concept_sql
from transat.harmonise.context import Context
from transat.harmonise.quebec.keeping import ABSENCE, TRIAGE, note
from transat.tables.omop import CLAIM_RECORD, EHR_RECORD

NAME: Final = "observation"
CODES: Final = (
    f"SELECT '{TRANSAT}' AS vocabulary_id, 'triage_priority' AS concept_code",
    f"SELECT '{TRANSAT}' AS vocabulary_id, 'absence_days' AS concept_code",
)

_PRIORITIES: Final = "('1', '2', '3', '4', '5')"


def build(engine: Engine, context: Context) -> str:
    """One row per triage priority, stay with absences, and stillborn child."""
    triage = "priority IS NOT NULL"
    if context.applies(TRIAGE.key):
        other = f"{triage} AND priority NOT IN {_PRIORITIES}"
        rows = engine.scalar(f"SELECT count(*) FROM emergency WHERE {other}")
        note(context, TRIAGE.table, TRIAGE.key, rows)
        triage = f"priority IN {_PRIORITIES}"
    absent = "false"
    if context.applies(ABSENCE.key):
        absent = "absent > 0"
        rows = engine.scalar(f"SELECT count(*) FROM stay WHERE {absent}")
        note(context, ABSENCE.table, ABSENCE.key, rows)
    return f"""
        WITH fact AS (
            SELECT person_id, first_day AS day, 'triage_priority' AS kind,
                   visit_occurrence_id AS visit, priority AS said,
                   'SURG_COD_PRIOR_TRIAG_DURG' AS native, {EHR_RECORD} AS type_id, 0 AS rank
            FROM emergency WHERE {triage}
            UNION ALL
            SELECT person_id, admission, 'absence_days', stay_id, CAST(absent AS VARCHAR),
                   'SHOP_NBR_JR_ABSNT_SEJ_HOSP', {EHR_RECORD}, 0
            FROM stay WHERE {absent}
            UNION ALL
            SELECT person_id, day, 'stillbirth', stay_id, '1', 'VIVANT', {CLAIM_RECORD}, rank
            FROM birth WHERE NOT live AND person_id IS NOT NULL
        )
        SELECT CAST(row_number() OVER (
                   ORDER BY person_id, day, kind, visit, rank, said
               ) AS INTEGER) AS observation_id,
               person_id, k.concept_id AS observation_concept_id, day AS observation_date,
               type_id AS observation_type_concept_id,
               CASE kind WHEN 'absence_days' THEN CAST(said AS DOUBLE) END AS value_as_number,
               CASE kind WHEN 'triage_priority' THEN said END AS value_as_string,
               visit AS visit_occurrence_id, native AS observation_source_value,
               k.concept_id AS observation_source_concept_id, said AS value_source_value,
               CASE kind WHEN 'absence_days' THEN 'd' END AS unit_source_value
        FROM fact {concept_sql(TRANSAT, "fact.kind", "k")}
    """
