"""DEATH from the register (BENF_DAT_DECES), with the hospital's cause where the stay ends on it."""

from __future__ import annotations

from typing import Final

from transat.engines.engine import Engine
from transat.harmonise.concepts import undotted_sql
from transat.harmonise.context import Context
from transat.tables.omop import CLAIM_RECORD

NAME: Final = "death"
CODES: Final[tuple[str, ...]] = ()


def build(engine: Engine, context: Context) -> str:
    """One row per person who died; the register's date is the date.

    A diagnosis of type D (death) of a stay that ended that day gives `cause_source_value`; of
    several, the first in the order of codes.
    """
    return f"""
        WITH dead AS (
            SELECT p.person_id, min(f.BENF_DAT_DECES) AS death_date
            FROM kept_V_FICH_ID_BEN_CM AS f
            JOIN person_number AS p ON p.number = f.BENF_NO_INDIV_BEN_BANLS
            WHERE f.BENF_DAT_DECES IS NOT NULL
            GROUP BY p.person_id
        ), cause AS (
            SELECT s.person_id, s.departure, d.vocabulary_id,
                   trim(d.SHOP_COD_DIAGN_MDCAL_CLINQ) AS code
            FROM kept_V_DIAGN_SEJ_HOSP_CM AS d
            JOIN stay AS s ON s.stay_id = d.stay_id
            WHERE d.SHOP_TYP_DIAGN_SEJ_HOSP = 'D'
            QUALIFY row_number() OVER (
                PARTITION BY s.person_id, s.departure ORDER BY code, d.vocabulary_id
            ) = 1
        )
        SELECT dead.person_id, dead.death_date, {CLAIM_RECORD} AS death_type_concept_id,
               cause.code AS cause_source_value,
               coalesce(k.concept_id, 0) AS cause_source_concept_id,
               0 AS cause_concept_id
        FROM dead
        LEFT JOIN cause ON cause.person_id = dead.person_id
            AND cause.departure = dead.death_date
        LEFT JOIN local_concept AS k ON k.vocabulary_id = cause.vocabulary_id
            AND k.concept_code = {undotted_sql("cause.code")}
    """
