"""Filters as SQL conditions. An unknown value makes a condition NULL, which selects nothing."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, assert_never

from transat.cohorts.query.model import (
    Abnormal,
    ConceptIn,
    Count,
    DateIs,
    Demographic,
    Filter,
    Group,
    NumberIs,
    TextIs,
)
from transat.cohorts.query.sql.layout import literal

if TYPE_CHECKING:
    from transat.cohorts.query.sql.attributes import Told
    from transat.cohorts.query.sql.codes import Codes

#: OHDSI's answers 'Low' and 'High', which Circe takes as abnormal.
_ABNORMAL = "(4155142, 4155143)"
_OF_ABNORMAL = ("value_as_number", "range_low", "range_high", "value_as_concept_id")


def condition(asked: Filter, event: Told, codes: Codes) -> str:
    """SQL of one filter on an event."""
    match asked:
        case ConceptIn():
            return _concept(event.of(asked.attribute), asked, codes)
        case NumberIs() | DateIs():
            return _compared(event.of(asked.attribute), asked)
        case TextIs():
            return _text(event.of(asked.attribute), asked)
        case Abnormal():
            value, low, high, answer = (event.of(name) for name in _OF_ABNORMAL)
            return f"({value} < {low} OR {value} > {high} OR {answer} IN {_ABNORMAL})"
        case _:
            assert_never(asked)


def _concept(value: str, asked: ConceptIn, codes: Codes) -> str:
    if asked.among is None:
        return f"{value} IS {'' if asked.excluded else 'NOT '}NULL"
    if isinstance(asked.among, tuple):
        if not asked.among:
            return f"{value} IS NOT NULL" if asked.excluded else "false"
        is_in = f"{value} IN ({', '.join(map(str, asked.among))})"
    else:
        is_in = codes.among(value, asked.among)
    return f"({value} IS NOT NULL AND NOT {is_in})" if asked.excluded else is_in


def _compared(value: str, asked: NumberIs | DateIs) -> str:
    sign = {"=": "=", "!=": "<>"}.get(asked.operator, asked.operator.upper())
    if not sign.endswith("BETWEEN"):
        return f"{value} {sign} {literal(asked.value)}"
    if asked.extent is None:
        return "false"
    return f"{value} {sign} {literal(asked.value)} AND {literal(asked.extent)}"


def _text(value: str, asked: TextIs) -> str:
    text = literal(asked.text)
    holds = {
        "is": f"{value} = {text}",
        "starts": f"starts_with({value}, {text})",
        "contains": f"contains({value}, {text})",
        "ends": f"suffix({value}, {text})",
    }[asked.operator]
    return f"NOT {holds}" if asked.negated else holds


def asked_of_index(members: Iterable[Count | Demographic | Group | None]) -> tuple[str, ...]:
    """Attributes that demographics ask of the index event's own row, in order of name."""
    names = {name for member in members if member is not None for name in _asked(member)}
    return tuple(sorted(n for n in names if not _follows_from_dates(n)))


def _asked(member: Count | Demographic | Group) -> Iterator[str]:
    if isinstance(member, Group):
        for inner in member.members:
            yield from _asked(inner)
    elif isinstance(member, Demographic):
        for one in member.filters:
            yield from _OF_ABNORMAL if isinstance(one, Abnormal) else (one.attribute,)


def _follows_from_dates(name: str) -> bool:
    return name in ("start_date", "end_date", "duration") or name.startswith(("age_at_", "person."))
