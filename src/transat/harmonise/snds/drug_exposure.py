"""DRUG_EXPOSURE: one row a net dispensing (ER_PHA_F, ER_UCD_F, T_MCOaaMED).

The SNDS has no duration: days_supply is 30 days a box (Blotière 2019, doi 10.1002/pds.4556 for the
source), marked 'duration=estimated' in `sig`; a box of three months looks like one of a month (T7).
"""

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

#: Days that one box stands for.
DAYS_PER_PACK: Final = 30


def build(engine: Engine, context: Context) -> str:
    """The query of the table."""
    days = f"CAST(ceil({DAYS_PER_PACK} * d.packs) AS INTEGER)"
    return (
        # A concept's number is the rank of its vocabulary and code, and sorts faster than they do.
        "SELECT CAST(row_number() OVER (ORDER BY d.person_id, a.concept_id, d.day, c.concept_id, "
        "d.source = 'T_MCOaaMED', d.in_units, d.prescription_date, d.prescriber, "
        "d.visit_occurrence_id, d.packs) AS INTEGER) AS drug_exposure_id, d.person_id, "
        "coalesce(a.concept_id, 0) AS drug_concept_id, d.day AS drug_exposure_start_date, "
        f"d.day + greatest(coalesce({days}, 1), 1) - 1 AS drug_exposure_end_date, "
        f"CASE WHEN d.source = 'T_MCOaaMED' THEN {EHR_RECORD} ELSE {CLAIM_RECORD} END "
        f"AS drug_type_concept_id, d.packs AS quantity, {days} AS days_supply, "
        "'duration=estimated' AS sig, d.visit_occurrence_id, d.code AS drug_source_value, "
        "coalesce(c.concept_id, 0) AS drug_source_concept_id FROM dispensing AS d "
        "LEFT JOIN local_concept AS c ON c.vocabulary_id = d.vocabulary "
        "AND c.concept_code = d.code "
        "LEFT JOIN local_concept AS a ON a.vocabulary_id = 'ATC' AND a.concept_code = d.atc"
    )
