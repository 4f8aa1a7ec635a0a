"""The files of a native table as one SQL query: every declared column as text.

A regular UTF-8 file is read where it lies. Any other is first written anew in the work folder:
regular text in another encoding or in a zip archive as UTF-8; irregular text record by record, its
misshapen records going as they were written to a file of rejects; SAS7BDAT as Parquet of text.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby, islice
from pathlib import Path
from typing import Final

import pyarrow as pa
import pyarrow.parquet as pq

from transat.engines.engine import Engine, identifier
from transat.harmonise.files import sas
from transat.harmonise.files.text import decoded, lines, records
from transat.harmonise.native import NativeColumn, NativeTable
from transat.harmonise.native_file import NativeFile

#: In the ledger and the rejects, a record that has not the header's shape.
SHAPE: Final = "line_shape"

REJECTS: Final = pa.schema(
    [("native_table", pa.string()), ("column_name", pa.string()), ("line", pa.string())]
)
#: Records held at once while a file is written anew.
_RECORDS: Final = 50_000


@dataclass(frozen=True, slots=True)
class Readable:
    """A native file as the engine reads it: where, under which column names, how many lines."""

    file: NativeFile
    path: Path
    parquet: bool
    names: tuple[str, ...]
    lines: int
    misshapen: int = 0

    @property
    def writing(self) -> tuple[bool, str, int, tuple[str, ...], tuple[str, ...]]:
        """Files that agree on this can be read by one scan."""
        file = self.file
        return self.parquet, file.separator, file.year or 0, file.header, self.names


def readable(file: NativeFile, work: Path) -> Readable:
    """`file`, written anew in `work` where the engine cannot read it as it lies.

    What a killed run had written anew is not written again.
    """
    places = tuple(f"c{place}" for place in range(len(file.header)))
    name = hashlib.sha256(str(file.source).encode()).hexdigest()[:16]
    if file.form == "parquet":
        path = file.path
        if file.source.member or file.source.gzipped:
            path = _once(work / f"{name}.copy.parquet", lambda target: _unpack(file, target))
        return Readable(file, path, True, file.header, file.lines or 0)
    if file.form == "sas":
        path = _once(work / f"{name}.text.parquet", lambda target: _sas(file, target, places))
        return Readable(file, path, True, places, file.lines or 0)
    if file.lines is None:
        return _record_by_record(file, work, name, places)
    path = file.path
    if not file.utf8:
        path = _once(work / f"{name}.utf8.csv", lambda target: _utf8(file, target))
    elif file.source.member:
        path = _once(work / f"{name}.copy.csv", lambda target: _unpack(file, target))
    return Readable(file, path, False, places, file.lines)


def raw_sql(engine: Engine, table: NativeTable, files: Sequence[Readable]) -> str:
    """SQL giving the declared columns of every file as text, and the year in the file's name."""
    selects: list[str] = []
    ordered = sorted(files, key=lambda r: r.writing)
    for number, (_, group) in enumerate(groupby(ordered, key=lambda r: r.writing)):
        alike = list(group)
        view = f"raw_{table.name}_{number}"
        first, paths = alike[0], [r.path for r in alike]
        if first.parquet:
            engine.view_parquet(view, paths)
        else:
            # By place: headers may repeat a name, or differ in blanks and capitals.
            engine.read_csv_text(view, paths, first.file.separator, first.names)
        columns = ", ".join(_as_text(first, c) for c in table.columns)
        year = "NULL" if first.file.year is None else str(first.file.year)
        selects.append(
            f"SELECT {columns}, CAST({year} AS SMALLINT) AS file_year FROM {identifier(view)}"
        )
    if not selects:
        empty = ", ".join(f"CAST(NULL AS VARCHAR) AS {identifier(c.name)}" for c in table.columns)
        return f"SELECT {empty}, CAST(NULL AS SMALLINT) AS file_year WHERE false"
    return " UNION ALL ".join(selects)


def _as_text(read: Readable, column: NativeColumn) -> str:
    place = read.file.column(column.names)
    value = "NULL" if place is None else identifier(read.names[place])
    return f"CAST({value} AS VARCHAR) AS {identifier(column.name)}"


def count(file: NativeFile) -> int:
    """The lines of a file, misshapen ones too; read through when only that tells them."""
    if file.lines is not None:
        return file.lines
    with file.source.open() as stream:
        return sum(1 for _ in records(lines(stream), file.separator, len(file.header)))


def _once(path: Path, write: Callable[[Path], None]) -> Path:
    """Written whole or not at all, and not again when a killed run had written it."""
    if not path.exists():
        writing = path.with_name(f"{path.name}.partial")
        write(writing)
        writing.replace(path)
    return path


def _unpack(file: NativeFile, target: Path) -> None:
    with file.source.open() as stream, target.open("wb") as copy:
        shutil.copyfileobj(stream, copy, 1 << 20)


def _utf8(file: NativeFile, target: Path) -> None:
    with file.source.open() as stream, target.open("w", encoding="utf-8", newline="") as copy:
        for text in decoded(stream):
            copy.write(text)


def _sas(file: NativeFile, target: Path, places: Iterable[str]) -> None:
    schema = pa.schema([(place, pa.string()) for place in places])
    with pq.ParquetWriter(target, schema, compression="lz4") as writer:
        for batch in sas.batches(file.source):
            writer.write_table(batch)


def _record_by_record(file: NativeFile, work: Path, name: str, places: tuple[str, ...]) -> Readable:
    good, bad = work / f"{name}.good.csv", work / f"rejects_{name}.parquet"
    counted = _once(work / f"{name}.json", lambda target: _sort_out(file, good, bad, target))
    kept, misshapen = json.loads(counted.read_text("utf-8"))
    return Readable(file, good, False, places, kept, misshapen)


def _sort_out(file: NativeFile, good: Path, bad: Path, counted: Path) -> None:
    """Good records to one file under the header, misshapen ones to another; then their numbers."""
    numbers = {True: 0, False: 0}
    with (
        file.source.open() as stream,
        good.open("w", encoding="utf-8", newline="") as kept,
        pq.ParquetWriter(bad, REJECTS, compression="lz4") as rejected,
    ):
        kept.write(file.separator.join("c" for _ in file.header) + "\n")
        found = records(lines(stream), file.separator, len(file.header))
        while some := list(islice(found, _RECORDS)):
            texts = [json.dumps(text, ensure_ascii=False) for fits, text in some if not fits]
            kept.writelines(f"{text}\n" for fits, text in some if fits)
            numbers[True] += len(some) - len(texts)
            numbers[False] += len(texts)
            if texts:
                names = ([name] * len(texts) for name in (file.table, SHAPE))
                rejected.write_table(pa.table([*map(pa.array, names), pa.array(texts)], REJECTS))
    counted.write_text(json.dumps([numbers[True], numbers[False]]), "utf-8")
