"""VISIT_OCCURRENCE: hospital stays (9201), emergency episodes (9203), physician visits (9202).

A physician visit is one person, one day, one performer, one setting: the acts billed together are
one contact (INESSS practice; data sources §3.4). An act given outside the ambulatory setting
belongs to the stay that covers its day (rule `not_ambulatory`). Visits are numbered once, stays
first, so that every other table can point at them; acts are put in one order once, from which
visits, diagnoses and procedures take theirs: sorting them again for each would cost as much.
"""

from __future__ import annotations

from typing import Final

from transat.engines.engine import Engine, quoted
from transat.harmonise.context import Context
from transat.harmonise.quebec.care_site import MSSS, USUAL, sites_sql
from transat.harmonise.quebec.columns import QuebecColumns
from transat.harmonise.quebec.keeping import SETTING, note
from transat.harmonise.quebec.spans import care_dates
from transat.harmonise.shore import Preparation
from transat.tables.omop import CLAIM_RECORD, EHR_RECORD, EMERGENCY_VISIT, INPATIENT_VISIT
from transat.tables.omop import OUTPATIENT_VISIT as OUTPATIENT

NAME: Final = "visit_occurrence"
CODES: Final[tuple[str, ...]] = ()

#: OMOP's "no matching concept": a visit that is neither ambulatory nor a stay.
_UNKNOWN: Final = 0


def stays_numbered(mapping: QuebecColumns) -> Preparation:
    """How stays are numbered, under the unit that `mapping` gives to their gestational age."""
    kind = quoted(f"gestational_age_{mapping.choices['gestational_age_unit']}")

    def number_stays(engine: Engine, context: Context) -> None:
        """Make the view `stay`: its number, stay_id (its visit), person, days, and what it says.

        `stay_repeated` keeps one line per stay number; were it off, the first stands for it.
        """
        context.materialise(
            engine,
            "stay",
            f"""
            SELECT SHOP_NO_SEQ_SEJ_HOSP AS number, person_id, admission, departure,
                   coalesce(SHOP_IND_NOUV_NE_SEJ_HOSP = '1', false) AS newborn,
                   coalesce(SHOP_TYP_DECES_SEJ_HOSP <> '0', false) AS died,
                   SHOP_NO_SEQ_SYS_CLA AS system, SHOP_NO_ETAB_MSSS AS site,
                   SHOP_TYP_LIEU_SEJ_HOSP_PROVE AS came_from,
                   SHOP_TYP_LIEU_SEJ_HOSP_DESTI AS went_to,
                   SHOP_NBR_JR_ABSNT_SEJ_HOSP AS absent, NO_INDIV_MERE AS mother,
                   AGE_GESTATIONNEL AS gestation, {kind} AS gestation_kind,
                   POIDS_GRAMMES AS weight,
                   CAST(row_number() OVER (
                       ORDER BY person_id, admission, SHOP_NO_SEQ_SEJ_HOSP
                   ) AS INTEGER) AS stay_id
            FROM (
                SELECT *, SHOP_DAT_ADMIS_SEJ_HOSP AS admission,
                       SHOP_DAT_DEPAR_SEJ_HOSP AS departure
                FROM kept_V_SEJ_HOSP_CM
                WHERE person_id IS NOT NULL
                QUALIFY row_number() OVER (
                    PARTITION BY SHOP_NO_SEQ_SEJ_HOSP
                    ORDER BY SHOP_DAT_DEPAR_SEJ_HOSP DESC NULLS LAST, SHOP_DAT_ADMIS_SEJ_HOSP,
                             person_id, SHOP_IND_NOUV_NE_SEJ_HOSP, SHOP_TYP_DECES_SEJ_HOSP,
                             SHOP_NO_ETAB_MSSS
                ) = 1
            ) AS one
            """,
        )

    return number_stays


def number_contacts(engine: Engine, context: Context) -> None:
    """Make the views `emergency` and `act` (of physicians), each with its visit_occurrence_id."""
    stays = int(engine.scalar("SELECT count(*) FROM stay") or 0)
    emergencies = context.materialise(
        engine,
        "emergency",
        f"""
        SELECT person_id, SURG_JOUR_DEBUT AS first_day, SURG_JOUR_DEPART AS last_day,
               SURG_COD_DIAGN_MDCAL_CLINQ AS code, vocabulary_id,
               SURG_COD_PRIOR_TRIAG_DURG AS priority, SURG_NO_EPISO_SOIN_DURG AS number,
               SURG_NO_ETAB_MSSS AS site, SURG_TYP_ORITN_USAG_DEPAR_DURG AS went_to,
               CAST({stays} + row_number() OVER (
                   ORDER BY person_id, SURG_DHD_EPISO_SOIN_DURG, SURG_DH_DEPAR_USAG_DURG,
                            SURG_COD_DIAGN_MDCAL_CLINQ, SURG_COD_PRIOR_TRIAG_DURG,
                            SURG_NO_EPISO_SOIN_DURG, SURG_NO_ETAB_MSSS,
                            SURG_TYP_ORITN_USAG_DEPAR_DURG
               ) AS INTEGER) AS visit_occurrence_id
        FROM kept_V_EPISO_SOIN_DURG_CM WHERE person_id IS NOT NULL
        """,
    )
    _number_acts(engine, context, stays + emergencies)


