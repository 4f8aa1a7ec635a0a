"""Text to values, and values to text, as DuckDB reads and writes them, in the SQL of Spark.

Spark reads other forms than DuckDB: it takes ``1d`` for a number and ``2020`` for a day, and
refuses ``1.5`` and ``1e3`` as integers, where DuckDB rounds. So each text is first held to the form
that DuckDB takes (found by trying both on hostile strings; the tests still do), and only then cast.
Every function takes and returns SQL; a text that has not the form gives NULL.
Limits, on purpose: years have two to four digits, fractions 18; a hexadecimal text is no number.
Java before 19 may write a float of 16 digits and more with one digit too many.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

#: What its trim() removes: the Unicode separators (category Zs), and not a tab.
_SEPARATORS: Final = (
    "' \u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a"
    "\u202f\u205f\u3000'"
)
_DIGITS: Final = "[0-9]+(_[0-9]+)*"
_DECIMAL: Final = f"[+-]?({_DIGITS}\\.?({_DIGITS})?|\\.{_DIGITS})([eE][+-]?{_DIGITS})?"
_WORDS: Final = "(?i:[+-]?(?:inf|infinity)|-?nan)"
_MONTHS: Final = "jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec"
#: What DuckDB skips around a number or a day.
_SPACE: Final = "[ \\t\\n\\x0B\\f\\r]"

#: Of each part of a date format: the form, and what it gives.
_PARTS: Final = {
    "%d": ("([0-9]{1,2}+)", "day"),
    "%m": ("([0-9]{1,2}+)", "month"),
    "%Y": ("([0-9]{1,4}+)", "year"),
    "%b": (f"({_MONTHS})", "name"),
    "%H": ("([0-9]{1,2}+)", "hour"),
    "%M": ("([0-9]{1,2}+)", "minute"),
    "%S": ("([0-9]{1,2}+)", "second"),
    "%f": ("([0-9]{1,6}+)", "fraction"),
}
#: Before what a format gave: no text that nobody rewrote begins so.
_MARK: Final = "\\u0001\\u0002"


def trimmed(text: str) -> str:
    """SQL of trim()."""
    return f"TRIM(BOTH {_SEPARATORS} FROM {text})"


def capitals(text: str) -> str:
    """SQL of upper(): one letter becomes one letter (Spark makes ``SS`` of ``ß``)."""
    letter = "CASE WHEN c = 'ß' THEN 'ẞ' WHEN LENGTH(UPPER(c)) = 1 THEN UPPER(c) ELSE c END"
    return (
        f"CASE WHEN OCTET_LENGTH({text}) = LENGTH({text}) THEN UPPER({text}) "
        f"ELSE ARRAY_JOIN(TRANSFORM(SPLIT({text}, ''), c -> {letter}), '') END"
    )


def _held(text: str, form: str) -> str:
    """SQL: the whole of `text` when it has the `form`, blanks left out; else an empty text."""
    return f"REPLACE(REGEXP_EXTRACT({text}, r'\\A{_SPACE}*({form}){_SPACE}*\\z', 1), '_', '')"


def integer(text: str, sql_type: str) -> str:
    """SQL of try_cast(text AS an integer): rounded, half away from zero."""
    rounded = f"ROUND(TRY_CAST({_held(text, _DECIMAL)} AS DECIMAL(38, 18)))"
    return f"COALESCE(TRY_CAST({text} AS {sql_type}), TRY_CAST({rounded} AS {sql_type}))"


def double(text: str) -> str:
    """SQL of try_cast(text AS DOUBLE)."""
    return f"TRY_CAST({_held(text, f'{_DECIMAL}|{_WORDS}')} AS DOUBLE)"


def day(text: str) -> str:
    """SQL of try_cast(text AS DATE): year, month, day with one separator; what follows is free."""
    form = _SPACE + r"*([0-9]{1,4}+)([-/ \\])([0-9]{1,2}+)\2([0-9]{1,2}+)(?![0-9]).*"
    marked = f"REGEXP_REPLACE({text}, r'(?s)\\A{form}\\z', '{_MARK}000$1-$3-$4')"
    return f"TRY_CAST({_unmarked(marked)} AS DATE)"


def instant(text: str, formats: Sequence[str]) -> str:
    """SQL of try_strptime(text, formats): a timestamp without zone, by the first that fits.

    A text that has the form of one format, and is no day (31 February), is not tried by the next.
    """
    told = text
    for written in formats:
        form, value = _read(written)
        told = f"REGEXP_REPLACE({told}, r'(?i)\\A{_SPACE}*{form}{_SPACE}*\\z', '{_MARK}{value}')"
    told = _unmarked(told)
    if any("%b" in written for written in formats):
        for number, name in enumerate(_MONTHS.split("|"), 1):
            told = f"REPLACE({told}, '-{name}-', '-{number}-')"
    return f"TRY_CAST({told} AS TIMESTAMP_NTZ)"


def _unmarked(marked: str) -> str:
    return f"LOWER(REGEXP_EXTRACT({marked}, r'(?s)\\A\\x01\\x02(.*)\\z', 1))"


def _read(written: str) -> tuple[str, str]:
    """The form of a date format, and its parts in the order of an ISO timestamp."""
    form, places, rest = "", dict[str, str](), written
    while rest:
        known = _PARTS.get(rest[:2])
        if known is not None:
            form += known[0]
            places[known[1]] = f"${len(places) + 1}"
            rest = rest[2:]
        else:
            form += f"{_SPACE}+" if rest[0] == " " else f"[{rest[0]}]"
            rest = rest[1:]
    value = f"00{places['year']}-{places.get('month') or places['name']}-{places['day']}"
    if "hour" in places:
        value += f" {places['hour']}:{places['minute']}:{places['second']}"
    return form, value + (f".{places['fraction']}" if "fraction" in places else "")


def written(number: str) -> str:
    """SQL of CAST(double AS VARCHAR): no exponent from 0.0001 to 10^16, where Java writes one
    below 0.001 and from 10^7.
    """
    java = f"CAST({number} AS STRING)"
    plain = f"CAST(CAST({java} AS DECIMAL(38, 20)) AS STRING)"
    size = f"ABS({number})"
    exponent = f"CAST(REGEXP_EXTRACT({java}, r'E(-?[0-9]+)\\z', 1) AS INT)"
    mantissa = f"REGEXP_REPLACE(REGEXP_EXTRACT({java}, r'\\A(-?[0-9.]+)E', 1), r'\\.0\\z', '')"
    sign = f"CASE WHEN {exponent} < 0 THEN '-' ELSE '+' END"
    return (
        f"CASE WHEN ISNAN({number}) THEN 'nan' "
        f"WHEN {size} = CAST('Infinity' AS DOUBLE) THEN REPLACE(LOWER({java}), 'inity', '') "
        f"WHEN NOT CONTAINS({java}, 'E') THEN {java} "
        f"WHEN {size} >= 1E-4 AND {size} < 1E16 "
        f"THEN REGEXP_REPLACE({plain}, r'(\\.[0-9]*?[1-9]|\\.0)0+\\z', '$1') "
        f"ELSE CONCAT({mantissa}, 'e', {sign}, LPAD(CAST(ABS({exponent}) AS STRING), "
        f"GREATEST(2, LENGTH(CAST(ABS({exponent}) AS STRING))), '0')) END"
    )
