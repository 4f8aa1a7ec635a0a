"""VISIT_OCCURRENCE from the table of that name; meanings that the mapping lacks are concept 0."""

from __future__ import annotations

from typing import Final

from transat.engines.engine import Engine
from transat.harmonise.context import Context
from transat.harmonise.ledger import NOTE
from transat.tables.omop import EHR_RECORD, EMERGENCY_VISIT, INPATIENT_VISIT, OUTPATIENT_VISIT

NAME: Final = "visit_occurrence"
CODES: Final[tuple[str, ...]] = ()


def build(engine: Engine, context: Context) -> str:
    """The query of the table."""
    table = "VISIT_OCCURRENCE"
    unmapped = engine.scalar(f"SELECT count(*) FROM kept_{table} WHERE kind IS NULL")
    context.ledger.record(table, f"{NOTE}unmapped_visit", int(unmapped or 0))
    kinds = (
        f"CASE v.kind WHEN 'inpatient' THEN {INPATIENT_VISIT} WHEN 'outpatient' THEN "
        f"{OUTPATIENT_VISIT} WHEN 'emergency' THEN {EMERGENCY_VISIT} ELSE 0 END"
    )
    return (
        "SELECT k.visit_occurrence_id, v.own_id AS person_id, "
        f"{kinds} AS visit_concept_id, v.visit_start_date, "
        "coalesce(v.visit_end_date, v.visit_start_date) AS visit_end_date, "
        f"{EHR_RECORD} AS visit_type_concept_id, v.visit_occurrence_id AS visit_source_value, "
        "v.status_at_discharge AS discharged_to_source_value "
        "FROM kept_VISIT_OCCURRENCE AS v JOIN visit_number AS k "
        "ON k.number = v.visit_occurrence_id"
    )
