"""Is a mother younger than 10, or older than 60?

Rule: the age at the end of a pregnancy, at the birth of a linked child, or at a diagnosis of the
outcome of delivery (Z37 in ICD-10, V27 in ICD-9), outside 10 to 60 years, from birth date to day.
Source: data_sources.md §5.4, G9 (younger than 10); the upper bound is Transat's. A child on its
mother's number, or a mother's record on her child's, shows here.
"""

from __future__ import annotations

from typing import Final

from transat.core.languages import Text
from transat.quality.examined import Examined
from transat.quality.finding import Check, Finding, judge
from transat.quality.thresholds import thresholds

CHECK: Final = Check(
    key="mother_age",
    category="plausibility",
    title=Text("Mères de moins de 10 ans ou de plus de 60", "Mothers younger than 10 or over 60"),
    question=Text(
        "Une mère a-t-elle un âge impossible à l'accouchement ?",
        "Does a mother have an impossible age at delivery?",
    ),
    next_step=Text(
        "Cherchez une mère et un enfant qui partagent un numéro, ou une année de naissance fausse.",
        "Look for a mother and a child who share a number, or a wrong year of birth.",
    ),
    unit=Text("accouchements ou grossesses", "deliveries or pregnancies"),
)
AGES: Final = (10, 61)


def find(examined: Examined) -> Finding:
    """Deliveries, pregnancies and births at impossible ages, one a woman and day, by year."""
    low, high = AGES
    return judge(CHECK, thresholds()[CHECK.key], examined.by_year(f"""
        WITH outcome_code AS (
            SELECT concept_id FROM concept
            WHERE (vocabulary_id IN ('CIM10', 'ICD10', 'ICD10CA', 'ICD10CM')
                   AND replace(concept_code, '.', '') LIKE 'Z37%')
               OR (vocabulary_id IN ('ICD9', 'ICD9CM')
                   AND replace(concept_code, '.', '') LIKE 'V27%')),
        delivered AS (
            SELECT person_id, end_date AS day FROM known_pregnancy
            UNION
            SELECT m.mother_id, b.birth_date FROM mother_infant AS m
            JOIN born AS b ON b.person_id = m.infant_id
            UNION
            SELECT person_id, condition_start_date FROM condition_occurrence
            WHERE condition_source_concept_id IN (SELECT concept_id FROM outcome_code)
               OR condition_concept_id IN (SELECT concept_id FROM outcome_code))
        SELECT d.day, date_diff('day', b.birth_date, d.day) / 365.25 < {low}
                      OR date_diff('day', b.birth_date, d.day) / 365.25 >= {high} AS flag
        FROM delivered AS d JOIN born AS b USING (person_id)
        WHERE d.day IS NOT NULL AND b.birth_date IS NOT NULL"""))  # fmt: skip
