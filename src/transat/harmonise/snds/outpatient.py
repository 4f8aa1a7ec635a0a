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
    """
    every = " UNION ALL ".join(
        f"SELECT {quoted(care.key)} AS field, {_KEY}, person_id, start_date, end_date, "
        f"ETA_NUM || '/' || SEQ_NUM AS written, lpad(eta_key, 9, '0') AS finess "
        f"FROM kept_{care.passages}"
        for care in OUTPATIENT
    )
    context.materialise(
        engine,
        "passage",
        "SELECT CAST((SELECT count(*) FROM stay) + row_number() OVER (ORDER BY person_id, "
        f"start_date, end_date, field, {_KEY}) AS INTEGER) AS visit_occurrence_id, * "
        f"FROM ({every})",
    )
    for care in OUTPATIENT:
        once = first_of_key_sql(care.passages, _KEY, "set_aside IS NOT NULL, set_aside")
        same = " AND ".join(f"p.{name} = c.{name}" for name in PASSAGE_KEY)
        context.materialise(
            engine,
            f"passage_fate_{care.key}",
            f"SELECT c.year_key, c.eta_key, c.seq_key, coalesce(c.set_aside, '{KEPT}') AS fate, "
            f"p.visit_occurrence_id FROM ({once}) AS c LEFT JOIN (SELECT * FROM passage "
            f"WHERE field = {quoted(care.key)}) AS p ON {same}",
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
