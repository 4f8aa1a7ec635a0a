"""OBSERVATION_PERIOD: the days on which a person lived in Québec, from I_BENF_ADR_CM.

Outside the province care is not billed to the RAMQ, so a day abroad is not a day without care.
"""

from __future__ import annotations

from typing import Final

from transat.engines.engine import Engine
from transat.harmonise.context import Context
from transat.harmonise.quebec.spans import care_dates, merged_sql
from transat.tables.omop import CLAIM_RECORD

NAME: Final = "observation_period"
CODES: Final[tuple[str, ...]] = ()


def build(engine: Engine, context: Context) -> str:
    """Addresses merged, and cut to the extract's period, birth and death; closed, as OMOP wants.

    Without any address table the whole of the extract's period is taken, from birth to death.
    """
    first, last = context.period_sql(engine, care_dates())
    if "I_BENF_ADR_CM" in context.extract.files:
        spans = (
            "SELECT person_id, BENF_DD_ADR_BEN AS first_day, BENF_DF_ADR_BEN AS last_day "
            "FROM kept_I_BENF_ADR_CM"
        )
    else:
        context.findings["no_address_table"] = 1
        spans = "SELECT person_id, NULL AS first_day, NULL AS last_day FROM person_number"
    return f"""
        SELECT person_id,
               CAST(row_number() OVER (ORDER BY person_id, first_day) AS INTEGER)
                   AS observation_period_id,
               first_day AS observation_period_start_date,
               last_day AS observation_period_end_date,
               {CLAIM_RECORD} AS period_type_concept_id
        FROM ({merged_sql(spans, first, last)})
    """
