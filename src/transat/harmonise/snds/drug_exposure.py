"""DRUG_EXPOSURE: one row a net dispensing (ER_PHA_F, ER_UCD_F, T_MCOaaMED).

The SNDS has no duration: days_supply is 30 days a box (Blotière 2019, doi 10.1002/pds.4556 for the
source), 90 for a box of three months (T7). `sig` says that it is estimated, and by which rule.
"""

from __future__ import annotations

from typing import Final

from transat.engines.engine import Engine
from transat.harmonise.context import Context
from transat.harmonise.snds.pack_sizes import DAYS_PER_LARGE_PACK, DAYS_PER_PACK
from transat.tables.omop import CLAIM_RECORD, EHR_RECORD

NAME: Final = "drug_exposure"
CODES: Final = (
    "SELECT DISTINCT vocabulary, code FROM dispensing",
    "SELECT DISTINCT 'ATC', atc FROM dispensing",
)


def build(engine: Engine, context: Context) -> str:
    """The query of the table."""
    a_box = f"CASE WHEN k.code IS NULL THEN {DAYS_PER_PACK} ELSE {DAYS_PER_LARGE_PACK} END"
    days = f"CAST(ceil({a_box} * d.packs) AS INTEGER)"
    return (
        # A concept's number is the rank of its vocabulary and code, and sorts faster than they do.
        "SELECT CAST(row_number() OVER (ORDER BY d.person_id, a.concept_id, d.day, c.concept_id, "
        "d.source = 'T_MCOaaMED', d.in_units, d.prescription_date, d.prescriber, "
        "d.visit_occurrence_id, d.packs) AS INTEGER) AS drug_exposure_id, d.person_id, "
        "coalesce(a.concept_id, 0) AS drug_concept_id, d.day AS drug_exposure_start_date, "
        f"d.day + greatest(coalesce({days}, 1), 1) - 1 AS drug_exposure_end_date, "
        f"CASE WHEN d.source = 'T_MCOaaMED' THEN {EHR_RECORD} ELSE {CLAIM_RECORD} END "
        f"AS drug_type_concept_id, d.packs AS quantity, {days} AS days_supply, "
        "CASE WHEN k.code IS NULL THEN 'duration=estimated;rule=30_days_a_box' "
        "ELSE 'duration=estimated;rule=T7' END AS sig, "
        "d.visit_occurrence_id, d.code AS drug_source_value, "
        "coalesce(c.concept_id, 0) AS drug_source_concept_id FROM dispensing AS d "
        "LEFT JOIN local_concept AS c ON c.vocabulary_id = d.vocabulary "
        "AND c.concept_code = d.code "
        "LEFT JOIN local_concept AS a ON a.vocabulary_id = 'ATC' AND a.concept_code = d.atc "
        "LEFT JOIN large_pack AS k ON d.vocabulary = 'CIP13' AND k.code = d.code"
    )
