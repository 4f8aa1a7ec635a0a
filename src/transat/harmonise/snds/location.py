"""LOCATION: the departments and communes where beneficiaries live (BEN_RES_DPT, BEN_RES_COM).

The referential gives the last known residence, not where the person lived when cared for. Where a
person's lines differ, the first by (BEN_NIR_PSA, BEN_RNG_GEM) that has a department counts.
"""

from __future__ import annotations

from typing import Final

from transat.engines.engine import Engine
from transat.harmonise.context import Context
from transat.harmonise.snds.identity import kept_rows_of_persons

NAME: Final = "location"
CODES: Final[tuple[str, ...]] = ()


def residences(engine: Engine, context: Context) -> None:
    """Views `location_key` (location_id, department, commune) and `residence` (person_id,
    location_id).
    """
    first = "row_number() OVER (PARTITION BY person_id ORDER BY BEN_NIR_PSA, BEN_RNG_GEM)"
    context.materialise(
        engine,
        "lived_in",
        "SELECT person_id, department, department || coalesce(commune, '') AS place, commune "
        f"FROM (SELECT person_id, BEN_RES_DPT AS department, BEN_RES_COM AS commune, {first} "
        f"AS line FROM ({kept_rows_of_persons()}) WHERE BEN_RES_DPT IS NOT NULL) WHERE line = 1",
    )
    context.materialise(
        engine,
        "location_key",
        "SELECT CAST(row_number() OVER (ORDER BY place, department) AS INTEGER) AS location_id, "
        "place, department, commune FROM (SELECT DISTINCT place, department, commune "
        "FROM lived_in)",
    )
    context.materialise(
        engine,
        "residence",
        "SELECT l.person_id, k.location_id FROM lived_in AS l JOIN location_key AS k "
        "ON k.place = l.place AND k.department = l.department",
    )


def build(engine: Engine, context: Context) -> str:
    """The query of the table."""
    return (
        "SELECT location_id, commune AS city, department AS county, "
        "place AS location_source_value, 'FR' AS country_source_value FROM location_key"
    )
