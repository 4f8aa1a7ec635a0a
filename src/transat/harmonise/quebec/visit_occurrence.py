"""VISIT_OCCURRENCE: hospital stays (9201), emergency episodes (9203), physician visits (9202).

A physician visit is one person, one day, one performer: the acts billed together are one contact
(INESSS practice; data sources §3.4). Visits are numbered once, stays first, so that every other
table can point at them.
"""

from __future__ import annotations

from typing import Final

from transat.engines.engine import Engine
from transat.harmonise.context import Context
from transat.harmonise.quebec.spans import care_dates
from transat.tables.omop import CLAIM_RECORD, EHR_RECORD, EMERGENCY_VISIT, INPATIENT_VISIT
from transat.tables.omop import OUTPATIENT_VISIT as OUTPATIENT

NAME: Final = "visit_occurrence"
CODES: Final[tuple[str, ...]] = ()


def number_stays(engine: Engine, context: Context) -> None:
    """Make the view `stay`: number, stay_id (its visit), person_id, admission, departure, newborn.

    `stay_repeated` keeps one line per stay number; were it off, the first line stands for it.
    """
    context.materialise(
        engine,
        "stay",
        """
        SELECT number, person_id, admission, departure, newborn,
               CAST(row_number() OVER (ORDER BY person_id, admission, number) AS INTEGER)
                   AS stay_id
        FROM (
            SELECT SHOP_NO_SEQ_SEJ_HOSP AS number, person_id,
                   SHOP_DAT_ADMIS_SEJ_HOSP AS admission, SHOP_DAT_DEPAR_SEJ_HOSP AS departure,
                   SHOP_IND_NOUV_NE_SEJ_HOSP = '1' AS newborn
            FROM kept_V_SEJ_HOSP_CM
            WHERE person_id IS NOT NULL
            QUALIFY row_number() OVER (
                PARTITION BY SHOP_NO_SEQ_SEJ_HOSP
                ORDER BY departure DESC NULLS LAST, admission, person_id, newborn
            ) = 1
        )
        """,
    )


def number_contacts(engine: Engine, context: Context) -> None:
    """Make the views `emergency` and `act` (of physicians), each with its visit_occurrence_id."""
    stays = int(engine.scalar("SELECT count(*) FROM stay") or 0)
    emergencies = context.materialise(
        engine,
        "emergency",
        f"""
        SELECT person_id, SURG_JOUR_DEBUT AS first_day, SURG_JOUR_DEPART AS last_day,
               SURG_COD_DIAGN_MDCAL_CLINQ AS code, vocabulary_id,
               CAST({stays} + row_number() OVER (
                   ORDER BY person_id, SURG_DHD_EPISO_SOIN_DURG, SURG_DH_DEPAR_USAG_DURG,
                            SURG_COD_DIAGN_MDCAL_CLINQ, SURG_COD_PRIOR_TRIAG_DURG
               ) AS INTEGER) AS visit_occurrence_id
        FROM kept_V_EPISO_SOIN_DURG_CM WHERE person_id IS NOT NULL
        """,
    )
    context.materialise(
        engine,
        "act",
        f"""
        SELECT person_id, SMOD_DAT_SERV AS day, coalesce(DISP_NO_SEQ_DISP_BANLS, '') AS performer,
               SMOD_COD_DIAGN_PRIMR AS diagnosis, SMOD_COD_ACTE AS act, SMOD_COD_ROLE AS role,
               CAST({stays + emergencies} + dense_rank() OVER (
                   ORDER BY person_id, SMOD_DAT_SERV, coalesce(DISP_NO_SEQ_DISP_BANLS, '')
               ) AS INTEGER) AS visit_occurrence_id
        FROM kept_I_SMOD_SERV_MD_CM WHERE person_id IS NOT NULL
        """,
    )


def build(engine: Engine, context: Context) -> str:
    """One row per visit; a stay still open ends on the extract's last day."""
    _, last = context.period_sql(engine, care_dates())
    return f"""
        SELECT stay_id AS visit_occurrence_id, person_id, {INPATIENT_VISIT} AS visit_concept_id,
               admission AS visit_start_date,
               coalesce(departure, greatest(admission, {last})) AS visit_end_date,
               {EHR_RECORD} AS visit_type_concept_id, number AS visit_source_value
        FROM stay
        UNION ALL
        SELECT visit_occurrence_id, person_id, {EMERGENCY_VISIT}, first_day,
               coalesce(last_day, first_day), {EHR_RECORD}, NULL
        FROM emergency
        UNION ALL
        SELECT DISTINCT visit_occurrence_id, person_id, {OUTPATIENT}, day, day, {CLAIM_RECORD},
               nullif(performer, '')
        FROM act
    """
