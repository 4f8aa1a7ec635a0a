"""The events of a person, and what happens around one of them: Read, Count, Group."""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Final, Literal, assert_never

from transat.cohorts.query.domains import DOMAINS, Domain
from transat.cohorts.query.model import (
    Bound,
    Count,
    Demographic,
    Group,
    Read,
    Shift,
    Window,
)
from transat.cohorts.query.reference_concepts import Concepts
from transat.cohorts.query.reference_filters import Event, Facts, day_number
from transat.cohorts.query.reference_history import Period, Row

_COMPARED: Final[dict[str, Callable[[int, int], bool]]] = {
    "at_least": operator.ge,
    "at_most": operator.le,
    "exactly": operator.eq,
}


@dataclass(slots=True)
class Chart:
    """One person's events, each Read answered once."""

    person: int
    concepts: Concepts
    facts: Facts = field(init=False)
    periods: list[Period] = field(init=False)
    _answers: dict[Read, list[Event]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.facts = Facts(self.person, self.concepts)
        self.periods = self.concepts.history.periods(self.person)

    def read(self, asked: Read) -> list[Event]:
        """The events of a Read, in order of (start, id)."""
        if asked not in self._answers:
            self._answers[asked] = sorted(self._find(asked), key=lambda e: (e.start, e.key))
        return self._answers[asked]

    def holds(self, member: Count | Demographic | Group, index: Event) -> bool:
        """Whether a member of a group holds around the index event."""
        match member:
            case Count():
                return self._counted(member, index)
            case Demographic():
                return all(self.facts.holds(index, f) for f in member.filters)
            case Group():
                return self._group(member, index)
            case _:
                assert_never(member)

    def near(
        self, asked: Read, windows: tuple[Window, ...], index: Event, outside_period: bool
    ) -> list[Event]:
        """Events of a Read in all windows around an index event, within its observation period."""
        return [
            event
            for event in self.read(asked)
            if (outside_period or (index.period is not None and index.period.holds(event.start)))
            and all(_in_window(event, w, index, outside_period) for w in windows)
        ]

    def _find(self, asked: Read) -> list[Event]:
        domain = DOMAINS[asked.domain]
        own = self.concepts.history.of(domain.table, self.person)
        rows = [r for r in named(own, asked, self.concepts) if r[domain.start] is not None]
        if asked.first:
            rows = sorted(rows, key=lambda row: (row[domain.start], row[domain.key] or 0))[:1]
        moved = [event for row in rows if (event := _moved(row, domain, asked)) is not None]
        kept = [e for e in moved if all(self.facts.holds(e, f) for f in asked.filters)]
        replaced = [event for e in kept if (event := _replaced(e, asked)) is not None]
        return [e for e in replaced if asked.within is None or self._within(asked.within, e)]

    def _within(self, group: Group, event: Event) -> bool:
        periods = [period for period in self.periods if period.holds(event.start)]
        return any(self._group(group, event.within(period)) for period in periods)

    def _counted(self, count: Count, index: Event) -> bool:
        found = self.near(count.events, count.windows, index, count.outside_period)
        if count.same_visit:
            found = [e for e in found if e.visit is not None and e.visit == index.visit]
        if count.distinct is None:
            times = len(found)
        else:
            times = len({self.facts.value(e, count.distinct) for e in found} - {None})
        return _COMPARED[count.comparison](times, count.times)

    def _group(self, group: Group, index: Event) -> bool:
        """Members are asked one after the other, and no longer than the answer is open."""
        if not group.members:
            return True
        held = (self.holds(member, index) for member in group.members)
        if group.need == "all":
            return all(held)
        if group.need == "any":
            return any(held)
        return _COMPARED[group.need](sum(held), group.times)


def named(rows: Iterable[Row], asked: Read, concepts: Concepts) -> list[Row]:
    """The rows that the codes of a Read name."""
    domain = DOMAINS[asked.domain]
    concept, source = domain.concept or "", domain.source_concept or ""
    wanted = (
        (asked.codes, (concept,)),
        (asked.source_codes, (source,)),
        (asked.any_codes, (concept, source)),
    )
    asks = [(concepts.members(codes), columns) for codes, columns in wanted if codes is not None]
    return [
        row
        for row in rows
        if all(any(row[column] in among for column in columns) for among, columns in asks)
    ]


def _moved(row: Row, domain: Domain, asked: Read) -> Event | None:
    """The event of a row, its dates moved; None when its start becomes unknown."""
    edges = {"start": row[domain.start], "end": _end(row, domain)}

    def shifted(shift: Shift) -> int | None:
        day = edges[shift.edge]
        return None if day is None else day + shift.days

    start, end = shifted(asked.start), shifted(asked.end)
    if start is None:
        return None
    visit = row["visit_occurrence_id"] if domain.visit else None
    return Event(row, row[domain.key] or 0, start, end, visit, moved=start)


def _end(row: Row, domain: Domain) -> int | None:
    known = row[domain.end or ""]
    if known is not None:
        return int(known)
    supply = row[domain.days_supply or ""]
    length = domain.length if supply is None else supply
    return None if length is None else int(row[domain.start] + length)


def _replaced(event: Event, asked: Read) -> Event | None:
    """The event with the dates of `start_on` and `end_on`; None when it does not cover them."""
    days = [None if day is None else day_number(day) for day in (asked.start_on, asked.end_on)]
    for day in days:
        if day is not None and (event.end is None or not event.start <= day <= event.end):
            return None
    start, end = days
    return Event(
        event.row,
        event.key,
        event.start if start is None else start,
        event.end if end is None else end,
        event.visit,
        moved=event.moved,
    )


def _in_window(event: Event, window: Window, index: Event, outside_period: bool) -> bool:
    day = event.start if window.event == "start" else event.end
    anchor = index.start if window.index == "start" else index.end

    def beyond(bound: Bound, side: Literal["low", "high"]) -> bool:
        """Whether the day is on the right side of a bound; one that bounds nothing always is."""
        if isinstance(bound, str) and outside_period:
            return True
        limit = _limit(bound, anchor, index.period)
        if day is None or limit is None:
            return False
        return day >= limit if side == "low" else day <= limit

    return beyond(window.low, "low") and beyond(window.high, "high")


def _limit(bound: Bound, anchor: int | None, period: Period | None) -> int | None:
    if isinstance(bound, int):
        return None if anchor is None else anchor + bound
    if period is None:
        return None
    return period.start if bound == "period_start" else period.end
