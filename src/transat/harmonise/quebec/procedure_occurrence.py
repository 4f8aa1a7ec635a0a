"""PROCEDURE_OCCURRENCE from the acts of I_SMOD_SERV_MD_CM and the interventions of stays (CCI).

Neither RAMQ act codes nor CCI have a public vocabulary: the concept is 0 and the code is kept as a
local concept. Which classification an intervention uses is what its line, or its stay, says.
"""

from __future__ import annotations

from typing import Final

from transat.core.codes import RAMQ_ACT
from transat.engines.engine import Engine
from transat.harmonise.concepts import concept_sql, undotted_sql
from transat.harmonise.context import Context
from transat.harmonise.quebec.native import padded
from transat.tables.omop import CLAIM_RECORD, EHR_RECORD

NAME: Final = "procedure_occurrence"

_ACT: Final = padded("a.act", 5)
_INTERVENTION: Final = undotted_sql("CODE_INTERVENTION")

CODES: Final = (
    f"SELECT '{RAMQ_ACT}' AS vocabulary_id, {_ACT} AS concept_code "
    "FROM (SELECT DISTINCT act FROM act) AS a",
    f"SELECT DISTINCT vocabulary_id, {_INTERVENTION} AS concept_code FROM kept_INTERVENTIONS",
)


def build(engine: Engine, context: Context) -> str:
    """One row per act, in the order of acts, then one per intervention, in that of stays."""
    acts = int(engine.scalar("SELECT max(line) FROM act") or 0)
    return f"""
        WITH known AS (
            SELECT a.act, k.concept_id
            FROM (SELECT DISTINCT act FROM act) AS a {concept_sql(RAMQ_ACT, _ACT, "k")}
        )
        SELECT line AS procedure_occurrence_id, person_id, 0 AS procedure_concept_id,
               day AS procedure_date, {CLAIM_RECORD} AS procedure_type_concept_id,
               visit_occurrence_id, provider_id, x.act AS procedure_source_value,
               coalesce(known.concept_id, 0) AS procedure_source_concept_id,
               role AS modifier_source_value
        FROM act AS x LEFT JOIN known ON known.act = x.act
        UNION ALL
        SELECT {acts} + CAST(row_number() OVER (
                   ORDER BY s.stay_id, i.DATE_INTERVENTION, i.vocabulary_id, i.CODE_INTERVENTION
               ) AS INTEGER),
               s.person_id, 0, coalesce(i.DATE_INTERVENTION, s.admission), {EHR_RECORD},
               s.stay_id, NULL, i.CODE_INTERVENTION, coalesce(k.concept_id, 0), NULL
        FROM kept_INTERVENTIONS AS i JOIN stay AS s ON s.stay_id = i.stay_id
        LEFT JOIN local_concept AS k
            ON k.vocabulary_id = i.vocabulary_id AND k.concept_code = {_INTERVENTION}
    """
