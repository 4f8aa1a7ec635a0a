"""Does a child born in the data have a mother?

Rule: a person born within the days that the CDM observes (the first to the last day of its
observation periods) whom FACT_RELATIONSHIP ties to no mother.
Source: data_sources.md §1.5; no rate was found for live births (§8.7), 86.6 % of mother and
stillbirth pairs could be linked (RHEOP registry on the PMSI of 2012-13).
"""

from __future__ import annotations

from typing import Final

from transat.core.languages import Text
from transat.quality.examined import Examined
from transat.quality.finding import Check, Finding, judge, not_applicable
from transat.quality.thresholds import thresholds

CHECK: Final = Check(
    key="newborn_without_mother",
    category="completeness",
    title=Text("Nouveau-nés sans mère", "Newborns without a mother"),
    question=Text(
        "Un enfant né dans les données a-t-il une mère ?",
        "Does a child born in the data have a mother?",
    ),
    next_step=Text(
        "Regardez le numéro mère-enfant de l'extrait, année par année : il existe depuis 2013 dans "
        "le PMSI.",
        "Look at the extract's mother-child number, year by year: the PMSI has it since 2013.",
    ),
    unit=Text("enfants", "children"),
)
NO_LINKS: Final = Text(
    "Ce CDM ne relie aucune mère à un enfant.", "This CDM links no mother to a child."
)


def find(examined: Examined) -> Finding:
    """Children without a mother, by year of birth."""
    bounds = thresholds()[CHECK.key]
    if not examined.rows("mother_infant"):
        return not_applicable(CHECK, bounds, NO_LINKS)
    return judge(CHECK, bounds, examined.by_year("""
        SELECT b.birth_date AS day, m.infant_id IS NULL AS flag
        FROM born AS b
        LEFT JOIN (SELECT DISTINCT infant_id FROM mother_infant) AS m ON m.infant_id = b.person_id
        WHERE b.birth_date >= (SELECT min(observation_period_start_date) FROM observation_period)
          AND b.birth_date <= (SELECT max(observation_period_end_date) FROM observation_period)
        """))  # fmt: skip
