"""One key of a criterion and its value, as filters of the query model."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, Final

from transat.cohorts.circe.concept_sets import ConceptSets, code_set
from transat.cohorts.circe.criteria import Attribute
from transat.cohorts.circe.faults import unsupported
from transat.cohorts.circe.values import (
    choice,
    concept_ids,
    day,
    flag,
    members,
    rounded,
    truncated,
    words,
)
from transat.cohorts.query.model import (
    Abnormal,
    ConceptIn,
    DateIs,
    Filter,
    NumberIs,
    Operator,
    TextIs,
    TextOperator,
)

OPERATORS: Final[Mapping[str, Operator]] = {
    "lt": "<",
    "lte": "<=",
    "eq": "=",
    "!eq": "!=",
    "gt": ">",
    "gte": ">=",
    "bt": "between",
    "!bt": "not between",
}
TEXT_OPERATORS: Final[Mapping[str, tuple[TextOperator, bool]]] = {
    "eq": ("is", False),
    "!eq": ("is", True),
    "startsWith": ("starts", False),
    "!startsWith": ("starts", True),
    "contains": ("contains", False),
    "!contains": ("contains", True),
    "endsWith": ("ends", False),
    "!endsWith": ("ends", True),
}
_RANGE: Final = frozenset(("Op", "Value", "Extent"))
_TEXT: Final = frozenset(("Op", "Text"))
SELECTION: Final = frozenset(("CodesetId", "IsExclusion"))


def filters(
    body: dict[str, Any], path: str, attributes: tuple[Attribute, ...], sets: ConceptSets
) -> list[Filter]:
    """What the keys of `body` that are `attributes` ask, in the order of the table."""
    found: list[Filter] = []
    for attribute in attributes:
        value = body.get(attribute.key)
        if value is not None:
            read = _READERS[attribute.kind]
            found += read(attribute, body, f"{path}.{attribute.key}", sets)
    return found


def _range(value: Any, path: str, one: Callable[[Any, str], Any]) -> tuple[Operator, Any, Any]:
    said = members(value, path, _RANGE)
    operator = choice(said.get("Op"), f"{path}.Op", OPERATORS)
    start = one(said.get("Value"), f"{path}.Value")
    if not operator.endswith("between"):
        return operator, start, None
    return operator, start, one(said.get("Extent"), f"{path}.Extent")


def _days(a: Attribute, body: dict[str, Any], path: str, sets: ConceptSets) -> list[Filter]:
    return [DateIs(a.name, *_range(body[a.key], path, day))]


def _whole(a: Attribute, body: dict[str, Any], path: str, sets: ConceptSets) -> list[Filter]:
    if a.name != "gap_days":
        return [NumberIs(a.name, *_range(body[a.key], path, truncated))]
    if body.get("EraLength") is None:
        raise unsupported(
            path,
            "GapDays",
            "Circe compare gap_days à EraLength, absent ici, et refuse cette définition.",
            "Circe compares gap_days with EraLength, absent here, and refuses this definition.",
        )
    _range(body[a.key], path, truncated)
    return [NumberIs(a.name, *_range(body["EraLength"], path, truncated))]


def _decimal(a: Attribute, body: dict[str, Any], path: str, sets: ConceptSets) -> list[Filter]:
    return [NumberIs(a.name, *_range(body[a.key], path, rounded))]


def _concepts(a: Attribute, body: dict[str, Any], path: str, sets: ConceptSets) -> list[Filter]:
    among = concept_ids(body[a.key], path)
    excluded = a.exclude is not None and bool(body.get(a.exclude))
    return [ConceptIn(a.name, among, excluded)] if among else []


def _selection(a: Attribute, body: dict[str, Any], path: str, sets: ConceptSets) -> list[Filter]:
    """In a concept set, not in it; without a set: known, or unknown though the row asked exists.

    An unknown value is not "not in it", here as everywhere. SQL's NOT IN, and so Circe, lets it
    pass when the CDM holds no concept of the set.
    """
    said = members(body[a.key], path, SELECTION)
    excluded = flag(said.get("IsExclusion"), f"{path}.IsExclusion")
    among = code_set(said.get("CodesetId"), f"{path}.CodesetId", sets)
    asked = ConceptIn(a.name, among, excluded)
    if among is None and excluded and a.through is not None:
        return [ConceptIn(a.through, None), asked]
    return [asked]


def _set(a: Attribute, body: dict[str, Any], path: str, sets: ConceptSets) -> list[Filter]:
    return [ConceptIn(a.name, code_set(body[a.key], path, sets))]


def _text(a: Attribute, body: dict[str, Any], path: str, sets: ConceptSets) -> list[Filter]:
    said = members(body[a.key], path, _TEXT)
    operator, negated = choice(said.get("Op"), f"{path}.Op", TEXT_OPERATORS)
    text = words(said.get("Text"), f"{path}.Text")
    if "%" in text or "_" in text:
        raise unsupported(
            f"{path}.Text",
            a.key,
            "« % » et « _ » y sont des jokers pour Circe.",
            '"%" and "_" are wildcards there for Circe.',
        )
    return [TextIs(a.name, operator, re.sub(r"\\*'", "'", text), negated)]


def _abnormal(a: Attribute, body: dict[str, Any], path: str, sets: ConceptSets) -> list[Filter]:
    return [Abnormal()] if flag(body[a.key], path) else []


def _nothing(a: Attribute, body: dict[str, Any], path: str, sets: ConceptSets) -> list[Filter]:
    code_set(body[a.key], path, sets)
    return []


_READERS: Final = {
    "day": _days,
    "whole": _whole,
    "decimal": _decimal,
    "concepts": _concepts,
    "selection": _selection,
    "text": _text,
    "abnormal": _abnormal,
    "set": _set,
    "nothing": _nothing,
}
