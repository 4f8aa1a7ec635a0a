"""Local concepts: one id per (vocabulary, code) met in the extract, without any vocabulary file.

Ids are 2,000,000,001 + the rank of (vocabulary_id, concept_code) in sorted order, so the same codes
give the same ids whatever the order of the lines. Labels are the codes themselves: the label tables
of ICD, ATC and CCAM may not be redistributed (data_sources.md §6).

Studies read diagnoses as ICD-10 and medicines as ATC. Which ICD-10 or ATC code a source code stands
for is the view `study_code`, written into CONCEPT_RELATIONSHIP whatever the vocabulary in use.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import pyarrow as pa

from transat.core.codes import ATC, ICD10, TRANSAT
from transat.engines.engine import Engine, quoted
from transat.harmonise.context import Context
from transat.harmonise.icd import NATIONAL_ICD10, cut_sql, icd10_sql, undotted_sql
from transat.harmonise.shore import Step
from transat.tables.omop import LOCAL_CONCEPTS_ABOVE

__all__ = [
    "VIEW", "concept_sql", "domain_sql", "gather", "icd10_sql", "study_codes", "table_sql",
    "undotted_sql",
]  # fmt: skip

#: Transat's own concepts, always present: measurements, and the outcomes of a pregnancy.
MEASUREMENTS: Final = (
    "birth_weight_g",
    "gestational_age_days",
    "gestational_age_days_at_admission",
    "gestational_age_weeks",
)
OUTCOMES: Final = (
    "ectopic",
    "elective_termination",
    "live_birth",
    "spontaneous_abortion",
    "stillbirth",
    "therapeutic_termination",
)
OWN: Final = ("pregnancy", "delivery", *MEASUREMENTS, *OUTCOMES)

#: The view that steps join: vocabulary_id, concept_code, concept_id.
VIEW: Final = "local_concept"

#: The view (source_id, study_id, how): the ATC or ICD-10 concept of a source concept.
STUDY: Final = "study_code"

_DOMAINS: Final = (
    ("Condition", ("CIM10", "ICD10CA", "ICD9", "ICD10")),
    ("Procedure", ("CCAM", "CSARR", "CCI", "CCA", "RAMQ_ACT", "PRS_NAT", "NGAP")),
    ("Drug", ("CIP13", "UCD7", "DIN", "PRODUCT", "ATC")),
    ("Measurement", ("NABM", "TRANSAT_ECHO")),
    ("Device", ("LPP",)),
    ("Observation", ("GHM", "GME", "Transat")),
)

#: For a source that has no medicines of its own to map.
_NO_MEDICINE: Final = pa.table(
    {name: pa.array([], pa.string()) for name in ("vocabulary", "code", "atc", "how")}
)

_NATIONAL: Final = f"({', '.join(quoted(v) for v in NATIONAL_ICD10)})"


def gather(engine: Engine, context: Context, steps: Sequence[Step]) -> int:
    """Number every code that the steps use; make the view `local_concept`; return how many.

    The ICD-10 code of a national diagnosis and the ATC of a medicine (view `medicine`) are numbered
    with it, whether or not a step asks for them.
    """
    if not context.path_of("medicine").is_file():
        engine.register("medicine", _NO_MEDICINE)
    own = " UNION ALL ".join(f"SELECT '{TRANSAT}', {quoted(code)}" for code in OWN)
    queries = [f"SELECT * FROM ({q})" for step in steps for q in step.CODES]
    union = " UNION ALL ".join(
        [f"SELECT * FROM ({own}) AS own(vocabulary_id, concept_code)", *queries]
    )
    context.materialise(
        engine,
        "met_code",
        f"SELECT DISTINCT vocabulary_id, concept_code FROM ({union}) AS met "
        "WHERE concept_code IS NOT NULL",
    )
    return context.materialise(
        engine,
        VIEW,
        f"SELECT vocabulary_id, concept_code, CAST({LOCAL_CONCEPTS_ABOVE} + "
        "row_number() OVER (ORDER BY vocabulary_id, concept_code) AS INTEGER) AS concept_id FROM ("
        "SELECT vocabulary_id, concept_code FROM met_code UNION "
        f"SELECT '{ICD10}', {icd10_sql('concept_code')} FROM met_code "
        f"WHERE vocabulary_id IN {_NATIONAL} UNION "
        f"SELECT '{ATC}', m.atc FROM met_code AS c JOIN medicine AS m "
        "ON m.vocabulary = c.vocabulary_id AND m.code = c.concept_code) AS every_code "
        "WHERE concept_code IS NOT NULL",
    )


def study_codes(engine: Engine, context: Context) -> int:
    """Make the view `study_code`: the ICD-10 or ATC concept of each source concept; how many.

    how: 'cut by N' characters for a diagnosis; for a medicine, what `medicine.how` says. An ICD-10
    code is its own study code: some sources write it themselves.
    """
    cut = cut_sql("s.concept_code")
    return context.materialise(
        engine,
        STUDY,
        "SELECT s.concept_id AS source_id, t.concept_id AS study_id, "
        f"'cut by ' || CAST({cut} AS VARCHAR) AS how FROM {VIEW} AS s JOIN {VIEW} AS t "
        f"ON t.vocabulary_id = '{ICD10}' AND t.concept_code = {icd10_sql('s.concept_code')} "
        f"WHERE s.vocabulary_id IN {_NATIONAL} OR s.vocabulary_id = '{ICD10}' UNION ALL "
        f"SELECT s.concept_id, t.concept_id, m.how FROM {VIEW} AS s JOIN medicine AS m "
        "ON m.vocabulary = s.vocabulary_id AND m.code = s.concept_code "
        f"JOIN {VIEW} AS t ON t.vocabulary_id = '{ATC}' AND t.concept_code = m.atc",
    )


def table_sql() -> str:
    """The CDM's `concept` table: local concepts only, none of them standard."""
    measured = ", ".join(quoted(code) for code in MEASUREMENTS)
    return (
        "SELECT concept_id, concept_code AS concept_name, CASE "
        f"WHEN vocabulary_id = '{TRANSAT}' AND concept_code = 'pregnancy' THEN 'Episode' "
        f"WHEN vocabulary_id = '{TRANSAT}' AND concept_code IN ({measured}) THEN 'Measurement' "
        f"ELSE {domain_sql('vocabulary_id')} END AS domain_id, vocabulary_id, "
        "'Local' AS concept_class_id, CAST(NULL AS VARCHAR) AS standard_concept, concept_code, "
        "DATE '1970-01-01' AS valid_start_date, DATE '2099-12-31' AS valid_end_date "
        f"FROM {VIEW}"
    )


def domain_sql(vocabulary: str) -> str:
    """SQL of the OMOP domain of the codes of a vocabulary (an SQL expression)."""
    domains = " ".join(
        f"WHEN {vocabulary} IN ({', '.join(quoted(v) for v in names)}) THEN {quoted(domain)}"
        for domain, names in _DOMAINS
    )
    return f"CASE {domains} ELSE 'Metadata' END"


def concept_sql(vocabulary: str, code: str, alias: str) -> str:
    """A LEFT JOIN that gives ``alias.concept_id`` for the code expression `code`."""
    return (
        f"LEFT JOIN {VIEW} AS {alias} ON {alias}.vocabulary_id = {quoted(vocabulary)} "
        f"AND {alias}.concept_code = {code}"
    )
