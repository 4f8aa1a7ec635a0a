"""From a person's events to the periods of a cohort: limits, exits, censoring, collapse."""

from __future__ import annotations

from collections.abc import Iterable
from typing import assert_never

from transat.cohorts.query.model import (
    Cohort,
    Entry,
    FixedOffset,
    Limit,
    ObservationEnd,
    Persistence,
    Read,
)
from transat.cohorts.query.reference_events import Chart
from transat.cohorts.query.reference_filters import Event, day_number
from transat.cohorts.query.reference_history import Period


def entered(entry: Entry, chart: Chart) -> list[Event]:
    """The events that let the person in, once per observation period, after their limit."""
    found = [
        Event(e.row, e.key, e.start, e.end, e.visit, period, position, e.moved)
        for position, read in enumerate(entry.reads)
        for e in chart.read(read)
        for period in chart.periods
        if period.holds(e.start)
        and period.start + entry.prior_days <= e.start
        and e.start + entry.post_days <= period.end
    ]
    return limited(sorted(found, key=lambda e: (e.moved, _tie(e))), entry.limit, "moved")


def limited(events: list[Event], limit: Limit, day: str = "start") -> list[Event]:
    """All of a person's ordered events, or the first, or the first of those of the last day."""
    if limit == "all" or not events:
        return events
    if limit == "first":
        return events[:1]
    last = max(getattr(e, day) for e in events)
    return [e for e in events if getattr(e, day) == last][:1]


def in_order(events: Iterable[Event]) -> list[Event]:
    """Events by (start, id, position of their Read, observation period)."""
    return sorted(events, key=lambda e: (e.start, _tie(e)))


def periods(cohort: Cohort, events: list[Event], chart: Chart) -> list[Period]:
    """The periods of a cohort that a person's last events give, in order."""
    ended = [
        Period(event.start, end)
        for event in events
        if (end := _end(cohort, event, chart)) is not None
    ]
    low = None if cohort.from_date is None else day_number(cohort.from_date)
    high = None if cohort.to_date is None else day_number(cohort.to_date)
    cut = (
        Period(
            p.start if low is None else max(p.start, low),
            p.end if high is None else min(p.end, high),
        )
        for p in collapsed(ended, cohort.gap)
    )
    return [p for p in cut if p.start <= p.end]


def collapsed(spells: Iterable[Period], gap: int) -> list[Period]:
    """Spells joined when one starts at most `gap` days after the end of those before it."""
    joined: list[Period] = []
    for spell in sorted(spells):
        if joined and spell.start <= joined[-1].end + gap:
            joined[-1] = Period(joined[-1].start, max(joined[-1].end, spell.end))
        else:
            joined.append(spell)
    return joined


def _tie(event: Event) -> tuple[object, ...]:
    return event.key, event.position, event.period


def _end(cohort: Cohort, event: Event, chart: Chart) -> int | None:
    """The first day, from the event's start on, that ends it; None: nothing does."""
    assert event.period is not None
    censored = [
        other.start
        for read in cohort.censoring
        for other in chart.read(read)
        if event.start <= other.start <= event.period.end
    ]
    exit_day = _exit(cohort, event, chart)
    if exit_day is not None and exit_day >= event.start:
        censored.append(exit_day)
    return min(censored, default=None)


def _exit(cohort: Cohort, event: Event, chart: Chart) -> int | None:
    assert event.period is not None
    match cohort.exit:
        case ObservationEnd():
            return event.period.end
        case FixedOffset(days, edge):
            anchor = event.start if edge == "start" else event.end
            return None if anchor is None else min(anchor + days, event.period.end)
        case Persistence():
            eras = [era for era in _eras(cohort.exit, chart) if era.holds(event.start)]
            return min([event.period.end, *(era.end for era in eras)])
        case _:
            assert_never(cohort.exit)


def _eras(exit_: Persistence, chart: Chart) -> list[Period]:
    """Exposures prolonged by the offset and joined over the gap."""
    spells = []
    for e in chart.read(Read("drug_exposure", any_codes=exit_.codes)):
        end = e.end if exit_.days_supply is None else e.start + exit_.days_supply
        assert end is not None, "an exposure lasts a day at least"
        spells.append(Period(e.start, end + exit_.offset))
    return collapsed(spells, exit_.gap)
