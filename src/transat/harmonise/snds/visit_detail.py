"""VISIT_DETAIL: the medical units of a stay, in their order (`units.py` says how they are dated).

Units follow one another and none is inside another: each names the one before it, none a parent.
"""

from __future__ import annotations

from typing import Final

from transat.engines.engine import Engine
from transat.harmonise.context import Context
from transat.tables.omop import EHR_RECORD

NAME: Final = "visit_detail"
CODES: Final[tuple[str, ...]] = ()


def build(engine: Engine, context: Context) -> str:
    """The query of the table; details keep the numbers under which other tables name them."""
    return (
        "SELECT u.visit_detail_id, u.person_id, s.visit_concept_id AS visit_detail_concept_id, "
        "u.first_day AS visit_detail_start_date, u.last_day AS visit_detail_end_date, "
        f"{EHR_RECORD} AS visit_detail_type_concept_id, k.care_site_id, "
        "u.kind AS visit_detail_source_value, 0 AS visit_detail_source_concept_id, "
        "CASE WHEN u.place > 1 THEN u.visit_detail_id - 1 END AS preceding_visit_detail_id, "
        "u.visit_occurrence_id FROM unit AS u "
        "JOIN stay AS s ON s.visit_occurrence_id = u.visit_occurrence_id "
        "LEFT JOIN care_site_key AS k ON k.care_site_source_value = s.finess"
    )
