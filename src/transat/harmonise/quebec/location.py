"""LOCATION: the local service networks (RLS) where people live, from I_BENF_ADR_CM.

A person's home is the last residence that falls in the extract's period, as INESSS takes it.
"""

from __future__ import annotations

from typing import Final

from transat.engines.engine import Engine
from transat.harmonise.context import Context
from transat.harmonise.quebec.keeping import NETWORK_MOVED, NO_NETWORK, note
from transat.harmonise.quebec.native import padded
from transat.harmonise.quebec.spans import care_dates

NAME: Final = "location"
CODES: Final[tuple[str, ...]] = ()

#: Health regions without local networks, and the network that stands for each (INESSS).
_WITHOUT_NETWORK: Final = {"10": "1001", "17": "1701", "18": "1801"}

#: The network that INESSS recodes, and what its queries make of it and of its region.
_MOVED, _NETWORK, _FROM, _TO = "1610", "0511", "16", "15"


def number_homes(engine: Engine, context: Context) -> None:
    """Make the views `home` (person_id, region, network) and `place` (the same, location_id)."""
    first, last = context.period_sql(engine, care_dates())
    region, network = padded("LGEO_COD_RSS", 2), padded("LGEO_COD_TERRI_RLS", 4)
    if context.applies(NETWORK_MOVED.key):
        moved = f"{network} = '{_MOVED}'"
        _count(engine, context, NETWORK_MOVED.key, moved)
        region = f"CASE WHEN {moved} AND {region} = '{_FROM}' THEN '{_TO}' ELSE {region} END"
        network = f"CASE WHEN {moved} THEN '{_NETWORK}' ELSE {network} END"
    if context.applies(NO_NETWORK.key):
        own = padded("LGEO_COD_RSS", 2)
        without = ", ".join(f"'{r}'" for r in _WITHOUT_NETWORK)
        _count(engine, context, NO_NETWORK.key, f"{own} IN ({without})")
        branches = " ".join(f"WHEN '{r}' THEN '{n}'" for r, n in _WITHOUT_NETWORK.items())
        network = f"CASE {own} {branches} ELSE {network} END"
    context.materialise(
        engine,
        "home",
        f"""
        SELECT person_id, {region} AS region, {network} AS network
        FROM kept_I_BENF_ADR_CM
        WHERE person_id IS NOT NULL AND coalesce(LGEO_COD_RSS, LGEO_COD_TERRI_RLS) IS NOT NULL
          AND coalesce(BENF_DD_ADR_BEN, {first}) <= {last}
          AND coalesce(BENF_DF_ADR_BEN, {last}) >= {first}
        QUALIFY row_number() OVER (
            PARTITION BY person_id
            ORDER BY BENF_DD_ADR_BEN DESC NULLS LAST, BENF_DF_ADR_BEN DESC NULLS LAST,
                     LGEO_COD_RSS, LGEO_COD_TERRI_RLS
        ) = 1
        """,
    )
    context.materialise(
        engine,
        "place",
        "SELECT region, network, CAST(row_number() OVER (ORDER BY network, region) AS INTEGER) "
        "AS location_id FROM (SELECT DISTINCT region, network FROM home) AS lived",
    )


def build(engine: Engine, context: Context) -> str:
    """One row per network; a region given without its network has a row of its own."""
    return """
        SELECT location_id, region AS county, 'QC' AS state, 'Canada' AS country_source_value,
               coalesce(network, region) AS location_source_value
        FROM place
    """


def _count(engine: Engine, context: Context, key: str, predicate: str) -> None:
    rows = engine.scalar(f"SELECT count(*) FROM kept_I_BENF_ADR_CM WHERE {predicate}")
    note(context, "I_BENF_ADR_CM", key, rows)
