"""How far the conditions of a cohort look: the days that a count can see, and on which side."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from transat.cohorts.language.days import FAR
from transat.cohorts.query.model import Bound, Count, Demographic, Group, Window


@dataclass(frozen=True, slots=True)
class Asked:
    """A count below a group. positive: more such events help it hold; sure: it must hold."""

    count: Count
    positive: bool
    sure: bool


def counts(group: Group, positive: bool = True, sure: bool = True) -> Iterator[Asked]:
    """Every count of a group. `sure` is lost below 'any', 'at_least' and 'at_most'."""
    helps = positive if group.need != "at_most" else not positive
    certain = sure and (group.need == "all" or (group.need == "any" and len(group.members) == 1))
    for member in group.members:
        if isinstance(member, Group):
            yield from counts(member, helps, certain)
        elif isinstance(member, Count):
            yield Asked(member, helps == wants(member), certain)


def demographics(group: Group) -> Iterator[Demographic]:
    """The demographic conditions that must hold."""
    if group.need == "all" or (group.need == "any" and len(group.members) == 1):
        for member in group.members:
            if isinstance(member, Group):
                yield from demographics(member)
            elif isinstance(member, Demographic):
                yield member


def wants(count: Count) -> bool:
    """Whether the count asks for events, rather than for few of them."""
    return count.comparison == "at_least" or (count.comparison == "exactly" and count.times > 0)


def inside(narrow: Window, wide: Window) -> bool:
    """Whether every day of `narrow` is surely one of `wide`."""
    same = (narrow.index, narrow.event) == (wide.index, wide.event)
    after = wide.low in ("period_start", narrow.low) or _rising(wide.low, narrow.low)
    before = wide.high in ("period_end", narrow.high) or _rising(narrow.high, wide.high)
    return same and after and before


def is_empty(window: Window) -> bool:
    """Whether it ends before it begins."""
    return not _rising(window.low, window.high) and _rising(window.high, window.low)


def latest(windows: Sequence[Window]) -> float:
    """The last day, from the reference's start, on which a counted event can start.

    An event ends on or after its start, so a bound on its end bounds its start; a bound from the
    reference's end bounds nothing here, since that end may be any day.
    """
    return min((_last(w) for w in windows if w.index == "start"), default=math.inf)


def _last(window: Window) -> float:
    """The last day of a window; the observation period starts on the reference's day or before."""
    if isinstance(window.high, int):
        return float(window.high) if window.high < FAR else math.inf
    return math.inf if window.high == "period_end" else 0.0


def _rising(first: Bound, last: Bound) -> bool:
    """Whether both are numbers of days, the first no greater than the last."""
    return isinstance(first, int) and isinstance(last, int) and first <= last
