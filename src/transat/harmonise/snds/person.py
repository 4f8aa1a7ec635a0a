"""PERSON: one row per person of IR_BEN_R or of its archive.

Birth by year and month; by day for infants born in hospital (the source gives nobody's birth day,
but a birth stay starts on it).
"""

from __future__ import annotations

from typing import Final

from transat.engines.engine import Engine
from transat.harmonise.context import Context
from transat.harmonise.snds.identity import kept_rows_of_persons
from transat.tables.omop import FEMALE, MALE

NAME: Final = "person"
CODES: Final[tuple[str, ...]] = ()


def births(engine: Engine, context: Context) -> None:
    """View `civil`: person_id, sex, year and month of birth, birthday (infants), death, entry.

    Where a person's lines differ, the first that has a value counts, by (archived, BEN_NIR_PSA,
    BEN_RNG_GEM).
    Death: the sentinel 01/01/1600 is nobody's death.
    """
    month = "CASE WHEN BEN_NAI_MOI BETWEEN 1 AND 12 THEN BEN_NAI_MOI END"
    context.materialise(
        engine,
        "civil",
        "SELECT *, coalesce(birthday, make_date(birth_year, coalesce(birth_month, 1), 1)) "
        "AS born_from FROM (SELECT c.*, CASE WHEN year(b.first_stay) = c.birth_year "
        "AND month(b.first_stay) = coalesce(c.birth_month, month(b.first_stay)) "
        "THEN b.first_stay END AS birthday FROM (SELECT person_id, "
        "arg_min(BEN_SEX_COD, place) FILTER (BEN_SEX_COD IN (1, 2)) AS sex, "
        "arg_min(BEN_NAI_ANN, place) AS birth_year, "
        f"arg_min({month}, place) AS birth_month, "
        "min(BEN_DCD_DTE) FILTER (year(BEN_DCD_DTE) > 1600) AS death_date, "
        "min(BEN_DTE_INS) FILTER (year(BEN_DTE_INS) > 1600) AS entry_date, "
        "arg_min(BEN_RES_DPT, place) AS department "
        "FROM (SELECT *, row_number() OVER (PARTITION BY person_id "
        "ORDER BY archived, BEN_NIR_PSA, BEN_RNG_GEM) AS place "
        f"FROM ({kept_rows_of_persons()})) GROUP BY person_id"
        ") AS c LEFT JOIN (SELECT person_id, min(start_date) AS first_stay FROM stay "
        "WHERE of_newborn GROUP BY person_id) AS b USING (person_id))",
    )


def build(engine: Engine, context: Context) -> str:
    """The query of the table."""
    return (
        f"SELECT person_id, CASE sex WHEN 2 THEN {FEMALE} WHEN 1 THEN {MALE} ELSE 0 END "
        "AS gender_concept_id, birth_year AS year_of_birth, birth_month AS month_of_birth, "
        "day(birthday) AS day_of_birth, CAST(birthday AS TIMESTAMP) AS birth_datetime, "
        "0 AS race_concept_id, 0 AS ethnicity_concept_id, location_id, person_source_value, "
        "CAST(sex AS VARCHAR) AS gender_source_value, 0 AS gender_source_concept_id, "
        "0 AS race_source_concept_id, 0 AS ethnicity_source_concept_id "
        "FROM civil JOIN person_source USING (person_id) LEFT JOIN residence USING (person_id)"
    )
