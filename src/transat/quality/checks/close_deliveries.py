"""Does a woman give birth twice within 28 weeks?

Rule: a live birth, stillbirth or delivery less than 196 days after the woman's previous one.
Source: Blotière 2018 (doi 10.1002/pds.4556) asks for 28 weeks between two births.
"""

from __future__ import annotations

from typing import Final

from transat.core.languages import Text
from transat.quality.examined import Examined
from transat.quality.finding import NO_PREGNANCIES, Check, Finding, judge, not_applicable
from transat.quality.thresholds import thresholds

CHECK: Final = Check(
    key="close_deliveries",
    category="plausibility",
    title=Text("Deux accouchements à moins de 28 semaines", "Two deliveries within 28 weeks"),
    question=Text(
        "Une femme accouche-t-elle deux fois en moins de 28 semaines ?",
        "Does a woman give birth twice within 28 weeks?",
    ),
    next_step=Text(
        "Un même accouchement est sans doute compté deux fois (transfert, séjour en double) : "
        "regardez les séjours des jours proches.",
        "One delivery is probably counted twice (transfer, duplicate stay): look at the stays of "
        "nearby days.",
    ),
    unit=Text("accouchements", "deliveries"),
)
LEAST_DAYS: Final = 196
BIRTHS: Final = ("live_birth", "stillbirth", "delivery")


def find(examined: Examined) -> Finding:
    """Deliveries too close to the previous one, by year."""
    bounds = thresholds()[CHECK.key]
    if not examined.rows("known_pregnancy"):
        return not_applicable(CHECK, bounds, NO_PREGNANCIES)
    return judge(CHECK, bounds, examined.by_year(f"""
        SELECT end_date AS day, coalesce(date_diff('day', lag(end_date) OVER (
                   PARTITION BY person_id ORDER BY end_date, episode_id), end_date)
                   < {LEAST_DAYS}, false) AS flag
        FROM known_pregnancy WHERE outcome IN {BIRTHS}"""))  # fmt: skip
