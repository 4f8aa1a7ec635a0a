"""The code lists of a study: CSV files with a label in each language, a source and its status."""

from __future__ import annotations

import csv
import io
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal, cast

from transat.core.errors import StudyError
from transat.core.languages import Text
from transat.tables.drug_codes import atc_drift

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
    StudyError: missing file or column, empty cell, repeated code, what is not an ATC code or is
    one of an older vintage; names file:line.
    """
    rows = _rows(path, ("code", "atc_prefixes", "label_fr", "label_en", "source", "checked"))
    _once(path, [row["code"] for row in rows])
    for number, row in enumerate(rows, start=2):
        for prefix in row["atc_prefixes"].split():
            _atc(path, number, prefix)
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


#: An ATC code of any of the five levels, in capitals.
ATC: Final = re.compile(r"[A-Z](\d\d([A-Z]([A-Z](\d\d)?)?)?)?")


def _atc(path: Path, line: int, code: str) -> None:
    """Refuse what would find nobody without a word: no ATC code, or one of an older vintage."""
    new = atc_drift().get(code)
    if ATC.fullmatch(code) and new is None:
        return
    what = Text(f"« {code} » n'est pas un code ATC.", f'"{code}" is not an ATC code.')
    if new is not None:
        what = Text(
            f"« {code} » est devenu {new} dans l'ATC de 2026.",
            f'"{code}" has become {new} in the ATC of 2026.',
        )
    raise StudyError(what, f"{path}:{line}", FIX)


def _label(row: dict[str, str]) -> Text:
    return Text(row["label_fr"], row["label_en"])


def _rows(path: Path, columns: tuple[str, ...]) -> list[dict[str, str]]:
    try:
        text = path.read_text(encoding="utf-8-sig")  # a spreadsheet may put a mark first
    except UnicodeDecodeError:
        raise StudyError(
            Text("cette liste de codes n'est pas en UTF-8.", "this code list is not in UTF-8."),
            str(path),
            Text("Enregistrez-la en UTF-8.", "Save it as UTF-8."),
        ) from None
    except OSError:
        raise StudyError(
            Text("cette liste de codes ne peut pas être lue.", "this code list cannot be read."),
            str(path),
            Text("Vérifiez le chemin dans le protocole.", "Check the path in the protocol."),
        ) from None
    reader = csv.DictReader(io.StringIO(text, newline=""))
    rows = [dict(row) for row in reader]
    if tuple(reader.fieldnames or ()) != columns:
        named = ",".join(columns)
        raise StudyError(
            Text(f"la première ligne devrait être {named}.", f"the first line should be {named}."),
            f"{path}:1",
            Text("Séparez les colonnes par des virgules.", "Separate columns with commas."),
        )
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
