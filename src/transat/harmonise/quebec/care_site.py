"""CARE_SITE: the establishments of stays, emergency episodes and medical services.

Hospitals bear the number that the ministry (MSSS) gives them; medical services bear the usual
number of the RAMQ. No public table ties the two, so `care_site_source_value` says which it is.
"""

from __future__ import annotations

from typing import Final

from transat.engines.engine import Engine
from transat.harmonise.context import Context

NAME: Final = "care_site"
CODES: Final[tuple[str, ...]] = ()

MSSS: Final = "MSSS:"
USUAL: Final = "USUEL:"


def number_care_sites(engine: Engine, context: Context) -> None:
    """Make the view `care_site_key` (care_site_source_value, care_site_id)."""
    context.materialise(
        engine,
        "care_site_key",
        f"""
        SELECT care_site_source_value,
               CAST(row_number() OVER (ORDER BY care_site_source_value) AS INTEGER) AS care_site_id
        FROM (
            SELECT '{MSSS}' || site AS care_site_source_value FROM (
                SELECT site FROM stay UNION
                SELECT SURG_NO_ETAB_MSSS FROM kept_V_EPISO_SOIN_DURG_CM
            ) AS hospital WHERE site IS NOT NULL
            UNION ALL
            SELECT '{USUAL}' || SMOD_NO_ETAB_USUEL
            FROM (SELECT DISTINCT SMOD_NO_ETAB_USUEL FROM kept_I_SMOD_SERV_MD_CM) AS office
            WHERE SMOD_NO_ETAB_USUEL IS NOT NULL
        ) AS named
        """,
    )


def sites_sql(kind: str) -> str:
    """A query (number, care_site_id) of the establishments of one kind: `MSSS` or `USUAL`."""
    return (
        f"SELECT substr(care_site_source_value, {len(kind) + 1}) AS number, care_site_id "
        f"FROM care_site_key WHERE starts_with(care_site_source_value, '{kind}')"
    )


def build(engine: Engine, context: Context) -> str:
    """One row per establishment; its category, where V_ETAB_USUEL gives one (latest period)."""
    return f"""
        SELECT k.care_site_id, k.care_site_source_value, 0 AS place_of_service_concept_id,
               e.category AS place_of_service_source_value
        FROM care_site_key AS k
        LEFT JOIN (
            SELECT '{USUAL}' || ETAB_NO_ETAB_USUEL AS named, ETAB_COD_CATG_ETAB_EI AS category
            FROM kept_V_ETAB_USUEL
            QUALIFY row_number() OVER (
                PARTITION BY ETAB_NO_ETAB_USUEL
                ORDER BY ETAB_DD_ETAB_USUEL DESC NULLS LAST, ETAB_COD_CATG_ETAB_EI
            ) = 1
        ) AS e ON e.named = k.care_site_source_value
    """
