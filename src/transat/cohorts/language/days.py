"""Days as the language writes them: windows around an event, and dates that move.

A bound is a number of days from the start of the reference (0 its day), `start - 30`, `end`,
`end + 30`, `13w6d` (week 13 plus 6 days: 97) or `ever`: the edge of the observation period.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Final

from transat.cohorts.language.grammar import EVER
from transat.cohorts.language.place import Place
from transat.cohorts.query.model import Edge, Shift, Window
from transat.core.errors import close_match
from transat.core.languages import Text

#: Farther than any date: a bound that bounds nothing where no edge of the period may.
FAR: Final = 36_500
SHIFT: Final = r"(start|end)( ?([+-]) ?([0-9]{1,5}))?"
WEEKS: Final = r"(-?)([0-9]{1,2})w(([0-6])d)?"
_NUMBER: Final = r"-?[0-9]{1,5}"


@dataclass(frozen=True, slots=True)
class Bound:
    """One end of a window: days from an edge, or None for the edge of the observation period."""

    edge: Edge
    days: int | None


#: Named windows of a document: [first, last].
Windows = Mapping[str, tuple[Bound, Bound]]


def shift(place: Place) -> Shift:
    """`start`, `end`, `end + 30`."""
    found = re.fullmatch(SHIFT, place.word_of())
    if not found:
        raise place.expected("start, end, start + 14…", "start, end, start + 14…")
    edge: Edge = "end" if found[1] == "end" else "start"
    return Shift(edge, _signed(found[3], found[4]))


def bounds(place: Place, named: Windows) -> tuple[Bound, Bound]:
    """[first, last], or the name of a window. Refuses a window that ends before it begins."""
    if place.kind == "str":
        name = place.word_of()
        if name not in named:
            raise place.unknown(name, named)
        return named[name]
    first, last = place.pair()
    low, high = _bound(first), _bound(last)
    if low.days is None and high.days is not None:
        low = Bound(high.edge, None)
    if high.days is None:
        high = Bound(low.edge, None)
    if low.days is not None and high.days is not None and low.edge == high.edge:
        _ordered(place, low.days <= high.days)
    return low, high


def from_start(place: Place, named: Windows) -> tuple[int, int]:
    """[first, last] in days from the start, both known."""
    low, high = bounds(place, named)
    if low.days is None or high.days is None or "end" in (low.edge, high.edge):
        raise place.expected("des jours comptés du début", "days counted from the start")
    return low.days, high.days


def windows(low: Bound, high: Bound, by: str = "start") -> tuple[Window, ...]:
    """The model's windows: by 'start', 'end' (edges that lie in it) or 'overlap' (any day)."""
    if by == "overlap":
        begins = _upper(high, "start")
        ends = Window(low.days, FAR, low.edge, "end") if low.days is not None else None
        return tuple(w for w in (begins, ends) if w is not None)
    edge: Edge = "end" if by == "end" else "start"
    if low.edge == high.edge:
        return (
            Window(
                "period_start" if low.days is None else low.days,
                "period_end" if high.days is None else high.days,
                low.edge,
                edge,
            ),
        )
    return (
        Window(low.days or 0, "period_end", low.edge, edge),
        Window("period_start", high.days or 0, high.edge, edge),
    )


def _upper(high: Bound, edge: Edge) -> Window:
    return Window("period_start", "period_end" if high.days is None else high.days, high.edge, edge)


def day(place: Place) -> int | None:
    """A number of days of at least 1, or None for `ever`."""
    return None if place.word_of() == EVER else place.whole(1, FAR)


def dates(place: Place) -> tuple[date | None, date | None]:
    """[first day, last day]; null for no bound."""
    first, last = place.pair()
    low = None if first.kind == "null" else first.date()
    high = None if last.kind == "null" else last.date()
    if low and high:
        _ordered(place, low <= high)
    return low, high


def _bound(place: Place) -> Bound:
    word = place.word_of()
    if word == EVER:
        return Bound("start", None)
    if re.fullmatch(_NUMBER, word):
        return Bound("start", place.signed())
    if weeks := re.fullmatch(WEEKS, word):
        days = 7 * int(weeks[2]) + int(weeks[4] or 0)
        return Bound("start", -days if weeks[1] else days)
    if found := re.fullmatch(SHIFT, word):
        return Bound("end" if found[1] == "end" else "start", _signed(found[3], found[4]))
    if close_match(word, (EVER, "start", "end")):
        raise place.unknown(word, (EVER, "start", "end"))
    raise place.expected(
        "des jours : -365, end + 30, 13w6d ou ever", "days: -365, end + 30, 13w6d or ever"
    )


def _signed(sign: str | None, digits: str | None) -> int:
    return (-1 if sign == "-" else 1) * int(digits or 0)


def _ordered(place: Place, right: bool) -> None:
    if not right:
        raise place.refused(
            Text("cette fenêtre finit avant de commencer.", "this window ends before it begins.")
        )
