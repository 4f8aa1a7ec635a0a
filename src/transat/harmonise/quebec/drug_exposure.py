"""DRUG_EXPOSURE from V_DEM_PAIMT_MED_CM, the claims of the public drug plan.

The pharmacy declares the days of treatment: they are recorded, not estimated, and about 28 % of
them are imprecise (Tamblyn 1995), which `sig` tells. The DIN is the product: padded to its eight
digits, then read as an ATC class from the extract's own product list where it has one, else from
the table that Transat ships; both are brought to the study's ATC vintage.
"""

from __future__ import annotations

from typing import Final

import pyarrow as pa

from transat.core.codes import ATC, DIN
from transat.engines.engine import Engine
from transat.harmonise.concepts import concept_sql
from transat.harmonise.context import Context
from transat.harmonise.quebec.keeping import OUTSIDE_PLAN, PADDING, note
from transat.harmonise.quebec.native import padded
from transat.tables import drug_codes
from transat.tables.omop import CLAIM_RECORD

NAME: Final = "drug_exposure"

_DIN: Final = padded("SMED_COD_DIN", 8)

CODES: Final = (
    f"SELECT DISTINCT '{DIN}' AS vocabulary_id, din AS concept_code FROM claim",
    f"SELECT DISTINCT '{ATC}' AS vocabulary_id, atc AS concept_code FROM claim",
)


def map_products(engine: Engine, context: Context) -> None:
    """Make the view `product` (din, atc), one ATC class per DIN, of the pinned vintage.

    A product listed under several classes takes the first in the order of codes; how many do is a
    finding.
    """
    shipped = {c.code: c.atc for c in drug_codes.drug_codes() if c.vocabulary == DIN}
    engine.register(
        "shipped_product",
        pa.table({"din": list(shipped.keys()), "atc": list(shipped.values())}),
    )
    drift = drug_codes.atc_drift()
    engine.register("atc_drift", pa.table({"old": list(drift.keys()), "new": list(drift.values())}))
    engine.sql(
        f"""
        CREATE OR REPLACE VIEW listed_product AS
        SELECT {padded("NMED_COD_DIN", 8)} AS din, coalesce(d.new, NMED_COD_ATC) AS atc
        FROM kept_V_PRODU_MED LEFT JOIN atc_drift AS d ON d.old = NMED_COD_ATC
        """
    )
    context.materialise(
        engine,
        "product",
        """
        WITH own AS (SELECT din, min(atc) AS atc FROM listed_product GROUP BY din)
        SELECT din, atc FROM own
        UNION ALL
        SELECT s.din, coalesce(d.new, s.atc)
        FROM shipped_product AS s LEFT JOIN atc_drift AS d ON d.old = s.atc
        WHERE NOT EXISTS (SELECT 1 FROM own WHERE own.din = s.din)
        """,
    )
    several = engine.scalar(
        "SELECT count(*) FROM (SELECT din FROM listed_product GROUP BY din "
        "HAVING count(DISTINCT atc) > 1)"
    )
    context.findings["products_with_several_atc"] = int(several or 0)


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
