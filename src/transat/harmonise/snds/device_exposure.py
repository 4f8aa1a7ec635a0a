"""DEVICE_EXPOSURE: devices and supplies refunded in town (ER_TIP_F), one row a net delivery.

The code is that of the list of products and services (LPP), seven digits. A month of rental is as
many lines as it was billed in: the end of a rental (TIP_ACL_DTF) is not read.
"""

from __future__ import annotations

from typing import Final

from transat.engines.engine import Engine
from transat.harmonise.concepts import concept_sql
from transat.harmonise.context import Context
from transat.tables.omop import CLAIM_RECORD

NAME: Final = "device_exposure"
CODES: Final = ("SELECT DISTINCT 'LPP', code FROM net_ER_TIP_F",)


def build(engine: Engine, context: Context) -> str:
    """The query of the table."""
    return (
        "SELECT CAST(row_number() OVER (ORDER BY d.person_id, d.care_date, d.code, "
        "d.prescription_date, d.prescriber, d.quantity) AS INTEGER) AS device_exposure_id, "
        "d.person_id, coalesce(c.concept_id, 0) AS device_concept_id, "
        "d.care_date AS device_exposure_start_date, "
        f"{CLAIM_RECORD} AS device_type_concept_id, CAST(d.quantity AS INTEGER) AS quantity, "
        "d.code AS device_source_value, coalesce(c.concept_id, 0) AS device_source_concept_id "
        f"FROM net_ER_TIP_F AS d {concept_sql('LPP', 'd.code', 'c')}"
    )
