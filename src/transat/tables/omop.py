"""The tables of the OMOP Common Data Model 5.4 that Transat writes and reads.

Column names, types and obligations come from OHDSI's field-level file of CDM 5.4
(OHDSI/DataQualityDashboard 2.8.4, Apache-2.0), kept beside this module in `omop_5_4.csv`.
Text columns are unbounded here: Parquet stores them as dictionary codes.
"""

from __future__ import annotations

import csv
from functools import cache
from importlib import resources
from itertools import groupby
from typing import Final, cast

from transat.tables.column import Column, ColumnType, Table

VERSION: Final = "5.4"

#: Local concepts live above this bound (OHDSI's rule for concepts of one's own).
LOCAL_CONCEPTS_ABOVE: Final = 2_000_000_000

#: Transat's own relationship: from a source concept to the ATC or ICD-10 concept of its code.
HAS_STUDY_CODE: Final = "Has study code"
STUDY_CODE_OF: Final = "Study code of"

#: Standard concept ids used without a vocabulary: they are constants of the model itself.
FEMALE: Final = 8532
MALE: Final = 8507
INPATIENT_VISIT: Final = 9201
OUTPATIENT_VISIT: Final = 9202
EMERGENCY_VISIT: Final = 9203
CLAIM_RECORD: Final = 32810
EHR_RECORD: Final = 32817
REGISTRY_RECORD: Final = 32879

#: The physical order of each clinical table: person first, then concept, then date, then row id.
_SORT: Final[dict[str, tuple[str, ...]]] = {
    "person": ("person_id",),
    "observation_period": ("person_id", "observation_period_start_date"),
    "payer_plan_period": ("person_id", "payer_plan_period_start_date"),
    "visit_occurrence": ("person_id", "visit_concept_id", "visit_start_date"),
    "visit_detail": ("person_id", "visit_detail_concept_id", "visit_detail_start_date"),
    "condition_occurrence": ("person_id", "condition_concept_id", "condition_start_date"),
    "drug_exposure": ("person_id", "drug_concept_id", "drug_exposure_start_date"),
    "procedure_occurrence": ("person_id", "procedure_concept_id", "procedure_date"),
    "device_exposure": ("person_id", "device_concept_id", "device_exposure_start_date"),
    "measurement": ("person_id", "measurement_concept_id", "measurement_date"),
    "observation": ("person_id", "observation_concept_id", "observation_date"),
    "death": ("person_id",),
    "episode": ("person_id", "episode_start_date", "episode_id"),
    "episode_event": ("episode_id", "event_id", "episode_event_field_concept_id"),
    "fact_relationship": ("fact_id_1", "fact_id_2", "relationship_concept_id"),
    "location": ("location_id",),
    "care_site": ("care_site_id",),
    "provider": ("provider_id",),
    "concept": ("concept_id",),
    "vocabulary": ("vocabulary_id",),
    "domain": ("domain_id",),
    "concept_class": ("concept_class_id",),
    "relationship": ("relationship_id",),
    "concept_relationship": ("concept_id_1", "relationship_id", "concept_id_2"),
    "concept_ancestor": ("ancestor_concept_id", "descendant_concept_id"),
    "concept_synonym": ("concept_id", "language_concept_id", "concept_synonym_name"),
    "drug_strength": ("drug_concept_id", "ingredient_concept_id"),
    "source_to_concept_map": (
        "source_vocabulary_id",
        "source_code",
        "target_vocabulary_id",
        "target_concept_id",
    ),
}

#: The tables of vocabularies: sorted as they say, without a row id of their own.
VOCABULARY_TABLES: Final = (
    "concept",
    "vocabulary",
    "domain",
    "concept_class",
    "relationship",
    "concept_relationship",
    "concept_ancestor",
    "concept_synonym",
    "drug_strength",
    "source_to_concept_map",
)


@cache
def tables() -> dict[str, Table]:
    """All declared OMOP tables by name; their columns in alphabetical order, as the source."""
    source = resources.files("transat.tables").joinpath("omop_5_4.csv")
    rows = list(csv.DictReader(source.read_text("utf-8").splitlines()))
    return {
        name: Table(name, tuple(_column(r) for r in group), _order(name), source="OMOP CDM 5.4")
        for name, group in groupby(rows, key=lambda r: r["table"])
    }


def _column(row: dict[str, str]) -> Column:
    return Column(row["column"], cast(ColumnType, row["type"]), row["required"] == "yes")


def _order(name: str) -> tuple[str, ...]:
    """The declared order, made total by the table's own id where it has one."""
    order = _SORT.get(name, ())
    own_id = f"{name}_id"
    keyless = {"person", "death", "episode_event", "fact_relationship", *VOCABULARY_TABLES}
    ties = name not in keyless
    return (*order, own_id) if order and ties and own_id not in order else order


def standard_concepts() -> list[dict[str, str]]:
    """The standard concepts that the model itself needs: sexes, visits, types of record, ranks.

    Rows of `standard_concepts.csv`: ids and domains are facts of OHDSI's own vocabularies. Column
    `checked` is 'yes' for those met in a public vocabulary file (Eunomia), 'partly' for ids met
    in public code only.
    """
    source = resources.files("transat.tables").joinpath("standard_concepts.csv")
    return list(csv.DictReader(source.read_text("utf-8").splitlines()))
