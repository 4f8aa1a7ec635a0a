"""Local concepts: one id per (vocabulary, code) met in the extract, without any vocabulary file.

Ids are 2,000,000,001 + the rank of (vocabulary_id, concept_code) in sorted order, so the same codes
give the same ids whatever the order of the lines. Labels are the codes themselves: the label tables
of ICD, ATC and CCAM may not be redistributed (data_sources.md §6).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from transat.core.codes import TRANSAT
from transat.engines.engine import Engine, quoted
from transat.harmonise.context import Context
from transat.harmonise.shore import Step
from transat.tables.omop import LOCAL_CONCEPTS_ABOVE

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
OWN: Final = ("pregnancy", *MEASUREMENTS, *OUTCOMES)

#: The view that steps join: vocabulary_id, concept_code, concept_id.
VIEW: Final = "local_concept"

_DOMAINS: Final = (
    ("Condition", ("CIM10", "ICD10CA", "ICD9", "ICD10")),
    ("Procedure", ("CCAM", "RAMQ_ACT", "PRS_NAT")),
    ("Drug", ("CIP13", "UCD7", "DIN", "ATC")),
    ("Measurement", ("Transat",)),
)


def gather(engine: Engine, context: Context, steps: Sequence[Step]) -> int:
    """Number every code that the steps use; make the view `local_concept`; return how many."""
    own = " UNION ALL ".join(f"SELECT '{TRANSAT}', {quoted(code)}" for code in OWN)
    queries = [f"SELECT * FROM ({q})" for step in steps for q in step.CODES]
    union = " UNION ALL ".join(
        [f"SELECT * FROM ({own}) AS own(vocabulary_id, concept_code)", *queries]
    )
    return context.materialise(
        engine,
        VIEW,
        f"SELECT vocabulary_id, concept_code, CAST({LOCAL_CONCEPTS_ABOVE} + "
        "row_number() OVER (ORDER BY vocabulary_id, concept_code) AS INTEGER) AS concept_id "
        f"FROM (SELECT DISTINCT vocabulary_id, concept_code FROM ({union}) "
        "WHERE concept_code IS NOT NULL)",
    )


def table_sql() -> str:
    """The CDM's `concept` table: local concepts only, none of them standard."""
    domains = " ".join(
        f"WHEN vocabulary_id IN ({', '.join(quoted(v) for v in names)}) THEN {quoted(domain)}"
        for domain, names in _DOMAINS
    )
    return (
        "SELECT concept_id, concept_code AS concept_name, "
        f"CASE {domains} ELSE 'Metadata' END AS domain_id, vocabulary_id, "
        "'Local' AS concept_class_id, CAST(NULL AS VARCHAR) AS standard_concept, concept_code, "
        "DATE '1970-01-01' AS valid_start_date, DATE '2099-12-31' AS valid_end_date "
        f"FROM {VIEW}"
    )


def concept_sql(vocabulary: str, code: str, alias: str) -> str:
    """A LEFT JOIN that gives ``alias.concept_id`` for the code expression `code`."""
    return (
        f"LEFT JOIN {VIEW} AS {alias} ON {alias}.vocabulary_id = {quoted(vocabulary)} "
        f"AND {alias}.concept_code = {code}"
    )


def icd10_sql(code: str) -> str:
    """SQL of the WHO form of an ICD-10 code: four characters at most, with its dot.

    The same rule as `core.codes.icd10_who`.
    """
    bare = undotted_sql(code)
    return f"CASE WHEN length({bare}) <= 3 THEN {bare} ELSE {bare}[1:3] || '.' || {bare}[4:4] END"


def undotted_sql(code: str) -> str:
    """SQL of a code in capitals without dot, star, dagger or blanks; NULL when nothing is left."""
    return f"nullif(regexp_replace(upper({code}), '[^A-Z0-9]', '', 'g'), '')"
