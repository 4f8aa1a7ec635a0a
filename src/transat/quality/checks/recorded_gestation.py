"""Is a recorded gestational age one that a pregnancy can have?

Rule: a recorded gestational age under 3 or over 46 completed weeks (in days for Transat's own
measurements in days). Sentinel values (0, 99) show here first.
Source: the bounds are Transat's; the standard concepts are those of DARWIN EU PregnancyIdentifier
3.3.0 whose value is a number of weeks.
"""

from __future__ import annotations

from typing import Final

from transat.core.languages import Text
from transat.quality.examined import Examined
from transat.quality.finding import Check, Finding, judge
from transat.quality.thresholds import thresholds

CHECK: Final = Check(
    key="recorded_gestation",
    category="plausibility",
    title=Text(
        "Âges gestationnels enregistrés impossibles", "Impossible recorded gestational ages"
    ),
    question=Text(
        "Un âge gestationnel enregistré est-il possible (3 à 46 semaines) ?",
        "Is a recorded gestational age possible (3 to 46 weeks)?",
    ),
    next_step=Text(
        "Cherchez une valeur qui veut dire « inconnu », ou des jours lus comme des semaines.",
        "Look for a value that means unknown, or days read as weeks.",
    ),
    unit=Text("mesures", "measurements"),
)
WEEKS: Final = (3, 46)
#: Measurements whose value is a number of weeks, in the standard vocabularies.
STANDARD_WEEKS: Final = (3002209, 3012266, 3048230)


def find(examined: Examined) -> Finding:
    """Gestational ages out of bounds, by year of measurement."""
    low, high = WEEKS
    named = ", ".join(map(str, STANDARD_WEEKS))
    return judge(CHECK, thresholds()[CHECK.key], examined.by_year(f"""
        SELECT m.measurement_date AS day,
               m.value_as_number / g.days NOT BETWEEN {low} AND {high} + 1 AS flag
        FROM measurement AS m JOIN (
            SELECT concept_id, CASE WHEN concept_code = 'gestational_age_weeks' THEN 1.0
                                    ELSE 7.0 END AS days
            FROM concept WHERE vocabulary_id = 'Transat' AND concept_code IN
                ('gestational_age_weeks', 'gestational_age_days')
            UNION ALL SELECT id, 1.0 FROM (SELECT unnest([{named}]) AS id) AS standard
        ) AS g ON g.concept_id = m.measurement_concept_id
        WHERE m.value_as_number IS NOT NULL"""))  # fmt: skip
