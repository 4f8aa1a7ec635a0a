"""Outpatient care of public hospitals (actes et consultations externes), in MCO and SSR.

A passage is named by ETA_NUM and SEQ_NUM: who and when (CSTC), CCAM acts (FMSTC), fees by kind of
act (FCSTC). Documentation-SNDS, actes_consult_externes.md; columns of schema-snds fe17ef8.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from transat.harmonise.native import NativeTable
from transat.harmonise.snds.native.keys import column
from transat.harmonise.snds.native.pmsi import (
    PERSON_COLUMNS,
    PERSON_EXTRA,
    PERSON_JOIN,
    PERSON_SPENT,
    badly_chained,
)

RETURN_CODES: Final = ("NIR_RET", "NAI_RET", "SEX_RET", "IAS_RET", "ENT_DAT_RET")
_PASSAGE: Final = (
    column("ETA_NUM", "code", "needed", True),
    column("SEQ_NUM", "code", "needed", True),
)
_KEYS: Final = (
    "ltrim(n.ETA_NUM, '0') AS eta_key",
    "ltrim(n.SEQ_NUM, '0') AS seq_key",
    "coalesce(n.file_year, 0) AS year_key",
)
PASSAGE_KEY: Final = ("year_key", "eta_key", "seq_key")


@dataclass(frozen=True, slots=True)
class Outpatient:
    """The three tables of one field's outpatient care."""

    key: str
    passages: str
    acts: str
    fees: str


OUTPATIENT: Final = (
    Outpatient("MCO", "T_MCOaaCSTC", "T_MCOaaFMSTC", "T_MCOaaFCSTC"),
    Outpatient("SSR", "T_SSRaaCSTC", "T_SSRaaFMSTC", "T_SSRaaFCSTC"),
)


def passage_table(care: Outpatient) -> NativeTable:
    """CSTC: the person and the days of each passage."""
    return NativeTable(
        care.passages,
        (*_PASSAGE, *PERSON_COLUMNS, *(column(code) for code in RETURN_CODES)),
        joins=f"{PERSON_JOIN} LEFT JOIN finess_double AS f ON f.finess = ltrim(n.ETA_NUM, '0')",
        extra=(
            *_KEYS,
            *PERSON_EXTRA,
            badly_chained(RETURN_CODES),
            "f.finess IS NOT NULL AND coalesce(n.file_year, 0) <= 2017 AS finess_double",
        ),
        contested=PASSAGE_KEY,
        spent=(*PERSON_SPENT, "RNG_NAI", "file_year", *RETURN_CODES),
    )


def act_table(care: Outpatient) -> NativeTable:
    """FMSTC: CCAM acts, dated in days since the passage began."""
    return _hanging(care, care.acts, "CCAM_COD")


def fee_table(care: Outpatient) -> NativeTable:
    """FCSTC: fees, by kind of act (consultations among them), with the performer's specialty."""
    return _hanging(care, care.fees, "ACT_COD", "EXE_SPE")


def _hanging(care: Outpatient, name: str, code: str, *more: str) -> NativeTable:
    same = (
        "s.eta_key = ltrim(n.ETA_NUM, '0') AND s.seq_key = ltrim(n.SEQ_NUM, '0') "
        "AND s.year_key = coalesce(n.file_year, 0)"
    )
    return NativeTable(
        name,
        (
            *_PASSAGE,
            column(code, "code", "needed", True),
            column("DEL_DAT_ENT", "integer", "checked"),
            *(column(c) for c in more),
        ),
        joins=f"LEFT JOIN passage_fate_{care.key} AS s ON {same}",
        joins_larger=True,
        extra=("s.visit_occurrence_id AS visit_occurrence_id", "s.fate AS stay_fate"),
        spent=("ETA_NUM", "SEQ_NUM", "file_year"),
    )
