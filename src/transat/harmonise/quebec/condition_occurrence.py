"""CONDITION_OCCURRENCE from hospital, emergency and physician diagnoses.

The classification is the one that the line itself states (SHOP_NO_SEQ_SYS_CLA); physician claims
carry ICD-9, often cut to three digits, kept as they are. ICD-10-CA goes further than the WHO's
ICD-10: it is cut back to four characters, and how far is counted (`icd10ca_cut_N` findings).
"""

from __future__ import annotations

from typing import Final

from transat.core.codes import ICD9, ICD10, ICD10CA
from transat.engines.engine import Engine
from transat.harmonise.concepts import icd10_sql, undotted_sql
from transat.harmonise.context import Context
from transat.tables.omop import CLAIM_RECORD, EHR_RECORD

NAME: Final = "condition_occurrence"

#: Hospital diagnosis types are kept as status: A admission, D death, P principal, S secondary.
#: An emergency diagnosis is provisional: only those of stays are of the hospital type (32817),
#: which decides what is a malformation.
_DIAGNOSES: Final = f"""
    SELECT d.person_id, d.stay_id AS visit_id, s.admission AS first_day, s.departure AS last_day,
           d.SHOP_COD_DIAGN_MDCAL_CLINQ AS code, d.vocabulary_id,
           d.SHOP_TYP_DIAGN_SEJ_HOSP AS status, {EHR_RECORD} AS type_id
    FROM kept_V_DIAGN_SEJ_HOSP_CM AS d JOIN stay AS s ON s.stay_id = d.stay_id
    UNION ALL
    SELECT person_id, visit_occurrence_id, first_day, last_day, code, vocabulary_id, 'urgence',
           {CLAIM_RECORD}
    FROM emergency WHERE code IS NOT NULL
    UNION ALL
    SELECT DISTINCT person_id, visit_occurrence_id, day, day, diagnosis, '{ICD9}', 'act',
           {CLAIM_RECORD}
    FROM act WHERE diagnosis IS NOT NULL
"""

CODES: Final = (
    "SELECT DISTINCT vocabulary_id, bare AS concept_code FROM diagnosis",
    f"SELECT DISTINCT '{ICD10}' AS vocabulary_id, who AS concept_code FROM diagnosis",
)


def code_diagnoses(engine: Engine, context: Context) -> None:
    """Make the view `diagnosis`: every diagnosis with its bare code and the WHO's, if ICD-10-CA."""
    context.materialise(
        engine,
        "diagnosis",
        f"""
        SELECT *, {undotted_sql("code")} AS bare,
               CASE WHEN vocabulary_id = '{ICD10CA}' THEN {icd10_sql("code")} END AS who
        FROM ({_DIAGNOSES})
        """,
    )
    cuts = engine.rows(
        "SELECT greatest(length(bare) - 4, 0), count(*) FROM diagnosis "
        "WHERE who IS NOT NULL GROUP BY 1 ORDER BY 1"
    )
    for characters, rows in cuts:
        context.findings[f"icd10ca_cut_{characters}"] = int(rows)


def build(engine: Engine, context: Context) -> str:
    """One row per diagnosis of a stay or emergency episode; one per code and physician visit."""
    return """
        SELECT CAST(row_number() OVER (
                   ORDER BY d.person_id, first_day, visit_id, status, d.vocabulary_id, code
               ) AS INTEGER) AS condition_occurrence_id,
               d.person_id,
               coalesce(w.concept_id, 0) AS condition_concept_id,
               first_day AS condition_start_date, last_day AS condition_end_date,
               type_id AS condition_type_concept_id,
               status AS condition_status_source_value,
               visit_id AS visit_occurrence_id,
               trim(code) AS condition_source_value,
               coalesce(k.concept_id, 0) AS condition_source_concept_id
        FROM diagnosis AS d
        LEFT JOIN local_concept AS k
            ON k.vocabulary_id = d.vocabulary_id AND k.concept_code = d.bare
        LEFT JOIN (SELECT * FROM local_concept WHERE vocabulary_id = 'ICD10') AS w
            ON w.concept_code = d.who
    """
