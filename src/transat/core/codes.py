"""Codes as two countries write them, brought to one form; compared by vocabulary and code only."""

from __future__ import annotations

from collections.abc import Container
from typing import Final

CIM10: Final = "CIM10"
ICD10CA: Final = "ICD10CA"
ICD9: Final = "ICD9"
ICD10: Final = "ICD10"
CCAM: Final = "CCAM"
CCI: Final = "CCI"
CCA: Final = "CCA"
NABM: Final = "NABM"
LPP: Final = "LPP"
RAMQ_ACT: Final = "RAMQ_ACT"
PRS_NAT: Final = "PRS_NAT"
CIP13: Final = "CIP13"
UCD7: Final = "UCD7"
DIN: Final = "DIN"
ATC: Final = "ATC"
GHM: Final = "GHM"
TRANSAT: Final = "Transat"
TRANSAT_ECHO: Final = "TRANSAT_ECHO"

VOCABULARIES: Final = (
    CIM10, ICD10CA, ICD9, ICD10, CCAM, CCI, CCA, RAMQ_ACT, PRS_NAT, NABM, LPP, CIP13, UCD7, DIN,
    ATC, GHM, TRANSAT, TRANSAT_ECHO,
)  # fmt: skip

#: A prefix shorter than an ICD category says nothing; no code of a classification is longer.
SHORTEST_PREFIX: Final = 3
LONGEST_CODE: Final = 8


def undotted(code: str) -> str:
    """An ICD code without dot, star, dagger or spaces, in capitals: 'q05.4 ' -> 'Q054'."""
    return "".join(c for c in code if c.isascii() and c.isalnum()).upper()


def icd10_who(code: str, length: int = 4) -> str:
    """The WHO form of an ICD-10 code, cut to `length` characters, with its dot.

    French PMSI extensions (Z3711) and ICD-10-CA sixth digits are cut back: 'Z3711' -> 'Z37.1'.
    """
    bare = undotted(code)[:length]
    return bare if len(bare) <= 3 else f"{bare[:3]}.{bare[3:]}"


def longest_prefix(code: str, known: Container[str]) -> tuple[str, int] | None:
    """The longest prefix of a code, itself included, that is in `known`, and how much it cuts.

    `known` holds undotted codes; a prefix has three characters or more. ICD-10-CA 'O60101' with
    O60 and O601 known: ('O601', 2); a truncated ICD-9 '250' with 250 and 2500 known: ('250', 0).
    None when no prefix is known.
    """
    bare = undotted(code)
    for length in range(min(len(bare), LONGEST_CODE), SHORTEST_PREFIX - 1, -1):
        if bare[:length] in known:
            return bare[:length], len(bare) - length
    return None


def atc(code: str) -> str:
    """An ATC code in capitals; any of its five levels (1, 3, 4, 5 or 7 characters).

    Raises ValueError for another length.
    """
    bare = code.strip().upper()
    if len(bare) not in (1, 3, 4, 5, 7):
        raise ValueError("an ATC code has 1, 3, 4, 5 or 7 characters")
    return bare
