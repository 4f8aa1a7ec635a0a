"""Is a dispensing outside the days on which its person's medicines were covered?

Rule: a drug exposure that starts on a day of no PAYER_PLAN_PERIOD of its person.
Source: about 36 % of Québec's population is covered for drugs (s12874-018-0494-x,
data_sources.md §0.7): a day without cover is unknown, not unexposed, so a line there tells that
the periods are wrong.
"""

from __future__ import annotations

from typing import Final

from transat.core.languages import Text
from transat.quality.examined import Examined
from transat.quality.finding import Check, Finding, judge, not_applicable
from transat.quality.thresholds import thresholds

CHECK: Final = Check(
    key="exposure_outside_coverage",
    category="plausibility",
    title=Text("Remises hors de la couverture", "Dispensings outside coverage"),
    question=Text(
        "Une remise tombe-t-elle un jour où les médicaments de la personne n'étaient pas "
        "couverts ?",
        "Does a dispensing fall on a day when the person's medicines were not covered?",
    ),
    next_step=Text(
        "Vérifiez les périodes de couverture : une période manquante fait passer des personnes "
        "exposées pour non exposées.",
        "Check the coverage periods: a missing one makes exposed people look unexposed.",
    ),
    unit=Text("remises de médicament", "dispensings"),
)
NO_COVERAGE: Final = Text(
    "Ce CDM n'a pas de périodes de couverture (payer_plan_period).",
    "This CDM has no coverage periods (payer_plan_period).",
)


def find(examined: Examined) -> Finding:
    """Dispensings of uncovered days, by year."""
    bounds = thresholds()[CHECK.key]
    if not examined.rows("payer_plan_period"):
        return not_applicable(CHECK, bounds, NO_COVERAGE)
    # Distinct days first: a person has fewer of them than lines.
    days = """
        WITH bought AS (
            SELECT person_id, drug_exposure_start_date AS day, count(*) AS lines
            FROM drug_exposure GROUP BY person_id, drug_exposure_start_date),
        covered AS (
            SELECT DISTINCT b.person_id, b.day FROM bought AS b
            JOIN payer_plan_period AS p ON p.person_id = b.person_id
             AND b.day BETWEEN p.payer_plan_period_start_date AND p.payer_plan_period_end_date)
        SELECT b.day, b.lines, c.person_id IS NULL AS flag FROM bought AS b
        LEFT JOIN covered AS c ON c.person_id = b.person_id AND c.day = b.day"""
    return judge(CHECK, bounds, examined.by_year(days, "lines"))
