"""A column as NumPy holds it: values, which of them are known, and the words of a text."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Literal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from transat.cohorts.query.columns.keys import EPOCH

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from transat.cohorts.query.columns.keys import Mask

Kind = Literal["integer", "number", "day", "text"]
_ARROW: Final[dict[Kind, pa.DataType]] = {
    "integer": pa.int64(),
    "number": pa.float64(),
    "day": pa.date32(),
    "text": pa.string(),
}


@dataclass(frozen=True, slots=True)
class Values:
    """One value per row: int64, float64, a day counted from the year 1 (int64), or a word's number.

    known: None when all are. words: for a text, the distinct ones.
    """

    values: NDArray[Any]
    known: Mask | None = None
    words: tuple[str, ...] = ()

    def take(self, rows: NDArray[Any]) -> Values:
        """The values of those rows."""
        known = None if self.known is None else self.known[rows]
        return Values(self.values[rows], known, self.words)

    @property
    def missing(self) -> Mask:
        """Which are unknown."""
        if self.known is None:
            return np.zeros(len(self.values), np.bool_)
        return ~self.known


def unknown(rows: int) -> Values:
    """A column of which nothing is known."""
    return Values(np.zeros(rows, np.int64), np.zeros(rows, np.bool_))


def values(column: Any, kind: Kind) -> Values:
    """An Arrow column as `kind`."""
    if kind == "text":
        return _text(column)
    wanted = _ARROW[kind]
    if column.type != wanted and (kind == "day" or not pa.types.is_integer(column.type)):
        column = pc.cast(column, wanted, safe=False)
    known = None
    if column.null_count:
        known = pc.is_valid(column).to_numpy()
        column = pc.fill_null(column, pa.scalar(0, pa.int32()).cast(column.type))
    if kind == "day":
        return Values(column.cast(pa.int32()).to_numpy().astype(np.int64) + EPOCH, known)
    wide = np.float64 if kind == "number" else np.int64
    return Values(column.to_numpy().astype(wide, copy=False), known)


def _text(column: Any) -> Values:
    coded = pc.dictionary_encode(pc.cast(column, pa.string()))
    coded = coded.combine_chunks() if isinstance(coded, pa.ChunkedArray) else coded
    known = pc.is_valid(coded).to_numpy(zero_copy_only=False) if coded.null_count else None
    numbers = pc.fill_null(coded.indices, 0).to_numpy(zero_copy_only=False).astype(np.int64)
    return Values(numbers, known, tuple(coded.dictionary.to_pylist()))


def joined(parts: list[Values]) -> Values:
    """Columns one below the other."""
    if len(parts) == 1:
        return parts[0]
    words: dict[str, int] = {}
    numbered = [_numbered(p, words) for p in parts]
    known = None
    if any(p.known is not None for p in parts):
        known = np.concatenate([~p.missing for p in parts])
    return Values(np.concatenate(numbered), known, tuple(words))


def _numbered(part: Values, words: dict[str, int]) -> NDArray[Any]:
    """The part's words by their number in `words`, which grows."""
    if not part.words:
        return part.values
    numbers = np.array([words.setdefault(w, len(words)) for w in part.words], np.int64)
    found: NDArray[Any] = numbers[part.values]
    return found
