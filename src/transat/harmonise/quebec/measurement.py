"""MEASUREMENT: gestational age and birth weight, from NAISSANCES and GROSSESSES_HOSP.

Gestational age belongs to the mother's stay; birth weight to the child, in its birth stay where
there is one, and to the mother's stay when the child was stillborn and is nobody's record.
"""

from __future__ import annotations

from typing import Final

from transat.core.codes import TRANSAT
from transat.engines.engine import Engine
from transat.harmonise.concepts import concept_sql
from transat.harmonise.context import Context
from transat.tables.omop import CLAIM_RECORD

NAME: Final = "measurement"
CODES: Final[tuple[str, ...]] = ()

_BIRTH_STAY: Final = """
    SELECT person_id, min(stay_id) AS stay_id FROM stay
    WHERE newborn GROUP BY person_id
"""

_VALUES: Final = f"""
    SELECT DISTINCT person_id, stay_id, DATE_NAISSANCE AS day, 'gestational_age_days' AS kind,
           AGE_GESTATIONNEL_JOURS AS value, 'AGE_GESTATIONNEL_JOURS' AS native, 0 AS rank
    FROM kept_NAISSANCES
    UNION ALL
    SELECT DISTINCT g.person_id, g.stay_id, s.admission, 'gestational_age_days',
           g.AGE_GESTATIONNEL_JOURS, 'AGE_GESTATIONNEL_JOURS', 0
    FROM kept_GROSSESSES_HOSP AS g JOIN stay AS s ON s.stay_id = g.stay_id
    UNION ALL
    SELECT coalesce(n.child_id, n.person_id),
           CASE WHEN n.child_id IS NULL THEN n.stay_id ELSE b.stay_id END,
           n.DATE_NAISSANCE, 'birth_weight_g', n.POIDS_GRAMMES, 'POIDS_GRAMMES',
           coalesce(n.RANG_NAISSANCE, 0)
    FROM kept_NAISSANCES AS n
    LEFT JOIN ({_BIRTH_STAY}) AS b ON b.person_id = n.child_id
"""


def build(engine: Engine, context: Context) -> str:
    """One row per pregnancy end for gestational age; one per birth for weight."""
    return f"""
        SELECT CAST(row_number() OVER (
                   ORDER BY x.person_id, x.day, x.kind, x.stay_id, x.rank, x.value
               ) AS INTEGER) AS measurement_id,
               x.person_id, k.concept_id AS measurement_concept_id,
               x.day AS measurement_date, {CLAIM_RECORD} AS measurement_type_concept_id,
               x.value AS value_as_number, x.stay_id AS visit_occurrence_id,
               x.native AS measurement_source_value,
               k.concept_id AS measurement_source_concept_id,
               CASE x.kind WHEN 'birth_weight_g' THEN 'g' ELSE 'd' END AS unit_source_value,
               CAST(x.value AS VARCHAR) AS value_source_value
        FROM ({_VALUES}) AS x
        {concept_sql(TRANSAT, "x.kind", "k")}
        WHERE x.value IS NOT NULL AND x.person_id IS NOT NULL
    """
