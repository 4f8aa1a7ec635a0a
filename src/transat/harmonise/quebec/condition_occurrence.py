"""CONDITION_OCCURRENCE from hospital, emergency and physician diagnoses.

The classification is the one that the line itself states (SHOP_NO_SEQ_SYS_CLA); physician claims
carry ICD-9, often cut to three digits, kept as they are: whoever looks for a code looks for its
prefix. ICD-10-CA goes further than the WHO's ICD-10: it is cut back to four characters, and how
far is counted (notes `icd10ca_cut_6_to_4`; `icd9_digits_3` for the ICD-9 of claims).
"""

from __future__ import annotations

from typing import Final

from transat.core.codes import ICD9, ICD10, ICD10CA
from transat.engines.engine import Engine
from transat.harmonise.concepts import concept_sql, icd10_sql, undotted_sql
from transat.harmonise.context import Context
from transat.harmonise.quebec.keeping import note
from transat.tables.omop import CLAIM_RECORD, EHR_RECORD

NAME: Final = "condition_occurrence"

#: What a status says, as OMOP's standard concepts: principal, secondary. No public source was met
#: for the concepts of an admission or a death diagnosis: those keep their source value and 0.
#: An emergency, service or claim diagnosis says nothing of its rank.
STATUS: Final = {"P": 32902, "S": 32908}

#: Hospital diagnosis types are kept as status: A admission, D death, P principal, S secondary;
#: 'service' for that of a hospital service. An emergency diagnosis is provisional: only those of
#: stays are of the hospital type (32817), which decides what is a malformation.
_DIAGNOSES: Final = f"""
    SELECT d.person_id, d.stay_id AS visit_id, s.admission AS first_day, s.departure AS last_day,
           d.SHOP_COD_DIAGN_MDCAL_CLINQ AS code, d.vocabulary_id,
           d.SHOP_TYP_DIAGN_SEJ_HOSP AS status, {EHR_RECORD} AS type_id
    FROM kept_V_DIAGN_SEJ_HOSP_CM AS d JOIN stay AS s ON s.stay_id = d.stay_id
    UNION ALL
    SELECT v.person_id, v.stay_id, coalesce(v.DATE_DEBUT_SERVICE, s.admission),
           coalesce(v.DATE_FIN_SERVICE, s.departure), v.SHOP_COD_DIAGN_MDCAL_CLINQ,
           v.vocabulary_id, 'service', {EHR_RECORD}
    FROM kept_V_SEJ_SERV_HOSP_CM AS v JOIN stay AS s ON s.stay_id = v.stay_id
    WHERE v.SHOP_COD_DIAGN_MDCAL_CLINQ IS NOT NULL AND v.vocabulary_id IS NOT NULL
    UNION ALL
    SELECT person_id, visit_occurrence_id, first_day, last_day, code, vocabulary_id, 'urgence',
           {CLAIM_RECORD}
    FROM emergency WHERE code IS NOT NULL
"""

CODES: Final = (
    "SELECT vocabulary_id, bare AS concept_code FROM diagnosis_code",
    f"SELECT '{ICD10}' AS vocabulary_id, who AS concept_code FROM diagnosis_code",
)

#: The native table of a diagnosis, by its status.
_TABLES: Final = {
    "urgence": "V_EPISO_SOIN_DURG_CM",
    "service": "V_SEJ_SERV_HOSP_CM",
    "act": "I_SMOD_SERV_MD_CM",
}


def code_diagnoses(engine: Engine, context: Context) -> None:
    """Make the views `diagnosis` (of stays and emergencies) and `diagnosis_code`: each code as
    written, its bare form, and the WHO's if it is ICD-10-CA.
    """
    context.materialise(engine, "diagnosis", _DIAGNOSES)
    context.materialise(
        engine,
        "diagnosis_code",
        f"""
        SELECT vocabulary_id, code, {undotted_sql("code")} AS bare,
               CASE WHEN vocabulary_id = '{ICD10CA}' THEN {icd10_sql("code")} END AS who
        FROM (
            SELECT vocabulary_id, code FROM diagnosis
            UNION
            SELECT '{ICD9}', diagnosis FROM act WHERE starts_diagnosis AND diagnosis IS NOT NULL
        ) AS written
        """,
    )
    _say_lengths(engine, context)


