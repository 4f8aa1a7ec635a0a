"""Passages in a public hospital without a stay: numbered after the stays, each an outpatient visit.

One passage is one visit, whatever was done in it. Its kind is that of its consultation, if it has
one (fees, FCSTC: the letter keys of the NGAP), and so is its provider's specialty, which is filled
in by declaration: interns often stand under general practice (Documentation-SNDS,
actes_consult_externes.md).
"""

from __future__ import annotations

from typing import Final

from transat.engines.engine import Engine, quoted
from transat.harmonise.contested import first_of_key_sql
from transat.harmonise.context import Context
from transat.harmonise.ledger import KEPT
from transat.harmonise.snds.native.outpatient import OUTPATIENT, PASSAGE_KEY

_KEY: Final = ", ".join(PASSAGE_KEY)
#: Letter keys of consultations and advice (annex of actes_consult_externes.md), no surcharge.
CONSULTATIONS: Final = (
    "APC", "APU", "APV", "APY", "AVY", "C", "CALD", "CD", "CNP", "CS", "CSC", "CSD", "CSF", "G",
    "GS", "V", "VS",
)  # fmt: skip


def number_passages(engine: Engine, context: Context) -> None:
    """Views `passage` (kept, numbered in a total order after the stays) and, by field,
    `passage_fate_FIELD` (every passage once, with its fate).

    Both are one file: passages are many, and to join them with themselves would read them twice.
    """
    every = " UNION ALL ".join(
        f"SELECT {quoted(care.key)} AS field, {_KEY}, person_id, start_date, end_date, ETA_NUM, "
        f"SEQ_NUM, coalesce(set_aside, '{KEPT}') AS fate FROM ("
        f"{first_of_key_sql(care.passages, _KEY, 'set_aside IS NOT NULL, set_aside')})"
        for care in OUTPATIENT
    )
    number = (
        f"row_number() OVER (PARTITION BY fate = '{KEPT}' ORDER BY person_id, start_date, "
        f"end_date, field, {_KEY})"
    )
    context.materialise(
        engine,
        "any_passage",
        f"SELECT CAST(CASE WHEN fate = '{KEPT}' THEN (SELECT count(*) FROM stay) + {number} END "
        f"AS INTEGER) AS visit_occurrence_id, * FROM ({every})",
    )
    engine.sql(
        "CREATE OR REPLACE VIEW passage AS SELECT visit_occurrence_id, field, person_id, "
        "start_date, end_date, ETA_NUM || '/' || SEQ_NUM AS written, "
        f"lpad(eta_key, 9, '0') AS finess FROM any_passage WHERE fate = '{KEPT}'"
    )
    for care in OUTPATIENT:
        engine.sql(
            f"CREATE OR REPLACE VIEW passage_fate_{care.key} AS SELECT {_KEY}, fate, "
            f"visit_occurrence_id FROM any_passage WHERE field = {quoted(care.key)}"
        )


def describe_passages(engine: Engine, context: Context) -> None:
    """View `consultation`: visit_occurrence_id, code, specialty; one row a passage that has one."""
    keys = ", ".join(quoted(code) for code in CONSULTATIONS)
    fees = " UNION ALL ".join(
        f"SELECT visit_occurrence_id, ACT_COD, nullif(ltrim(EXE_SPE, '0'), '') AS specialty "
        f"FROM kept_{care.fees} WHERE ACT_COD IN ({keys})"
        for care in OUTPATIENT
    )
    context.materialise(
        engine,
        "consultation",
        f"SELECT visit_occurrence_id, min(ACT_COD) AS code, min(specialty) AS specialty "
        f"FROM ({fees}) GROUP BY visit_occurrence_id",
    )


def acts_sql() -> str:
    """SQL: the CCAM acts of passages: visit_occurrence_id, person_id, day, code."""
    delay = "CAST(coalesce(a.DEL_DAT_ENT, 0) AS INTEGER)"
    return " UNION ALL ".join(
        f"SELECT a.visit_occurrence_id, p.person_id, p.start_date + {delay} AS day, "
        f"a.CCAM_COD AS code FROM kept_{care.acts} AS a "
        "JOIN passage AS p ON p.visit_occurrence_id = a.visit_occurrence_id"
        for care in OUTPATIENT
    )
