"""FACT_RELATIONSHIP: mother and live-born child, from births and from newborns' stays."""

from __future__ import annotations

from typing import Final

from transat.engines.engine import Engine
from transat.harmonise.context import Context
from transat.harmonise.quebec.keeping import note

NAME: Final = "fact_relationship"
CODES: Final[tuple[str, ...]] = ()

_PERSON_DOMAIN: Final = 1147314
_PARENT_OF: Final = 581436
_CHILD_OF: Final = 581435


def build(engine: Engine, context: Context) -> str:
    """Two rows per pair, one each way; a number that the register lacks gives none."""
    unregistered = engine.scalar(
        "SELECT count(*) FROM kept_NAISSANCES "
        "WHERE NO_INDIV_ENFANT IS NOT NULL AND child_id IS NULL"
    )
    note(context, "NAISSANCES", "child_not_registered", unregistered)
    unknown = engine.scalar(
        "SELECT count(*) FROM stay WHERE newborn AND mother IS NOT NULL "
        "AND NOT EXISTS (SELECT 1 FROM person_number AS p WHERE p.number = stay.mother)"
    )
    note(context, "V_SEJ_HOSP_CM", "mother_not_registered", unknown)
    return f"""
        WITH pair AS (
            SELECT person_id AS mother, child_id AS child
            FROM birth WHERE person_id IS NOT NULL AND child_id IS NOT NULL
            UNION
            SELECT p.person_id, s.person_id
            FROM stay AS s JOIN person_number AS p ON p.number = s.mother
            WHERE s.newborn AND p.person_id <> s.person_id
        )
        SELECT {_PERSON_DOMAIN} AS domain_concept_id_1, mother AS fact_id_1,
               {_PERSON_DOMAIN} AS domain_concept_id_2, child AS fact_id_2,
               {_PARENT_OF} AS relationship_concept_id
        FROM pair
        UNION ALL
        SELECT {_PERSON_DOMAIN}, child, {_PERSON_DOMAIN}, mother, {_CHILD_OF} FROM pair
    """
