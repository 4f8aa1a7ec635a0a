"""One person's records in a CDM, in order of day: for the data's holder, inside its own walls.

Only the row groups that may hold the person are read, so a table sorted by person answers in
milliseconds. Nothing here may leave the site, and nothing here is masked.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from transat.cohorts.query.domains import DOMAINS
from transat.core.errors import InputError
from transat.core.languages import Text
from transat.tables.omop import FEMALE, MALE

if TYPE_CHECKING:
    from transat.engines.cdm import Cdm

#: Tables whose rows are records, in the order of their lines on the page.
TABLES: Final = (
    "pregnancy", "visit_occurrence", "condition_occurrence", "procedure_occurrence",
    "drug_exposure", "device_exposure", "measurement", "observation", "specimen", "death",
)  # fmt: skip
#: What a record says besides its concept and its days, in this order, where its table has it.
DETAILS: Final = (
    "value_as_number", "value_as_concept_id", "value_as_string", "unit_source_value", "quantity",
    "days_supply", "visit_concept_id", "outcome", "gestation_days", "plurality",
)  # fmt: skip
_SEXES: Final = {FEMALE: Text("Femme", "Woman"), MALE: Text("Homme", "Man")}
#: Columns with the code as the source wrote it, where the name is not that of the concept.
_SOURCE: Final = {"death": "cause_source_value"}


@dataclass(frozen=True, slots=True)
class Record:
    """One row. start, end: days, both in it; a record without an end, or ended the day it began,
    has end = start.

    label: the concept's name, '' when the CDM does not name it. code: as the source wrote it.
    details: (column, value) for what else is known.
    """

    table: str
    start: date
    end: date
    concept_id: int
    label: str
    code: str
    details: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Period:
    """Days [start, end] of an observation period (name '') or of a cohort."""

    name: Text | None
    start: date
    end: date


@dataclass(frozen=True, slots=True)
class Profile:
    """A person's records in order of (start, table, end, concept, code).

    sex: None when the CDM does not say it.
    """

    person_id: int
    year_of_birth: int | None
    sex: Text | None
    observed: tuple[Period, ...]
    cohorts: tuple[Period, ...]
    records: tuple[Record, ...]


def gather(cdm: Cdm, person_id: int, cohorts: Path | None = None) -> Profile:
    """Everything that the CDM says of one person.

    cohorts: a folder that `transat cohort` wrote on this CDM, whose periods are shown beside.
    Raises InputError when the CDM holds no such person, or when a file cannot be read.
    """
    person = _rows(cdm.path_of("person"), person_id)
    if not person:
        raise InputError(
            Text("ce CDM n'a pas cette personne.", "this CDM has no such person."),
            str(cdm.path_of("person")),
            Text("Donnez un person_id de ce CDM.", "Give a person_id of this CDM."),
        )
    found = {table: _rows(cdm.path_of(table), person_id) for table in TABLES}
    sex = _whole(person[0].get("gender_concept_id")) or 0
    names = _names(cdm, _concepts(found) | {sex})
    records = (_record(t, row, names) for t, rows in found.items() for row in rows)
    return Profile(
        person_id,
        _whole(person[0].get("year_of_birth")),
        _SEXES.get(sex) or (Text(names[sex], names[sex]) if names.get(sex) else None),
        _observed(_rows(cdm.path_of("observation_period"), person_id)),
        () if cohorts is None else _cohorts(cohorts, person_id),
        tuple(sorted((r for r in records if r is not None), key=_order)),
    )


def _record(table: str, row: dict[str, Any], names: dict[int, str]) -> Record | None:
    """None when the day is unknown: it has no place on a time line."""
    domain = DOMAINS[table]
    start = _day(row.get(domain.start))
    if start is None:
        return None
    end = _day(row.get(domain.end)) if domain.end else None
    concept = (_whole(row.get(domain.concept)) or 0) if domain.concept else 0
    source = _SOURCE.get(
        table, f"{(domain.concept or '').removesuffix('_concept_id')}_source_value"
    )
    known = tuple((name, _value(name, row[name], names)) for name in DETAILS if _told(row, name))
    code = row.get(source)
    details = tuple((n, v) for n, v in known if v and n != domain.concept)
    label = names.get(concept, "")
    return Record(table, start, max(start, end or start), concept, label, str(code or ""), details)


def _order(record: Record) -> tuple[object, ...]:
    place = TABLES.index(record.table)
    return (record.start, place, record.end, record.concept_id, record.code, record.details)


def _told(row: dict[str, Any], name: str) -> bool:
    return row.get(name) not in (None, "", 0)


def _value(name: str, value: Any, names: dict[int, str]) -> str:
    if name.endswith("_concept_id"):
        number = _whole(value) or 0
        return names.get(number) or str(number)
    return f"{value:g}" if isinstance(value, float) else str(value)


def _concepts(found: dict[str, list[dict[str, Any]]]) -> set[int]:
    return {
        _whole(value) or 0
        for table, rows in found.items()
        for row in rows
        for name, value in row.items()
        if name == DOMAINS[table].concept or (name in DETAILS and name.endswith("_concept_id"))
    }


def _names(cdm: Cdm, wanted: set[int]) -> dict[int, str]:
    path = cdm.path_of("concept")
    ids = sorted(wanted - {0})
    if not path.is_file() or not ids:
        return {}
    rows = _read(path, pc.field("concept_id").isin(ids), ("concept_id", "concept_name"))
    return {int(row["concept_id"]): str(row["concept_name"] or "") for row in rows}


def _observed(rows: list[dict[str, Any]]) -> tuple[Period, ...]:
    bounds = (
        (_day(r["observation_period_start_date"]), _day(r["observation_period_end_date"]))
        for r in rows
    )
    return tuple(Period(None, a, b) for a, b in sorted((a, b) for a, b in bounds if a and b))


def _cohorts(folder: Path, person_id: int) -> tuple[Period, ...]:
    rows = _read(folder / "cohort.parquet", pc.field("subject_id") == person_id)
    names: dict[int, Text] = {}
    if (folder / "cohort_definition.parquet").is_file():
        for row in _read(folder / "cohort_definition.parquet"):
            names[row["cohort_definition_id"]] = Text(row["name_fr"], row["name_en"])
    said = ((r["cohort_definition_id"], r["cohort_start_date"], r["cohort_end_date"]) for r in rows)
    return tuple(
        Period(names.get(number, Text(f"Cohorte {number}", f"Cohort {number}")), start, end)
        for number, start, end in sorted(said)
    )


def _rows(path: Path, person_id: int) -> list[dict[str, Any]]:
    if not path.is_file():
        return []
    return _read(path, pc.field("person_id") == person_id)


def _read(
    path: Path, where: pc.Expression | None = None, columns: Iterable[str] | None = None
) -> list[dict[str, Any]]:
    try:
        table = pq.read_table(path, filters=where, columns=columns and list(columns))
    except (OSError, pa.ArrowInvalid, pa.ArrowNotImplementedError, pa.ArrowTypeError):
        raise InputError(
            Text("ce fichier n'est pas lisible.", "this file cannot be read."),
            str(path),
            Text("Refaites-le.", "Make it again."),
        ) from None
    rows: list[dict[str, Any]] = table.to_pylist()
    return rows


def _whole(value: Any) -> int | None:
    return None if value is None else int(value)


def _day(value: Any) -> date | None:
    return value.date() if isinstance(value, datetime) else value
