"""Does a woman have two pregnancies at the same time?

Rule: a pregnancy that starts on or before the last day of an earlier one of the same woman.
Source: data_sources.md §5.4, G9; no published rate, the bound is Transat's.
"""

from __future__ import annotations

from typing import Final

from transat.core.languages import Text
from transat.quality.examined import Examined
from transat.quality.finding import NO_PREGNANCIES, Check, Finding, judge, not_applicable
from transat.quality.thresholds import thresholds

CHECK: Final = Check(
    key="overlapping_pregnancies",
    category="plausibility",
    title=Text("Grossesses qui se chevauchent", "Overlapping pregnancies"),
    question=Text(
        "Une femme a-t-elle deux grossesses à la fois ?",
        "Does a woman have two pregnancies at the same time?",
    ),
    next_step=Text(
        "Regardez les débuts de grossesse : gestations enregistrées et écarts entre issues, puis "
        "refaites les grossesses.",
        "Look at the starts of pregnancy: recorded gestations and gaps between outcomes, then "
        "derive the pregnancies again.",
    ),
    unit=Text("grossesses", "pregnancies"),
)


def find(examined: Examined) -> Finding:
    """Pregnancies that overlap an earlier one, by year of end."""
    bounds = thresholds()[CHECK.key]
    if not examined.rows("known_pregnancy"):
        return not_applicable(CHECK, bounds, NO_PREGNANCIES)
    return judge(CHECK, bounds, examined.by_year("""
        SELECT end_date AS day, coalesce(start_date <= max(end_date) OVER (
                   PARTITION BY person_id ORDER BY start_date, end_date, episode_id
                   ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), false) AS flag
        FROM known_pregnancy"""))  # fmt: skip
