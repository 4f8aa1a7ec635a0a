"""DEATH: when, from the register, else the ISQ, else the hospital; why, from the ISQ first.

The register (BENF_DAT_DECES) dates a death where it can; DECES_ISQ is the death certificate, whose
underlying cause wins over the diagnosis of type D of the stay that ended on the death.
"""

from __future__ import annotations

from typing import Final

from transat.core.codes import ICD10, ICD10CA
from transat.engines.engine import Engine
from transat.harmonise.concepts import concept_sql, icd10_sql, undotted_sql
from transat.harmonise.context import Context
from transat.harmonise.quebec.keeping import HOSPITAL_DEATH, note
from transat.tables.omop import CLAIM_RECORD, EHR_RECORD

NAME: Final = "death"

#: OMOP type concept "Death Certificate".
DEATH_CERTIFICATE: Final = 32815

CODES: Final = (
    "SELECT DISTINCT vocabulary_id, form AS concept_code FROM cause",
    f"SELECT DISTINCT '{ICD10}' AS vocabulary_id, who AS concept_code FROM cause",
)


def date_deaths(engine: Engine, context: Context) -> None:
    """Make the views `dead` (person_id, death_date, type_id) and `cause` (of ISQ and hospital)."""
    hospital = "WHERE died" if context.applies(HOSPITAL_DEATH.key) else "WHERE false"
    context.materialise(
        engine,
        "dead",
        f"""
        SELECT person_id, death_date, type_id FROM (
            SELECT p.person_id, f.BENF_DAT_DECES AS death_date, {CLAIM_RECORD} AS type_id,
                   1 AS rank
            FROM kept_V_FICH_ID_BEN_CM AS f
            JOIN person_number AS p ON p.number = f.BENF_NO_INDIV_BEN_BANLS
            WHERE f.BENF_DAT_DECES IS NOT NULL
            UNION ALL
            SELECT person_id, DATE_DECES, {DEATH_CERTIFICATE}, 2
            FROM kept_DECES_ISQ WHERE person_id IS NOT NULL
            UNION ALL
            SELECT person_id, departure, {EHR_RECORD}, 3 FROM stay {hospital}
        ) AS told
        WHERE death_date IS NOT NULL
        QUALIFY row_number() OVER (PARTITION BY person_id ORDER BY rank, death_date) = 1
        """,
    )
    form = f"CASE vocabulary_id WHEN '{ICD10}' THEN {icd10_sql('code')} ELSE {_BARE} END"
    context.materialise(
        engine,
        "cause",
        f"""
        SELECT person_id, code, vocabulary_id, {form} AS form,
               CASE WHEN vocabulary_id IN ('{ICD10}', '{ICD10CA}') THEN {icd10_sql("code")} END
                   AS who
        FROM ({_CAUSES})
        QUALIFY row_number() OVER (
            PARTITION BY person_id ORDER BY rank, code, vocabulary_id
        ) = 1
        """,
    )
    _say(engine, context)


_BARE: Final = undotted_sql("code")

_CAUSES: Final = """
    SELECT person_id, trim(CAUSE_INITIALE) AS code, vocabulary_id, 1 AS rank
    FROM kept_DECES_ISQ WHERE person_id IS NOT NULL AND CAUSE_INITIALE IS NOT NULL
    UNION ALL
    SELECT s.person_id, trim(d.SHOP_COD_DIAGN_MDCAL_CLINQ), d.vocabulary_id, 2
    FROM kept_V_DIAGN_SEJ_HOSP_CM AS d
    JOIN stay AS s ON s.stay_id = d.stay_id
    JOIN dead AS x ON x.person_id = s.person_id AND x.death_date = s.departure
    WHERE d.SHOP_TYP_DIAGN_SEJ_HOSP = 'D'
"""


def _say(engine: Engine, context: Context) -> None:
    """Note what the sources of deaths do not agree on."""
    isq = "FROM kept_DECES_ISQ AS d JOIN dead AS x USING (person_id)"
    differ = engine.scalar(f"SELECT count(*) {isq} WHERE x.death_date <> d.DATE_DECES")
    note(context, "DECES_ISQ", "death_dates_differ", differ)
    alone = engine.scalar(f"SELECT count(*) {isq} WHERE x.type_id = {DEATH_CERTIFICATE}")
    note(context, "DECES_ISQ", "death_not_in_register", alone)
    unknown = "CAUSE_INITIALE IS NOT NULL AND vocabulary_id IS NULL"
    rows = engine.scalar(f"SELECT count(*) FROM kept_DECES_ISQ WHERE {unknown}")
    note(context, "DECES_ISQ", "cause_without_classification", rows)
    seen = engine.scalar(f"SELECT count(*) FROM dead WHERE type_id = {EHR_RECORD}")
    note(context, HOSPITAL_DEATH.table, HOSPITAL_DEATH.key, seen)


def build(engine: Engine, context: Context) -> str:
    """One row per person who died, with the cause where one is told."""
    return f"""
        SELECT dead.person_id, dead.death_date, dead.type_id AS death_type_concept_id,
               cause.code AS cause_source_value,
               coalesce(k.concept_id, 0) AS cause_source_concept_id,
               coalesce(w.concept_id, 0) AS cause_concept_id
        FROM dead
        LEFT JOIN cause ON cause.person_id = dead.person_id
        LEFT JOIN local_concept AS k
            ON k.vocabulary_id = cause.vocabulary_id AND k.concept_code = cause.form
        {concept_sql(ICD10, "cause.who", "w")}
    """
