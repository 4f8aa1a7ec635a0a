"""The code lists of a study: CSV files with a label in each language, a source and its status."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal, cast

from transat.core.errors import StudyError
from transat.core.languages import Text

ReferenceKind = Literal["positive", "negative", "confounded_negative", "conflict"]

STATUSES: Final = ("yes", "partly", "direction", "recalled", "no")
KINDS: Final = ("positive", "negative", "confounded_negative", "conflict")

FIX = Text("Corrigez cette ligne de la liste.", "Correct this line of the list.")


@dataclass(frozen=True, slots=True)
class ExposureCode:
    """A medicine, class or named list, and the ATC prefixes that it gathers."""

    code: str
    prefixes: tuple[str, ...]
    label: Text
    source: str
    checked: str


@dataclass(frozen=True, slots=True)
class OutcomeCode:
    """A malformation group of cohorts' EUROCAT list."""

    key: str
    label: Text
    source: str
    checked: str


@dataclass(frozen=True, slots=True)
class ReferencePair:
    """A pair to report whatever its p, and what the literature says of it."""

    exposure: str
    outcome: str
    kind: ReferenceKind
    source: str
    checked: str


def exposures(path: Path) -> tuple[ExposureCode, ...]:
    """Read columns code, atc_prefixes (space-separated), label_fr, label_en, source, checked.

    Raises
    ------
    StudyError: missing file or column, empty cell, repeated code; names file:line.
    """
    rows = _rows(path, ("code", "atc_prefixes", "label_fr", "label_en", "source", "checked"))
    _once(path, [row["code"] for row in rows])
    return tuple(
        ExposureCode(
            row["code"], tuple(row["atc_prefixes"].split()), _label(row), row["source"],
            row["checked"],
        )
        for row in rows
    )  # fmt: skip


def outcomes(path: Path) -> tuple[OutcomeCode, ...]:
    """Read columns key, label_fr, label_en, source, checked. Raises StudyError."""
    rows = _rows(path, ("key", "label_fr", "label_en", "source", "checked"))
    _once(path, [row["key"] for row in rows])
    return tuple(OutcomeCode(r["key"], _label(r), r["source"], r["checked"]) for r in rows)


def reference_pairs(path: Path) -> tuple[ReferencePair, ...]:
    """Read columns exposure, outcome, kind, source, checked. Raises StudyError."""
    rows = _rows(path, ("exposure", "outcome", "kind", "source", "checked"))
    _once(path, [f"{row['exposure']} {row['outcome']}" for row in rows])
    for number, row in enumerate(rows, start=2):
        if row["kind"] not in KINDS:
            raise _refused(path, number, "kind")
    return tuple(
        ReferencePair(
            r["exposure"], r["outcome"], cast("ReferenceKind", r["kind"]), r["source"], r["checked"]
        )
        for r in rows
    )


def _label(row: dict[str, str]) -> Text:
    return Text(row["label_fr"], row["label_en"])


def _rows(path: Path, columns: tuple[str, ...]) -> list[dict[str, str]]:
    try:
        with path.open(encoding="utf-8", newline="") as file:
            reader = csv.DictReader(file)
            rows = [dict(row) for row in reader]
            header = tuple(reader.fieldnames or ())
    except (OSError, UnicodeDecodeError):
        raise StudyError(
            Text("cette liste de codes ne peut pas être lue.", "this code list cannot be read."),
            str(path),
            Text("Vérifiez le chemin dans le protocole.", "Check the path in the protocol."),
        ) from None
    if header != columns:
        raise _refused(path, 1, ", ".join(columns))
    for number, row in enumerate(rows, start=2):
        empty = [c for c in columns if not (row.get(c) or "").strip()]
        if empty or None in row:
            raise _refused(path, number, ", ".join(empty))
        if row["checked"] not in STATUSES:
            raise _refused(path, number, "checked")
    return rows


def _once(path: Path, names: list[str]) -> None:
    seen: set[str] = set()
    for number, name in enumerate(names, start=2):
        if name in seen:
            raise _refused(path, number, name)
        seen.add(name)


def _refused(path: Path, line: int, column: str) -> StudyError:
    return StudyError(
        Text(f"valeur absente, en double ou inconnue : {column}.",
             f"missing, repeated or unknown value: {column}."),
        f"{path}:{line}",
        FIX,
    )  # fmt: skip
