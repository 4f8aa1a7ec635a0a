"""PERSON and the date of death, from PERSONS."""

from __future__ import annotations

from typing import Final

from transat.engines.engine import Engine
from transat.harmonise.context import Context
from transat.tables.omop import FEMALE, MALE

NAME: Final = "person"
CODES: Final[tuple[str, ...]] = ()


def build(engine: Engine, context: Context) -> str:
    """The query of the table: one row a person; the birthday where all three parts are a date."""
    day = "try_cast(printf('%04d-%02d-%02d', p.year_of_birth, p.month_of_birth, p.day_of_birth)"
    return (
        "SELECT k.person_id, CASE p.sex_at_instance_creation "
        f"WHEN 'F' THEN {FEMALE} WHEN 'M' THEN {MALE} ELSE 0 END AS gender_concept_id, "
        "p.year_of_birth, CASE WHEN p.month_of_birth BETWEEN 1 AND 12 THEN p.month_of_birth END "
        f"AS month_of_birth, day({day} AS DATE)) AS day_of_birth, "
        f"{day} AS TIMESTAMP) AS birth_datetime, "
        "0 AS race_concept_id, 0 AS ethnicity_concept_id, k.number AS person_source_value, "
        "p.sex_at_instance_creation AS gender_source_value "
        "FROM kept_PERSONS AS p JOIN person_number AS k ON k.number = p.person_id"
    )
