"""How one native file is written: form, encoding, separator, header, number of lines.

A file is looked at once, before any work: a cut archive or an unknown encoding is refused at the
door, and the lines counted here are the independent count that the ledger is held to.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

from transat.core.errors import InputError, close_match
from transat.core.languages import Text
from transat.engines.faults import unreadable
from transat.harmonise.files import sas
from transat.harmonise.files.scan import scan
from transat.harmonise.files.source import Source
from transat.harmonise.native import NativeTable

Form = Literal["text", "parquet", "sas"]

#: What a file's name ends with, by form; each may be gzipped or in a zip archive.
FORMS: Final[dict[str, Form]] = {
    ".csv": "text",
    ".tsv": "text",
    ".txt": "text",
    ".parquet": "parquet",
    ".sas7bdat": "sas",
}


@dataclass(frozen=True, slots=True)
class NativeFile:
    """One file of one native table.

    `header` is as written; `lines` counts data lines, None where only a careful reading can (text
    that is not `regular`, see `files.scan`); `size` is in bytes, decompressed.
    """

    source: Source
    table: str
    year: int | None
    form: Form
    header: tuple[str, ...]
    lines: int | None
    size: int
    separator: str = ","
    utf8: bool = True
    regular: bool = True

    @property
    def path(self) -> Path:
        """The file on disk: itself, or the archive that it is in."""
        return self.source.path

    @property
    def spelled(self) -> tuple[str, ...]:
        """The header in capitals, without blanks around a name."""
        return tuple(h.strip().upper() for h in self.header)

    def column(self, names: tuple[str, ...]) -> int | None:
        """The place in the header of a column known under `names`; None when absent."""
        spelled = self.spelled
        return next((spelled.index(n.upper()) for n in names if n.upper() in spelled), None)

    def digest(self) -> bytes:
        """A fingerprint of its bytes, decompressed."""
        seen = hashlib.blake2b()
        with self.source.open() as stream:
            while block := stream.read(1 << 20):
                seen.update(block)
        return seen.digest()


def form_of(name: str) -> tuple[str, Form] | None:
    """A file's name without its endings, and its form; None for a file of another kind."""
    bare = name[: -len(".gz")] if name.lower().endswith(".gz") else name
    for ending, form in FORMS.items():
        if bare.lower().endswith(ending):
            return bare[: -len(ending)], form
    return None


def inspect(source: Source, table: str, year: int | None) -> NativeFile:
    """Look at how `source` is written.

    Raises InputError when it is empty, cut, under a password or in an unknown encoding.
    """
    found = form_of(source.name)
    assert found is not None
    try:
        match found[1]:
            case "text":
                seen = scan(source)
                return NativeFile(
                    source,
                    table,
                    year,
                    "text",
                    seen.header,
                    seen.lines,
                    seen.size,
                    seen.separator,
                    seen.utf8,
                    seen.regular,
                )
            case "parquet":
                names, lines = _parquet(source)
            case "sas":
                names, lines = sas.header(source)
    except PermissionError:
        raise
    except OSError as error:
        raise unreadable(Path(str(source))) from error
    return NativeFile(source, table, year, found[1], names, lines, source.path.stat().st_size)


def demand_columns(file: NativeFile, table: NativeTable) -> None:
    """Raise InputError when `file` lacks a column that `table` cannot do without."""
    for column in table.columns:
        if column.required and file.column(column.names) is None:
            raise _missing_column(file, column.names)


def _parquet(source: Source) -> tuple[tuple[str, ...], int]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        with source.open() as stream:
            seen = pq.ParquetFile(stream)
            return tuple(map(str, seen.schema_arrow.names)), int(seen.metadata.num_rows)
    except pa.ArrowException as error:
        raise unreadable(Path(str(source))) from error


def _missing_column(file: NativeFile, names: tuple[str, ...]) -> InputError:
    near = close_match(names[0], file.spelled)
    wanted = " / ".join(names)
    hint_fr, hint_en = (f" Proche : {near}.", f" Near: {near}.") if near else ("", "")
    return InputError(
        Text(f"la colonne {wanted} manque.{hint_fr}", f"column {wanted} is missing.{hint_en}"),
        str(file.source),
        Text(
            f"Vérifiez le séparateur (lu : {file.separator!r}) et le nom de la colonne.",
            f"Check the separator (read as {file.separator!r}) and the column's name.",
        ),
    )
