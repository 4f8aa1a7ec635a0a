"""When somebody was visible: observation and drug coverage as unbroken spans of days."""

from __future__ import annotations

from typing import TYPE_CHECKING

from transat.cohorts.specification import PopulationSpecification

if TYPE_CHECKING:
    from transat.engines.engine import Engine


def spans(engine: Engine) -> None:
    """Create `observed_span` and `drug_span` (person_id, start_date, end_date), women only.

    Periods of a person that touch or overlap are one span; end dates are the last day covered.
    Needs `pregnancy`. OBSERVATION_PERIOD says who is observed, PAYER_PLAN_PERIOD who is covered
    for drugs: a CDM without payer periods covers nobody.
    """
    for name, table in (("observed", "observation_period"), ("drug", "payer_plan_period")):
        engine.sql(f"""
            CREATE OR REPLACE TEMP TABLE {name}_span AS
            WITH period AS (
                SELECT person_id, {table}_start_date AS first_day, {table}_end_date AS last_day
                FROM {table} SEMI JOIN pregnancy USING (person_id)
                WHERE {table}_end_date >= {table}_start_date),
            reach AS (
                SELECT *, max(last_day) OVER (
                    PARTITION BY person_id ORDER BY first_day, last_day
                    ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS reached
                FROM period),
            numbered AS (
                SELECT *, sum(CASE WHEN first_day <= reached + 1 THEN 0 ELSE 1 END) OVER (
                    PARTITION BY person_id ORDER BY first_day, last_day
                    ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS island
                FROM reach)
            SELECT person_id, min(first_day) AS start_date, max(last_day) AS end_date
            FROM numbered GROUP BY person_id, island""")


def lead_days(specification: PopulationSpecification) -> int:
    """Days before LMP with the mother covered: the lead-in, or more when a window needs more."""
    earliest = min(window.start_day for window in specification.windows)
    return max(specification.lead_in_days, -earliest, 0)


def covered(engine: Engine, name: str, days_before: int) -> None:
    """Create `{name}_pregnancy` (episode_id): covered from LMP - days_before to the outcome day.

    `name` is 'observed' or 'drug'.
    """
    engine.sql(f"""
        CREATE OR REPLACE TEMP TABLE {name}_pregnancy AS
        SELECT DISTINCT g.episode_id FROM pregnancy g JOIN {name}_span s USING (person_id)
        WHERE s.start_date <= g.start_date - {days_before} AND s.end_date >= g.end_date""")


def followed_infants(engine: Engine, days: int) -> None:
    """Create `followed_infant` (infant_id): observed until day `days` from birth, or dead before.

    Only the end of the observation is asked for: a newborn enters the files some days after birth.
    """
    engine.sql(f"""
        CREATE OR REPLACE TEMP TABLE followed_infant AS
        WITH seen AS (
            SELECT person_id, max(observation_period_end_date) AS last_day
            FROM observation_period GROUP BY person_id),
        gone AS (SELECT person_id, min(death_date) AS day FROM death GROUP BY person_id)
        SELECT i.infant_id
        FROM pregnancy_infant i JOIN pregnancy g USING (episode_id)
        LEFT JOIN seen s ON s.person_id = i.infant_id
        LEFT JOIN gone d ON d.person_id = i.infant_id
        WHERE s.last_day >= g.end_date + {days} - 1 OR d.day < g.end_date + {days}""")
