"""PERSON from V_FICH_ID_BEN_CM, the register of insured persons (FIPA), and where each lives."""

from __future__ import annotations

from typing import Final

from transat.engines.engine import Engine
from transat.harmonise.context import Context
from transat.tables.omop import FEMALE, MALE

NAME: Final = "person"
CODES: Final[tuple[str, ...]] = ()


def number_persons(engine: Engine, context: Context) -> None:
    """Make the view `person_number` (number, person_id): ids in the order of the native numbers."""
    context.materialise(
        engine,
        "person_number",
        "SELECT BENF_NO_INDIV_BEN_BANLS AS number, "
        "CAST(row_number() OVER (ORDER BY BENF_NO_INDIV_BEN_BANLS) AS INTEGER) AS person_id "
        "FROM (SELECT DISTINCT BENF_NO_INDIV_BEN_BANLS FROM kept_V_FICH_ID_BEN_CM)",
    )


def build(engine: Engine, context: Context) -> str:
    """One row per registered person.

    Where `person_repeated` is switched off a person may have several records: the first, in a
    total order, is written.
    """
    return f"""
        SELECT p.person_id,
               CASE f.BENF_COD_SEXE WHEN 'F' THEN {FEMALE} WHEN 'M' THEN {MALE} ELSE 0 END
                   AS gender_concept_id,
               f.BENF_COD_SEXE AS gender_source_value,
               year(f.BENF_DAT_NAISS) AS year_of_birth,
               month(f.BENF_DAT_NAISS) AS month_of_birth,
               day(f.BENF_DAT_NAISS) AS day_of_birth,
               CAST(f.BENF_DAT_NAISS AS TIMESTAMP) AS birth_datetime,
               0 AS race_concept_id,
               0 AS ethnicity_concept_id,
               l.location_id,
               p.number AS person_source_value
        FROM kept_V_FICH_ID_BEN_CM AS f
        JOIN person_number AS p ON p.number = f.BENF_NO_INDIV_BEN_BANLS
        LEFT JOIN home AS h ON h.person_id = p.person_id
        LEFT JOIN place AS l ON l.region IS NOT DISTINCT FROM h.region
            AND l.network IS NOT DISTINCT FROM h.network
        QUALIFY row_number() OVER (
            PARTITION BY p.person_id
            ORDER BY f.BENF_DAT_DECES NULLS LAST, f.BENF_DAT_NAISS, f.BENF_COD_SEXE
        ) = 1
    """
