"""OBSERVATION_PERIOD: the extract's period, from birth or entry in the referential, until death.

Everybody is covered, so a period without care is observed all the same: it is not "first to last
event". BEN_DTE_INS can come later than the first care, which then opens the period.
"""

from __future__ import annotations

from typing import Final

from transat.engines.engine import Engine
from transat.harmonise.context import Context
from transat.tables.omop import CLAIM_RECORD

NAME: Final = "observation_period"
CODES: Final[tuple[str, ...]] = ()

_CARE: Final = (
    "SELECT person_id, EXE_SOI_DTD AS day FROM kept_line UNION ALL "
    "SELECT person_id, start_date FROM stay"
)


def observed(engine: Engine, context: Context) -> None:
    """View `observed`: person_id, first_day, last_day (both included); nobody is in it twice."""
    first, last = context.period_sql(engine, f"SELECT day FROM ({_CARE})")
    # least and greatest pass over nulls: without BEN_DTE_INS the extract's first day opens.
    entry = "CASE WHEN entry_date IS NOT NULL THEN least(entry_date, care.day) END"
    start, end = f"greatest({first}, born_from, {entry})", f"least({last}, deceased.day)"
    context.materialise(
        engine,
        "observed",
        f"SELECT person_id, {start} AS first_day, {end} AS last_day FROM civil "
        f"LEFT JOIN (SELECT person_id, min(day) AS day FROM ({_CARE}) GROUP BY person_id) "
        "AS care USING (person_id) LEFT JOIN deceased USING (person_id) "
        f"WHERE {start} <= {end}",
    )


def build(engine: Engine, context: Context) -> str:
    """The query of the table."""
    return (
        "SELECT CAST(row_number() OVER (ORDER BY person_id) AS INTEGER) AS observation_period_id, "
        "person_id, first_day AS observation_period_start_date, "
        f"last_day AS observation_period_end_date, {CLAIM_RECORD} AS period_type_concept_id "
        "FROM observed"
    )
