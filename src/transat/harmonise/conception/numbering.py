"""Persons and visits numbered densely, in the order of the instance's own identifiers."""

from __future__ import annotations

from transat.engines.engine import Engine
from transat.harmonise.context import Context


def number_persons(engine: Engine, context: Context) -> None:
    """View `person_number`: number (as written), person_id."""
    context.materialise(
        engine,
        "person_number",
        "SELECT person_id AS number, CAST(row_number() OVER (ORDER BY person_id) AS INTEGER) "
        "AS person_id FROM (SELECT DISTINCT person_id FROM kept_PERSONS)",
    )


def number_visits(engine: Engine, context: Context) -> None:
    """View `visit_number`: number (as written), visit_occurrence_id."""
    context.materialise(
        engine,
        "visit_number",
        "SELECT visit_occurrence_id AS number, CAST(row_number() OVER (ORDER BY own_id, "
        "visit_start_date, visit_occurrence_id) AS INTEGER) AS visit_occurrence_id "
        "FROM kept_VISIT_OCCURRENCE",
    )


def last_day(engine: Engine, context: Context) -> str:
    """SQL of the instance's last day, where an observation period is still open.

    What `CDM_SOURCE` recommends, else the day it was made, else the last care.
    """
    care = (
        "SELECT start_date_record FROM kept_EVENTS UNION ALL "
        "SELECT visit_start_date FROM kept_VISIT_OCCURRENCE UNION ALL "
        "SELECT coalesce(date_dispensing, date_prescription) FROM kept_MEDICINES"
    )
    _, last = context.period_sql(engine, care)
    said = "SELECT max(coalesce(recommended_end_date, date_creation)) FROM kept_CDM_SOURCE"
    return f"coalesce(({said}), {last})"
