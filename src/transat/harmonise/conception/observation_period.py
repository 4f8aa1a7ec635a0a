"""OBSERVATION_PERIOD: periods that touch are one; an open one ends with the instance."""

from __future__ import annotations

from typing import Final

from transat.engines.engine import Engine
from transat.harmonise.conception.numbering import last_day
from transat.harmonise.context import Context
from transat.tables.omop import CLAIM_RECORD

NAME: Final = "observation_period"
CODES: Final[tuple[str, ...]] = ()


def observed(engine: Engine, context: Context) -> None:
    """View `observed`: person_id, first_day, last_day, both included, apart by a day or more."""
    last = last_day(engine, context)
    until = "ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING"
    context.materialise(
        engine,
        "observed",
        f"WITH period AS (SELECT own_id AS person_id, op_start_date AS first_day, "
        f"coalesce(op_end_date, greatest(op_start_date, {last})) AS last_day "
        "FROM kept_OBSERVATION_PERIODS), reach AS (SELECT *, max(last_day) OVER "
        f"(PARTITION BY person_id ORDER BY first_day, last_day {until}) AS reached FROM period), "
        "numbered AS (SELECT *, sum(CASE WHEN first_day <= reached + 1 THEN 0 ELSE 1 END) OVER "
        "(PARTITION BY person_id ORDER BY first_day, last_day ROWS UNBOUNDED PRECEDING) AS island "
        "FROM reach) SELECT person_id, min(first_day) AS first_day, max(last_day) AS last_day "
        "FROM numbered GROUP BY person_id, island",
    )


def build(engine: Engine, context: Context) -> str:
    """The query of the table."""
    return (
        "SELECT CAST(row_number() OVER (ORDER BY person_id, first_day) AS INTEGER) "
        "AS observation_period_id, person_id, first_day AS observation_period_start_date, "
        f"last_day AS observation_period_end_date, {CLAIM_RECORD} AS period_type_concept_id "
        "FROM observed"
    )
