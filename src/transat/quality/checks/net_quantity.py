"""Is a dispensing's quantity zero or negative?

Rule: a drug exposure whose recorded quantity is zero or less: a reversal that was not netted (trap
T4 of the SNDS: negatives are summed with their line, never kept or dropped alone). Where every
quantity is zero, they are not recorded, and it only warns.
Source: Documentation-SNDS; none of DQD's 27 check types looks at it (data_sources.md §0.3).
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from transat.core.languages import Text
from transat.quality.examined import Examined
from transat.quality.finding import Check, Finding, judge
from transat.quality.thresholds import thresholds

CHECK: Final = Check(
    key="net_quantity",
    category="plausibility",
    title=Text("Quantités nettes nulles ou négatives", "Net quantities of zero or less"),
    question=Text(
        "Une remise a-t-elle une quantité nulle ou négative ?",
        "Does a dispensing have a quantity of zero or less?",
    ),
    next_step=Text(
        "Compensez les annulations avec leurs lignes d'origine (règle T4), puis refaites le CDM.",
        "Net the reversals with their original lines (rule T4), then make the CDM again.",
    ),
    unit=Text("remises de médicament", "dispensings"),
)

NEVER: Final = Text(
    "Toutes les quantités sont nulles : elles ne sont pas enregistrées.",
    "Every quantity is zero: they are not recorded.",
)


def find(examined: Examined) -> Finding:
    """Dispensings of no or negative quantity, by year; those without a quantity are left out."""
    found = judge(CHECK, thresholds()[CHECK.key], examined.by_year(
        "SELECT drug_exposure_start_date AS day, quantity <= 0 AS flag "
        "FROM drug_exposure WHERE quantity IS NOT NULL"
    ))  # fmt: skip
    if found.numerator == found.denominator and found.numerator:
        none = examined.engine.scalar("SELECT count(*) FROM drug_exposure WHERE quantity <> 0")
        if not none:
            return replace(found, status="warn", reason=NEVER)
    return found
