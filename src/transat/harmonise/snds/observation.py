"""OBSERVATION: patient groups and earlier births (`stay_facts.py`), and, only when T14 is off, the
dates of pregnancy told to the insurer (IR_MAT_R).

Those are unreliable (pregnancies of five years, fathers among the pregnant: Documentation-SNDS), so
no study reads them; whoever switches T14 off wants to look at them.
"""

from __future__ import annotations

from typing import Final

from transat.core.codes import TRANSAT
from transat.engines.engine import Engine
from transat.harmonise.context import Context
from transat.harmonise.snds import stay_facts
from transat.tables.omop import CLAIM_RECORD, EHR_RECORD

NAME: Final = "observation"
#: Transat's own concept: the start of a pregnancy as it was declared.
DECLARED: Final = "declared_pregnancy_start"
CODES: Final = (f"SELECT DISTINCT '{TRANSAT}', '{DECLARED}' FROM kept_IR_MAT_R", stay_facts.CODES)


def build(engine: Engine, context: Context) -> str:
    """The query of the table; of a declared pregnancy, `value_as_string` is the month of delivery
    as written (YYYYMM).
    """
    told = (
        f"SELECT DISTINCT person_id, BEN_GRS_DTE AS day, '{TRANSAT}' AS vocabulary, "
        f"'{DECLARED}' AS code, CAST(NULL AS DOUBLE) AS amount, BEN_DRA_AME AS said, "
        f"'BEN_GRS_DTE' AS written, CAST(NULL AS INTEGER) AS visit_occurrence_id, {CLAIM_RECORD} "
        "AS type FROM kept_IR_MAT_R WHERE year(BEN_GRS_DTE) > 1600"
    )
    of_stays = (
        "SELECT person_id, day, vocabulary, code, amount, CAST(NULL AS VARCHAR), written, "
        f"visit_occurrence_id, {EHR_RECORD} FROM stay_fact"
    )
    return (
        "SELECT CAST(row_number() OVER (ORDER BY m.person_id, m.day, m.vocabulary, m.code, m.said, "
        "m.visit_occurrence_id) AS INTEGER) "
        "AS observation_id, m.person_id, coalesce(c.concept_id, 0) AS observation_concept_id, "
        "m.day AS observation_date, m.type AS observation_type_concept_id, "
        "m.amount AS value_as_number, m.said AS value_as_string, m.visit_occurrence_id, "
        "m.written AS observation_source_value, "
        "coalesce(c.concept_id, 0) AS observation_source_concept_id "
        f"FROM ({told} UNION ALL {of_stays}) AS m LEFT JOIN local_concept AS c "
        "ON c.vocabulary_id = m.vocabulary AND c.concept_code = m.code"
    )
