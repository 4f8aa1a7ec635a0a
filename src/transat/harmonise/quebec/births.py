"""Births as two files tell them (NAISSANCES, MORTINAISSANCES), and what stays say of them."""

from __future__ import annotations

from transat.engines.engine import Engine
from transat.harmonise.context import Context


def gather_births(engine: Engine, context: Context) -> None:
    """Make the view `birth`: person_id (mother), child_id, stay_id (hers), day, gestation, weight,
    rank, live.
    """
    context.materialise(
        engine,
        "birth",
        """
        SELECT person_id, child_id, stay_id, DATE_NAISSANCE AS day,
               AGE_GESTATIONNEL_JOURS AS gestation, POIDS_GRAMMES AS weight,
               coalesce(RANG_NAISSANCE, 0) AS rank, VIVANT <> '0' AS live
        FROM kept_NAISSANCES
        UNION ALL
        SELECT person_id, NULL, stay_id, DATE_ACCOUCHEMENT, AGE_GESTATIONNEL_JOURS, POIDS_GRAMMES,
               coalesce(RANG_NAISSANCE, 0), false
        FROM kept_MORTINAISSANCES
        """,
    )
