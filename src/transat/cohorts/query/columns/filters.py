"""Which events satisfy a filter; an unknown value satisfies nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

from transat.cohorts.query.columns.attributes import Dated, attribute
from transat.cohorts.query.columns.keys import day
from transat.cohorts.query.model import (
    Abnormal,
    CodeSet,
    ConceptIn,
    DateIs,
    Filter,
    NumberIs,
    TextIs,
    TextOperator,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from transat.cohorts.query.columns.keys import Mask
    from transat.cohorts.query.columns.values import Values
    from transat.cohorts.query.columns.world import World

#: OHDSI's answers 'Abnormally low' and 'Abnormally high'.
ABNORMAL: Final = (4155142, 4155143)
_TEXT: Final[dict[TextOperator, Callable[[str, str], bool]]] = {
    "is": str.__eq__,
    "starts": str.startswith,
    "contains": str.__contains__,
    "ends": str.endswith,
}


def satisfied(world: World, events: Dated, condition: Filter) -> Mask:
    """Whether each event satisfies the condition."""
    if isinstance(condition, ConceptIn):
        return _concept(world, events, condition)
    if isinstance(condition, NumberIs):
        found = attribute(world, events, condition.attribute, "number")
        return _both(found, compared(found.values, condition, condition.value, condition.extent))
    if isinstance(condition, DateIs):
        found = attribute(world, events, condition.attribute, "day")
        extent = None if condition.extent is None else day(condition.extent)
        return _both(found, compared(found.values, condition, day(condition.value), extent))
    if isinstance(condition, TextIs):
        return _text(attribute(world, events, condition.attribute, "text"), condition)
    return _abnormal(world, events, condition)


def compared(
    values: NDArray[Any], condition: NumberIs | DateIs, value: float, extent: float | None
) -> Mask:
    """The comparison, of known values."""
    match condition.operator:
        case "<":
            held = values < value
        case "<=":
            held = values <= value
        case "=":
            held = values == value
        case "!=":
            held = values != value
        case ">":
            held = values > value
        case ">=":
            held = values >= value
        case _:
            if extent is None:
                # Nothing is between a value and an unknown one, nor known not to be.
                return np.zeros(len(values), np.bool_)
            held = (values >= value) & (values <= extent)
            if condition.operator == "not between":
                held = ~held
    return np.asarray(held, np.bool_)


def _both(found: Values, held: Mask) -> Mask:
    return held if found.known is None else held & found.known


def _concept(world: World, events: Dated, condition: ConceptIn) -> Mask:
    found = attribute(world, events, condition.attribute, "integer")
    if condition.among is None:
        return found.missing if condition.excluded else ~found.missing
    if isinstance(condition.among, CodeSet):
        among = world.concepts[condition.among]
    else:
        among = np.unique(np.array(condition.among, np.int64))
    held = contained(found.values, among)
    return _both(found, ~held if condition.excluded else held)


def contained(values: NDArray[Any], among: NDArray[np.int64]) -> Mask:
    """Whether each value is one of the ascending ones."""
    if not len(among):
        return np.zeros(len(values), np.bool_)
    place = np.minimum(np.searchsorted(among, values), len(among) - 1)
    return np.asarray(among[place] == values, np.bool_)


def _text(found: Values, condition: TextIs) -> Mask:
    if not found.words:
        return np.zeros(len(found.values), np.bool_)
    holds = _TEXT[condition.operator]
    words = np.array([holds(w, condition.text) != condition.negated for w in found.words])
    return _both(found, words[found.values])


def _abnormal(world: World, events: Dated, condition: Abnormal) -> Mask:
    value = attribute(world, events, "value_as_number", "number")
    low = attribute(world, events, "range_low", "number")
    high = attribute(world, events, "range_high", "number")
    answer = attribute(world, events, "value_as_concept_id", "integer")
    below = _both(low, _both(value, value.values < low.values))
    above = _both(high, _both(value, value.values > high.values))
    return below | above | _both(answer, np.isin(answer.values, ABNORMAL))
