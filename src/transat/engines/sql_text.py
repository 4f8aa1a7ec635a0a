"""Text to values, and values to text, as DuckDB reads and writes them, in the SQL of Spark.

Spark reads other forms than DuckDB: it takes ``1d`` for a number and ``2020`` for a day, and
refuses ``1.5`` and ``1e3`` as integers, where DuckDB rounds. So each text is first held to the form
that DuckDB takes (found by trying both on hostile strings; the tests still do), and only then cast.
Every function takes and returns SQL; a text that has not the form gives NULL.
Two limits, on purpose: years are those that four digits write, and a fraction has 18 digits.
"""

from __future__ import annotations

from typing import Final

#: What DuckDB skips around a number or a day: blank, tab, line feed, line tab, page, return.
_BLANKS: Final = "' \\t\\n\\u000B\\u000C\\r'"
#: What its trim() removes: the Unicode separators (category Zs), and not a tab.
_SEPARATORS: Final = "' \u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u202f\u205f\u3000'"
_DIGITS: Final = "[0-9]+(_[0-9]+)*"
_DECIMAL: Final = f"[+-]?({_DIGITS}\\.?({_DIGITS})?|\\.{_DIGITS})([eE][+-]?{_DIGITS})?"
_MONTHS: Final = "jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec"
_SPACE: Final = "[ \\t\\n\\x0B\\f\\r]"

#: Of each part of a date format: the form, and the place that its value takes.
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


def _whole(text: str, form: str) -> str:
    """SQL: the whole of `text` has the `form` (a Java regular expression)."""
    return f"{text} RLIKE r'\\A(?:{form})\\z'"


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


def integer(text: str, sql_type: str) -> str:
    """SQL of try_cast(text AS an integer): rounded half away from zero; hexadecimal, binary."""
    bare = f"REPLACE(TRIM(BOTH {_BLANKS} FROM {text}), '_', '')"
    number = f"TRY_CAST({bare} AS DECIMAL(38, 18))"
    stripped = f"TRIM(BOTH {_BLANKS} FROM {text})"
    return (
        f"CASE WHEN {text} IS NULL THEN CAST(NULL AS {sql_type}) "
        f"WHEN {_whole(text, '[+-]?[0-9]{1,18}')} THEN TRY_CAST({text} AS {sql_type}) "
        f"WHEN {_whole(stripped, _DECIMAL)} THEN TRY_CAST(ROUND({number}) AS {sql_type}) "
        f"WHEN {_whole(stripped, '0[xX][0-9a-fA-F]{1,15}')} "
        f"THEN TRY_CAST(CONV(SUBSTRING({stripped}, 3), 16, 10) AS {sql_type}) "
        f"WHEN {_whole(stripped, '0[bB][01]{1,62}')} "
        f"THEN TRY_CAST(CONV(SUBSTRING({stripped}, 3), 2, 10) AS {sql_type}) END"
    )


def double(text: str) -> str:
    """SQL of try_cast(text AS DOUBLE)."""
    stripped = f"TRIM(BOTH {_BLANKS} FROM {text})"
    word = f"LOWER(REGEXP_REPLACE({stripped}, r'\\A[+-]', ''))"
    sign = f"CASE WHEN STARTSWITH({stripped}, '-') THEN -1 ELSE 1 END"
    return (
        f"CASE WHEN {text} IS NULL THEN CAST(NULL AS DOUBLE) "
        f"WHEN {_whole(text, '[+-]?[0-9]+([.][0-9]+)?')} THEN TRY_CAST({text} AS DOUBLE) "
        f"WHEN {_whole(stripped, _DECIMAL)} "
        f"THEN TRY_CAST(REPLACE({stripped}, '_', '') AS DOUBLE) "
        f"WHEN {word} IN ('inf', 'infinity') THEN {sign} * CAST('Infinity' AS DOUBLE) "
        f"WHEN {word} = 'nan' THEN CAST('NaN' AS DOUBLE) END"
    )


def day(text: str) -> str:
    """SQL of try_cast(text AS DATE): year, month, day with one separator; what follows is free."""
    form = _SPACE + r"*([0-9]{1,4}+)([-/ \\])([0-9]{1,2}+)\2([0-9]{1,2}+)(?![0-9]).*"
    return (
        f"CASE WHEN {_whole(text, '[0-9]{4}-[0-9]{2}-[0-9]{2}')} THEN TRY_CAST({text} AS DATE) "
        f"WHEN {_whole(text, '(?s)' + form)} THEN TRY_CAST("
        f"REGEXP_REPLACE({text}, r'\\A(?s){form}\\z', '000$1-$3-$4') AS DATE) END"
    )


def instant(text: str, written: str) -> str:
    """SQL of try_strptime(text, written): a timestamp without zone."""
    form, places, rest = "", {}, written
    while rest:
        part = _PARTS.get(rest[:2])
        if part is not None:
            form += part[0]
            places[part[1]] = f"${len(places) + 1}"
            rest = rest[2:]
        else:
            form += f"{_SPACE}+" if rest[0] == " " else f"[{rest[0]}]"
            rest = rest[1:]
    whole = f"(?i){_SPACE}*{form}{_SPACE}*"

    def taken(replacement: str) -> str:
        return f"REGEXP_REPLACE({text}, r'\\A{whole}\\z', '{replacement}')"

    year, of_day = f"000{places['year']}", places["day"]
    hours = f" {places['hour']}:{places['minute']}:{places['second']}" if "hour" in places else ""
    if "fraction" in places:
        hours += f".{places['fraction']}"
    if "name" in places:
        spelled = f"LOCATE(LOWER({taken(places['name'])}), '{_MONTHS}')"
        value = (
            f"CONCAT({taken(year)}, '-', CAST(({spelled} + 3) DIV 4 AS STRING), "
            f"{taken('-' + of_day + hours)})"
        )
    else:
        value = taken(f"{year}-{places['month']}-{of_day}{hours}")
    cast = f"TRY_CAST({value} AS TIMESTAMP_NTZ)"
    if not hours:
        cast = f"CAST(TRY_CAST({value} AS DATE) AS TIMESTAMP_NTZ)"
    return f"CASE WHEN {_whole(text, whole)} THEN {cast} END"


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
        f"WHEN {size} = CAST('Infinity' AS DOUBLE) THEN LOWER(SUBSTRING({java}, 1, LENGTH({java}) - 5)) "
        f"WHEN NOT CONTAINS({java}, 'E') THEN {java} "
        f"WHEN {size} >= 1E-4 AND {size} < 1E16 "
        f"THEN REGEXP_REPLACE({plain}, r'(\\.[0-9]*?[1-9]|\\.0)0+\\z', '$1') "
        f"ELSE CONCAT({mantissa}, 'e', {sign}, LPAD(CAST(ABS({exponent}) AS STRING), "
        f"GREATEST(2, LENGTH(CAST(ABS({exponent}) AS STRING))), '0')) END"
    )
