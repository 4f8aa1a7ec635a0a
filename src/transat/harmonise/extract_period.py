"""The period that the extract says it holds: care outside it is set aside by a rule."""

from __future__ import annotations

from transat.engines.engine import Engine
from transat.harmonise.context import Context


def extract_period(engine: Engine, context: Context) -> None:
    """View `extract_period`: first_day, last_day as the extract says; NULL when it does not."""
    said = context.extract.period
    first = f"DATE '{said.start}'" if said else "CAST(NULL AS DATE)"
    last = f"DATE '{said.last_day}'" if said else "CAST(NULL AS DATE)"
    engine.sql(
        f"CREATE OR REPLACE VIEW extract_period AS SELECT {first} AS first_day, {last} AS last_day"
    )
