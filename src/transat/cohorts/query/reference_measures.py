"""What is asked of each period of a cohort: measures and follow-up, said plainly."""

from __future__ import annotations

from transat.cohorts.query.analysis import FollowUp, Measure
from transat.cohorts.query.model import Read
from transat.cohorts.query.reference_events import Chart
from transat.cohorts.query.reference_filters import Event
from transat.cohorts.query.reference_history import Period, Row
from transat.cohorts.query.reference_periods import collapsed

CENSORED, OUTCOME = 0, 1


def measured(measure: Measure, period: Period, chart: Chart) -> float | int | None:
    """The value of a measure for one period of the person."""
    index = _index(period, chart)
    if measure.covered is not None:
        days = _days_covered(measure, measure.covered, period, index, chart)
        return int(days >= measure.at_least) if measure.what == "any" else days
    found = chart.near(measure.events, measure.windows, index, measure.outside_period)
    if measure.what == "any":
        return int(len(found) >= measure.at_least)
    if measure.what == "count":
        return len(found)
    return _of_one(measure, found, index, chart)


def followed(follow_up: FollowUp, period: Period, chart: Chart) -> tuple[int | None, int | None]:
    """Time in days and status; both None for a period that ends before follow-up begins."""
    origin = period.start + follow_up.from_day
    end = period.end if follow_up.to_day is None else period.start + follow_up.to_day
    end = min(end, period.end)
    if end < origin:
        return None, None
    days = [_first(read, origin, end, chart) for read in follow_up.censoring]
    end = min([end, *(day for day in days if day is not None)])
    ends = [
        (day, status)
        for status, read in enumerate((follow_up.outcome, *follow_up.competing), OUTCOME)
        if (day := _first(read, origin, end, chart)) is not None
    ]
    day, status = min(ends, default=(end, CENSORED))
    return day - origin, status


def _index(period: Period, chart: Chart) -> Event:
    """The period as an event, in the first observation period that holds its start."""
    observed = [p for p in chart.periods if p.holds(period.start)]
    return Event(Row(), 0, period.start, period.end, period=observed[0] if observed else None)


def _of_one(measure: Measure, found: list[Event], index: Event, chart: Chart) -> float | int | None:
    """What the first or the last event says; events are in order of (start, id)."""
    if not found:
        return None
    match measure.what:
        case "days_to_first":
            return found[0].start - index.start
        case "days_since_last":
            return index.start - found[-1].start
        case "last_value":
            value: float | int | None = chart.facts.value(found[-1], measure.attribute or "")
            return value
        case _:
            raise AssertionError(measure.what)


def _days_covered(
    measure: Measure, days: tuple[int, int], period: Period, index: Event, chart: Chart
) -> int:
    window = Period(index.start + days[0], index.start + days[1])
    if measure.until_end:
        window = Period(window.start, min(window.end, period.end))
    spells = [
        Period(max(e.start, window.start), min(e.end + measure.grace, window.end))
        for e in chart.near(measure.events, (), index, measure.outside_period)
        if e.end is not None
    ]
    return sum(s.end - s.start + 1 for s in collapsed((s for s in spells if s.start <= s.end), 0))


def _first(read: Read, low: int, high: int, chart: Chart) -> int | None:
    return min((e.start for e in chart.read(read) if low <= e.start <= high), default=None)
