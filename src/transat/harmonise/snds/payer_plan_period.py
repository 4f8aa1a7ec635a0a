"""PAYER_PLAN_PERIOD: drug cover, scheme, complementary cover (CMU-C, C2S), long-term illness (ALD).

`payer_source_value` says which: ``SNDS`` (drug cover: everybody, while observed), ``RGM_GRG_COD:n``
(scheme), ``CMU-C`` and ``C2S``, ``ALD``. Every period lies inside the observation of its person,
so drug cover is the union of all rows as it is the one ``SNDS`` row.
"""

from __future__ import annotations

from typing import Final

from transat.engines.engine import Engine
from transat.harmonise.context import Context

NAME: Final = "payer_plan_period"
CODES: Final[tuple[str, ...]] = ()


def build(engine: Engine, context: Context) -> str:
    """The query of the table."""
    periods = (
        "SELECT person_id, 0 AS kind, 'SNDS' AS payer, first_day, last_day, "
        "CAST(NULL AS VARCHAR) AS stopped FROM observed UNION ALL "
        "SELECT p.person_id, p.kind, p.payer, greatest(p.first_day, o.first_day), "
        "least(p.last_day, o.last_day), p.stopped FROM social_cover AS p "
        "JOIN observed AS o ON o.person_id = p.person_id "
        "AND p.first_day <= o.last_day AND p.last_day >= o.first_day"
    )
    return (
        "SELECT CAST(row_number() OVER (ORDER BY person_id, kind, first_day, last_day, payer) "
        "AS INTEGER) AS payer_plan_period_id, person_id, "
        "first_day AS payer_plan_period_start_date, last_day AS payer_plan_period_end_date, "
        f"payer AS payer_source_value, stopped AS stop_reason_source_value FROM ({periods})"
    )
