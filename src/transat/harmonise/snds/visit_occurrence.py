"""VISIT_OCCURRENCE: PMSI-MCO stays (9201), consultations and home visits of the DCIR (9202)."""

from __future__ import annotations

from typing import Final

from transat.engines.engine import Engine
from transat.harmonise.concepts import concept_sql
from transat.harmonise.context import Context
from transat.harmonise.snds.natures import VISITS, among
from transat.tables.omop import CLAIM_RECORD, EHR_RECORD, INPATIENT_VISIT, OUTPATIENT_VISIT

NAME: Final = "visit_occurrence"
CODES: Final = (f"SELECT DISTINCT 'PRS_NAT', code FROM net_ER_PRS_F WHERE code IN {among(VISITS)}",)


def build(engine: Engine, context: Context) -> str:
    """The query of the table; stays keep the numbers under which other tables name them."""
    return (
        f"SELECT visit_occurrence_id, person_id, {INPATIENT_VISIT} AS visit_concept_id, "
        "start_date AS visit_start_date, end_date AS visit_end_date, "
        f"{EHR_RECORD} AS visit_type_concept_id, ETA_NUM || '/' || RSA_NUM AS visit_source_value, "
        "0 AS visit_source_concept_id, ENT_MOD AS admitted_from_source_value, "
        "SOR_MOD AS discharged_to_source_value FROM stay UNION ALL "
        "SELECT CAST((SELECT count(*) FROM stay) + row_number() OVER (ORDER BY person_id, "
        "care_date, code, prescription_date, prescriber) AS INTEGER), person_id, "
        f"{OUTPATIENT_VISIT}, care_date, care_date, {CLAIM_RECORD}, code, "
        "coalesce(c.concept_id, 0), NULL, NULL FROM net_ER_PRS_F CROSS JOIN range(copies) "
        f"{concept_sql('PRS_NAT', 'code', 'c')} WHERE code IN {among(VISITS)}"
    )
