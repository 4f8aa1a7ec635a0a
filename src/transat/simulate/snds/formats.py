"""How values are written in the extract: dates, months, whole numbers, all as text.

Repeated values are kept as dictionary columns: fast to build, decoded only where CSV is asked.
Days are whole numbers counted from 1970-01-01, months from 1970-01, everywhere in this folder.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from transat.simulate.snds.draws import Flags, Ints

#: IR_DTE_V's sentinel: no date. Written 01/01/1600 and, as a month, 160001.
NO_DAY = int(np.datetime64("1600-01-01", "D").astype(int))

DCIR_DAY = "%d/%m/%Y"
MONTH = "%Y%m"
YEAR = "%Y"
MONTH_OF_YEAR = "%m"
PMSI_DAY = "%d%m%Y"
PMSI_INSTANT = "%d%b%Y:00:00:00"


def day(text: str) -> int:
    """The day number of an ISO date."""
    return int(np.datetime64(text, "D").astype(int))


def as_days(column: pa.ChunkedArray | pa.Array, missing: int = NO_DAY) -> Ints:
    """Day numbers of a date column, `missing` where null."""
    return np.asarray(pc.fill_null(column.cast(pa.int32()), missing).to_numpy(), np.int32)


def month_of(days: Ints) -> Ints:
    """Month numbers of day numbers."""
    return days.astype("datetime64[D]").astype("datetime64[M]").astype(np.int32)


def first_day(months: Ints) -> Ints:
    """Day numbers of the first day of months."""
    return months.astype("datetime64[M]").astype("datetime64[D]").astype(np.int32)


def year_of(days: Ints) -> Ints:
    """Calendar years of day numbers."""
    return days.astype("datetime64[D]").astype("datetime64[Y]").astype(np.int32) + np.int32(1970)


@lru_cache(maxsize=64)
def _written(low: int, high: int, form: str) -> tuple[pa.StringArray, Ints]:
    """Every day of [low, high], then the sentinel, written in `form`.

    The different texts, and the place of each day's text among them (a year has many days; a
    dictionary column must not hold a text twice).
    """
    days = np.append(np.arange(low, high + 1, dtype=np.int32), np.int32(NO_DAY))
    text = pc.strftime(pa.array(days).cast(pa.date32()), format=form, locale="C")
    coded = pc.dictionary_encode(pc.utf8_upper(text))
    return coded.dictionary, np.asarray(coded.indices.to_numpy(), np.int32)


def days(values: Ints, form: str, missing: Flags | None = None) -> pa.Array:
    """Day numbers written in `form`; NO_DAY is a value (the sentinel), `missing` is empty."""
    known = values[values != NO_DAY]
    low, high = (int(known.min()), int(known.max())) if len(known) else (0, 0)
    texts, place_of = _written(low, high, form)
    places = place_of[np.where(values == NO_DAY, high - low + 1, values - low)]
    return pa.DictionaryArray.from_arrays(pa.array(places, mask=missing), texts)


def numbers(values: npt.NDArray[np.integer], missing: Flags | None = None) -> pa.Array:
    """Whole numbers of few different values, as text."""
    coded = pc.dictionary_encode(pa.array(values, mask=missing))
    return pa.DictionaryArray.from_arrays(coded.indices, coded.dictionary.cast(pa.string()))


def amounts(cents: npt.NDArray[np.integer]) -> pa.Array:
    """Euros with two decimals, as text, from whole cents."""
    coded = pc.dictionary_encode(pa.array(cents))
    text = [f"{value / 100:.2f}" for value in coded.dictionary.to_pylist()]
    return pa.DictionaryArray.from_arrays(coded.indices, pa.array(text, pa.string()))


def padded(values: npt.NDArray[np.integer], width: int) -> pa.Array:
    """Whole numbers padded with zeros to `width` characters."""
    return pc.utf8_lpad(pa.array(values).cast(pa.string()), width, "0")


def choice(
    places: npt.NDArray[np.integer] | Flags,
    words: pa.Array | list[str] | tuple[str, ...],
    missing: Flags | None = None,
) -> pa.Array:
    """The word at each place, as a dictionary column (which must not hold a word twice)."""
    listed = words if isinstance(words, pa.Array) else pa.array(words, pa.string())
    coded = pc.dictionary_encode(listed)
    indices = coded.indices.to_numpy()[places.astype(np.int32)]
    return pa.DictionaryArray.from_arrays(pa.array(indices, mask=missing), coded.dictionary)


def text(values: npt.NDArray[np.str_]) -> pa.Array:
    """A column of text; the empty string is an empty field."""
    coded, places = np.unique(values, return_inverse=True)
    return choice(places, pa.array(coded.tolist(), pa.string()), values == "")
