"""Do pregnancies end as published ones do?

Rule: the share of each outcome beside that of Blotière 2018 (7,559,701 pregnancies of 2007-2014 in
the SNDS). Warns where a share differs from the published one by more than half of it and by more
than chance; a regional or hospital extract differs for good reasons, so this never fails.
Source: doi 10.1002/pds.4556, percentages of the abstract (`published_outcomes.csv`).
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from math import sqrt
from typing import Final

from transat.core.languages import Text
from transat.quality.examined import Examined
from transat.quality.finding import (
    NO_PREGNANCIES,
    Check,
    Finding,
    Part,
    Status,
    not_applicable,
)
from transat.quality.thresholds import thresholds

CHECK: Final = Check(
    key="outcome_split",
    category="plausibility",
    title=Text("Issues de grossesse et parts publiées", "Pregnancy outcomes and published shares"),
    question=Text(
        "Les grossesses finissent-elles comme celles qui sont publiées ?",
        "Do pregnancies end as the published ones do?",
    ),
    next_step=Text(
        "Une issue trop rare manque souvent d'une source : interruptions en ville, actes sans "
        "séjour, codes d'une autre classification.",
        "An outcome that is too rare often lacks a source: terminations in town, acts without a "
        "stay, codes of another classification.",
    ),
    unit=Text("grossesses dont l'issue est connue", "pregnancies of known outcome"),
    detail=Text("issue", "outcome"),
)
FAR: Final = 3.1
HALF: Final = 0.5


@dataclass(frozen=True, slots=True)
class Published:
    """The published share (0..1) of one outcome."""

    label: Text
    share: float


@cache
def published() -> dict[str, Published]:
    """Shares of Blotière 2018 by outcome."""
    text = files("transat.quality").joinpath("published_outcomes.csv").read_text("utf-8")
    return {
        r["outcome"]: Published(Text(r["label_fr"], r["label_en"]), float(r["percent"]) / 100)
        for r in csv.DictReader(text.splitlines())
    }


def find(examined: Examined) -> Finding:
    """Pregnancies by outcome; the numerator is those whose outcome is known."""
    bounds = thresholds()[CHECK.key]
    total = examined.rows("known_pregnancy")
    if not total:
        return not_applicable(CHECK, bounds, NO_PREGNANCIES)
    counted = dict(
        examined.engine.rows("SELECT outcome, count(*) FROM known_pregnancy GROUP BY outcome")
    )
    parts = [
        Part(p.label, int(counted.pop(outcome, 0)), total, p.share)
        for outcome, p in published().items()
    ]
    known = total - sum(counted.values())
    status: Status = "warn" if any(map(_far, parts)) else "pass"
    return Finding(CHECK, status, known, total, tuple(parts), bounds, partition=False)


def _far(part: Part) -> bool:
    if part.published is None:
        return False
    gap = abs(part.numerator / part.denominator - part.published)
    error = sqrt(part.published * (1 - part.published) / part.denominator)
    return gap > HALF * part.published and gap > FAR * error
