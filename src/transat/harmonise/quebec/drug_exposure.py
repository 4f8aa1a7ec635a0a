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

CODES: Final = (
    f"SELECT '{DIN}' AS vocabulary_id, din AS concept_code FROM claim_code",
    f"SELECT '{ATC}' AS vocabulary_id, atc AS concept_code FROM claim_code",
)


def class_claims(engine: Engine, context: Context) -> None:
    """Make the views `claim` and `claim_code`: each code as written, how many claims have it, its
    DIN of eight digits and, if known, its ATC class.
    """
    engine.sql(
        "CREATE OR REPLACE VIEW claim AS SELECT person_id, SMED_DAT_SERV AS day, "
        "SMED_COD_DIN AS code, SMED_NBR_JR_DUREE_TRAIT AS days, SMED_QTE_MED AS quantity "
        "FROM kept_V_DEM_PAIMT_MED_CM WHERE person_id IS NOT NULL"
    )
    context.materialise(
        engine,
        "claim_code",
        f"""
        SELECT w.code, w.claims, w.din, p.atc
        FROM (
            SELECT code, count(*) AS claims, {padded("code", 8)} AS din FROM claim GROUP BY code
        ) AS w LEFT JOIN product AS p ON p.din = w.din
        """,
    )
    unmapped = engine.scalar("SELECT sum(claims) FROM claim_code WHERE atc IS NULL")
    context.findings["claims_without_atc"] = int(unmapped or 0)
    _say(engine, context)


def _say(engine: Engine, context: Context) -> None:
    """Note the DINs that were padded, and the claims outside the periods of insurance."""
    if context.applies(PADDING.key):
        short = engine.scalar("SELECT sum(claims) FROM claim_code WHERE din <> code")
        note(context, PADDING.table, PADDING.key, short)
    if context.applies(OUTSIDE_PLAN.key) and "ADMISSIBILITE_MEDICAMENTS" in context.extract.files:
        outside = engine.scalar(
            "SELECT count(*) FROM claim AS c WHERE NOT EXISTS ("
            "SELECT 1 FROM kept_ADMISSIBILITE_MEDICAMENTS AS a WHERE a.person_id = c.person_id "
            "AND c.day BETWEEN a.DATE_DEBUT AND coalesce(a.DATE_FIN, c.day))"
        )
        note(context, OUTSIDE_PLAN.table, OUTSIDE_PLAN.key, outside)


def build(engine: Engine, context: Context) -> str:
    """One row per kept claim; the last day is the start plus the days supplied, less one."""
    return f"""
        WITH coded AS (
            SELECT c.code, c.din, coalesce(class.concept_id, 0) AS concept_id,
                   coalesce(native.concept_id, 0) AS source_id
            FROM claim_code AS c
            {concept_sql(ATC, "c.atc", "class")}
            {concept_sql(DIN, "c.din", "native")}
        )
        SELECT CAST(row_number() OVER (
                   ORDER BY x.person_id, x.day, k.din, x.days, x.quantity, x.code
               ) AS INTEGER) AS drug_exposure_id,
               x.person_id, k.concept_id AS drug_concept_id,
               x.day AS drug_exposure_start_date,
               x.day + CAST(greatest(coalesce(x.days, 1), 1) - 1 AS INTEGER)
                   AS drug_exposure_end_date,
               {CLAIM_RECORD} AS drug_type_concept_id,
               x.quantity, x.days AS days_supply, 'duration=recorded' AS sig,
               x.code AS drug_source_value, k.source_id AS drug_source_concept_id
        FROM claim AS x LEFT JOIN coded AS k ON k.code = x.code
    """
