"""PROCEDURE_OCCURRENCE: CCAM acts of stays (dated by ENT_DAT_DEL) and of town, town abortions.

An act that surgeon and anaesthetist both code is one act: one row by stay (or person), code, day.
"""

from __future__ import annotations

from typing import Final

from transat.engines.engine import Engine
from transat.harmonise.context import Context
from transat.harmonise.snds.natures import TOWN_ABORTION
from transat.harmonise.snds.netting import net_acts, net_natures
from transat.tables.omop import CLAIM_RECORD, EHR_RECORD

NAME: Final = "procedure_occurrence"
CODES: Final = ("SELECT DISTINCT vocabulary, code FROM act",)


def acts(engine: Engine, context: Context) -> None:
    """View `act`: person_id, day, vocabulary, code, quantity, visit (stays only)."""
    net_acts(engine, context)
    net_natures(engine, context)
    context.materialise(
        engine,
        "act",
        "SELECT s.person_id, s.start_date + CAST(coalesce(a.ENT_DAT_DEL, 0) AS INTEGER) AS day, "
        "'CCAM' AS vocabulary, a.CDC_ACT AS code, max(coalesce(a.NBR_EXE_ACT, 1)) AS quantity, "
        "visit_occurrence_id FROM kept_T_MCOaaA AS a JOIN stay AS s USING (visit_occurrence_id) "
        "GROUP BY ALL UNION ALL "
        "SELECT person_id, care_date, 'CCAM', code, max(quantity), NULL FROM (SELECT person_id, "
        "care_date, code, prescriber, sum(quantity) AS quantity FROM net_ER_CAM_F GROUP BY ALL) "
        "GROUP BY person_id, care_date, code UNION ALL "
        "SELECT person_id, care_date, 'PRS_NAT', code, sum(quantity), NULL FROM net_ER_PRS_F "
        f"WHERE code = '{TOWN_ABORTION}' GROUP BY person_id, care_date, code",
    )


def build(engine: Engine, context: Context) -> str:
    """The query of the table."""
    return (
        "SELECT CAST(row_number() OVER (ORDER BY a.person_id, a.day, a.vocabulary, a.code, "
        "a.visit_occurrence_id) AS INTEGER) AS procedure_occurrence_id, a.person_id, "
        "coalesce(c.concept_id, 0) AS procedure_concept_id, a.day AS procedure_date, "
        f"CASE WHEN a.visit_occurrence_id IS NULL THEN {CLAIM_RECORD} ELSE {EHR_RECORD} END "
        "AS procedure_type_concept_id, CAST(a.quantity AS INTEGER) AS quantity, "
        "a.visit_occurrence_id, a.code AS procedure_source_value, "
        "coalesce(c.concept_id, 0) AS procedure_source_concept_id FROM act AS a "
        "LEFT JOIN local_concept AS c ON c.vocabulary_id = a.vocabulary AND c.concept_code = a.code"
    )
