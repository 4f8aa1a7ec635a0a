"""PROCEDURE_OCCURRENCE from the acts of I_SMOD_SERV_MD_CM.

RAMQ act codes have no public vocabulary: the concept is 0 and the code is kept as a local concept.
Hospital interventions (CCI) are not read: their view has no public layout.
"""

from __future__ import annotations

from typing import Final

from transat.core.codes import RAMQ_ACT
from transat.engines.engine import Engine
from transat.harmonise.concepts import concept_sql
from transat.harmonise.context import Context
from transat.harmonise.quebec.native import padded
from transat.tables.omop import CLAIM_RECORD

NAME: Final = "procedure_occurrence"

_ACT: Final = padded("act", 5)

CODES: Final = (f"SELECT DISTINCT '{RAMQ_ACT}' AS vocabulary_id, {_ACT} AS concept_code FROM act",)


def build(engine: Engine, context: Context) -> str:
    """One row per act billed, numbered by visit: visits are in the order of persons and days."""
    return f"""
        SELECT CAST(row_number() OVER (
                   ORDER BY x.visit_occurrence_id, x.act, x.role
               ) AS INTEGER) AS procedure_occurrence_id,
               x.person_id, 0 AS procedure_concept_id, x.day AS procedure_date,
               {CLAIM_RECORD} AS procedure_type_concept_id,
               x.visit_occurrence_id,
               x.act AS procedure_source_value,
               coalesce(k.concept_id, 0) AS procedure_source_concept_id,
               x.role AS modifier_source_value
        FROM act AS x
        {concept_sql(RAMQ_ACT, _ACT, "k")}
    """
