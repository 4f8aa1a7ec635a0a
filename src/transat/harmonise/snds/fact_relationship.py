"""FACT_RELATIONSHIP: mother and child, by the hospital's own mother-child number.

Same NIR_ANO_MAM on both stays (32 blanks are empty; a repeated ABAB means that no stay matched),
same establishment, dates at most one day apart (Documentation-SNDS, chaînage_mère_enfant.md).
The page compares the two entries, the child's age in days (AGE_JOU) taken off its own; a mother
admitted days before the birth would be lost, so the child's day of birth is compared with her whole
stay, from the day before it to the day after. Twins share
the number; each child is known by its own stay, itself told apart by BEN_RNG_GEM and RNG_NAI.
ID_MAM_ENF is not used: not reliable yet, says the same page.
"""

from __future__ import annotations

from typing import Final

from transat.engines.engine import Engine
from transat.harmonise.context import Context

NAME: Final = "fact_relationship"
CODES: Final[tuple[str, ...]] = ()

#: The person domain; parent to child and child to parent (OHDSI THEMIS convention).
PERSON_DOMAIN: Final = 1147314
PARENT_OF: Final = 581436
CHILD_OF: Final = 581435


def mothers(engine: Engine, context: Context) -> None:
    """View `mother_child`: mother_id, child_id; a child that two women claim is left out."""
    number = "NIR_ANO_MAM"
    context.materialise(
        engine,
        "mother_child",
        "SELECT min(m.person_id) AS mother_id, c.person_id AS child_id FROM stay AS c "
        f"JOIN stay AS m ON m.{number} = c.{number} AND m.eta_key = c.eta_key "
        "AND c.start_date - CAST(c.AGE_JOU AS INTEGER) "
        "BETWEEN m.start_date - 1 AND m.end_date + 1 "
        "AND m.person_id <> c.person_id "
        f"WHERE c.of_infant AND m.AGE_ANN >= 10 AND m.COD_SEX = 2 AND {_filled('c.' + number)} "
        "GROUP BY c.person_id HAVING count(DISTINCT m.person_id) = 1",
    )


def _filled(column: str) -> str:
    """SQL: a usable mother-child number, neither blank nor one pair of characters repeated."""
    return (
        f"{column} IS NOT NULL AND {column} <> repeat({column}[1:2], "
        f"CAST(length({column}) // 2 AS INTEGER))"
    )


def build(engine: Engine, context: Context) -> str:
    """The query of the table: each pair in both directions."""
    return (
        f"SELECT {PERSON_DOMAIN} AS domain_concept_id_1, mother_id AS fact_id_1, "
        f"{PERSON_DOMAIN} AS domain_concept_id_2, child_id AS fact_id_2, "
        f"{PARENT_OF} AS relationship_concept_id FROM mother_child UNION ALL "
        f"SELECT {PERSON_DOMAIN}, child_id, {PERSON_DOMAIN}, mother_id, {CHILD_OF} "
        "FROM mother_child"
    )
