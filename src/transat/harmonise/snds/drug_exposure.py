"""DRUG_EXPOSURE: one row a net dispensing (ER_PHA_F, ER_UCD_F, T_MCOaaMED).

The SNDS has no duration: days_supply is 30 days a box (Blotière 2019, doi 10.1002/pds.4556 for the
source), 90 for a box of three months (T7). `sig` says that it is estimated, and by which rule.
"""

from __future__ import annotations

from typing import Final

from transat.engines.cdm import Ordered
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
    """The query of the table. Rows are numbered, and so sorted, before they are given the columns
    that follow from the others.
    """
    days = (
        f"CAST(ceil(CASE WHEN large THEN {DAYS_PER_LARGE_PACK} ELSE {DAYS_PER_PACK} END * packs) "
        "AS INTEGER)"
    )
    return Ordered(
        "SELECT drug_exposure_id, person_id, drug_concept_id, day AS drug_exposure_start_date, "
        f"day + greatest(coalesce({days}, 1), 1) - 1 AS drug_exposure_end_date, "
        f"CASE WHEN of_stay THEN {EHR_RECORD} ELSE {CLAIM_RECORD} END AS drug_type_concept_id, "
        f"packs AS quantity, {days} AS days_supply, "
        "CASE WHEN large THEN 'duration=estimated;rule=T7' "
        "ELSE 'duration=estimated;rule=30_days_a_box' END AS sig, visit_occurrence_id, "
        "code AS drug_source_value, drug_source_concept_id "
        f"FROM ({_numbered()}) AS numbered"
    )


def _numbered() -> str:
    """SQL: the dispensings, numbered in the order of the table; only what a row is made of."""
    atc, code = "coalesce(a.concept_id, 0)", "coalesce(c.concept_id, 0)"
    of_stay = "d.source = 'T_MCOaaMED'"
    return (
        # A concept's number is the rank of its vocabulary and code, and sorts faster than they do.
        f"SELECT CAST(row_number() OVER (ORDER BY d.person_id, {atc}, d.day, {code}, {of_stay}, "
        "d.in_units, d.prescription_date, d.prescriber, d.visit_occurrence_id, d.packs) "
        f"AS INTEGER) AS drug_exposure_id, d.person_id, {atc} AS drug_concept_id, d.day, "
        f"{code} AS drug_source_concept_id, d.code, {of_stay} AS of_stay, "
        "k.code IS NOT NULL AS large, d.visit_occurrence_id, d.packs FROM dispensing AS d "
        "LEFT JOIN local_concept AS c ON c.vocabulary_id = d.vocabulary "
        "AND c.concept_code = d.code "
        "LEFT JOIN local_concept AS a ON a.vocabulary_id = 'ATC' AND a.concept_code = d.atc "
        "LEFT JOIN large_pack AS k ON k.vocabulary = d.vocabulary AND k.code = d.code"
    )
