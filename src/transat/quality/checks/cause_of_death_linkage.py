"""How many deaths have a cause, year by year?

Rule: a death with a cause, as a code or a concept. Warns where a year's share is lower than chance
allows under the share published for that year (SNDS), or where years differ by more than 20 points:
a model trained on causes of death would otherwise learn linkage. Years of fewer than 30 deaths are
not compared.
Source: Documentation-SNDS, guide_cepidc, chapter 2 (`published_causes.csv`). Québec publishes no
such table that was found.
"""

from __future__ import annotations

import csv
from dataclasses import replace
from functools import cache
from importlib.resources import files
from math import sqrt
from typing import Final

from transat.core.languages import Text
from transat.quality.examined import Examined
from transat.quality.finding import Check, Finding, Part, judge, not_applicable
from transat.quality.thresholds import thresholds

CHECK: Final = Check(
    key="cause_of_death_linkage",
    category="completeness",
    title=Text("Décès dont la cause est connue", "Deaths with a known cause"),
    question=Text(
        "Quelle part des décès a une cause, année par année ?",
        "What share of deaths has a cause, year by year?",
    ),
    next_step=Text(
        "N'étudiez une cause de décès que sur des années également reliées ; sinon, étudiez le "
        "décès toutes causes.",
        "Study a cause of death only over years that are equally linked; otherwise study death "
        "from all causes.",
    ),
    unit=Text("décès", "deaths"),
)
NO_DEATHS: Final = Text("Ce CDM n'a pas de décès.", "This CDM has no deaths.")
NO_CAUSES: Final = Text("Aucun décès n'a de cause.", "No death has a cause.")
LEAST_DEATHS: Final = 30
#: Standard errors below the published share that chance does not explain (one in a thousand).
FAR: Final = 3.1
WIDEST: Final = 0.20


@cache
def published() -> dict[int, float]:
    """Share of deaths whose cause could be linked, in 0..1, by year (SNDS)."""
    text = files("transat.quality").joinpath("published_causes.csv").read_text("utf-8")
    return {int(r["year"]): float(r["percent"]) / 100 for r in csv.DictReader(text.splitlines())}


def find(examined: Examined) -> Finding:
    """Deaths with a cause, by year, beside the published share."""
    bounds = thresholds()[CHECK.key]
    if not examined.rows("death"):
        return not_applicable(CHECK, bounds, NO_DEATHS)
    parts = examined.by_year(
        "SELECT death_date AS day, cause_source_value IS NOT NULL "
        "OR coalesce(cause_concept_id, 0) <> 0 AS flag FROM death"
    )
    if examined.shore == "snds":
        said = {str(year): share for year, share in published().items()}
        parts = [replace(p, published=said.get(p.label.fr)) for p in parts]
    found = judge(CHECK, bounds, parts)
    if not found.numerator:
        return replace(found, status="warn", reason=NO_CAUSES)
    return replace(found, status="warn" if _uneven(parts) or any(map(_low, parts)) else "pass")


def _low(part: Part) -> bool:
    if part.published is None or part.denominator < LEAST_DEATHS:
        return False
    error = sqrt(part.published * (1 - part.published) / part.denominator)
    return part.numerator / part.denominator < part.published - FAR * error


def _uneven(parts: list[Part]) -> bool:
    shares = [p.numerator / p.denominator for p in parts if p.denominator >= LEAST_DEATHS]
    return bool(shares) and max(shares) - min(shares) > WIDEST