def _number_acts(engine: Engine, context: Context, before: int) -> None:
    """Make `act`, in one order: `line` counts acts; `starts_visit` and `starts_diagnosis` mark the
    first of a visit and, in it, of a diagnosis. setting: 0 ambulatory, 1 not, 2 in a stay.
    """
    setting, join = "0", ""
    if context.applies(SETTING.key):
        counted = "SELECT count(*) FROM kept_I_SMOD_SERV_MD_CM WHERE NOT ambulatory"
        if outside := int(engine.scalar(counted) or 0):
            note(context, SETTING.table, SETTING.key, outside)
            setting = "CASE WHEN s.stay_id IS NOT NULL THEN 2 WHEN a.ambulatory THEN 0 ELSE 1 END"
            join = (
                f"LEFT JOIN ({_COVERING}) AS s ON s.day = a.SMOD_DAT_SERV "
                "AND s.person_id = CASE WHEN NOT a.ambulatory THEN a.person_id END"
            )
    stay = "s.stay_id" if join else "CAST(NULL AS INTEGER)"
    visit = "person_id, day, provider, setting"
    context.materialise(
        engine,
        "act",
        f"""
        SELECT person_id, day, nullif(provider, 0) AS provider_id, care_site_id, diagnosis, act,
               role, setting,
               coalesce(stay_id, CAST({before} + dense_rank() OVER (ORDER BY {visit}) AS INTEGER))
                   AS visit_occurrence_id,
               CAST(row_number() OVER {_LINES} AS INTEGER) AS line,
               row_number() OVER {_LINES} = rank() OVER (ORDER BY {visit}) AS starts_visit,
               row_number() OVER {_LINES} = rank() OVER (ORDER BY {visit}, diagnosis)
                   AS starts_diagnosis
        FROM (
            SELECT a.person_id, SMOD_DAT_SERV AS day, coalesce(p.provider_id, 0) AS provider,
                   {setting} AS setting, c.care_site_id, SMOD_COD_DIAGN_PRIMR AS diagnosis,
                   SMOD_COD_ACTE AS act, SMOD_COD_ROLE AS role, {stay} AS stay_id
            FROM kept_I_SMOD_SERV_MD_CM AS a
            LEFT JOIN provider_key AS p ON p.provider_source_value = a.DISP_NO_SEQ_DISP_BANLS
            LEFT JOIN ({sites_sql(USUAL)}) AS c ON c.number = a.SMOD_NO_ETAB_USUEL
            {join}
            WHERE a.person_id IS NOT NULL
        ) AS billed
        """,
    )


#: The one order of acts: those of a visit follow one another, and in it those of a diagnosis.
_LINES: Final = (
    "(ORDER BY person_id, day, provider, setting, diagnosis, act, role, care_site_id, stay_id)"
)

#: The stay of a person on a day on which she had an act outside the ambulatory setting; of several,
#: the first.
_COVERING: Final = """
    SELECT d.person_id, d.day, min(s.stay_id) AS stay_id
    FROM (
        SELECT DISTINCT person_id, SMOD_DAT_SERV AS day FROM kept_I_SMOD_SERV_MD_CM
        WHERE NOT ambulatory
    ) AS d
    JOIN stay AS s ON s.person_id = d.person_id
        AND d.day BETWEEN s.admission AND coalesce(s.departure, d.day)
    GROUP BY d.person_id, d.day
"""


def build(engine: Engine, context: Context) -> str:
    """One row per visit; a stay still open ends on the extract's last day."""
    _, last = context.period_sql(engine, care_dates())
    return f"""
        SELECT stay_id AS visit_occurrence_id, person_id, {INPATIENT_VISIT} AS visit_concept_id,
               admission AS visit_start_date,
               coalesce(departure, greatest(admission, {last})) AS visit_end_date,
               {EHR_RECORD} AS visit_type_concept_id, stay.number AS visit_source_value,
               c.care_site_id, CAST(NULL AS INTEGER) AS provider_id,
               came_from AS admitted_from_source_value, went_to AS discharged_to_source_value
        FROM stay LEFT JOIN ({sites_sql(MSSS)}) AS c ON c.number = stay.site
        UNION ALL
        SELECT visit_occurrence_id, person_id, {EMERGENCY_VISIT}, first_day,
               coalesce(last_day, first_day), {EHR_RECORD}, e.number, c.care_site_id, NULL, NULL,
               went_to
        FROM emergency AS e LEFT JOIN ({sites_sql(MSSS)}) AS c ON c.number = e.site
        UNION ALL
        SELECT visit_occurrence_id, person_id,
               CASE setting WHEN 0 THEN {OUTPATIENT} ELSE {_UNKNOWN} END, day, day,
               {CLAIM_RECORD}, NULL, care_site_id, provider_id, NULL, NULL
        FROM act WHERE starts_visit AND setting < 2
    """
