"""The pharmacy codes of the studies' drugs, and the moves of the ATC between vintages.

`drug_codes.csv` holds up to six real codes per vocabulary for about 110 drugs (the studied ones and
common ones, so that a scan meets many null pairs). CIP13 come from the French referential of 2017,
UCD7 from the French hospital list by product name, DIN from the Canadian Drug Product Database
(April 2026, cancelled products 2017). The ATC is of one vintage, 2026: a code filed under an older
ATC is moved by `atc_drift.csv` and says so in `source`. Fluindione stays under its five-character
ATC `B01AA`, as the French referential has it (rule T16).
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Literal

Vocabulary = Literal["CIP13", "UCD7", "DIN"]


@dataclass(frozen=True, slots=True)
class DrugCode:
    """One pharmacy code.

    vocabulary: CIP13 (13 digits), UCD7 (7 digits) or DIN (8 digits, leading zeros kept).
    atc: vintage 2026. strength: amount per unit in `unit`. units_per_pack: tablets in one box.
    dose_tier: 1, 2, 3 where one box per 30 days tells the tier, else None.
    checked: 'yes' (code and ATC on one line of the referential) or 'by name'.
    """

    vocabulary: str
    code: str
    atc: str
    substance: str
    strength: float | None
    unit: str
    units_per_pack: float | None
    dose_tier: int | None
    source: str
    checked: str


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None


@cache
def drug_codes() -> tuple[DrugCode, ...]:
    """All codes, ordered by ATC, vocabulary, code."""
    text = files("transat.tables").joinpath("drug_codes.csv").read_text("utf-8")
    return tuple(
        DrugCode(
            vocabulary=row["vocabulary"],
            code=row["code"],
            atc=row["atc"],
            substance=row["substance"],
            strength=_number(row["strength"]),
            unit=row["unit"],
            units_per_pack=_number(row["units_per_pack"]),
            dose_tier=int(row["dose_tier"]) if row["dose_tier"] else None,
            source=row["source"],
            checked=row["checked"],
        )
        for row in csv.DictReader(text.splitlines())
    )


@cache
def codes_of(vocabulary: Vocabulary, atc: str, dose_tier: int = 0) -> tuple[DrugCode, ...]:
    """The codes of a drug; those of its dose tier when the box tells it, else all of them.

    dose_tier: 0 for none. An empty answer means: the drug has no code in that vocabulary.
    """
    found = tuple(c for c in drug_codes() if c.vocabulary == vocabulary and c.atc == atc)
    of_tier = tuple(c for c in found if dose_tier and c.dose_tier == dose_tier)
    return of_tier or found


@cache
def substances() -> dict[str, str]:
    """ATC -> international non-proprietary name (English)."""
    return {c.atc: c.substance for c in drug_codes()}


@cache
def atc_drift() -> dict[str, str]:
    """Old ATC -> ATC of 2026 (data_sources.md §3.5: moves between the 2017 and 2026 files)."""
    text = files("transat.tables").joinpath("atc_drift.csv").read_text("utf-8")
    return {row["old"]: row["new"] for row in csv.DictReader(text.splitlines())}


@cache
def hospital_names() -> dict[str, str]:
    """Brand or substance of a hospital drug, in capitals -> its ATC of 2026.

    `hospital_names.csv`: names of the French hospital list (NU_UCD_R 2018) that Health Canada's
    Drug Product Database of April 2026 files under one ATC only, as a brand or an ingredient.
    """
    text = files("transat.tables").joinpath("hospital_names.csv").read_text("utf-8")
    return {row["name"]: row["atc"] for row in csv.DictReader(text.splitlines())}
