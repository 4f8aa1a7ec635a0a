"""VISIT_OCCURRENCE: PMSI stays (9201; at home 581476), outpatient hospital care and consultations
and home visits of the DCIR (9202).

Where from and where to are standard concepts only where they are certain: through the emergency
department (9203), from or to another hospital unit (9201); home is 0, as OMOP asks, and so is a
death, which is in DEATH.
"""

from __future__ import annotations

from typing import Final

from transat.engines.engine import Engine
from transat.harmonise.concepts import concept_sql
from transat.harmonise.context import Context
from transat.harmonise.snds.natures import VISITS, among
from transat.harmonise.snds.provider import specialty_sql
from transat.tables.omop import (
    CLAIM_RECORD,
    EHR_RECORD,
    EMERGENCY_VISIT,
    INPATIENT_VISIT,
    OUTPATIENT_VISIT,
)

NAME: Final = "visit_occurrence"
CODES: Final = (
    f"SELECT DISTINCT 'PRS_NAT', code FROM net_ER_PRS_F WHERE code IN {among(VISITS)}",
    "SELECT DISTINCT 'NGAP', code FROM consultation",
)

#: Modes 6 (mutation) and 7 (transfer) with a hospital unit on the other side: MCO, SSR, long-term
#: care, psychiatry (nomenclatures MS_SOR_V, MS_PRV_V).
_MOVED, _UNITS = "('6', '7')", "('1', '2', '3', '4')"


def build(engine: Engine, context: Context) -> str:
    """The query of the table; stays and passages keep the numbers under which others name them."""
    return f"{_STAYS} UNION ALL {_passages()} UNION ALL {_of_town()}"


_STAYS: Final = (
    "SELECT s.visit_occurrence_id, s.person_id, s.visit_concept_id, "
    "s.start_date AS visit_start_date, s.end_date AS visit_end_date, "
    f"{EHR_RECORD} AS visit_type_concept_id, k.care_site_id, "
    "CAST(NULL AS INTEGER) AS provider_id, s.written AS visit_source_value, "
    f"0 AS visit_source_concept_id, CASE WHEN s.ENT_PRV = '5' THEN {EMERGENCY_VISIT} "
    f"WHEN s.ENT_MOD IN {_MOVED} AND s.ENT_PRV IN {_UNITS} THEN {INPATIENT_VISIT} ELSE 0 END "
    "AS admitted_from_concept_id, s.ENT_MOD || coalesce('/' || s.ENT_PRV, '') "
    "AS admitted_from_source_value, "
    f"CASE WHEN s.SOR_MOD IN {_MOVED} AND s.SOR_DES IN {_UNITS} THEN {INPATIENT_VISIT} "
    "ELSE 0 END AS discharged_to_concept_id, s.SOR_MOD || coalesce('/' || s.SOR_DES, '') "
    "AS discharged_to_source_value FROM stay AS s "
    "LEFT JOIN care_site_key AS k ON k.care_site_source_value = s.finess"
)


def _passages() -> str:
    return (
        f"SELECT p.visit_occurrence_id, p.person_id, {OUTPATIENT_VISIT}, p.start_date, p.end_date, "
        f"{EHR_RECORD}, k.care_site_id, v.provider_id, p.written, coalesce(c.concept_id, 0), "
        "0, NULL, 0, NULL FROM passage AS p "
        "LEFT JOIN care_site_key AS k ON k.care_site_source_value = p.finess "
        "LEFT JOIN consultation AS f ON f.visit_occurrence_id = p.visit_occurrence_id "
        f"LEFT JOIN provider_key AS v ON v.provider_source_value = {specialty_sql('f.specialty')} "
        f"{concept_sql('NGAP', 'f.code', 'c')}"
    )


def _of_town() -> str:
    """Two lines of one consultation on a day are two visits: `copies` says how many."""
    before = "(SELECT count(*) FROM stay) + (SELECT count(*) FROM passage)"
    return (
        f"SELECT CAST({before} + row_number() OVER (ORDER BY person_id, care_date, n.code, "
        f"prescription_date, prescriber) AS INTEGER), person_id, {OUTPATIENT_VISIT}, care_date, "
        f"care_date, {CLAIM_RECORD}, CAST(NULL AS INTEGER), v.provider_id, n.code, "
        "coalesce(c.concept_id, 0), 0, NULL, 0, NULL "
        "FROM net_ER_PRS_F AS n CROSS JOIN range(copies) "
        f"LEFT JOIN provider_key AS v ON v.provider_source_value = {specialty_sql('prescriber')} "
        f"{concept_sql('PRS_NAT', 'n.code', 'c')} WHERE n.code IN {among(VISITS)}"
    )
