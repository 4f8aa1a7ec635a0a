"""VISIT_DETAIL: the hospital services in which a stay was spent, from V_SEJ_SERV_HOSP_CM.

The view is public, the columns that name the service and date it are not: they come from the
mapping file, and a service without dates has those of its stay.
"""

from __future__ import annotations

from typing import Final

from transat.engines.engine import Engine
from transat.harmonise.context import Context
from transat.harmonise.quebec.care_site import MSSS, sites_sql
from transat.harmonise.quebec.spans import care_dates
from transat.tables.omop import EHR_RECORD, INPATIENT_VISIT

NAME: Final = "visit_detail"
CODES: Final[tuple[str, ...]] = ()


def build(engine: Engine, context: Context) -> str:
    """One row per service of a stay; a service still open ends with its stay, or the extract."""
    _, last = context.period_sql(engine, care_dates())
    return f"""
        WITH part AS (
            SELECT s.person_id, s.stay_id, s.site, v.SERVICE AS service,
                   coalesce(v.DATE_DEBUT_SERVICE, s.admission) AS first_day,
                   coalesce(v.DATE_FIN_SERVICE, s.departure) AS last_day,
                   v.SHOP_COD_DIAGN_MDCAL_CLINQ AS code
            FROM kept_V_SEJ_SERV_HOSP_CM AS v JOIN stay AS s ON s.stay_id = v.stay_id
        )
        SELECT CAST(row_number() OVER (
                   ORDER BY stay_id, first_day, last_day, service, code
               ) AS INTEGER) AS visit_detail_id,
               person_id, {INPATIENT_VISIT} AS visit_detail_concept_id,
               first_day AS visit_detail_start_date,
               coalesce(last_day, greatest(first_day, {last})) AS visit_detail_end_date,
               {EHR_RECORD} AS visit_detail_type_concept_id,
               service AS visit_detail_source_value, 0 AS visit_detail_source_concept_id,
               stay_id AS visit_occurrence_id, c.care_site_id
        FROM part LEFT JOIN ({sites_sql(MSSS)}) AS c ON c.number = part.site
    """
