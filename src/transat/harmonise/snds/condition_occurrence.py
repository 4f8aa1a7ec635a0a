"""CONDITION_OCCURRENCE: diagnoses of stays and of their units, long-term illnesses.

Within a stay a code is written once, under its strongest role: main (DP), related (DR), associated
(DAS), of a unit (UM). A long-term illness (ALD) is read from MED_MTF_COD, since IMB_ALD_NUM is
badly filled (T15).
"""

from __future__ import annotations

from typing import Final

from transat.engines.engine import Engine
from transat.harmonise.concepts import concept_sql, icd10_sql, undotted_sql
from transat.harmonise.context import Context
from transat.tables.omop import CLAIM_RECORD, EHR_RECORD

NAME: Final = "condition_occurrence"
CODES: Final = (
    "SELECT DISTINCT 'CIM10', code FROM diagnosis",
    f"SELECT DISTINCT 'ICD10', {icd10_sql('code')} FROM diagnosis",
)

_STATUS: Final = ("DP", "DR", "DAS", "UM", "ALD")


def diagnoses(engine: Engine, context: Context) -> None:
    """View `diagnosis`: person_id, day, last_day, code (undotted), written, status, visit."""
    written = (
        "SELECT visit_occurrence_id, DGN_PAL AS written, 1 AS role FROM stay UNION ALL "
        "SELECT visit_occurrence_id, DGN_REL, 2 FROM stay UNION ALL "
        "SELECT visit_occurrence_id, ASS_DGN, 3 FROM kept_T_MCOaaD UNION ALL "
        "SELECT visit_occurrence_id, DGN_PAL, 4 FROM kept_T_MCOaaUM UNION ALL "
        "SELECT visit_occurrence_id, DGN_REL, 4 FROM kept_T_MCOaaUM"
    )
    statuses = ", ".join(f"'{s}'" for s in _STATUS)
    context.materialise(
        engine,
        "diagnosis",
        f"SELECT s.person_id, s.start_date AS day, s.end_date AS last_day, d.code, d.written, "
        f"[{statuses}][d.role] AS status, d.visit_occurrence_id FROM ("
        f"SELECT visit_occurrence_id, {undotted_sql('written')} AS code, min(role) AS role, "
        f"min(written ORDER BY role, written) AS written FROM ({written}) "
        "WHERE written IS NOT NULL GROUP BY ALL) AS d JOIN stay AS s USING (visit_occurrence_id) "
        "WHERE d.code IS NOT NULL UNION ALL "
        f"SELECT person_id, IMB_ALD_DTD, max(IMB_ALD_DTF) FILTER (IMB_ALD_DTF >= IMB_ALD_DTD), "
        f"{undotted_sql('MED_MTF_COD')} AS code, min(MED_MTF_COD), 'ALD', NULL FROM kept_IR_IMB_R "
        f"WHERE {undotted_sql('MED_MTF_COD')} IS NOT NULL GROUP BY person_id, IMB_ALD_DTD, code",
    )


def build(engine: Engine, context: Context) -> str:
    """The query of the table."""
    return (
        "SELECT CAST(row_number() OVER (ORDER BY d.person_id, d.day, d.code, d.status, "
        "d.visit_occurrence_id) AS INTEGER) AS condition_occurrence_id, d.person_id, "
        "coalesce(w.concept_id, 0) AS condition_concept_id, d.day AS condition_start_date, "
        "d.last_day AS condition_end_date, CASE WHEN d.status = 'ALD' "
        f"THEN {CLAIM_RECORD} ELSE {EHR_RECORD} END AS condition_type_concept_id, "
        "d.status AS condition_status_source_value, d.visit_occurrence_id, "
        "d.written AS condition_source_value, "
        "coalesce(n.concept_id, 0) AS condition_source_concept_id FROM diagnosis AS d "
        f"{concept_sql('CIM10', 'd.code', 'n')} {concept_sql('ICD10', icd10_sql('d.code'), 'w')}"
    )
