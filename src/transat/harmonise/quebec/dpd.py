"""Health Canada's Drug Product Database as it comes: zips or folders of files without header.

Every release is told by its number of columns (Health Canada, "Read me file, DPD data extract":
AHFS left the therapeutic classes on 1 July 2022; the change of 1 August 2025 is to the packaging
and schedule files, which are not read). `*_ia` of 2017 is latin-1, separated by tabs, its DIN
without their leading zeros.
"""

from __future__ import annotations

import csv
import gzip
import re
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from typing import Final, Literal

import pyarrow as pa

from transat.core.errors import InputError
from transat.core.languages import Text
from transat.engines.engine import Engine
from transat.harmonise.context import Context
from transat.harmonise.ledger import KEPT, READ, REJECT

Table = Literal["drug", "ther"]

#: What a suffix of the file's name says, the surest first.
STATUSES: Final = ("marketed", "approved", "dormant", "cancelled")
_SUFFIXES: Final = {"": "marketed", "_ap": "approved", "_dr": "dormant", "_ia": "cancelled"}

#: By table and number of columns, the places of (drug_code, second, third) that are read:
#: class and DIN of a drug; ATC of a therapeutic class.
LAYOUTS: Final[dict[Table, dict[int, tuple[int, ...]]]] = {
    "drug": {14: (0, 2, 3), 11: (0, 2, 3)},
    "ther": {4: (0, 1), 5: (0, 1), 7: (0, 1)},
}
_COLUMNS: Final[dict[Table, tuple[str, ...]]] = {
    "drug": ("drug_code", "class", "din"),
    "ther": ("drug_code", "atc"),
}
_FILE: Final = re.compile(r"(drug|ther)(_ap|_dr|_ia)?\.txt(\.gz)?", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class _Source:
    """One file of the database: its table, its status, where it is, its bytes."""

    table: Table
    status: str
    where: str
    content: bytes


def stage(engine: Engine, context: Context) -> None:
    """Make `dpd_drug` (status, drug_code, class, din) and `dpd_ther` (status, drug_code, atc).

    Looks in the extract and in the folder of referentials; without any file both are empty. Every
    line enters the ledger as `DPD drug` or `DPD ther`: kept, or rejected for its drug_code or DIN.
    Raises InputError for a damaged archive, a number of columns that no release has, or two files
    of one table and status.
    """
    rows: dict[Table, list[tuple[str, ...]]] = {"drug": [], "ther": []}
    for source in _sources(context):
        for line in _lines(source):
            rows[source.table].append((source.status, *line))
    for table, lines in rows.items():
        _register(engine, context, table, lines)


def _register(engine: Engine, context: Context, table: Table, lines: list[tuple[str, ...]]) -> None:
    names = ("status", *_COLUMNS[table])
    good = [line for line in lines if line[1] and (table == "ther" or _is_din(line[3]))]
    if table == "drug":
        good = [(*line[:3], line[3].zfill(8)) for line in good]
    engine.register(
        f"dpd_{table}",
        pa.table(
            {
                name: pa.array([line[i] or None for line in good], pa.string())
                for i, name in enumerate(names)
            }
        ),
    )
    if lines:
        told = f"DPD {table}"
        context.ledger.record(told, READ, len(lines))
        context.ledger.record(told, KEPT, len(good))
        without = sum(not line[1] for line in lines)
        context.ledger.record(told, f"{REJECT}DRUG_CODE", without)
        context.ledger.record(told, f"{REJECT}DIN", len(lines) - len(good) - without)


def _is_din(text: str) -> bool:
    return text.isdigit() and len(text) <= 8


def _lines(source: _Source) -> Iterator[tuple[str, ...]]:
    """The columns that are read of each line; blank lines are none."""
    text = _decoded(source)
    first = text.split("\n", 1)[0]
    separator = "\t" if first.count("\t") > first.count(",") else ","
    layouts = LAYOUTS[source.table]
    for number, line in enumerate(csv.reader(StringIO(text, newline=""), delimiter=separator), 1):
        if not line:
            continue
        places = layouts.get(len(line))
        if places is None:
            raise _unknown_layout(source, number, len(line))
        yield tuple(line[place].strip() for place in places)


def _decoded(source: _Source) -> str:
    try:
        return source.content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return source.content.decode("latin-1")


def _sources(context: Context) -> Iterator[_Source]:
    """The files of the database, in the order of tables and statuses."""
    found: dict[tuple[Table, str], _Source] = {}
    for root in (context.extract.root, context.referentials):
        if root is None:
            continue
        for path in sorted(root.rglob("*")):
            for source in _in_file(path):
                other = found.setdefault((source.table, source.status), source)
                if other is not source and other.content != source.content:
                    raise _twice(other, source)
    for key in sorted(found):
        yield found[key]


def _in_file(path: Path) -> Iterator[_Source]:
    try:
        if path.suffix.lower() == ".zip" and path.is_file():
            with zipfile.ZipFile(path) as archive:
                for member in archive.namelist():
                    if told := _FILE.fullmatch(Path(member).name):
                        yield _source(told, f"{path}:{member}", archive.read(member))
        elif told := _FILE.fullmatch(path.name):
            content = path.read_bytes()
            yield _source(told, str(path), gzip.decompress(content) if told[3] else content)
    except (zipfile.BadZipFile, EOFError, gzip.BadGzipFile) as error:
        raise InputError(
            Text("archive coupée ou abîmée.", "cut or damaged archive."),
            str(path),
            Text("Téléchargez-la de nouveau.", "Download it again."),
        ) from error


def _source(told: re.Match[str], where: str, content: bytes) -> _Source:
    table: Table = "drug" if told[1].lower() == "drug" else "ther"
    return _Source(table, _SUFFIXES[(told[2] or "").lower()], where, content)


def _unknown_layout(source: _Source, line: int, columns: int) -> InputError:
    known = ", ".join(str(n) for n in sorted(LAYOUTS[source.table]))
    return InputError(
        Text(
            f"{columns} colonnes à la ligne {line} ; les versions connues en ont {known}.",
            f"{columns} columns at line {line}; the releases known have {known}.",
        ),
        source.where,
        Text(
            "Vérifiez que le fichier est entier ; une nouvelle structure se déclare dans "
            "harmonise/quebec/dpd.py.",
            "Check that the file is whole; a new structure is declared in harmonise/quebec/dpd.py.",
        ),
    )


def _twice(one: _Source, other: _Source) -> InputError:
    return InputError(
        Text(
            f"deux versions du même fichier : l'autre est {one.where}.",
            f"two versions of one file: the other is {one.where}.",
        ),
        other.where,
        Text("Gardez la version de l'étude.", "Keep the study's version."),
    )
