"""The small values of an OHDSI definition: numbers, days, flags, words, lists of concepts."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from typing import Any, Final, TypeVar

from transat.cohorts.circe.faults import malformed, unknown_key, unknown_value, wrong_kind
from transat.core.languages import Text

Value = TypeVar("Value")

#: Days beyond these (2,738 years) are a mistake, and leave the calendar of some engines.
FARTHEST: Final = 1_000_000
_LARGEST: Final = 2**31 - 1
#: Concept ids, and every whole number that JSON carries exactly (RFC 8785).
_CONCEPTS: Final = 2**53 - 1
_WHOLE = re.compile(r"[+-]?[0-9]{1,19}")
_DECIMAL = re.compile(r"[+-]?[0-9]{1,19}(\.[0-9]{1,19})?")
_DAY = re.compile(r"([0-9]{1,4})-([0-9]{1,2})-([0-9]{1,2})")
_EXACT: Final = 1e15

_OBJECT = Text("un objet", "an object")
_LIST = Text("une liste", "a list")
_INTEGER = Text("un nombre entier", "a whole number")
_NUMBER = Text("un nombre", "a number")
_FLAG = Text("vrai ou faux", "true or false")
_WORDS = Text("un texte", "a text")


def members(value: Any, path: str, known: frozenset[str]) -> dict[str, Any]:
    """The members of an object, none of which is unknown."""
    if type(value) is not dict:
        raise wrong_kind(path, _OBJECT, value)
    if not known.issuperset(value):
        strange = next(key for key in value if key not in known)
        raise unknown_key(path, strange, known)
    return value


def items(value: Any, path: str) -> list[Any]:
    """The elements of a list; none when it is absent."""
    if value is None:
        return []
    if type(value) is not list:
        raise wrong_kind(path, _LIST, value)
    return value


def whole(value: Any, path: str, low: int = -_LARGEST, high: int = _LARGEST) -> int:
    """A whole number, also when it is written 3.0 or "3", in [low, high]."""
    said: int
    if type(value) is int:
        said = value
    elif (type(value) is float and value.is_integer()) or (
        type(value) is str and _WHOLE.fullmatch(value)
    ):
        said = int(value)
    else:
        raise wrong_kind(path, _INTEGER, value)
    if not low <= said <= high:
        raise malformed(
            path,
            f"ce nombre n'est pas entre {low} et {high}.",
            f"this number is not between {low} and {high}.",
        )
    return said


def days(value: Any, path: str) -> int:
    """A number of days, possibly negative."""
    return whole(value, path, -FARTHEST, FARTHEST)


def number(value: Any, path: str) -> float:
    """A finite number, also when it is written as a text."""
    if type(value) is str and _DECIMAL.fullmatch(value):
        return float(value)
    if type(value) is not int and type(value) is not float:
        raise wrong_kind(path, _NUMBER, value)
    if not -1e300 < value < 1e300:
        raise malformed(path, "ce nombre est trop grand.", "this number is too large.")
    return float(value)


def truncated(value: Any, path: str) -> float:
    """A number that Circe compares without its decimals."""
    said = number(value, path)
    return float(whole(int(said), path))


def rounded(value: Any, path: str) -> float:
    """A number that Circe compares with four decimals, half away from zero (Java's %.4f)."""
    said = number(value, path)
    if abs(said) >= _EXACT:
        return said
    return float(Decimal(repr(said)).quantize(Decimal("0.0001"), ROUND_HALF_UP))


def flag(value: Any, path: str) -> bool:
    """True or false; false when absent."""
    if value is None:
        return False
    if type(value) is not bool:
        raise wrong_kind(path, _FLAG, value)
    return value


def words(value: Any, path: str) -> str:
    """A text."""
    if type(value) is not str:
        raise wrong_kind(path, _WORDS, value)
    return value


def choice(value: Any, path: str, among: Mapping[str, Value]) -> Value:
    """One of the words allowed, exactly as written there."""
    said = words(value, path)
    if said not in among:
        raise unknown_value(path, said, among)
    return among[said]


def any_case(value: Any, path: str, among: Mapping[str, Value]) -> Value:
    """One of the words allowed (in capitals), whatever its case, as Circe compares these."""
    said = words(value, path)
    if said.upper() not in among:
        raise unknown_value(path, said.upper(), among)
    return among[said.upper()]


def day(value: Any, path: str) -> date:
    """A day written YYYY-MM-DD."""
    match = _DAY.fullmatch(words(value, path))
    try:
        if match is None:
            raise ValueError
        return date(*map(int, match.groups()))
    except ValueError:
        raise malformed(
            path,
            "ce n'est pas un jour écrit AAAA-MM-JJ.",
            "this is not a day written YYYY-MM-DD.",
        ) from None


def concept_id(value: Any, path: str) -> int:
    """The CONCEPT_ID of an embedded concept, whose other members are only for people."""
    if type(value) is not dict:
        raise wrong_kind(path, _OBJECT, value)
    if "CONCEPT_ID" not in value:
        raise malformed(path, "il manque CONCEPT_ID.", "CONCEPT_ID is missing.")
    return whole(value["CONCEPT_ID"], f"{path}.CONCEPT_ID", 0, _CONCEPTS)


def concept_ids(value: Any, path: str) -> tuple[int, ...]:
    """The concepts of a list, ascending; none when it is absent or empty."""
    listed: Sequence[Any] = items(value, path)
    return tuple(sorted({concept_id(c, f"{path}[{n}]") for n, c in enumerate(listed)}))
