"""Finding the native tables in a folder, whatever its nesting, and how each file is written.

Three kinds of file are told apart: those of tables that are read; those of tables that the source
declares and that have no place in OMOP, whose lines are counted; and those that nobody declares.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import date
from itertools import groupby
from pathlib import Path, PurePosixPath
from typing import Final

from transat.core.errors import InputError, close_match
from transat.core.languages import Text
from transat.core.period import Period
from transat.engines.faults import unreadable
from transat.harmonise.files import faults
from transat.harmonise.files.source import Source, sources
from transat.harmonise.native import NativeTable, match
from transat.harmonise.native_file import NativeFile, demand_columns, form_of, inspect
from transat.tables.column import Table

#: What the extract says of itself, when it says anything: its period, and whether it is simulated.
DESCRIPTION: Final = "extract.json"

Files = dict[str, tuple[NativeFile, ...]]


@dataclass(frozen=True, slots=True)
class Extract:
    """A native extract as found on disk."""

    root: Path
    files: Files
    unknown: tuple[str, ...]
    period: Period | None = None
    simulated: bool = False
    notice: Text | None = None  # what a reader of any result must be told of these people
    others: Files = field(default_factory=dict)  # of declared tables that are not read
    repeated: Files = field(default_factory=dict)  # byte for byte files of `files` or `others`


def find(
    root: Path, tables: Sequence[NativeTable], declared: Mapping[str, Table] | None = None
) -> Extract:
    """Find the files of `tables` under `root` and look at how each is written.

    `declared`: every table of the source, read or not. Raises InputError when the folder is
    missing, holds none of the tables, lacks a required one, holds one in two forms, or when a file
    is empty, cut, under a password, in an unknown encoding or without a required column.
    """
    if not root.is_dir():
        raise InputError(
            Text("dossier introuvable.", "no such folder."),
            str(root),
            Text("Donnez le dossier de l'extraction.", "Name the folder of the extract."),
        )
    names = _Names(tables, declared or {})
    unknown: list[str] = []
    known: list[tuple[Source, str, int | None]] = []
    for source in _sources(root):
        matched = names.table_of(source, root)
        if matched is None:
            unknown.append(_relative(source, root))
        else:
            known.append((source, *matched))
    with ThreadPoolExecutor(min(os.cpu_count() or 1, 8)) as workers:
        seen = list(workers.map(lambda k: inspect(*k), known))
    for file in seen:
        if file.table in names.read:
            demand_columns(file, names.read[file.table])
    once, repeated = _told_apart(seen)
    files = {name: fs for name, fs in once.items() if name in names.read}
    _refuse_missing(root, tables, files, unknown)
    others = {name: fs for name, fs in once.items() if name not in names.read}
    said = _description(root)
    period, simulated = _period(root, said), said.get("simulated") is True
    notice = _notice(said)
    return Extract(root, files, tuple(unknown), period, simulated, notice, others, repeated)


def _notice(said: dict[str, object]) -> Text | None:
    match said.get("notice"):
        case {"fr": str(fr), "en": str(en)} if fr.strip() and en.strip():
            return Text(fr, en)
    return None


class _Names:
    """The tables that are read and those only declared, told by the names of files."""

    def __init__(self, tables: Sequence[NativeTable], declared: Mapping[str, Table]) -> None:
        self.read = {table.name: table for table in tables}
        self._declared = {s: t.name for s, t in declared.items() if t.name not in self.read}

    def table_of(self, source: Source, root: Path) -> tuple[str, int | None] | None:
        """By the file's name; else by its folder's or its archive's."""
        for name in _spellings(source, root):
            read = [(m, table) for table in self.read.values() if (m := table.match(name))]
            other = [(m, t) for spelled, t in self._declared.items() if (m := match(spelled, name))]
            found = [(m, t.name) for m, t in read] + other
            if found:
                (_, year), table = max(found, key=lambda f: f[0][0])
                return table, year
        return None


def _spellings(source: Source, root: Path) -> Iterable[str]:
    """What may name the table of a file, nearest first.

    Its own name; the folder of its parts, above the `key=value` folders that Spark makes; and, in a
    zip archive, the archive's name and folder.
    """
    found = form_of(source.name)
    if found is not None:
        yield found[0]
    if source.member is not None:
        yield from _folder(PurePosixPath(source.member).parent.parts)
        yield source.path.stem
    yield from _folder(source.path.parent.relative_to(root).parts)


def _folder(parts: tuple[str, ...]) -> Iterable[str]:
    named = [part for part in parts if "=" not in part]
    return named[-1:]


def _sources(root: Path) -> list[Source]:
    """Every file of a form that is read, also within zip archives, in the order of their names."""
    found: list[Source] = []
    met: set[str] = set()
    for folder, inside, names in os.walk(root, onerror=_refuse, followlinks=True):
        # A link to a folder is followed, once: holders lay tables side by side by links.
        if (real := os.path.realpath(folder)) in met:
            inside.clear()
            continue
        met.add(real)
        for name in names:
            archive = name.lower().endswith(".zip")
            if (archive or form_of(name)) and not name.startswith((".", "_")):
                if not (path := Path(folder, name)).is_file():
                    raise unreadable(path)
                found += sources(path)
    return sorted((s for s in found if _is_data(s)), key=str)


def _refuse(error: OSError) -> None:
    """A folder that may not be listed is an error: its tables would be missing without a word."""
    raise error


def _is_data(source: Source) -> bool:
    """Not what a system leaves beside data (hidden files, __MACOSX, _SUCCESS)."""
    hidden = source.name.startswith((".", "_")) or (source.member or "").startswith("__MACOSX/")
    return not hidden and form_of(source.name) is not None


def _relative(source: Source, root: Path) -> str:
    inside = "" if source.member is None else f"/{source.member}"
    return f"{source.path.relative_to(root)}{inside}"


def _told_apart(files: Iterable[NativeFile]) -> tuple[Files, Files]:
    """By table, the files delivered once; and those that are, byte for byte, one of the first.

    Raises InputError for a table in two forms, which would be read twice.
    """
    ordered = sorted(files, key=lambda f: (f.table, f.size, str(f.source)))
    repeated: set[NativeFile] = set()
    for _, group in groupby(ordered, key=lambda f: (f.table, f.size)):
        alike = [f for f in group if f.lines != 0]
        if len(alike) > 1:
            met: set[tuple[object, ...]] = set()
            for file in alike:
                print_ = (file.year, file.form, file.digest())
                if print_ in met:
                    repeated.add(file)
                met.add(print_)
    once = [f for f in ordered if f not in repeated]
    _refuse_two_forms(once)
    return _by_table(once), _by_table(sorted(repeated, key=lambda f: (f.table, str(f.source))))


def _by_table(files: Iterable[NativeFile]) -> Files:
    groups = groupby(files, key=lambda f: f.table)
    return {table: tuple(sorted(fs, key=lambda f: str(f.source))) for table, fs in groups}


def _refuse_two_forms(files: Iterable[NativeFile]) -> None:
    met: dict[tuple[str, str, int], NativeFile] = {}
    for file in files:
        found = form_of(file.source.name)
        if found is None or not file.lines:
            continue
        first = met.setdefault((file.table, found[0].upper(), file.lines), file)
        if first.form != file.form:
            raise faults.two_forms(file.table, str(first.source), str(file.source))


def _refuse_missing(
    root: Path,
    tables: Sequence[NativeTable],
    found: Files,
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
                    "Ajoutez-la à l'extraction (CSV, Parquet ou SAS7BDAT, au nom de la table).",
                    "Add it to the extract (CSV, Parquet or SAS7BDAT, named after the table).",
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
