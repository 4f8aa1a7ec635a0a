"""FACT_RELATIONSHIP: mother and live-born child, from NAISSANCES."""

from __future__ import annotations

from typing import Final

from transat.engines.engine import Engine
from transat.harmonise.context import Context

NAME: Final = "fact_relationship"
CODES: Final[tuple[str, ...]] = ()

_PERSON_DOMAIN: Final = 1147314
_PARENT_OF: Final = 581436
_CHILD_OF: Final = 581435


def build(engine: Engine, context: Context) -> str:
    """Two rows per pair, one each way; a child number that the register lacks gives none."""
    unregistered = engine.scalar(
        "SELECT count(*) FROM kept_NAISSANCES "
        "WHERE NO_INDIV_ENFANT IS NOT NULL AND child_id IS NULL"
    )
    context.ledger.record("NAISSANCES", "note:child_not_registered", int(unregistered or 0))
    return f"""
        WITH pair AS (
            SELECT DISTINCT person_id AS mother, child_id AS child
            FROM kept_NAISSANCES WHERE person_id IS NOT NULL AND child_id IS NOT NULL
        )
        SELECT {_PERSON_DOMAIN} AS domain_concept_id_1, mother AS fact_id_1,
               {_PERSON_DOMAIN} AS domain_concept_id_2, child AS fact_id_2,
               {_PARENT_OF} AS relationship_concept_id
        FROM pair
        UNION ALL
        SELECT {_PERSON_DOMAIN}, child, {_PERSON_DOMAIN}, mother, {_CHILD_OF} FROM pair
    """
