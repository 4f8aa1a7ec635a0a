"""DEATH from PERSONS; a date known by year or month only stands at its middle.

The cause is the first event of rank D (death) in the order of days and codes.
"""

from __future__ import annotations

from typing import Final

from transat.engines.engine import Engine
from transat.harmonise.context import Context
from transat.tables.omop import EHR_RECORD

NAME: Final = "death"
CODES: Final[tuple[str, ...]] = ()


def build(engine: Engine, context: Context) -> str:
    """The query of the table."""
    month = "CASE WHEN p.month_of_death BETWEEN 1 AND 12 THEN p.month_of_death END"
    day = (
        "coalesce(try_cast(printf('%04d-%02d-%02d', p.year_of_death, p.month_of_death, "
        f"p.day_of_death) AS DATE), make_date(p.year_of_death, coalesce({month}, 7), "
        f"CASE WHEN {month} IS NULL THEN 1 ELSE 15 END))"
    )
    return (
        f"SELECT k.person_id, {day} AS death_date, {EHR_RECORD} AS death_type_concept_id, "
        "coalesce(w.concept_id, 0) AS cause_concept_id, c.written AS cause_source_value, "
        "coalesce(n.concept_id, 0) AS cause_source_concept_id FROM kept_PERSONS AS p "
        "JOIN person_number AS k ON k.number = p.person_id LEFT JOIN (SELECT person_id, "
        "first(written ORDER BY day, vocabulary_id, written) AS written, "
        "first(vocabulary_id ORDER BY day, vocabulary_id, written) AS vocabulary_id, "
        "first(code ORDER BY day, vocabulary_id, written) AS code, "
        "first(icd10 ORDER BY day, vocabulary_id, written) AS icd10 "
        "FROM diagnosis WHERE status = 'D' GROUP BY person_id) AS c ON c.person_id = k.person_id "
        "LEFT JOIN local_concept AS n ON n.vocabulary_id = c.vocabulary_id "
        "AND n.concept_code = c.code "
        "LEFT JOIN local_concept AS w ON w.vocabulary_id = 'ICD10' AND w.concept_code = c.icd10 "
        "WHERE p.year_of_death BETWEEN 1850 AND 2100"
    )
