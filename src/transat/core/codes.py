"""Codes as two countries write them, brought to one form; compared by vocabulary and code only."""

from __future__ import annotations

from typing import Final

CIM10: Final = "CIM10"
ICD10CA: Final = "ICD10CA"
ICD9: Final = "ICD9"
ICD10: Final = "ICD10"
CCAM: Final = "CCAM"
RAMQ_ACT: Final = "RAMQ_ACT"
PRS_NAT: Final = "PRS_NAT"
CIP13: Final = "CIP13"
UCD7: Final = "UCD7"
DIN: Final = "DIN"
ATC: Final = "ATC"
GHM: Final = "GHM"
TRANSAT: Final = "Transat"

VOCABULARIES: Final = (
    CIM10, ICD10CA, ICD9, ICD10, CCAM, RAMQ_ACT, PRS_NAT, CIP13, UCD7, DIN, ATC, GHM, TRANSAT,
)  # fmt: skip


def undotted(code: str) -> str:
    """An ICD code without dot, star, dagger or spaces, in capitals: 'q05.4 ' -> 'Q054'."""
    return "".join(c for c in code.upper() if c.isalnum())


def icd10_who(code: str, length: int = 4) -> str:
    """The WHO form of an ICD-10 code, cut to `length` characters, with its dot.

    French PMSI extensions (Z3711) and ICD-10-CA sixth digits are cut back: 'Z3711' -> 'Z37.1'.
    """
    bare = undotted(code)[:length]
    return bare if len(bare) <= 3 else f"{bare[:3]}.{bare[3:]}"


def atc(code: str) -> str:
    """An ATC code in capitals; any of its five levels (1, 3, 4, 5 or 7 characters).

    Raises ValueError for another length.
    """
    bare = code.strip().upper()
    if len(bare) not in (1, 3, 4, 5, 7):
        raise ValueError("an ATC code has 1, 3, 4, 5 or 7 characters")
    return bare
