"""Does a pregnancy last longer or shorter than its outcome allows?

Rule: days from start to end outside the extreme durations of the outcome (`gestations.csv`), or an
end before the start. An outcome that the table does not know may last from 1 to 308 days.
Source: Matcho 2018, as pinned by DARWIN EU PregnancyIdentifier 3.3.0.
"""

from __future__ import annotations

import csv
from functools import cache
from importlib.resources import files
from typing import Final

from transat.core.languages import Text
from transat.engines.engine import quoted
from transat.quality.examined import Examined
from transat.quality.finding import NO_PREGNANCIES, Check, Finding, judge, not_applicable
from transat.quality.thresholds import thresholds

CHECK: Final = Check(
    key="impossible_gestation",
    category="plausibility",
    title=Text("Durées de grossesse impossibles", "Impossible lengths of gestation"),
    question=Text(
        "Une grossesse dure-t-elle plus, ou moins, que son issue ne le permet ?",
        "Does a pregnancy last longer, or shorter, than its outcome allows?",
    ),
    next_step=Text(
        "Comparez la gestation enregistrée (semaines ou jours ?) à la date de l'issue.",
        "Compare the recorded gestation (weeks or days?) with the date of the outcome.",
    ),
    unit=Text("grossesses", "pregnancies"),
)
LONGEST: Final = 308


@cache
def limits() -> dict[str, tuple[int, int]]:
    """Shortest and longest gestation of each outcome, in days."""
    lines = files("transat.quality").joinpath("gestations.csv").read_text("utf-8").splitlines()
    return {r["outcome"]: (int(r["min_days"]), int(r["max_days"])) for r in csv.DictReader(lines)}


def find(examined: Examined) -> Finding:
    """Pregnancies of impossible length, by year of end."""
    bounds = thresholds()[CHECK.key]
    if not examined.rows("known_pregnancy"):
        return not_applicable(CHECK, bounds, NO_PREGNANCIES)
    known = " ".join(
        f"WHEN outcome = {quoted(outcome)} THEN days NOT BETWEEN {low} AND {high}"
        for outcome, (low, high) in limits().items()
    )
    return judge(CHECK, bounds, examined.by_year(f"""
        SELECT end_date AS day,
               coalesce(CASE {known} ELSE days NOT BETWEEN 1 AND {LONGEST} END, false) AS flag
        FROM (SELECT end_date, outcome, date_diff('day', start_date, end_date) AS days
              FROM known_pregnancy) AS g"""))  # fmt: skip
