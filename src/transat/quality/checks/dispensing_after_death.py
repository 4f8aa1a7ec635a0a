"""Is a medicine dispensed to a person who has died?

Rule: a drug exposure that starts after the day of death.
Source: plausibleBeforeDeath of DataQualityDashboard 2.8.4 leaves 60 days and 1 %; here, no day.
"""

from __future__ import annotations

from typing import Final

from transat.core.languages import Text
from transat.quality.checks.cause_of_death_linkage import NO_DEATHS
from transat.quality.examined import Examined
from transat.quality.finding import Check, Finding, judge, not_applicable
from transat.quality.thresholds import thresholds

CHECK: Final = Check(
    key="dispensing_after_death",
    category="plausibility",
    title=Text("Remises après le décès", "Dispensings after death"),
    question=Text(
        "Une personne décédée reçoit-elle des médicaments ?",
        "Does a person who has died receive medicines?",
    ),
    next_step=Text(
        "Cherchez deux personnes sous un même numéro, ou une date de décès fausse.",
        "Look for two people under one number, or a wrong date of death.",
    ),
    unit=Text("remises aux personnes décédées", "dispensings to people who died"),
)


def find(examined: Examined) -> Finding:
    """Dispensings after death among those of people who died, by year."""
    bounds = thresholds()[CHECK.key]
    if not examined.rows("death"):
        return not_applicable(CHECK, bounds, NO_DEATHS)
    return judge(CHECK, bounds, examined.by_year("""
        SELECT e.drug_exposure_start_date AS day, e.drug_exposure_start_date > d.death_date AS flag
        FROM drug_exposure AS e
        JOIN (SELECT person_id, min(death_date) AS death_date FROM death GROUP BY person_id) AS d
          ON d.person_id = e.person_id"""))  # fmt: skip
