"""How many live births have their child, year by year?

Rule: a live birth with a linked child of that woman born within 7 days of it (16 where the day of
birth is not known), as the cohorts link them.
Source: 86.6 % of mother-stillbirth pairs (RHEOP registry study on the PMSI of 2012-13,
data_sources.md §1.5), an orientation only: no published rate was found for live births.
"""

from __future__ import annotations

from typing import Final

from transat.core.languages import Text
from transat.quality.examined import LINK_DAYS, MONTH_DAYS, Examined
from transat.quality.finding import NO_PREGNANCIES, Check, Finding, judge, not_applicable
from transat.quality.thresholds import thresholds

CHECK: Final = Check(
    key="mother_child_linkage",
    category="completeness",
    title=Text("Naissances vivantes reliées à leur enfant", "Live births linked to their child"),
    question=Text(
        "Quelle part des naissances vivantes a son enfant dans les données, année par année ?",
        "What share of live births has its child in the data, year by year?",
    ),
    next_step=Text(
        "N'étudiez que les années bien reliées, ou dites la part perdue : les enfants manquants ne "
        "le sont pas au hasard.",
        "Study only the years that are well linked, or state the share lost: missing children are "
        "not missing at random.",
    ),
    unit=Text("naissances vivantes", "live births"),
)


def find(examined: Examined) -> Finding:
    """Live births with a linked child, by year."""
    bounds = thresholds()[CHECK.key]
    if not examined.rows("known_pregnancy"):
        return not_applicable(CHECK, bounds, NO_PREGNANCIES)
    return judge(CHECK, bounds, examined.by_year(f"""
        WITH linked AS (
            SELECT DISTINCT g.episode_id FROM known_pregnancy AS g
            JOIN mother_infant AS m ON m.mother_id = g.person_id
            JOIN born AS b ON b.person_id = m.infant_id
            WHERE abs(date_diff('day', g.end_date, b.birth_date))
                  <= CASE WHEN b.day_known THEN {LINK_DAYS} ELSE {MONTH_DAYS} END)
        SELECT g.end_date AS day, l.episode_id IS NOT NULL AS flag
        FROM known_pregnancy AS g LEFT JOIN linked AS l ON l.episode_id = g.episode_id
        WHERE g.outcome = 'live_birth'"""))  # fmt: skip
