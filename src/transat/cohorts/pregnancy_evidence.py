"""Records that say a pregnancy ended, gathered by stay, with the gestation recorded beside them.

SQL only: nothing here pulls rows into Python. The result is one row per stay (or per person and
day outside stays): what ended, when, and the start that its gestation implies.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow as pa

from transat.cohorts.code_sets import CodeRow, resolve
from transat.cohorts.pregnancy_parameters import PregnancyParameters
from transat.cohorts.standard_concepts import (
    WEEK_RECORDS,
    register_standard,
    unregister_standard,
)
from transat.tables.omop import FEMALE

if TYPE_CHECKING:
    from transat.engines.engine import Engine

#: What decides within one stay: an outcome named beats an act, which beats a bare delivery.
RANKS = {
    "live_birth": (0, "live_birth"),
    "therapeutic_termination": (1, "therapeutic_termination"),
    "stillbirth": (2, "stillbirth"),
    "ectopic": (3, "ectopic"),
    "ectopic_act": (3, "ectopic"),
    "elective_termination": (4, "elective_termination"),
    "spontaneous_abortion": (5, "spontaneous_abortion"),
    "abortion_act": (6, "elective_termination"),
    "delivery": (7, "delivery"),
    "delivery_act": (7, "delivery"),
}
CONDITION, PROCEDURE, OBSERVATION = 1, 2, 3
EVENT_TABLES = ("condition_occurrence", "procedure_occurrence", "observation")
#: OMOP's own id of a vocabulary of the lists: its codes do not say where a CDM comes from.
INTERNATIONAL = "ICD10"


def has_national_codes(engine: Engine, rows: tuple[CodeRow, ...]) -> bool:
    """Whether the CDM holds one record of an end of pregnancy in a national code of `rows`."""
    national = tuple(row for row in rows if row.vocabulary != INTERNATIONAL)
    resolve(engine, national, "pregnancy_national")
    found = engine.scalar("""
        SELECT count(*) FROM (
            SELECT 1 FROM condition_occurrence
            SEMI JOIN pregnancy_national ON condition_source_concept_id = concept_id
            UNION ALL
            SELECT 1 FROM procedure_occurrence
            SEMI JOIN pregnancy_national ON procedure_source_concept_id = concept_id
            UNION ALL
            SELECT 1 FROM observation
            SEMI JOIN pregnancy_national ON observation_source_concept_id = concept_id LIMIT 1)""")
    return bool(found)


def gather(engine: Engine, rows: tuple[CodeRow, ...], parameters: PregnancyParameters) -> None:
    """Create `pregnancy_candidate`, one row per stay that ended a pregnancy.

    Columns: candidate_id, person_id, visit, day, term (row of the parameters' terms), start (null
    when no believable gestation is recorded), dating_kind (0 days, 1 days at admission, 2 weeks),
    plurality, event_table (rank in EVENT_TABLES, from 1), event_id.
    Needs the CDM attached and `infant_birth`.
    """
    resolve(engine, rows, "pregnancy_code")
    _register_terms(engine, parameters)
    register_standard(engine)
    _stays(engine, parameters)
    _datings(engine)
    _candidates(engine, parameters)
    engine.unregister("pregnancy_term")
    engine.unregister("pregnancy_rank")
    unregister_standard(engine)


def _register_terms(engine: Engine, parameters: PregnancyParameters) -> None:
    terms = parameters.terms
    engine.register(
        "pregnancy_term",
        pa.table(
            {
                "term": list(range(len(terms))),
                "outcome": [t.outcome for t in terms],
                "min_days": [t.min_days for t in terms],
                "max_days": [t.max_days for t in terms],
            }
        ),
    )
    engine.register(
        "pregnancy_rank",
        pa.table(
            {
                "set_key": list(RANKS),
                "rank": [rank for rank, _ in RANKS.values()],
                "outcome": [outcome for _, outcome in RANKS.values()],
            }
        ),
    )


def _stays(engine: Engine, parameters: PregnancyParameters) -> None:
    low, high = parameters.ages
    engine.sql(f"""
        CREATE OR REPLACE TEMP TABLE pregnancy_record AS
        WITH record AS (
            SELECT person_id, condition_start_date AS day, visit_occurrence_id AS visit, set_key,
                   {CONDITION} AS event_table, condition_occurrence_id AS event_id
            FROM condition_occurrence JOIN pregnancy_code
              ON condition_source_concept_id = concept_id
            UNION ALL
            SELECT person_id, procedure_date, visit_occurrence_id, set_key,
                   {PROCEDURE}, procedure_occurrence_id
            FROM procedure_occurrence JOIN pregnancy_code
              ON procedure_source_concept_id = concept_id
            UNION ALL
            SELECT person_id, observation_date, visit_occurrence_id, set_key,
                   {OBSERVATION}, observation_id
            FROM observation JOIN pregnancy_code ON observation_source_concept_id = concept_id
            UNION ALL
            SELECT person_id, condition_start_date, visit_occurrence_id, set_key,
                   {CONDITION}, condition_occurrence_id
            FROM condition_occurrence JOIN standard_outcome ON condition_concept_id = concept_id
            UNION ALL
            SELECT person_id, procedure_date, visit_occurrence_id, set_key,
                   {PROCEDURE}, procedure_occurrence_id
            FROM procedure_occurrence JOIN standard_outcome ON procedure_concept_id = concept_id
            UNION ALL
            SELECT person_id, observation_date, visit_occurrence_id, set_key,
                   {OBSERVATION}, observation_id
            FROM observation JOIN standard_outcome ON observation_concept_id = concept_id)
        SELECT r.*, CASE WHEN r.visit IS NULL THEN r.day END AS free_day, k.rank,
               try_cast(replace(r.set_key, 'plurality_', '') AS INTEGER) AS plurality
        FROM record r JOIN person p USING (person_id) LEFT JOIN pregnancy_rank k USING (set_key)
        WHERE p.gender_concept_id = {FEMALE}
          AND year(r.day) - p.year_of_birth >= {low} AND year(r.day) - p.year_of_birth < {high}""")
    engine.sql("""
        CREATE OR REPLACE TEMP TABLE pregnancy_stay AS
        SELECT person_id, visit, min(rank) AS rank, max(plurality) AS plurality,
               min(day) FILTER (WHERE rank IS NOT NULL) AS first_day,
               min(day) FILTER (WHERE set_key = 'delivery_act') AS delivery_day,
               min(day) FILTER (WHERE set_key IN ('abortion_act', 'abortion_revision'))
                   AS abortion_day,
               min(day) FILTER (WHERE set_key = 'ectopic_act') AS ectopic_day,
               arg_min(struct_pack(source := event_table, id := event_id),
                       (rank, event_table, event_id))
                   FILTER (WHERE rank IS NOT NULL) AS event
        FROM pregnancy_record GROUP BY person_id, visit, free_day
        HAVING min(rank) IS NOT NULL""")
    engine.sql(f"""
        CREATE OR REPLACE TEMP TABLE pregnancy_ended AS
        WITH ended AS (
            SELECT *, CASE WHEN rank = 3 THEN ectopic_day
                           WHEN rank IN (4, 5, 6) THEN abortion_day
                           WHEN rank = 1 THEN coalesce(delivery_day, abortion_day)
                           ELSE delivery_day END AS act_day
            FROM pregnancy_stay),
        birth AS (SELECT DISTINCT mother_id, birth_date FROM infant_birth WHERE day_known),
        -- A delivery with no coded vital status is a live birth where a child was born that day.
        alive AS (
            SELECT DISTINCT e.person_id, e.event.source AS source, e.event.id AS id
            FROM ended e JOIN birth b ON b.mother_id = e.person_id
            WHERE e.rank = 7
              AND abs(date_diff('day', b.birth_date, coalesce(e.act_day, e.first_day)))
                  <= {parameters.tolerance_days})
        SELECT row_number() OVER (ORDER BY e.person_id, e.event.source, e.event.id)
                   AS candidate_id,
               e.person_id, e.visit, e.plurality, e.event,
               CASE WHEN a.id IS NOT NULL THEN 0 ELSE e.rank END AS rank,
               e.act_day, coalesce(e.act_day, e.first_day) AS day
        FROM ended e LEFT JOIN alive a
          ON a.person_id = e.person_id AND a.source = e.event.source AND a.id = e.event.id""")


def _datings(engine: Engine) -> None:
    engine.sql(f"""
        CREATE OR REPLACE TEMP TABLE pregnancy_dating AS
        SELECT m.person_id, m.visit_occurrence_id AS visit, m.measurement_date AS day,
               CASE c.concept_code WHEN 'gestational_age_days' THEN 0
                    WHEN 'gestational_age_days_at_admission' THEN 1 ELSE 2 END AS kind,
               CAST(round(m.value_as_number) AS INTEGER) AS value,
               coalesce(v.visit_start_date, m.measurement_date) AS admission
        FROM measurement m JOIN concept c ON c.concept_id = m.measurement_concept_id
        LEFT JOIN visit_occurrence v ON v.visit_occurrence_id = m.visit_occurrence_id
        WHERE c.vocabulary_id = 'Transat' AND m.value_as_number BETWEEN 1 AND 400
          AND c.concept_code IN ('gestational_age_days', 'gestational_age_days_at_admission',
                                 'gestational_age_weeks')
        UNION ALL
        SELECT person_id, NULL, day, 2, CAST(floor(weeks) AS INTEGER), day
        FROM ({WEEK_RECORDS}) WHERE weeks BETWEEN 1 AND 44""")


def _candidates(engine: Engine, parameters: PregnancyParameters) -> None:
    add, tolerance = parameters.weeks_add_days, parameters.tolerance_days
    late = parameters.therapeutic_from_days
    # A birth without a dated act takes the day of its own birth record (Québec births file).
    # Weeks recorded in the stay are those at the outcome; recorded elsewhere, those of their day.
    engine.sql(f"""
        CREATE OR REPLACE TEMP TABLE pregnancy_dated AS
        WITH pair AS (
            SELECT e.candidate_id, e.rank, d.kind, d.value,
                   d.visit IS NOT DISTINCT FROM e.visit AND e.visit IS NOT NULL AS same_stay,
                   date_diff('day', d.day, e.day) AS since, abs(since) AS distance,
                   CASE WHEN d.kind = 0 AND e.act_day IS NULL AND e.rank IN (0, 1, 2, 7)
                        THEN d.day ELSE e.day END AS end_day,
                   CASE d.kind WHEN 0 THEN d.day - d.value
                        WHEN 1 THEN d.admission - d.value END AS start_day
            FROM pregnancy_ended e JOIN pregnancy_dating d USING (person_id)
            WHERE e.visit = d.visit OR abs(date_diff('day', d.day, e.day)) <= {tolerance}),
        start AS (
            SELECT *, CASE WHEN kind = 2 AND same_stay THEN 7 * value + {add}
                           WHEN kind = 2 THEN 7 * value + {add} + since
                           ELSE date_diff('day', start_day, end_day) END AS gestation
            FROM pair),
        named AS (
            SELECT s.*, CASE WHEN k.outcome = 'elective_termination' AND s.gestation >= {late}
                             THEN 'therapeutic_termination' ELSE k.outcome END AS outcome
            FROM start s JOIN (SELECT DISTINCT rank, outcome FROM pregnancy_rank) k USING (rank))
        SELECT candidate_id,
               arg_min(struct_pack(kind := kind, day := end_day, gestation := gestation,
                                   term := t.term),
                       (NOT same_stay, kind, distance, end_day, gestation)) AS dated
        FROM named n JOIN pregnancy_term t USING (outcome)
        WHERE gestation BETWEEN t.min_days - CASE WHEN kind = 2 THEN {add} ELSE 0 END
                            AND t.max_days + CASE WHEN kind = 2 THEN {add} ELSE 0 END
        GROUP BY candidate_id""")
    engine.sql("""
        CREATE OR REPLACE TEMP TABLE pregnancy_candidate AS
        SELECT e.candidate_id, e.person_id, e.visit,
               coalesce(d.dated.day, e.day) AS day,
               coalesce(d.dated.term, t.term) AS term,
               d.dated.gestation AS gestation, d.dated.kind AS dating_kind,
               e.plurality, e.event.source AS event_table, e.event.id AS event_id
        FROM pregnancy_ended e
        JOIN (SELECT DISTINCT rank, outcome FROM pregnancy_rank) k USING (rank)
        JOIN pregnancy_term t USING (outcome)
        LEFT JOIN pregnancy_dated d USING (candidate_id)""")
