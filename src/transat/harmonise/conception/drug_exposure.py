"""DRUG_EXPOSURE from MEDICINES (dispensed, else prescribed) and VACCINES."""

from __future__ import annotations

from typing import Final

from transat.engines.engine import Engine
from transat.harmonise.context import Context
from transat.tables.omop import CLAIM_RECORD, EHR_RECORD

NAME: Final = "drug_exposure"
CODES: Final = (
    "SELECT DISTINCT vocabulary, code FROM dispensing",
    "SELECT DISTINCT 'ATC', atc FROM dispensing",
)


def build(engine: Engine, context: Context) -> str:
    """The query of the table; `sig` says whether the days are recorded, computed or unknown."""
    return (
        "SELECT CAST(row_number() OVER (ORDER BY d.person_id, d.day, d.atc, d.vocabulary, d.code, "
        "d.quantity, d.days, d.dispensed, d.visit_id) AS INTEGER) AS drug_exposure_id, "
        "d.person_id, coalesce(a.concept_id, 0) AS drug_concept_id, "
        "d.day AS drug_exposure_start_date, d.day + greatest(coalesce(d.days, 1), 1) - 1 "
        f"AS drug_exposure_end_date, CASE WHEN d.dispensed THEN {CLAIM_RECORD} ELSE {EHR_RECORD} "
        "END AS drug_type_concept_id, d.quantity, d.days AS days_supply, CASE WHEN d.days IS NULL "
        "THEN 'duration=unknown' WHEN d.estimated THEN 'duration=estimated' "
        "ELSE 'duration=recorded' END AS sig, d.visit_id AS visit_occurrence_id, "
        "d.code AS drug_source_value, "
        "coalesce(c.concept_id, 0) AS drug_source_concept_id FROM dispensing AS d "
        "LEFT JOIN local_concept AS c ON c.vocabulary_id = d.vocabulary "
        "AND c.concept_code = d.code "
        "LEFT JOIN local_concept AS a ON a.vocabulary_id = 'ATC' AND a.concept_code = d.atc"
    )
