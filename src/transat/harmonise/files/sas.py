"""SAS7BDAT: its columns, and its lines as the text that our casts read.

Read by pyreadstat (ReadStat in C), some lines at a time. A SAS value is text or a float64; the
column's display format says which numbers are days or seconds since 1960.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Final

import numpy as np
import pyarrow as pa

from transat.core.errors import InputError
from transat.core.languages import Text
from transat.engines.faults import unreadable
from transat.harmonise.files.source import Source

#: Lines held at once.
LINES: Final = 100_000

#: Display formats of days and of seconds since 1 January 1960 (SAS 9.4 formats and informats).
_DAYS: Final = re.compile(
    "DATE|DAY|JULIAN|(DDMM|MMDD)YY[BCDNPS]?|YYMMDD[BCDNPS]?|MMYY|YYMM|MONYY|YYMON|WEEKDAT[EX]|"
    "WORDDAT[EX]|(B8601|E8601|IS8601)DA|(EUR|FRA)DFD[DE]|NLDATE"
)
_SECONDS: Final = re.compile(
    "DATETIME|DATEAMPM|MDYAMPM|DTDATE|(B8601|E8601)D[TN]|IS8601DT|(EUR|FRA)DFDT|NLDATM"
)
_1960: Final = np.datetime64("1960-01-01")
#: Years 1 to 9999, in days since 1960.
_FIRST: Final = (np.datetime64("0001-01-01") - _1960) // np.timedelta64(1, "D")
_LAST: Final = (np.datetime64("9999-12-31") - _1960) // np.timedelta64(1, "D")


def header(source: Source) -> tuple[tuple[str, ...], int]:
    """The columns of a SAS file and its number of lines.

    Raises InputError for a file that is cut, encrypted or not SAS7BDAT.
    """
    _, said = _read(source, metadataonly=True)
    return tuple(said.column_names), int(said.number_rows)


def batches(source: Source) -> Iterator[pa.Table]:
    """The lines of a SAS file, `LINES` at a time; every column is text, named as in the file."""
    begun = 0
    while True:
        columns, said = _read(source, row_offset=begun, row_limit=LINES)
        kinds = said.original_variable_types
        texts = [as_text(columns[name], str(kinds[name] or "")) for name in said.column_names]
        if not texts or not len(texts[0]):
            return
        yield pa.table(texts, names=[f"c{place}" for place in range(len(texts))])
        begun += len(texts[0])


def as_text(values: list[Any], display: str) -> pa.Array:
    """A SAS column as text: whole numbers without a point, days and seconds as ISO 8601."""
    if any(isinstance(v, str) for v in values):
        return pa.array([v or None for v in values], pa.string())
    numbers = np.array([np.nan if v is None else v for v in values], np.float64)
    kind = re.sub(r"\d*\.?\d*$", "", display.upper()).strip()
    if _DAYS.fullmatch(kind):
        days, fits = numbers, np.isfinite(numbers)
    elif _SECONDS.fullmatch(kind):
        days, fits = numbers / 86_400, np.isfinite(numbers)
    else:
        return pa.array([_number(v) for v in numbers.tolist()], pa.string())
    fits &= (days >= _FIRST) & (days <= _LAST)
    if days is numbers:
        stamps = _1960 + np.floor(np.where(fits, numbers, 0)).astype("m8[D]")
    else:
        stamps = _1960 + np.floor(np.where(fits, numbers, 0)).astype("m8[s]")
    written = [stamp.replace("T", " ") for stamp in np.datetime_as_string(stamps).tolist()]
    each = zip(written, fits.tolist(), numbers.tolist(), strict=True)
    return pa.array([w if fit else _number(v) for w, fit, v in each], pa.string())


def _number(value: float) -> str | None:
    """The shortest decimal that is this float64 and no other; None for a missing value."""
    if value != value:
        return None
    return str(int(value)) if value.is_integer() else repr(value)


def _read(source: Source, **asked: Any) -> tuple[dict[str, list[Any]], Any]:
    try:
        import pyreadstat
    except ImportError as error:
        raise _not_installed(source) from error
    reader: Any = pyreadstat.read_sas7bdat
    try:
        with source.open() as stream:
            read: tuple[dict[str, list[Any]], Any] = reader(
                stream if source.member or source.gzipped else source.path,
                output_format="dict",
                disable_datetime_conversion=True,
                **asked,
            )
            return read
    except (pyreadstat.ReadstatError, pyreadstat.PyreadstatError, UnicodeDecodeError) as error:
        raise unreadable(source.path) from error


def _not_installed(source: Source) -> InputError:
    return InputError(
        Text("il manque de quoi lire SAS7BDAT.", "what reads SAS7BDAT is missing."),
        str(source),
        Text("Installez pyreadstat, puis relancez.", "Install pyreadstat, then run again."),
    )
