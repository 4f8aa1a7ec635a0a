"""PAYER_PLAN_PERIOD: the days covered by the public drug plan, from ADMISSIBILITE_MEDICAMENTS.

About 36 % of the population is covered (BMC Med Res Methodol 2018, s12874-018-0494-x): outside
these days a person without a drug line is unknown, not unexposed.
"""

from __future__ import annotations

from typing import Final

from transat.engines.engine import Engine
from transat.harmonise.context import Context
from transat.harmonise.quebec.spans import care_dates, merged_sql

NAME: Final = "payer_plan_period"
CODES: Final[tuple[str, ...]] = ()

PAYER: Final = "RAMQ-medicaments"


def build(engine: Engine, context: Context) -> str:
    """Eligibility merged (overlapping or adjacent), cut to the extract, birth and death; closed."""
    first, last = context.period_sql(engine, care_dates())
    spans = (
        "SELECT person_id, DATE_DEBUT AS first_day, DATE_FIN AS last_day "
        "FROM kept_ADMISSIBILITE_MEDICAMENTS"
    )
    return f"""
        SELECT person_id,
               CAST(row_number() OVER (ORDER BY person_id, first_day) AS INTEGER)
                   AS payer_plan_period_id,
               first_day AS payer_plan_period_start_date,
               last_day AS payer_plan_period_end_date,
               0 AS payer_concept_id,
               '{PAYER}' AS payer_source_value
        FROM ({merged_sql(spans, first, last)})
    """
