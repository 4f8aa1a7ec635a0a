"""Ends of pregnancies and gestations as OMOP standard concepts, for CDMs that others wrote.

The HIP concepts of DARWIN EU's PregnancyIdentifier (Apache-2.0), ids and categories only. An end
of category AB is read as elective and of category SB as stillbirth: standard concepts do not say
more. Our own CDMs have none of these ids.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import pyarrow as pa

from transat.cohorts.code_sets import read_csv

if TYPE_CHECKING:
    from transat.engines.engine import Engine

CATEGORIES: Final = {
    "LB": "live_birth",
    "SB": "stillbirth",
    "ECT": "ectopic",
    "AB": "elective_termination",
    "SA": "spontaneous_abortion",
    "DELIV": "delivery",
}

#: person_id, day, weeks: concepts that name a week, and measured gestational ages.
WEEK_RECORDS: Final = """
    SELECT person_id, condition_start_date AS day, weeks
    FROM condition_occurrence JOIN standard_week ON condition_concept_id = concept_id
    UNION ALL
    SELECT person_id, procedure_date, weeks
    FROM procedure_occurrence JOIN standard_week ON procedure_concept_id = concept_id
    UNION ALL
    SELECT person_id, observation_date, weeks
    FROM observation JOIN standard_week ON observation_concept_id = concept_id
    UNION ALL
    SELECT person_id, measurement_date, coalesce(weeks, value_as_number)
    FROM measurement JOIN standard_week ON measurement_concept_id = concept_id"""


def register_standard(engine: Engine) -> None:
    """Make `standard_outcome` (concept_id, set_key) and `standard_week` (concept_id, weeks).

    `weeks` is null where the record's own value holds them.
    """
    rows = read_csv("standard_pregnancy_concepts.csv")
    ends = [row for row in rows if row["category"] in CATEGORIES]
    dated = [row for row in rows if row["weeks"]]
    engine.register(
        "standard_outcome",
        pa.table(
            {
                "concept_id": [int(row["concept_id"]) for row in ends],
                "set_key": [CATEGORIES[row["category"]] for row in ends],
            }
        ),
    )
    engine.register(
        "standard_week",
        pa.table(
            {
                "concept_id": [int(row["concept_id"]) for row in dated],
                "weeks": pa.array(
                    [None if row["weeks"] == "value" else float(row["weeks"]) for row in dated],
                    pa.float64(),
                ),
            }
        ),
    )


def unregister_standard(engine: Engine) -> None:
    """Forget what `register_standard` made."""
    engine.unregister("standard_outcome")
    engine.unregister("standard_week")
