"""Native text of any encoding as UTF-8 lines, and its records told apart one by one.

The slow and careful way, for a file that `scan` finds irregular: each record is either as wide as
the header, or misshapen and kept as it was written. Nothing is guessed and nothing is lost.
"""

from __future__ import annotations

import codecs
import csv
import io
from collections import deque
from collections.abc import Iterable, Iterator
from typing import IO, Final

SEPARATORS: Final = (";", ",", "\t", "|")

#: Windows-1252, whose five unused bytes are read as latin-1 has them (WHATWG, windows-1252).
_WESTERN: Final = "".join(
    bytes([byte]).decode("latin-1" if byte in (0x81, 0x8D, 0x8F, 0x90, 0x9D) else "cp1252")
    for byte in range(256)
)
_UTF16: Final = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_BLOCK: Final = 1 << 18
#: A quoted field that is still open after so many lines was never meant to be one.
_LINES_OF_A_RECORD: Final = 1000
#: Bytes of the longest record; the engine refuses one of two million.
_LONGEST: Final = 1 << 20


def western(line: bytes) -> str:
    """One line of text: as UTF-8 when it is so, else as Windows-1252 or latin-1.

    Line by line, because extracts put together from several sources mix the two.
    """
    try:
        return line.decode("utf-8")
    except UnicodeDecodeError:
        return codecs.charmap_decode(line, "strict", _WESTERN)[0]


def is_utf16(start: bytes) -> bool:
    """Whether a file that starts so says that it is in UTF-16."""
    return start.startswith(_UTF16)


def decoded(stream: IO[bytes]) -> Iterator[str]:
    """The text of `stream` in blocks of whole lines, without a byte-order mark."""
    block = stream.read(_BLOCK)
    if is_utf16(block):
        decoder = codecs.getincrementaldecoder("utf-16")("replace")
        while block:
            yield decoder.decode(block)
            block = stream.read(_BLOCK)
        yield decoder.decode(b"", True)
        return
    rest = block.removeprefix(codecs.BOM_UTF8)
    while rest:
        block = stream.read(_BLOCK)
        end = max(rest.rfind(b"\n"), rest.rfind(b"\r")) + 1 if block else len(rest)
        whole, rest = rest[:end], rest[end:] + block
        if whole:
            try:
                yield whole.decode("utf-8")
            except UnicodeDecodeError:
                yield "".join(map(western, whole.splitlines(keepends=True)))


def lines(stream: IO[bytes]) -> Iterator[str]:
    """Physical lines with their ends: line feed, carriage return, or both."""
    rest = ""
    for block in decoded(stream):
        *whole, rest = _split(rest + block)
        yield from whole
    if rest:
        yield from _split(rest, last=True)


def _split(text: str, last: bool = False) -> list[str]:
    """Lines of `text`; unless it is the last, what may not be a whole line comes last."""
    found = list(io.StringIO(text, newline=""))
    if last:
        return found
    if found and found[-1].endswith("\n"):
        found.append("")
    return found or [""]


class _Lines:
    """Physical lines, with those that the record being read has taken, and a way back."""

    def __init__(self, source: Iterable[str]) -> None:
        self._source = iter(source)
        self._again: deque[str] = deque()
        self.taken: list[str] = []
        self.ended = False

    def __iter__(self) -> _Lines:
        return self

    def __next__(self) -> str:
        if len(self.taken) == _LINES_OF_A_RECORD:
            raise csv.Error
        if self._again:
            line = self._again.popleft()
        else:
            found = next(self._source, None)
            if found is None:
                self.ended = True
                raise StopIteration
            line = found
        self.taken.append(line)
        return line

    def begin(self) -> None:
        """Start a record."""
        self.taken.clear()
        self.ended = False

    def again(self, line: str) -> None:
        """Start a record with `line`, which has been taken."""
        self.begin()
        self._again.appendleft(line)

    def give_back(self) -> str:
        """Keep the first line of the record only; the others are to be read again."""
        first, *others = self.taken
        self._again.extendleft(reversed(others))
        return first


def records(source: Iterable[str], separator: str, width: int) -> Iterator[tuple[bool, str]]:
    """Every record after the header: whether it has the header's shape, and its text.

    The text of a good record is a line of regular CSV without its end, that of a misshapen one as
    written. Misshapen: more or fewer fields than the header's `width`, a null byte, a million
    bytes, a quote that is never closed (then its line alone: reading goes on with the next).
    Blank lines are no records.
    """
    taken = _Lines(source)
    reader = csv.reader(taken, delimiter=separator)
    header = True
    for first in taken:
        if '"' not in first:
            bare = first.rstrip("\r\n")
            good = bare.count(separator) == width - 1 and _sane(bare)
            record = (good, bare if good else first) if bare else None
        else:
            taken.again(first)
            record = _quoted(taken, reader, separator, width)
            if record is None:  # a reader that stopped within quotes is of no more use
                record = False, taken.give_back()
                reader = csv.reader(taken, delimiter=separator)
        if record is not None and not header:
            yield record
        header = False
        taken.begin()


def _quoted(
    taken: _Lines, reader: Iterator[list[str]], separator: str, width: int
) -> tuple[bool, str] | None:
    """The record that begins with the next line; None where its quote is never closed."""
    try:
        fields = next(reader)
    except csv.Error:
        return None
    if taken.ended:
        return None
    written = "".join(taken.taken)
    if len(fields) != width or not _sane(written):
        return False, written
    return True, separator.join('"' + field.replace('"', '""') + '"' for field in fields)


def _sane(record: str) -> bool:
    short = len(record) < _LONGEST // 4 or len(record.encode()) < _LONGEST
    return short and "\0" not in record
