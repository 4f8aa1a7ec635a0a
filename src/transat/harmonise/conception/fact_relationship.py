"""FACT_RELATIONSHIP: mother and child, from PERSON_RELATIONSHIPS and EUROCAT, each pair once."""

from __future__ import annotations

from typing import Final

from transat.engines.engine import Engine
from transat.harmonise.context import Context
from transat.harmonise.ledger import NOTE

NAME: Final = "fact_relationship"
CODES: Final[tuple[str, ...]] = ()

_PERSON_DOMAIN: Final = 1147314
_PARENT_OF: Final = 581436
_CHILD_OF: Final = 581435


def build(engine: Engine, context: Context) -> str:
    """The query of the table; fathers are not written: no study here reads them."""
    table = "PERSON_RELATIONSHIPS"
    unmapped = engine.scalar(f"SELECT count(*) FROM kept_{table} WHERE relation IS NULL")
    context.ledger.record(table, f"{NOTE}unmapped_relationship", int(unmapped or 0))
    pairs = (
        "SELECT relative_id AS mother, own_id AS child FROM kept_PERSON_RELATIONSHIPS "
        "WHERE relation = 'mother' UNION SELECT own_id, relative_id "
        "FROM kept_PERSON_RELATIONSHIPS WHERE relation = 'child' "
        "AND own_id IN (SELECT person_id FROM woman) UNION SELECT mother_id, child_id "
        "FROM kept_EUROCAT WHERE mother_id IS NOT NULL AND child_id IS NOT NULL"
    )
    return (
        f"WITH woman AS (SELECT k.person_id FROM kept_PERSONS AS p JOIN person_number AS k "
        "ON k.number = p.person_id WHERE p.sex_at_instance_creation = 'F'), "
        f"pair AS ({pairs}) SELECT {_PERSON_DOMAIN} AS domain_concept_id_1, "
        f"mother AS fact_id_1, {_PERSON_DOMAIN} AS domain_concept_id_2, child AS fact_id_2, "
        f"{_PARENT_OF} AS relationship_concept_id FROM pair UNION ALL "
        f"SELECT {_PERSON_DOMAIN}, child, {_PERSON_DOMAIN}, mother, {_CHILD_OF} FROM pair"
    )
