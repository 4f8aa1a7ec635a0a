"""Is a folder a CDM that can be read? Footers only: said in a moment, before any long work."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Final

from transat.core.errors import InputError
from transat.core.languages import Text
from transat.tables.omop import tables as omop_tables

if TYPE_CHECKING:
    from transat.engines.cdm import Cdm

#: Without these a table says nothing of whom, what or when. Others may be missing: a query then
#: reads null (an older CDM, a partial one).
NEEDED: Final[Mapping[str, tuple[str, ...]]] = {
    "person": ("person_id", "gender_concept_id", "year_of_birth"),
    "observation_period": (
        "person_id", "observation_period_start_date", "observation_period_end_date",
    ),
    "visit_occurrence": ("visit_occurrence_id", "person_id", "visit_start_date"),
    "condition_occurrence": (
        "condition_occurrence_id", "person_id", "condition_concept_id", "condition_start_date",
    ),
    "procedure_occurrence": (
        "procedure_occurrence_id", "person_id", "procedure_concept_id", "procedure_date",
    ),
    "drug_exposure": (
        "drug_exposure_id", "person_id", "drug_concept_id", "drug_exposure_start_date",
    ),
    "measurement": ("person_id", "measurement_concept_id", "measurement_date"),
    "death": ("person_id", "death_date"),
    "payer_plan_period": (
        "person_id", "payer_plan_period_start_date", "payer_plan_period_end_date",
    ),
    "fact_relationship": ("fact_id_1", "fact_id_2", "relationship_concept_id"),
    "concept": ("concept_id", "concept_code", "vocabulary_id"),
}  # fmt: skip


def check(cdm: Cdm) -> None:
    """Read the footer of every table that a study uses, and the names of its columns.

    Raises
    ------
    InputError: a file that is not Parquet, is cut short, or lacks a needed column; names the file.
        One whose name is that of a table but for its case: it would be passed over.
    """
    _names(cdm)
    for table, columns in NEEDED.items():
        path = cdm.path_of(table)
        if not path.exists():
            continue
        present = _columns(path)
        missing = [name for name in columns if name not in present]
        if missing:
            named = ", ".join(missing)
            raise InputError(
                Text(f"colonne absente : {named}.", f"missing column: {named}."),
                str(path),
                Text(
                    "Ajoutez-la à cette table, selon OMOP CDM 5.4.",
                    "Add it to this table, as OMOP CDM 5.4 has it.",
                ),
            )


def _names(cdm: Cdm) -> None:
    known = set(omop_tables())
    for path in sorted(cdm.path.glob("*.[pP][aA][rR][qQ][uU][eE][tT]")):
        table = path.stem.lower()
        if table in known and not cdm.path_of(table).is_file():
            raise InputError(
                Text(
                    "le nom de ce fichier n'est pas en minuscules.",
                    "the name of this file is not in lower case.",
                ),
                str(path),
                Text(f"Renommez-le {table}.parquet.", f"Rename it {table}.parquet."),
            )


def _columns(path: Path) -> set[str]:
    """Names in lower case: DuckDB does not tell the cases apart either."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        if not path.is_file():
            raise pa.ArrowInvalid("not a file")
        return {name.lower() for name in pq.read_schema(path).names}
    except pa.ArrowException:
        raise InputError(
            Text(
                "cette table n'est pas un fichier Parquet entier.",
                "this table is not a whole Parquet file.",
            ),
            str(path),
            Text(
                "Copiez-la de nouveau, ou refaites le CDM.", "Copy it again, or make the CDM again."
            ),
        ) from None
