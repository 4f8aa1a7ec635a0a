"""DRUG_EXPOSURE from V_DEM_PAIMT_MED_CM, the claims of the public drug plan.

The pharmacy declares the days of treatment: they are recorded, not estimated, and about 28 % of
them are imprecise (Tamblyn 1995), which `sig` tells. The DIN is the product: padded to its eight
digits, then read as an ATC class (`products.map_products`).
"""

from __future__ import annotations

from typing import Final

from transat.core.codes import ATC, DIN
from transat.engines.engine import Engine
from transat.harmonise.concepts import concept_sql
from transat.harmonise.context import Context
from transat.harmonise.quebec.keeping import OUTSIDE_PLAN, PADDING, note
from transat.harmonise.quebec.native import padded
from transat.tables.omop import CLAIM_RECORD

NAME: Final = "drug_exposure"

_DIN: Final = padded("SMED_COD_DIN", 8)

CODES: Final = (
    f"SELECT DISTINCT '{DIN}' AS vocabulary_id, din AS concept_code FROM claim",
    f"SELECT DISTINCT '{ATC}' AS vocabulary_id, atc AS concept_code FROM claim",
)


def class_claims(engine: Engine, context: Context) -> None:
    """Make the view `claim`: kept claims with their padded DIN and its ATC class, if known."""
    context.materialise(
        engine,
        "claim",
        f"""
        SELECT c.*, {_DIN} AS din, p.atc
        FROM kept_V_DEM_PAIMT_MED_CM AS c LEFT JOIN product AS p ON p.din = {_DIN}
        WHERE c.person_id IS NOT NULL
        """,
    )
    unmapped = engine.scalar("SELECT count(*) FROM claim WHERE atc IS NULL")
    context.findings["claims_without_atc"] = int(unmapped or 0)
    _say(engine, context)


def _say(engine: Engine, context: Context) -> None:
    """Note the DINs that were padded, and the claims outside the periods of insurance."""
    if context.applies(PADDING.key):
        short = engine.scalar("SELECT count(*) FROM claim WHERE din <> SMED_COD_DIN")
        note(context, PADDING.table, PADDING.key, short)
    if context.applies(OUTSIDE_PLAN.key) and "ADMISSIBILITE_MEDICAMENTS" in context.extract.files:
        outside = engine.scalar(
            "SELECT count(*) FROM claim AS c WHERE NOT EXISTS ("
            "SELECT 1 FROM kept_ADMISSIBILITE_MEDICAMENTS AS a WHERE a.person_id = c.person_id "
            "AND c.SMED_DAT_SERV BETWEEN a.DATE_DEBUT AND coalesce(a.DATE_FIN, c.SMED_DAT_SERV))"
        )
        note(context, OUTSIDE_PLAN.table, OUTSIDE_PLAN.key, outside)


def build(engine: Engine, context: Context) -> str:
    """One row per kept claim; the last day is the start plus the days supplied, less one."""
    return f"""
        SELECT CAST(row_number() OVER (
                   ORDER BY x.person_id, SMED_DAT_SERV, din, SMED_NBR_JR_DUREE_TRAIT,
                            SMED_QTE_MED, SMED_COD_DIN
               ) AS INTEGER) AS drug_exposure_id,
               x.person_id,
               coalesce(class.concept_id, 0) AS drug_concept_id,
               SMED_DAT_SERV AS drug_exposure_start_date,
               SMED_DAT_SERV + CAST(
                   greatest(coalesce(SMED_NBR_JR_DUREE_TRAIT, 1), 1) - 1 AS INTEGER
               ) AS drug_exposure_end_date,
               {CLAIM_RECORD} AS drug_type_concept_id,
               SMED_QTE_MED AS quantity,
               SMED_NBR_JR_DUREE_TRAIT AS days_supply,
               'duration=recorded' AS sig,
               SMED_COD_DIN AS drug_source_value,
               coalesce(native.concept_id, 0) AS drug_source_concept_id
        FROM claim AS x
        {concept_sql(ATC, "x.atc", "class")}
        {concept_sql(DIN, "x.din", "native")}
    """
