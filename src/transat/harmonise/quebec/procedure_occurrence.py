"""PROCEDURE_OCCURRENCE from the acts of I_SMOD_SERV_MD_CM and the interventions of stays (CCI).

Neither RAMQ act codes nor CCI have a public vocabulary: the concept is 0 and the code is kept as a
local concept. Which classification an intervention uses is what its line, or its stay, says.
"""

from __future__ import annotations

from typing import Final

from transat.core.codes import RAMQ_ACT
from transat.engines.engine import Engine
from transat.harmonise.concepts import undotted_sql
from transat.harmonise.context import Context
from transat.harmonise.quebec.native import padded
from transat.tables.omop import CLAIM_RECORD, EHR_RECORD

NAME: Final = "procedure_occurrence"

_ACT: Final = padded("act", 5)
_INTERVENTION: Final = undotted_sql("CODE_INTERVENTION")

CODES: Final = (
    f"SELECT DISTINCT '{RAMQ_ACT}' AS vocabulary_id, {_ACT} AS concept_code FROM act",
    f"SELECT DISTINCT vocabulary_id, {_INTERVENTION} AS concept_code FROM kept_INTERVENTIONS",
)


def build(engine: Engine, context: Context) -> str:
    """One row per act or intervention, numbered by visit: stays first, then persons and days."""
    return f"""
        WITH done AS (
            SELECT visit_occurrence_id, person_id, day, act AS code, role,
                   '{RAMQ_ACT}' AS vocabulary_id, {_ACT} AS form, {CLAIM_RECORD} AS type_id,
                   provider_id
            FROM act
            UNION ALL
            SELECT s.stay_id, s.person_id, coalesce(i.DATE_INTERVENTION, s.admission),
                   i.CODE_INTERVENTION, NULL, i.vocabulary_id, {_INTERVENTION}, {EHR_RECORD}, NULL
            FROM kept_INTERVENTIONS AS i JOIN stay AS s ON s.stay_id = i.stay_id
        )
        SELECT CAST(row_number() OVER (
                   ORDER BY x.visit_occurrence_id, x.day, x.vocabulary_id, x.code, x.role,
                            x.provider_id
               ) AS INTEGER) AS procedure_occurrence_id,
               x.person_id, 0 AS procedure_concept_id, x.day AS procedure_date,
               x.type_id AS procedure_type_concept_id,
               x.visit_occurrence_id, x.provider_id,
               x.code AS procedure_source_value,
               coalesce(k.concept_id, 0) AS procedure_source_concept_id,
               x.role AS modifier_source_value
        FROM done AS x
        LEFT JOIN local_concept AS k
            ON k.vocabulary_id = x.vocabulary_id AND k.concept_code = x.form
    """
