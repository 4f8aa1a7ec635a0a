"""Which checks there are: DataQualityDashboard's 27 types spread over the tables of CDM 5.4.

The lists in `data/` are those of OHDSI/DataQualityDashboard 2.8.4 (`inst/csv`, Apache-2.0) without
their prose columns and without the concept rows that no type uses; column names are its own, an
empty cell is its "No". `check_types.csv` adds one sentence of ours in each language.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Final, Literal, cast

from transat.core.languages import Text

#: The release whose checks these are.
DQD_VERSION: Final = "2.8.4"

Level = Literal["TABLE", "FIELD", "CONCEPT"]
Context = Literal["Verification", "Validation"]
Category = Literal["Conformance", "Completeness", "Plausibility"]
Severity = Literal["fatal", "convention", "characterization"]

#: Types declared in the lists: integer (digits only, checked by cdmDatatype) and the others.
Kind = Literal["integer", "float", "date", "datetime", "text"]


@dataclass(frozen=True, slots=True)
class CheckType:
    """One of the 27 types, in Kahn's terms (Kahn 2016, EGEMS 4:1244).

    meaning: what the violated rows are; subcategory may be empty; sql_file: DQD's own template.
    """

    name: str
    level: Level
    context: Context
    category: Category
    subcategory: str
    severity: Severity
    sql_file: str
    meaning: Text


@dataclass(frozen=True, slots=True)
class Check:
    """One check before it is run.

    table and field in lower case, field empty at table level; concept_ids: what a concept-level
    check is about, one or several; threshold: percent of rows above which it fails, None or 0 when
    one row is enough; row: the line of the list it comes from.
    """

    type: CheckType
    table: str
    field: str
    concept_ids: tuple[int, ...]
    threshold: float | None
    row: Mapping[str, str]

    @property
    def id(self) -> str:
        """DQD's own name of the check, e.g. ``field_isrequired_person_person_id``."""
        ids = ",".join(map(str, self.concept_ids))
        parts = (self.type.level, self.type.name, self.table, self.field, ids)
        return "_".join(p for p in parts if p).lower()


@cache
def check_types() -> dict[str, CheckType]:
    """The 27 types by name, in DQD's order."""
    return {
        r["checkName"]: CheckType(
            r["checkName"],
            cast(Level, r["checkLevel"]),
            cast(Context, r["context"]),
            cast(Category, r["category"]),
            r["subcategory"],
            cast(Severity, r["severity"]),
            r["sqlFile"],
            Text(r["fr"], r["en"]),
        )
        for r in _read("check_types.csv")
    }


@cache
def fields() -> dict[str, dict[str, Kind]]:
    """Every table of CDM 5.4 with its columns and their types, all names in lower case."""
    found: dict[str, dict[str, Kind]] = {r["cdmTableName"].lower(): {} for r in _read("tables.csv")}
    for r in _read("fields.csv"):
        found[r["cdmTableName"].lower()][r["cdmFieldName"].lower()] = _kind(r["cdmDatatype"])
    return found


@cache
def vocabulary() -> frozenset[str]:
    """The tables of the vocabulary: not about patients."""
    return frozenset(
        r["cdmTableName"].lower() for r in _read("tables.csv") if r["schema"] == "VOCAB"
    )


@cache
def checks() -> tuple[Check, ...]:
    """All 2,535 checks, type by type in DQD's order, then in the order of the lists."""
    rows = {
        "TABLE": _read("tables.csv"),
        "FIELD": _read("fields.csv"),
        "CONCEPT": _read("concepts.csv"),
    }
    return tuple(
        _check(t, r) for t in check_types().values() for r in rows[t.level] if _asked(t.name, r)
    )


def _check(check_type: CheckType, row: Mapping[str, str]) -> Check:
    threshold = row.get(f"{check_type.name}Threshold", "")
    return Check(
        check_type,
        row["cdmTableName"].lower(),
        row.get("cdmFieldName", "").lower(),
        tuple(int(i) for i in row.get("conceptId", "").split(",") if i),
        float(threshold) if threshold else None,
        row,
    )


def _asked(name: str, row: Mapping[str, str]) -> bool:
    """DQD's `evaluationFilter` of each type."""
    match name:
        case "cdmTable" | "cdmField":
            return True
        case "cdmDatatype":
            return row[name] == "integer"
        case "fkDomain" | "fkClass":
            return bool(row["isForeignKey"] and row[name])
        case _:
            return bool(row[name])


def _kind(declared: str) -> Kind:
    name = declared.lower()
    if name in ("integer", "bigint"):
        return "integer"
    return cast(Kind, name) if name in ("float", "date", "datetime") else "text"


def _read(name: str) -> list[dict[str, str]]:
    return list(_lines(name))


def _lines(name: str) -> Iterator[dict[str, str]]:
    source = resources.files("transat.quality.dqd").joinpath("data", name)
    yield from csv.DictReader(source.read_text("utf-8").splitlines())
