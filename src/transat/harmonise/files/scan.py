"""One pass over the bytes of a delimited file: is it regular, and how many records has it?

A file is regular when it needs no care: no null byte, one kind of line end, quotes only around
whole fields, and as many fields in every record as in the header. An engine then reads it straight,
and the records counted here, from the bytes alone, are the count that its reading is held to. A
cut archive is found here too, before any work.
"""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO, Final

import numpy as np
import numpy.typing as npt

from transat.harmonise.files import faults
from transat.harmonise.files.source import Source
from transat.harmonise.files.text import SEPARATORS, is_utf16, lines

_BLOCK: Final = 1 << 18
#: A record longer than this is not one; DuckDB's own limit is 2,000,000 bytes.
_LONGEST: Final = 1 << 20
_LF, _CR, _QUOTE = 10, 13, 34

Bytes = npt.NDArray[np.uint8]
Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Scan:
    """How a delimited file is written; `lines` counts its records but the header, if regular."""

    header: tuple[str, ...]
    separator: str
    utf8: bool
    regular: bool
    lines: int | None
    size: int  # bytes, decompressed


def scan(source: Source) -> Scan:
    """Scan a delimited file. Raises InputError when it is empty, cut, or not text."""
    with source.open() as stream:
        start = stream.read(_LONGEST)
        if not start.strip():
            raise faults.empty(str(source))
        header, separator = _header(start, source)
        look = _Look(len(header), ord(separator))
        if is_utf16(start):
            look.regular = False
        size = 0
        for block in _blocks(start, stream):
            size += len(block)
            if look.regular:
                look.add(block)
        look.end()
    found = look.lines - 1 if look.regular else None
    return Scan(header, separator, look.utf8, look.regular, found, size)


def _blocks(start: bytes, stream: IO[bytes]) -> Iterator[bytes]:
    for place in range(0, len(start), _BLOCK):
        yield start[place : place + _BLOCK]
    while block := stream.read(_BLOCK):
        yield block


def _header(start: bytes, source: Source) -> tuple[tuple[str, ...], str]:
    beginning = lines(io.BytesIO(start))
    first = next(beginning)
    if not first.strip():
        raise faults.empty(str(source))
    if "\0" in first:
        raise faults.encoding(str(source))
    bare = re.sub('"[^"]*"', "", first)
    separator = max(SEPARATORS, key=bare.count)

    def again() -> Iterator[str]:
        yield first
        yield from beginning

    try:
        return tuple(next(csv.reader(again(), delimiter=separator))), separator
    except csv.Error as error:
        raise faults.encoding(str(source)) from error


class _Look:
    """What the blocks seen so far show."""

    def __init__(self, width: int, separator: int) -> None:
        self.regular = True
        self.utf8 = True
        self.lines = 0
        self._width, self._separator = width, separator
        self._rest = b""
        self._crlf: bool | None = None
        self._begun = False

    def add(self, block: bytes) -> None:
        """Look at the whole records that end in `block`."""
        block = self._rest + block
        if not self._begun:
            self._begun = True
            block = block.removeprefix(codecs.BOM_UTF8)
        if b"\0" in block:
            self.regular = False
            return
        quoted = b'"' in block
        seen = np.frombuffer(block, np.uint8)
        outside = _outside_quotes(seen) if quoted else None
        ends = np.flatnonzero(seen == _LF if outside is None else (seen == _LF) & outside)
        used = int(ends[-1]) + 1 if len(ends) else 0
        self._rest = block[used:]
        if len(self._rest) > _LONGEST:
            self.regular = False
        elif used:
            self._records(block[:used], seen[:used], ends, outside)

    def end(self) -> None:
        """The last line may lack its end."""
        if self.regular and self._rest:
            last = b"\r\n" if self._crlf else b"\n"
            self.add(last)
            self.regular = self.regular and not self._rest

    def _records(
        self, block: bytes, seen: Bytes, ends: npt.NDArray[np.intp], outside: Mask | None
    ) -> None:
        if self.utf8 and not block.isascii():
            try:
                block.decode("utf-8")
            except UnicodeDecodeError:
                self.utf8 = False
        starts = np.empty_like(ends)
        starts[0], starts[1:] = 0, ends[:-1] + 1
        separators = seen == self._separator
        if outside is not None:
            outside = outside[: len(seen)]
            separators &= outside
            self.regular = self.regular and _well_quoted(seen, self._separator)
        self.regular = self.regular and self._one_line_end(block, seen, ends, outside)
        fields = np.add.reduceat(separators.view(np.uint8), starts, dtype=np.uint8)
        as_wide = fields == (self._width - 1) % 256
        length = ends - starts
        if self._width == 1 or not as_wide.all():
            # Blank lines are no records; a reader of one column would take them for empty fields.
            blank = (length == 0) | ((length == 1) & (seen[starts] == _CR))
            self.regular = (
                self.regular
                and bool((as_wide | blank).all())
                and not (self._width == 1 and bool(blank.any()))
            )
            self.lines += int(len(ends) - np.count_nonzero(blank))
        else:
            self.lines += len(ends)
        if int(length.max()) > _LONGEST:
            self.regular = False

    def _one_line_end(
        self, block: bytes, seen: Bytes, ends: npt.NDArray[np.intp], outside: Mask | None
    ) -> bool:
        """Whether every record ends the same way, and no carriage return stands elsewhere."""
        if b"\r" not in block:
            returns = crlf = 0
        else:
            marks = seen == _CR
            if outside is not None:
                marks &= outside
            returns = int(np.count_nonzero(marks))
            crlf = int(np.count_nonzero(marks[np.maximum(ends - 1, 0)] & (ends > 0)))
        if self._crlf is None:
            self._crlf = crlf > 0
        return returns == crlf == (len(ends) if self._crlf else 0)


def _outside_quotes(seen: Bytes) -> Mask:
    """Whether each byte is outside quotes, when the first is; a quote's own place is neither."""
    before: Bytes = np.cumsum(seen == _QUOTE, dtype=np.uint8)
    outside: Mask = before & 1 == 0
    return outside


def _well_quoted(seen: Bytes, separator: int) -> bool:
    """Whether quotes stand only around whole fields, or doubled inside them.

    Then, and only then, is a byte inside quotes when an odd number of quotes comes before it.
    """
    quotes = np.flatnonzero(seen == _QUOTE)
    if len(quotes) % 2:
        return False
    opening, closing = quotes[0::2], quotes[1::2]
    before = seen[opening[opening > 0] - 1]
    after = seen[closing + 1]  # whole records: a line end follows
    fits_before = (before == separator) | (before == _LF) | (before == _QUOTE)
    fits_after = (after == separator) | (after == _LF) | (after == _CR) | (after == _QUOTE)
    return bool(fits_before.all() and fits_after.all())
