"""How far the conditions of a cohort look: the days that a count can see, and on which side."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from transat.cohorts.language.days import FAR
from transat.cohorts.query.model import Count, Demographic, Group, Window


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


def low(window: Window) -> float:
    """The first day of a window, or minus infinity."""
    return -math.inf if window.low == "period_start" or window.low == -FAR else _days(window.low)


def high(window: Window) -> float:
    """The last day of a window, or infinity."""
    return math.inf if window.high == "period_end" or window.high == FAR else _days(window.high)


def latest(windows: Sequence[Window]) -> float:
    """The last day, from the reference's start, on which a counted event can start.

    An event ends on or after its start, so a bound on its end bounds its start; a bound from the
    reference's end bounds nothing here, since that end may be any day.
    """
    return min((high(w) for w in windows if w.index == "start"), default=math.inf)


def _days(bound: int | str) -> float:
    if isinstance(bound, int):
        return float(bound)
    return -math.inf if bound == "period_start" else math.inf
