"""PROVIDER: those who gave medical services, with their speciality (SMOD_COD_SPEC).

An empty speciality means a general practitioner. A performer billed under several has the latest.
"""

from __future__ import annotations

from typing import Final

from transat.engines.engine import Engine
from transat.harmonise.context import Context

NAME: Final = "provider"
CODES: Final[tuple[str, ...]] = ()


def number_providers(engine: Engine, context: Context) -> None:
    """Make the view `provider_key` (provider_source_value, provider_id, specialty)."""
    context.materialise(
        engine,
        "provider_key",
        """
        SELECT provider_source_value, specialty,
               CAST(row_number() OVER (ORDER BY provider_source_value) AS INTEGER) AS provider_id
        FROM (
            SELECT DISP_NO_SEQ_DISP_BANLS AS provider_source_value, SMOD_COD_SPEC AS specialty
            FROM (
                SELECT DISP_NO_SEQ_DISP_BANLS, SMOD_COD_SPEC, max(SMOD_DAT_SERV) AS last_day
                FROM kept_I_SMOD_SERV_MD_CM WHERE DISP_NO_SEQ_DISP_BANLS IS NOT NULL
                GROUP BY DISP_NO_SEQ_DISP_BANLS, SMOD_COD_SPEC
            ) AS billed
            QUALIFY row_number() OVER (
                PARTITION BY DISP_NO_SEQ_DISP_BANLS
                ORDER BY last_day DESC, SMOD_COD_SPEC NULLS LAST
            ) = 1
        ) AS performer
        """,
    )


def build(engine: Engine, context: Context) -> str:
    """One row per performer; the RAMQ's list of specialities is not public, so concept 0."""
    return """
        SELECT provider_id, provider_source_value, specialty AS specialty_source_value,
               0 AS specialty_concept_id, 0 AS specialty_source_concept_id,
               0 AS gender_concept_id, 0 AS gender_source_concept_id
        FROM provider_key
    """
