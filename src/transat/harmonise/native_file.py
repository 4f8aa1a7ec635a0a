"""How one native file is written: encoding, separator, header, number of lines.

The file is read once, in blocks, before any work: a cut archive or a wrong encoding is refused at
the door, and the lines counted here are the independent count that the ledger is held to.
"""

from __future__ import annotations

import codecs
import csv
import gzip
import zlib
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from typing import IO, Final, cast

from transat.core.errors import InputError, close_match
from transat.core.languages import Text
from transat.engines.faults import unreadable
from transat.harmonise.native import NativeTable

_BLOCK: Final = 1 << 23
_SEPARATORS: Final = (";", ",", "\t", "|")


@dataclass(frozen=True, slots=True)
class NativeFile:
    """One file of one native table.

    `header` is as written; `lines` counts data lines, None when quotes may hide line ends.
    """

    path: Path
    table: str
    year: int | None
    parquet: bool
    header: tuple[str, ...]
    separator: str = ","
    encoding: str = "utf-8"
    lines: int | None = None

    def column(self, names: tuple[str, ...]) -> int | None:
        """The place in the header of a column known under `names`; None when absent."""
        spelled = [h.strip().upper() for h in self.header]
        return next((spelled.index(n.upper()) for n in names if n.upper() in spelled), None)


def inspect(path: Path, table: NativeTable, year: int | None) -> NativeFile:
    """Look at how `path` is written.

    Raises InputError when it is empty, cut, in an unknown encoding, or lacks a required column.
    """
    parquet = path.suffix.lower() == ".parquet"
    file = _parquet(path, table, year) if parquet else _delimited(path, table, year)
    for column in table.columns:
        if column.required and file.column(column.names) is None:
            raise _missing_column(file, column.names)
    return file


def open_bytes(path: Path) -> IO[bytes]:
    """The bytes of a file, decompressed when its name says gzip."""
    return cast("IO[bytes]", gzip.open(path)) if path.suffix.lower() == ".gz" else path.open("rb")


def _parquet(path: Path, table: NativeTable, year: int | None) -> NativeFile:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        seen = pq.ParquetFile(path)
    except PermissionError:
        raise
    except (pa.ArrowException, OSError) as error:
        raise unreadable(path) from error
    names = tuple(str(n) for n in seen.schema_arrow.names)
    return NativeFile(path, table.name, year, True, names, lines=int(seen.metadata.num_rows))


def _delimited(path: Path, table: NativeTable, year: int | None) -> NativeFile:
    try:
        scan = _Scan()
        with open_bytes(path) as stream:
            while block := stream.read(_BLOCK):
                scan.add(block)
    except PermissionError:
        raise
    except (EOFError, OSError, zlib.error) as error:
        raise _cut(path) from error
    if not scan.first.strip():
        raise _empty(path)
    encoding = scan.encoding()
    if encoding is None:
        raise _encoding(path)
    line = scan.first.removeprefix(codecs.BOM_UTF8).decode(encoding).rstrip("\r\n")
    separator = max(_SEPARATORS, key=line.count)
    header = tuple(next(csv.reader(StringIO(line), delimiter=separator)))
    lines = None if scan.quoted else scan.lines - 1
    return NativeFile(path, table.name, year, False, header, separator, encoding, lines)


class _Scan:
    """What one pass over the bytes shows."""

    def __init__(self) -> None:
        self.first = b""
        self.lines = 0
        self.quoted = False
        self._begun = b""
        self._binary = False
        self._utf8: codecs.IncrementalDecoder | None = codecs.getincrementaldecoder("utf-8")()
        self._cp1252 = True
        self._last = b"\n"

    def add(self, block: bytes) -> None:
        if not self.first:
            self._begun += block
            end = self._begun.find(b"\n")
            self.first = self._begun[: end + 1] if end >= 0 else b""
        self.lines += block.count(b"\n")
        self.quoted = self.quoted or b'"' in block
        self._binary = self._binary or b"\0" in block
        self._last = block[-1:]
        if self._utf8 is not None and not (block.isascii() and not self._utf8.getstate()[0]):
            try:
                self._utf8.decode(block)
            except UnicodeDecodeError:
                self._utf8 = None
        # Five bytes mean nothing in Windows-1252: a file that has one is in another encoding.
        self._cp1252 = self._cp1252 and not any(
            bytes([b]) in block for b in (0x81, 0x8D, 0x8F, 0x90, 0x9D)
        )

    def encoding(self) -> str | None:
        """utf-8, cp1252 (which contains printable latin-1), or None; closes the count of lines."""
        if self._last != b"\n":
            self.lines += 1
            self._last = b"\n"
        if not self.first:
            self.first = self._begun
        if self._binary:
            return None
        if self._utf8 is not None and not self._utf8.getstate()[0]:
            return "utf-8"
        return "cp1252" if self._cp1252 else None


def _missing_column(file: NativeFile, names: tuple[str, ...]) -> InputError:
    near = close_match(names[0], [h.strip().upper() for h in file.header])
    wanted = " / ".join(names)
    hint_fr, hint_en = (f" Proche : {near}.", f" Near: {near}.") if near else ("", "")
    return InputError(
        Text(f"la colonne {wanted} manque.{hint_fr}", f"column {wanted} is missing.{hint_en}"),
        str(file.path),
        Text(
            f"Vérifiez le séparateur (lu : {file.separator!r}) et le nom de la colonne.",
            f"Check the separator (read as {file.separator!r}) and the column's name.",
        ),
    )


def _empty(path: Path) -> InputError:
    return InputError(
        Text("fichier vide, sans ligne d'en-tête.", "empty file, without a header line."),
        str(path),
        Text(
            "Redemandez le fichier, ou retirez-le s'il ne devait rien contenir.",
            "Ask for the file again, or remove it if it was to hold nothing.",
        ),
    )


def _cut(path: Path) -> InputError:
    return InputError(
        Text("archive coupée ou abîmée.", "cut or damaged archive."),
        str(path),
        Text("Copiez-la de nouveau, puis relancez.", "Copy it again, then run again."),
    )


def _encoding(path: Path) -> InputError:
    return InputError(
        Text(
            "encodage inconnu : ni UTF-8, ni Windows-1252, ni latin-1.",
            "unknown encoding: neither UTF-8, nor Windows-1252, nor latin-1.",
        ),
        str(path),
        Text("Réexportez le fichier en UTF-8.", "Export the file again in UTF-8."),
    )
