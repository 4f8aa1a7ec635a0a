"""What is asked of a delimited file beside its values: its header, its quotes, its faults."""

from __future__ import annotations

import codecs
import csv
import gzip
from collections.abc import Sequence
from pathlib import Path
from typing import IO, Final, cast

_BLOCK: Final = 1 << 23


def header(path: Path, delim: str) -> list[str]:
    """The first line of a UTF-8 file, with or without a byte-order mark, cut at `delim`."""
    with _opened(path) as stream:
        lines = codecs.getreader("utf-8-sig")(stream)
        return next(csv.reader(lines, delimiter=delim), [])


def may_span_lines(paths: Sequence[Path]) -> bool:
    """Whether a value may hold an end of line: only between quotes.

    A compressed file is taken to: nothing can cut it into pieces that are read apart anyway.
    """
    for path in paths:
        if path.suffix == ".gz":
            return True
        with path.open("rb") as stream:
            while block := stream.read(_BLOCK):
                if b'"' in block:
                    return True
    return False


def ragged_line(path: Path, delim: str, columns: int) -> int | None:
    """The number of the first line that has more or fewer than `columns` values; None if none."""
    with _opened(path) as stream:
        lines = csv.reader(codecs.getreader("utf-8-sig")(stream), delimiter=delim)
        for line in lines:
            if line and len(line) != columns:
                return lines.line_num
    return None


def _opened(path: Path) -> IO[bytes]:
    return cast("IO[bytes]", gzip.open(path)) if path.suffix == ".gz" else path.open("rb")
