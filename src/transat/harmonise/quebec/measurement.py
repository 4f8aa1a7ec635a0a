"""MEASUREMENT: gestational age and birth weight, from births, hospital losses and stays.

Gestational age belongs to the mother's stay; birth weight to the child, in its birth stay where
there is one, and to the mother's stay when the child was stillborn and is nobody's record. What a
stay says is taken where no birth or loss file says it of the same person and stay.
"""

from __future__ import annotations

from typing import Final

from transat.core.codes import TRANSAT
from transat.engines.engine import Engine
from transat.harmonise import echo_registry
from transat.harmonise.concepts import concept_sql
from transat.harmonise.context import Context
from transat.tables.omop import CLAIM_RECORD

NAME: Final = "measurement"
CODES: Final = echo_registry.CODES

_BIRTH_STAY: Final = """
    SELECT person_id, min(stay_id) AS stay_id FROM stay
    WHERE newborn GROUP BY person_id
"""

_FILES: Final = f"""
    SELECT DISTINCT person_id, stay_id, day, 'gestational_age_days' AS kind,
           gestation AS value, 'AGE_GESTATIONNEL_JOURS' AS native, 0 AS rank
    FROM birth
    UNION ALL
    SELECT DISTINCT g.person_id, g.stay_id, s.admission, 'gestational_age_days',
           g.AGE_GESTATIONNEL_JOURS, 'AGE_GESTATIONNEL_JOURS', 0
    FROM kept_GROSSESSES_HOSP AS g JOIN stay AS s ON s.stay_id = g.stay_id
    UNION ALL
    SELECT coalesce(n.child_id, n.person_id),
           CASE WHEN n.child_id IS NULL THEN n.stay_id ELSE b.stay_id END,
           n.day, 'birth_weight_g', n.weight, 'POIDS_GRAMMES', n.rank
    FROM birth AS n
    LEFT JOIN ({_BIRTH_STAY}) AS b ON b.person_id = n.child_id
"""

#: gestation_kind says the unit of the stay's own column, which the mapping file gives.
_STAYS: Final = """
    SELECT person_id, stay_id, admission AS day, gestation_kind AS kind, gestation AS value,
           'AGE_GESTATIONNEL' AS native, 0 AS rank
    FROM stay WHERE gestation IS NOT NULL
    UNION ALL
    SELECT person_id, stay_id, admission, 'birth_weight_g', weight, 'POIDS_GRAMMES', 0
    FROM stay WHERE newborn AND weight IS NOT NULL
"""

_UNITS: Final = "CASE x.kind WHEN 'birth_weight_g' THEN 'g' WHEN 'gestational_age_weeks' THEN 'wk' "


def build(engine: Engine, context: Context) -> str:
    """One row per pregnancy end for gestational age; one per birth for weight."""
    return echo_registry.with_echos(
        f"""
        WITH told AS (
            SELECT * FROM ({_FILES}) AS f WHERE value IS NOT NULL AND person_id IS NOT NULL
        ), x AS (
            SELECT * FROM told
            UNION ALL
            SELECT s.* FROM ({_STAYS}) AS s WHERE NOT EXISTS (
                SELECT 1 FROM told WHERE told.person_id = s.person_id
                AND told.stay_id = s.stay_id AND left(told.kind, 5) = left(s.kind, 5)
            )
        )
        SELECT CAST(row_number() OVER (
                   ORDER BY x.person_id, x.day, x.kind, x.stay_id, x.rank, x.value
               ) AS INTEGER) AS measurement_id,
               x.person_id, k.concept_id AS measurement_concept_id,
               x.day AS measurement_date, {CLAIM_RECORD} AS measurement_type_concept_id,
               x.value AS value_as_number, x.stay_id AS visit_occurrence_id,
               x.native AS measurement_source_value,
               k.concept_id AS measurement_source_concept_id,
               {_UNITS} ELSE 'd' END AS unit_source_value,
               CAST(x.value AS VARCHAR) AS value_source_value
        FROM x
        {concept_sql(TRANSAT, "x.kind", "k")}
    """,
        "value_source_value",
    )
