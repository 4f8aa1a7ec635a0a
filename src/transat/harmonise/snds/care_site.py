"""CARE_SITE: every FINESS met in stays, passages and the tables of establishments, once.

The PMSI writes nine digits, the DCIR eight (the ninth is a check digit), so an establishment of
both is known by its nine. AP-HP, AP-HM and HCL are known by their legal entity up to 2017 (T11).
"""

from __future__ import annotations

from typing import Final

from transat.engines.engine import Engine
from transat.harmonise.context import Context
from transat.harmonise.snds.native.places import ESTABLISHMENTS

NAME: Final = "care_site"
CODES: Final[tuple[str, ...]] = ()


def number_places(engine: Engine, context: Context) -> None:
    """Views `establishment` (FINESS, name, legal status of the latest year) and `care_site_key`."""
    nine = "lpad(ltrim(ETA_NUM, '0'), 9, '0')"
    said = " UNION ALL ".join(
        f"SELECT {nine} AS finess, SOC_RAI, STA_ETA, year_key FROM kept_{table.name}"
        for table in ESTABLISHMENTS
    )
    # One total order decides between the years and fields that speak of an establishment.
    place = "row_number() OVER (PARTITION BY finess ORDER BY year_key DESC, SOC_RAI, STA_ETA)"
    context.materialise(
        engine,
        "establishment",
        f"SELECT finess, SOC_RAI, STA_ETA FROM (SELECT *, {place} AS place FROM ({said})) "
        "WHERE place = 1",
    )
    pmsi = (
        "SELECT finess FROM establishment UNION SELECT finess FROM stay "
        "UNION SELECT finess FROM passage"
    )
    dcir = "SELECT DISTINCT lpad(ltrim(ETB_EXE_FIN, '0'), 8, '0') AS eight FROM kept_ER_ETE_F"
    context.materialise(
        engine,
        "care_site_key",
        "SELECT finess AS care_site_source_value, CAST(row_number() OVER (ORDER BY finess) "
        f"AS INTEGER) AS care_site_id FROM ({pmsi} UNION SELECT eight FROM ({dcir}) "
        f"WHERE eight NOT IN (SELECT left(finess, 8) FROM ({pmsi}) WHERE finess IS NOT NULL)) "
        "WHERE finess IS NOT NULL",
    )


def build(engine: Engine, context: Context) -> str:
    """The query of the table."""
    return (
        "SELECT k.care_site_id, e.SOC_RAI AS care_site_name, "
        "0 AS place_of_service_concept_id, k.care_site_source_value, "
        "e.STA_ETA AS place_of_service_source_value FROM care_site_key AS k "
        "LEFT JOIN establishment AS e ON e.finess = k.care_site_source_value"
    )
