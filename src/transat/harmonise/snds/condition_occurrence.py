"""CONDITION_OCCURRENCE: diagnoses of stays and of their units, long-term illnesses.

Within a stay a code is written once, under its strongest role: main (DP; MMP in SSR), related (DR),
purpose and cause of care (FPP, AE), of the mode of care (DMPP, DMPA), associated (DAS), of a
medical unit (UM). A diagnosis has no day of its own: one of the stay has the stay's first day, one
of a unit, week or sequence has the first day of the first of them that holds it. A long-term
illness (ALD) is read from MED_MTF_COD, since IMB_ALD_NUM is badly filled (T15). The causes on a
death certificate (CAUSE) are dated on the day of death.
"""

from __future__ import annotations

from typing import Final

from transat.engines.engine import Engine
from transat.harmonise.concepts import concept_sql, icd10_sql, undotted_sql
from transat.harmonise.context import Context
from transat.harmonise.ledger import NOTE
from transat.harmonise.snds.death import CAUSE, DEATH_CERTIFICATE, certified_causes_sql
from transat.harmonise.snds.fields import FIELDS, Field
from transat.tables.omop import CLAIM_RECORD, EHR_RECORD

NAME: Final = "condition_occurrence"
CODES: Final = (
    "SELECT DISTINCT 'CIM10', code FROM diagnosis",
    f"SELECT DISTINCT 'ICD10', {icd10_sql('code')} FROM diagnosis",
)

#: Roles of a diagnosis in a stay, the strongest first.
_ROLES: Final = ("DP", "MMP", "DR", "FPP", "AE", "DMPP", "DMPA", "DAS", "UM")
_MAIN: Final = ("DP", "MMP")
#: Standard concepts of OMOP's Condition Status domain.
_PRIMARY, _SECONDARY = 32902, 32908
#: An exemption is granted for years to come, and ends with the person.
_END: Final = (
    "CASE WHEN d.status = 'ALD' AND g.day BETWEEN d.day AND d.last_day THEN g.day "
    "ELSE d.last_day END"
)
#: A unit's number fits below, the rank of a role above.
_SHIFT: Final = 1 << 32


def diagnoses(engine: Engine, context: Context) -> None:
    """View `diagnosis`: person_id, day, last_day, code (undotted), written, status, and where:
    visit_occurrence_id, visit_detail_id.
    """
    written = " UNION ALL ".join(q for field in FIELDS for q in _written(field))
    if context.applies("T12"):
        written += "".join(
            f" UNION ALL SELECT visit_occurrence_id, visit_detail_id, {column}, {_rank('UM')} "
            "FROM unit"
            for column in ("main", "related")
        )
    statuses = " ".join(f"WHEN {_rank(role)} THEN '{role}'" for role in _ROLES)
    strongest = f"min(role * {_SHIFT} + coalesce(visit_detail_id, 0))"
    context.materialise(
        engine,
        "diagnosis",
        "SELECT s.person_id, coalesce(u.first_day, s.start_date) AS day, "
        "coalesce(u.last_day, s.end_date) AS last_day, d.code, d.written, "
        f"CASE d.strongest // {_SHIFT} {statuses} END AS status, d.visit_occurrence_id, "
        f"u.visit_detail_id FROM (SELECT visit_occurrence_id, {undotted_sql('written')} AS code, "
        f"{strongest} AS strongest, min(written) AS written FROM ({written}) "
        "WHERE written IS NOT NULL GROUP BY ALL) AS d "
        "JOIN stay AS s ON s.visit_occurrence_id = d.visit_occurrence_id "
        f"LEFT JOIN unit AS u ON u.visit_detail_id = d.strongest % {_SHIFT} "
        "WHERE d.code IS NOT NULL UNION ALL "
        "SELECT person_id, IMB_ALD_DTD, max(IMB_ALD_DTF) FILTER (IMB_ALD_DTF >= IMB_ALD_DTD), "
        f"{undotted_sql('MED_MTF_COD')} AS code, min(MED_MTF_COD), 'ALD', NULL, NULL "
        f"FROM kept_IR_IMB_R WHERE {undotted_sql('MED_MTF_COD')} IS NOT NULL "
        f"GROUP BY person_id, IMB_ALD_DTD, code UNION ALL {certified_causes_sql()}",
    )
    alone = int(engine.scalar("SELECT count(*) FROM diagnosis WHERE status = 'UM'") or 0)
    if alone:
        context.ledger.record("T_MCOaaUM", f"{NOTE}T12_diagnoses_of_units_alone", alone)


def _rank(role: str) -> str:
    return f"CAST({_ROLES.index(role) + 1} AS BIGINT)"


def _written(field: Field) -> list[str]:
    """SQL: the diagnoses of a field's lines, and those beside them, each with its unit if any."""
    unit = (
        "LEFT JOIN unit AS u ON u.visit_occurrence_id = l.visit_occurrence_id "
        "AND u.line_no = l.line_no"
    )
    detail = "u.visit_detail_id" if field.line else "CAST(NULL AS INTEGER) AS visit_detail_id"
    columns = [(f"stay_line_{field.key}", code, role) for code, role in field.diagnoses]
    columns += [(f"kept_{d.table}", d.code, d.role) for d in field.beside]
    return [
        f"SELECT l.visit_occurrence_id, {detail}, l.{code} AS written, {_rank(role)} AS role "
        f"FROM {table} AS l {unit if field.line else ''}"
        for table, code, role in columns
    ]


def build(engine: Engine, context: Context) -> str:
    """The query of the table."""
    main = ", ".join(f"'{role}'" for role in _MAIN)
    return (
        "SELECT CAST(row_number() OVER (ORDER BY d.person_id, d.day, d.code, d.status, "
        "d.visit_occurrence_id) AS INTEGER) AS condition_occurrence_id, d.person_id, "
        "coalesce(w.concept_id, 0) AS condition_concept_id, d.day AS condition_start_date, "
        f"{_END} AS condition_end_date, CASE d.status WHEN 'ALD' THEN {CLAIM_RECORD} "
        f"WHEN '{CAUSE}' THEN {DEATH_CERTIFICATE} ELSE {EHR_RECORD} END "
        f"AS condition_type_concept_id, CASE WHEN d.status IN ({main}) THEN {_PRIMARY} "
        f"WHEN d.status IN ('ALD', '{CAUSE}') THEN 0 "
        f"ELSE {_SECONDARY} END AS condition_status_concept_id, "
        "d.status AS condition_status_source_value, d.visit_occurrence_id, d.visit_detail_id, "
        "d.written AS condition_source_value, "
        "coalesce(n.concept_id, 0) AS condition_source_concept_id FROM diagnosis AS d "
        f"{concept_sql('CIM10', 'd.code', 'n')} {concept_sql('ICD10', icd10_sql('d.code'), 'w')} "
        "LEFT JOIN deceased AS g ON g.person_id = d.person_id"
    )