def _say_lengths(engine: Engine, context: Context) -> None:
    """Note, by native table, how long codes are and how far they are cut."""
    lengths = engine.rows(
        f"""
        SELECT status, vocabulary_id, length(bare), sum(times) FROM (
            SELECT status, vocabulary_id, code, count(*) AS times FROM diagnosis GROUP BY 1, 2, 3
            UNION ALL
            SELECT 'act', '{ICD9}', diagnosis, count(*) FROM act
            WHERE starts_diagnosis AND diagnosis IS NOT NULL GROUP BY diagnosis
        ) AS met JOIN diagnosis_code USING (vocabulary_id, code)
        WHERE bare IS NOT NULL GROUP BY 1, 2, 3 ORDER BY 1, 2, 3
        """
    )
    for status, vocabulary, length, rows in lengths:
        table = _TABLES.get(str(status), "V_DIAGN_SEJ_HOSP_CM")
        if vocabulary == ICD9:
            note(context, table, f"icd9_digits_{length}", rows)
        elif length > 4:
            note(context, table, f"icd10ca_cut_{length}_to_4", rows)
    lost = engine.scalar(
        "SELECT count(*) FROM kept_V_SEJ_SERV_HOSP_CM "
        "WHERE SHOP_COD_DIAGN_MDCAL_CLINQ IS NOT NULL AND vocabulary_id IS NULL"
    )
    note(context, "V_SEJ_SERV_HOSP_CM", "diagnosis_without_classification", lost)


def build(engine: Engine, context: Context) -> str:
    """One row per diagnosis of a stay or emergency episode; one per code and physician visit."""
    status = " ".join(f"WHEN '{s}' THEN {concept}" for s, concept in STATUS.items())
    others = int(engine.scalar("SELECT count(*) FROM diagnosis") or 0)
    return f"""
        WITH coded AS (
            SELECT c.vocabulary_id, c.code, coalesce(k.concept_id, 0) AS source_id,
                   coalesce(w.concept_id, 0) AS concept_id
            FROM diagnosis_code AS c
            LEFT JOIN local_concept AS k
                ON k.vocabulary_id = c.vocabulary_id AND k.concept_code = c.bare
            {concept_sql(ICD10, "c.who", "w")}
        ), told AS (
            SELECT CAST(row_number() OVER (
                       ORDER BY person_id, first_day, visit_id, status, vocabulary_id, code
                   ) AS INTEGER) AS id,
                   person_id, visit_id, first_day, last_day, code, vocabulary_id, status, type_id,
                   CAST(NULL AS INTEGER) AS provider_id
            FROM diagnosis
            UNION ALL
            SELECT {others} + line, person_id, visit_occurrence_id, day, day, diagnosis, '{ICD9}',
                   'act', {CLAIM_RECORD}, provider_id
            FROM act WHERE starts_diagnosis AND diagnosis IS NOT NULL
        )
        SELECT t.id AS condition_occurrence_id, t.person_id,
               coalesce(c.concept_id, 0) AS condition_concept_id,
               first_day AS condition_start_date, last_day AS condition_end_date,
               type_id AS condition_type_concept_id,
               status AS condition_status_source_value,
               CASE status {status} ELSE 0 END AS condition_status_concept_id,
               visit_id AS visit_occurrence_id, provider_id,
               t.code AS condition_source_value,
               coalesce(c.source_id, 0) AS condition_source_concept_id
        FROM told AS t
        LEFT JOIN coded AS c ON c.vocabulary_id = t.vocabulary_id AND c.code = t.code
    """
