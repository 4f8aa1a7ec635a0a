"""Mothers and infants: who was born to whom, of which pregnancy, and which births have no infant.

OMOP has no person-level link but FACT_RELATIONSHIP: person 1 is the mother of person 2
(relationship 581436 or that of OHDSI's convention, read in either direction with their reverses).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from transat.tables.omop import FEMALE

if TYPE_CHECKING:
    from transat.engines.engine import Engine

PARENT_TO_CHILD = 581436
CHILD_TO_PARENT = 581435
#: What other CDMs write, by OHDSI's convention (Themis issue 38): biological mother of; biological
#: son, daughter, child of.
MOTHER_OF = (PARENT_TO_CHILD, 4277283)
CHILD_OF = (CHILD_TO_PARENT, 4014096, 4308126, 4326600)
#: A birth date known by month only stands at mid-month, this far from the true day at most.
MONTH_TOLERANCE = 16


@dataclass(frozen=True, slots=True)
class BirthYear:
    """Live births of one calendar year and how many have no infant linked (site-internal)."""

    year: int
    births: int
    unlinked: int


@dataclass(frozen=True, slots=True)
class LinkReport:
    """What the links of a CDM are worth (exact counts: they stay on the site).

    infants: infants attached to a pregnancy; ambiguous: infants given to several mothers, left
    out; orphans: infants with one mother but no pregnancy of hers that fits their birth date.
    years: live births by year of birth, with those without an infant.
    """

    infants: int
    ambiguous: int
    orphans: int
    years: tuple[BirthYear, ...]


def births(engine: Engine) -> None:
    """Create `infant_birth` (mother_id, infant_id, birth_date, day_known), one row per infant.

    An infant that several women are said to have borne is left out.
    """
    engine.sql(f"""
        CREATE OR REPLACE TEMP TABLE infant_mother AS
        WITH pair AS (
            SELECT fact_id_1 AS mother_id, fact_id_2 AS infant_id FROM fact_relationship
            WHERE relationship_concept_id IN {MOTHER_OF}
            UNION
            SELECT fact_id_2, fact_id_1 FROM fact_relationship
            WHERE relationship_concept_id IN {CHILD_OF})
        SELECT infant_id, min(mother_id) AS mother_id, count(DISTINCT mother_id) AS mothers
        FROM pair JOIN person p ON p.person_id = pair.mother_id AND p.gender_concept_id = {FEMALE}
        GROUP BY infant_id""")
    engine.sql("""
        CREATE OR REPLACE TEMP TABLE infant_birth AS
        SELECT m.mother_id, m.infant_id,
               coalesce(CAST(p.birth_datetime AS DATE), make_date(p.year_of_birth,
                   coalesce(p.month_of_birth, 7), coalesce(p.day_of_birth, 15))) AS birth_date,
               p.birth_datetime IS NOT NULL OR p.day_of_birth IS NOT NULL AS day_known
        FROM infant_mother m JOIN person p ON p.person_id = m.infant_id
        WHERE m.mothers = 1""")


def link(engine: Engine, tolerance_days: int = 7) -> None:
    """Create `pregnancy_infant` (episode_id, infant_id), one row per infant.

    Needs `pregnancy` and `infant_birth`. An infant goes to its mother's live birth nearest to its
    own birth date, at most `tolerance_days` away (MONTH_TOLERANCE when only the month is known).
    """
    engine.sql(f"""
        CREATE OR REPLACE TEMP TABLE pregnancy_infant AS
        SELECT i.infant_id,
               arg_min(g.episode_id, (abs(date_diff('day', g.end_date, i.birth_date)),
                                      g.episode_id)) AS episode_id
        FROM infant_birth i JOIN pregnancy g ON g.person_id = i.mother_id
        WHERE g.outcome = 'live_birth'
          AND abs(date_diff('day', g.end_date, i.birth_date))
              <= CASE WHEN i.day_known THEN {tolerance_days} ELSE {MONTH_TOLERANCE} END
        GROUP BY i.infant_id""")


def report(engine: Engine) -> LinkReport:
    """Count the links; needs the tables of `births` and `link`."""
    infants = int(engine.scalar("SELECT count(*) FROM pregnancy_infant"))
    known = int(engine.scalar("SELECT count(*) FROM infant_birth"))
    years = engine.rows("""
        SELECT year(end_date), count(*), count(*) FILTER (WHERE infants = 0)
        FROM (SELECT g.end_date, count(i.infant_id) AS infants
              FROM pregnancy g LEFT JOIN pregnancy_infant i USING (episode_id)
              WHERE g.outcome = 'live_birth' GROUP BY g.episode_id, g.end_date)
        GROUP BY 1 ORDER BY 1""")
    return LinkReport(
        infants=infants,
        ambiguous=int(engine.scalar("SELECT count(*) FROM infant_mother WHERE mothers > 1")),
        orphans=known - infants,
        years=tuple(BirthYear(*row) for row in years),
    )
