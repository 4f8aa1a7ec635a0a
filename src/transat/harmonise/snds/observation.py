"""OBSERVATION: the dates of pregnancy told to the insurer (IR_MAT_R), only when T14 is off.

They are unreliable (pregnancies of five years, fathers among the pregnant: Documentation-SNDS), so
no study reads them; whoever switches T14 off wants to look at them.
"""

from __future__ import annotations

from typing import Final

from transat.core.codes import TRANSAT
from transat.engines.engine import Engine, quoted
from transat.harmonise.concepts import concept_sql
from transat.harmonise.context import Context
from transat.tables.omop import CLAIM_RECORD

NAME: Final = "observation"
#: Transat's own concept: the start of a pregnancy as it was declared.
DECLARED: Final = "declared_pregnancy_start"
CODES: Final = (f"SELECT DISTINCT '{TRANSAT}', '{DECLARED}' FROM kept_IR_MAT_R",)


def build(engine: Engine, context: Context) -> str:
    """The query of the table; `value_as_string` is the month of delivery as written (YYYYMM)."""
    return (
        "SELECT CAST(row_number() OVER (ORDER BY m.person_id, m.day, m.delivery) AS INTEGER) "
        "AS observation_id, m.person_id, coalesce(c.concept_id, 0) AS observation_concept_id, "
        f"m.day AS observation_date, {CLAIM_RECORD} AS observation_type_concept_id, "
        "m.delivery AS value_as_string, 'BEN_GRS_DTE' AS observation_source_value, "
        "coalesce(c.concept_id, 0) AS observation_source_concept_id FROM ("
        "SELECT DISTINCT person_id, BEN_GRS_DTE AS day, BEN_DRA_AME AS delivery "
        "FROM kept_IR_MAT_R WHERE year(BEN_GRS_DTE) > 1600) AS m "
        f"{concept_sql(TRANSAT, quoted(DECLARED), 'c')}"
    )
