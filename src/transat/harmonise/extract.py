"""Finding the native tables in a folder, whatever its nesting, and how each file is written."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Final

from transat.core.errors import InputError, close_match
from transat.core.languages import Text
from transat.core.period import Period
from transat.harmonise.native import NativeTable
from transat.harmonise.native_file import NativeFile, inspect

#: What the extract says of itself, when it says anything: its period, and whether it is simulated.
DESCRIPTION: Final = "extract.json"
_ENDINGS: Final = (".csv.gz", ".tsv.gz", ".txt.gz", ".csv", ".tsv", ".txt", ".parquet")


@dataclass(frozen=True, slots=True)
class Extract:
    """A native extract as found on disk."""

    root: Path
    files: dict[str, tuple[NativeFile, ...]]
    unknown: tuple[str, ...]
    period: Period | None = None
    simulated: bool = False
    notice: Text | None = None  # what a reader of any result must be told of these people

    def unread(self, tables: Sequence[NativeTable]) -> dict[str, tuple[str, ...]]:
        """By table, the columns that its files have and that are not read: nothing is hidden."""
        found: dict[str, tuple[str, ...]] = {}
        for table in tables:
            read = {name.upper() for column in table.columns for name in column.names}
            seen = {h.strip().upper() for f in self.files.get(table.name, ()) for h in f.header}
            if other := tuple(sorted(seen - read)):
                found[table.name] = other
        return found


def find(root: Path, tables: Sequence[NativeTable]) -> Extract:
    """Find the files of `tables` under `root` and look at how each is written.

    Raises InputError when the folder is missing, holds none of the tables, lacks a required one,
    or when a file is empty, cut, in an unknown encoding or without a required column.
    """
    if not root.is_dir():
        raise InputError(
            Text("dossier introuvable.", "no such folder."),
            str(root),
            Text("Donnez le dossier de l'extraction.", "Name the folder of the extract."),
        )
    found: dict[str, list[NativeFile]] = {}
    unknown: list[str] = []
    for path in _files(root):
        matched = _table_of(path, root, tables)
        if matched is None:
            unknown.append(str(path.relative_to(root)))
            continue
        table, year = matched
        found.setdefault(table.name, []).append(inspect(path, table, year))
    _refuse_missing(root, tables, found, unknown)
    said = _description(root)
    files = {name: tuple(sorted(fs, key=lambda f: str(f.path))) for name, fs in found.items()}
    period, simulated = _period(root, said), said.get("simulated") is True
    return Extract(root, files, tuple(unknown), period, simulated, _notice(said))


def _notice(said: dict[str, object]) -> Text | None:
    match said.get("notice"):
        case {"fr": str(fr), "en": str(en)} if fr.strip() and en.strip():
            return Text(fr, en)
    return None


def _files(root: Path) -> list[Path]:
    paths: list[Path] = []
    for folder, _, names in os.walk(root):
        paths += [Path(folder, n) for n in names if n.lower().endswith(_ENDINGS)]
    return sorted(p for p in paths if not p.name.startswith((".", "_")))


def _table_of(
    path: Path, root: Path, tables: Sequence[NativeTable]
) -> tuple[NativeTable, int | None] | None:
    """By the file's name; else by its folder's (parts of one table in a folder of its own)."""
    names = [_stem(path)]
    if path.parent != root:
        names.append(path.parent.name)
    for name in names:
        matches = [(m[0], t, m[1]) for t in tables if (m := t.match(name)) is not None]
        if matches:
            _, table, year = max(matches, key=lambda m: m[0])
            return table, year
    return None


def _stem(path: Path) -> str:
    name = path.name
    ending = next(e for e in _ENDINGS if name.lower().endswith(e))
    return name[: -len(ending)]


def _refuse_missing(
    root: Path,
    tables: Sequence[NativeTable],
    found: dict[str, list[NativeFile]],
    unknown: Sequence[str],
) -> None:
    for table in tables:
        if table.required and table.name not in found:
            near = close_match(table.name, [Path(u).name.split(".")[0] for u in unknown])
            hint = f" ({near} ?)" if near else ""
            raise InputError(
                Text(
                    f"la table {table.name}, indispensable, manque{hint}.",
                    f"table {table.name} is missing and cannot be done without{hint}.",
                ),
                str(root),
                Text(
                    "Ajoutez-la à l'extraction (CSV, CSV.gz ou Parquet, au nom de la table).",
                    "Add it to the extract (CSV, CSV.gz or Parquet, named after the table).",
                ),
            )


def _description(root: Path) -> dict[str, object]:
    file = root / DESCRIPTION
    if not file.is_file():
        return {}
    try:
        said = json.loads(file.read_text("utf-8"))
    except (ValueError, UnicodeDecodeError) as error:
        raise _bad_description(file) from error
    if not isinstance(said, dict):
        raise _bad_description(file)
    return said


def _period(root: Path, said: dict[str, object]) -> Period | None:
    bounds = said.get("period")
    if bounds is None:
        return None
    try:
        start, end = (date.fromisoformat(b) for b in bounds)  # type: ignore[attr-defined]
        return Period(start, end)
    except (TypeError, ValueError) as error:
        raise _bad_description(root / DESCRIPTION) from error


def _bad_description(file: Path) -> InputError:
    return InputError(
        Text("la description de l'extraction est illisible.", "unreadable extract description."),
        str(file),
        Text(
            'Écrivez {"period": ["AAAA-MM-JJ", "AAAA-MM-JJ"]} (fin exclue), ou retirez ce fichier.',
            'Write {"period": ["YYYY-MM-DD", "YYYY-MM-DD"]} (end excluded), or remove this file.',
        ),
    )
