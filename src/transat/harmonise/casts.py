"""How text from a native file becomes a typed value: one declared rule per kind of value.

Native extracts contradict their own schemas (a key is a number in one table, text in the next), so
every column is read as text and cast here, in SQL, by the rule that the table declares.
A cast never raises: text that is not such a value becomes NULL, and the staging counts it.
"""

from __future__ import annotations

from typing import Final, Literal

from transat.engines.engine import identifier, quoted

#: 'text' trimmed; 'code' trimmed, capitals, no spreadsheet '.0'; 'integer' int64;
#: 'number' float64 with a decimal point or comma; 'date' one of the accepted forms.
Cast = Literal["text", "code", "integer", "number", "date"]

#: Accepted written forms of a date, besides eight digits (ddmmyyyy, or yyyymmdd when the first
#: reading is not a date of 1500-2200: no eight digits are both).
DATE_FORMATS: Final = (
    "%d/%m/%Y",
    "%Y-%m-%d",
    "%d%b%Y:%H:%M:%S",
    "%Y-%m-%d %H:%M:%S",
    "%d/%m/%Y %H:%M:%S",
    "%Y-%m-%dT%H:%M:%S",
    "%Y-%m-%d %H:%M:%S.%f",
    "%Y/%m/%d",
    "%d-%m-%Y",
    "%d%b%Y",
)

SQL_TYPES: Final[dict[Cast, str]] = {
    "text": "VARCHAR",
    "code": "VARCHAR",
    "integer": "BIGINT",
    "number": "DOUBLE",
    "date": "DATE",
}


#: A text of printable ASCII without a blank at either end is its own trimmed form; telling so costs
#: a fifth of trimming it, which walks every character.
_TRIMMED: Final = "strlen({0}) = length({0}) AND {0} >= '!' AND NOT suffix({0}, ' ')"


def cast_sql(column: str, cast: Cast) -> str:
    """SQL that casts the text column `column` by the rule `cast`; NULL where it does not fit.

    Each rule is written twice: the form in which nearly every value comes, at a fraction of the
    cost, and the whole rule for the others. Where the first applies, both give the same value.
    """
    name = identifier(column)
    match cast:
        case "text":
            return (
                f"CASE WHEN {_TRIMMED.format(name)} THEN {name} ELSE nullif(trim({name}), '') END"
            )
        case "code":
            return _code(name)
        case "integer":
            return _integer(name)
        case "number":
            number = f"try_cast(replace(trim({name}), ',', '.') AS DOUBLE)"
            return f"coalesce(try_cast({name} AS DOUBLE), {number})"
        case "date":
            return _date(name)


def _code(name: str) -> str:
    """A spreadsheet or a float column writes 3400935418487 as 3400935418487.0."""
    trimmed = f"nullif(upper(trim({name})), '')"
    return (
        f"CASE WHEN suffix({name}, '.0') THEN regexp_replace({trimmed}, '\\.0$', '') "
        f"WHEN {_TRIMMED.format(name)} THEN upper({name}) ELSE {trimmed} END"
    )


def _integer(name: str) -> str:
    """TRY_CAST alone would round '1.5' to 2: a fraction is accepted only when it is zero.

    A text without a point, a comma or an exponent has no fraction.
    """
    decimal = f"try_cast(replace(trim({name}), ',', '.') AS DOUBLE)"
    whole = f"CASE WHEN {decimal} = floor({decimal}) THEN try_cast({decimal} AS BIGINT) END"
    return (
        f"CASE WHEN contains({name}, '.') OR contains({name}, ',') OR contains({name}, 'e') "
        f"OR contains({name}, 'E') THEN {whole} ELSE try_cast(trim({name}) AS BIGINT) END"
    )


def _date(name: str) -> str:
    """The commonest forms are told by their look: a list of formats tries each one in turn."""
    french = f"CAST(try_strptime({name}, '%d/%m/%Y') AS DATE)"
    stamp = f"CAST(try_strptime({name}, '%d%b%Y:%H:%M:%S') AS DATE)"
    iso = f"try_cast({name} AS DATE)"
    quick = (
        f"CASE WHEN {name} LIKE '__/__/____' THEN {french} "
        f"WHEN {name} LIKE '____-__-__' THEN "
        f"CASE WHEN CAST({iso} AS VARCHAR) = {name} THEN {iso} END "
        f"WHEN strlen({name}) = 18 THEN {stamp} END"
    )
    return f"CASE WHEN {name} IS NOT NULL THEN coalesce({quick}, {_any_date(name)}) END"


def _any_date(name: str) -> str:
    formats = "[" + ", ".join(quoted(f) for f in DATE_FORMATS) + "]"
    text = f"trim({name})"
    separated = f"CAST(try_strptime({text}, {formats}) AS DATE)"
    day_first = f"CAST(try_strptime({text}, '%d%m%Y') AS DATE)"
    year_first = f"CAST(try_strptime({text}, '%Y%m%d') AS DATE)"
    eight = (
        f"CASE WHEN year({day_first}) BETWEEN 1500 AND 2200 THEN {day_first} "
        f"WHEN year({year_first}) BETWEEN 1500 AND 2200 THEN {year_first} END"
    )
    digits = f"length({text}) = 8 AND try_cast({text} AS BIGINT) IS NOT NULL"
    return f"CASE WHEN {digits} THEN {eight} ELSE {separated} END"
