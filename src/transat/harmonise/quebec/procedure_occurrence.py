"""PROCEDURE_OCCURRENCE from the acts of I_SMOD_SERV_MD_CM.

RAMQ act codes have no public vocabulary: the concept is 0 and the code is kept as a local concept.
Hospital interventions (CCI) are not read: their view has no public layout.
"""

from __future__ import annotations

from typing import Final

from transat.core.codes import RAMQ_ACT
from transat.engines.duckdb import Engine
from transat.harmonise.concepts import concept_sql
from transat.harmonise.context import Context
from transat.harmonise.quebec.native import padded
from transat.harmonise.quebec.visit_occurrence import ACTS_WITH_VISIT
from transat.tables.omop import CLAIM_RECORD

NAME: Final = "procedure_occurrence"

_ACT: Final = padded("SMOD_COD_ACTE", 5)

CODES: Final = (
    f"SELECT DISTINCT '{RAMQ_ACT}' AS vocabulary_id, {_ACT} AS concept_code "
    "FROM kept_I_SMOD_SERV_MD_CM",
)


def build(engine: Engine, context: Context) -> str:
    """One row per act billed."""
    return f"""
        SELECT CAST(row_number() OVER (
                   ORDER BY x.person_id, x.day, x.visit_id, x.act, x.role
               ) AS INTEGER) AS procedure_occurrence_id,
               x.person_id, 0 AS procedure_concept_id, x.day AS procedure_date,
               {CLAIM_RECORD} AS procedure_type_concept_id,
               x.visit_id AS visit_occurrence_id,
               x.act AS procedure_source_value,
               coalesce(k.concept_id, 0) AS procedure_source_concept_id,
               x.role AS modifier_source_value
        FROM (
            SELECT a.person_id, v.visit_occurrence_id AS visit_id, a.SMOD_DAT_SERV AS day,
                   a.SMOD_COD_ACTE AS act, {_ACT} AS padded_act, a.SMOD_COD_ROLE AS role
            FROM {ACTS_WITH_VISIT}
        ) AS x
        {concept_sql(RAMQ_ACT, "x.padded_act", "k")}
    """
