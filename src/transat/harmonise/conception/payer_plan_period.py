"""PAYER_PLAN_PERIOD: who is observed is covered for medicines, as the instance records them."""

from __future__ import annotations

from typing import Final

from transat.engines.engine import Engine
from transat.harmonise.context import Context

NAME: Final = "payer_plan_period"
CODES: Final[tuple[str, ...]] = ()


def build(engine: Engine, context: Context) -> str:
    """The query of the table."""
    return (
        "SELECT CAST(row_number() OVER (ORDER BY person_id, first_day) AS INTEGER) "
        "AS payer_plan_period_id, person_id, first_day AS payer_plan_period_start_date, "
        "last_day AS payer_plan_period_end_date, 'ConcePTION' AS payer_source_value FROM observed"
    )
