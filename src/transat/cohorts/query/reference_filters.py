"""What an event is, what it says of itself, and whether filters hold of it."""

from __future__ import annotations

import operator
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any, Final

from transat.cohorts.query.domains import REACHED
from transat.cohorts.query.model import (
    Abnormal,
    ConceptIn,
    DateIs,
    Filter,
    NumberIs,
    Operator,
    TextIs,
)
from transat.cohorts.query.reference_concepts import Concepts
from transat.cohorts.query.reference_history import Period, Row

EPOCH: Final = date(1970, 1, 1)
#: OHDSI's concepts 'Low' and 'High', which Circe takes as abnormal answers.
ABNORMAL_ANSWERS: Final = (4155142, 4155143)


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened to a person. Days are counted from 1970-01-01.

    key: id of its row; position: of the Read that found it in its entry; moved: its start before
    `start_on` replaced it; period: the observation period in which it is looked at.
    """

    row: Row
    key: int
    start: int
    end: int | None
    visit: int | None = None
    period: Period | None = None
    position: int = 0
    moved: int = 0

    def within(self, period: Period | None) -> Event:
        """The same event, looked at in that observation period."""
        return replace(self, period=period)


def day_number(day: date) -> int:
    """Days from 1970-01-01."""
    return (day - EPOCH).days


@dataclass(frozen=True, slots=True)
class Facts:
    """Answers questions about the events of one person."""

    person: int
    concepts: Concepts

    def value(self, event: Event, attribute: str) -> Any:
        """What the event says of an attribute (see domains.attributes); None when unknown."""
        if attribute in _DERIVED:
            return _DERIVED[attribute](self, event)
        table, _, column = attribute.rpartition(".")
        return (self._reached(event, table) if table else event.row)[column]

    def holds(self, event: Event, condition: Filter) -> bool:
        """Whether a filter holds; an unknown value satisfies nothing."""
        match condition:
            case Abnormal():
                return self._abnormal(event)
            case ConceptIn():
                return self._is_among(self.value(event, condition.attribute), condition)
            case TextIs():
                return _text(self.value(event, condition.attribute), condition)
            case NumberIs():
                known = self.value(event, condition.attribute)
                return _compare(known, condition.operator, condition.value, condition.extent)
            case DateIs():
                known = self.value(event, condition.attribute)
                extent = None if condition.extent is None else day_number(condition.extent)
                return _compare(known, condition.operator, day_number(condition.value), extent)

    def _is_among(self, concept: int | None, condition: ConceptIn) -> bool:
        match condition.among:
            case None:
                return (concept is None) == condition.excluded
            case tuple() as ids:
                among = concept in ids
            case code_set:
                among = concept in self.concepts.members(code_set)
        return concept is not None and among != condition.excluded

    def _abnormal(self, event: Event) -> bool:
        value = self.value(event, "value_as_number")
        low, high = self.value(event, "range_low"), self.value(event, "range_high")
        return (
            (value is not None and low is not None and value < low)
            or (value is not None and high is not None and value > high)
            or self.value(event, "value_as_concept_id") in ABNORMAL_ANSWERS
        )

    def _reached(self, event: Event, table: str) -> Row:
        key = REACHED[table]
        leads_to = self.person if table == "person" else event.row[key]
        row = self.concepts.history.named(table, key, leads_to)
        return Row() if table == "visit_occurrence" and row["person_id"] != self.person else row

    def _age(self, day: int | None) -> int | None:
        born = self.concepts.history.named("person", "person_id", self.person)["year_of_birth"]
        if day is None or born is None:
            return None
        return int((EPOCH + timedelta(days=day)).year - born)


def _ratio(event: Event, bound: str) -> float | None:
    value, limit = event.row["value_as_number"], event.row[bound]
    return None if value is None or not limit else value / limit


_DERIVED: Final[dict[str, Callable[[Facts, Event], Any]]] = {
    "start_date": lambda _, event: event.start,
    "end_date": lambda _, event: event.end,
    "duration": lambda _, event: None if event.end is None else event.end - event.start,
    "age_at_start": lambda facts, event: facts._age(event.start),
    "age_at_end": lambda facts, event: facts._age(event.end),
    "ratio_to_range_low": lambda _, event: _ratio(event, "range_low"),
    "ratio_to_range_high": lambda _, event: _ratio(event, "range_high"),
}
_COMPARISONS: Final[dict[str, Callable[[Any, Any], bool]]] = {
    "<": operator.lt,
    "<=": operator.le,
    "=": operator.eq,
    "!=": operator.ne,
    ">": operator.gt,
    ">=": operator.ge,
}


def _compare(known: Any, sign: Operator, value: float, extent: float | None) -> bool:
    if known is None:
        return False
    if sign in _COMPARISONS:
        return _COMPARISONS[sign](known, value)
    return extent is not None and (value <= known <= extent) == (sign == "between")


def _text(known: str | None, condition: TextIs) -> bool:
    if known is None:
        return False
    said = {
        "is": known == condition.text,
        "starts": known.startswith(condition.text),
        "contains": condition.text in known,
        "ends": known.endswith(condition.text),
    }
    return said[condition.operator] != condition.negated
