"""PROCEDURE_OCCURRENCE: acts of stays, of outpatient hospital care and of town, town abortions.

An act that surgeon and anaesthetist both code is one act: one row by stay, passage (or person),
code and day. An act of a stay is dated by its days since the entry (ENT_DAT_DEL in MCO).
"""

from __future__ import annotations

from typing import Final

from transat.engines.engine import Engine
from transat.harmonise.context import Context
from transat.harmonise.snds.fields import FIELDS, Acts, Field
from transat.harmonise.snds.natures import TOWN_ABORTION
from transat.harmonise.snds.netting import net_acts, net_natures
from transat.harmonise.snds.outpatient import acts_sql
from transat.tables.omop import CLAIM_RECORD, EHR_RECORD

NAME: Final = "procedure_occurrence"
CODES: Final = ("SELECT DISTINCT vocabulary, code FROM act",)


def acts(engine: Engine, context: Context) -> None:
    """View `act`: person_id, day, vocabulary, code, quantity, visit and its part (hospital only).

    T20: an act that outpatient hospital care holds is not read again from the DCIR.
    """
    net_acts(engine, context)
    net_natures(engine, context)
    context.materialise(
        engine,
        "outpatient_act",
        "SELECT visit_occurrence_id, person_id, day, code, count(*) AS lines "
        f"FROM ({acts_sql()}) GROUP BY visit_occurrence_id, person_id, day, code",
    )
    hospital = " UNION ALL ".join(_of_stays(field, table) for field in FIELDS
                                  for table in field.acts)  # fmt: skip
    context.materialise(
        engine,
        "act",
        f"{hospital} UNION ALL SELECT person_id, day, 'CCAM', code, 1, visit_occurrence_id, "
        f"CAST(NULL AS INTEGER) FROM outpatient_act UNION ALL {_of_town(engine, context)} "
        "UNION ALL SELECT person_id, care_date, 'PRS_NAT', code, sum(quantity), NULL, NULL "
        f"FROM net_ER_PRS_F WHERE code = '{TOWN_ABORTION}' GROUP BY person_id, care_date, code",
    )


def _of_stays(field: Field, table: Acts) -> str:
    """SQL: the acts of one table of a field; the most times said of one by its lines."""
    since = {"stay": "s.start_date", "unit": "u.entry_day", "line": "u.first_day"}[table.since]
    day = f"coalesce({since}, s.start_date) + CAST(coalesce(a.{table.delay}, 0) AS INTEGER)"
    unit, join = "CAST(NULL AS INTEGER)", ""
    if field.line:
        unit = "u.visit_detail_id"
        join = (
            "LEFT JOIN unit AS u ON u.visit_occurrence_id = a.visit_occurrence_id "
            "AND u.line_no = a.line_no"
        )
    return (
        f"SELECT person_id, day, '{table.vocabulary}' AS vocabulary, code, max(quantity) "
        "AS quantity, visit_occurrence_id, min(visit_detail_id) AS visit_detail_id FROM ("
        f"SELECT s.person_id, {day} AS day, a.{table.code} AS code, "
        f"coalesce(a.{table.quantity}, 1) AS quantity, s.visit_occurrence_id, "
        f"{unit} AS visit_detail_id FROM kept_{table.table} AS a JOIN stay AS s "
        f"ON s.visit_occurrence_id = a.visit_occurrence_id {join}) "
        "GROUP BY person_id, day, code, visit_occurrence_id"
    )


def _of_town(engine: Engine, context: Context) -> str:
    """SQL: the acts of the DCIR, without those that a public hospital's outpatient care holds."""
    lines = "SELECT person_id, care_date, code, prescriber, quantity FROM net_ER_CAM_F AS n"
    if context.applies("T20"):
        held = "(SELECT DISTINCT person_id, day, code FROM outpatient_act)"
        same = "o.person_id = n.person_id AND o.day = n.care_date AND o.code = n.code"
        twice = f"SELECT count(*) FROM net_ER_CAM_F AS n JOIN {held} AS o ON {same}"
        if again := int(engine.scalar(twice) or 0):
            context.ledger.move("ER_CAM_F", "T20", again)
        lines = (
            "SELECT n.person_id, n.care_date, n.code, n.prescriber, n.quantity "
            f"FROM net_ER_CAM_F AS n LEFT JOIN {held} AS o ON {same} WHERE o.person_id IS NULL"
        )
    return (
        "SELECT person_id, care_date, 'CCAM', code, max(quantity), NULL, NULL FROM (SELECT "
        f"person_id, care_date, code, prescriber, sum(quantity) AS quantity FROM ({lines}) "
        "GROUP BY person_id, care_date, code, prescriber) GROUP BY person_id, care_date, code"
    )


def build(engine: Engine, context: Context) -> str:
    """The query of the table."""
    return (
        "SELECT CAST(row_number() OVER (ORDER BY a.person_id, a.day, a.vocabulary, a.code, "
        "a.visit_occurrence_id, a.visit_detail_id) AS INTEGER) AS procedure_occurrence_id, "
        "a.person_id, coalesce(c.concept_id, 0) AS procedure_concept_id, a.day AS procedure_date, "
        f"CASE WHEN a.visit_occurrence_id IS NULL THEN {CLAIM_RECORD} ELSE {EHR_RECORD} END "
        "AS procedure_type_concept_id, CAST(a.quantity AS INTEGER) AS quantity, "
        "a.visit_occurrence_id, a.visit_detail_id, a.code AS procedure_source_value, "
        "coalesce(c.concept_id, 0) AS procedure_source_concept_id FROM act AS a "
        "LEFT JOIN local_concept AS c ON c.vocabulary_id = a.vocabulary AND c.concept_code = a.code"
    )
