"""What a study asks of each period of a cohort, as data: exposures, outcomes, follow-up."""

from __future__ import annotations

from dataclasses import field
from typing import Literal

import pyarrow as pa

from transat.cohorts.query.domains import DERIVED, DOMAINS
from transat.cohorts.query.executor import COHORT_SCHEMA
from transat.cohorts.query.model import Cohort, Read, Window
from transat.cohorts.query.node import node
from transat.core.languages import Text
from transat.tables.omop import tables


@node
class Measure:
    """One column: what the events of `events` around a cohort period say of it.

    The events are those of the person whose edges are in all `windows` (anchors: the period's start
    and end; 'period_start' and 'period_end' are the edges of the observation period that holds the
    period's start, the first by (start, end) of several, within which events must start unless
    `outside_period`; without such a period no event does).

    what: 'any' 1 or 0; 'count'; 'days_to_first' and 'days_since_last' signed days from the period's
    start to the first, and from the last to it, by event start (null without event);
    'days_covered' days of `covered` that lie in at least one event; 'last_value' attribute
    `attribute` of the last event by (start, id) (null without event).
    covered: for 'days_covered', days [low, high] from the period's start; events are then those
    that touch it, each prolonged by `grace` days, and `windows` is empty. `until_end`: days after
    the period's end do not count (a pregnancy that ends inside a window of exposure).
    at_least: for 'any', so many events, or so many days when `covered` is given.
    role: 'exposure', 'outcome' or 'covariate': what static checks look at.
    """

    key: str
    what: Literal["any", "count", "days_to_first", "days_since_last", "days_covered", "last_value"]
    events: Read
    windows: tuple[Window, ...] = ()
    covered: tuple[int, int] | None = None
    grace: int = 0
    at_least: int = 1
    attribute: str | None = None
    outside_period: bool = False
    role: Literal["exposure", "outcome", "covariate"] = "covariate"
    text: Text | None = field(default=None, compare=False)
    until_end: bool = False


@node
class FollowUp:
    """Time from the start + `from_day` to the first of outcome, competing event, censoring.

    Columns `time` (days, ≥ 0) and `status`: 0 censored, 1 outcome, 2, 3, … the first competing
    event (a tie goes to the outcome, then to the first listed). Censored at the period's end, at
    the first `censoring` event, and `to_day` days after the start when given, whichever is first
    (an event on the day of censoring counts). Only events from `from_day` on count; a period that
    ends before it has null time and status.
    """

    outcome: Read
    competing: tuple[Read, ...] = ()
    censoring: tuple[Read, ...] = ()
    from_day: int = 0
    to_day: int | None = None
    text: Text | None = field(default=None, compare=False)


@node
class Analysis:
    """A cohort and its columns: one row per period, in the order of the cohort's rows."""

    cohort: Cohort
    measures: tuple[Measure, ...] = ()
    follow_up: FollowUp | None = None


def answer_schema(analysis: Analysis) -> pa.Schema:
    """Columns of what an executor answers: person and days, one per measure, time and status.

    A measure is an int64, but for a ratio or an attribute that holds decimals (float64); a day is
    counted from 1970-01-01.
    """
    fields = [(name, COHORT_SCHEMA.field(name).type) for name in COHORT_SCHEMA.names[1:]]
    fields += [(m.key, _type(m)) for m in analysis.measures]
    if analysis.follow_up is not None:
        fields += [("time", pa.int64()), ("status", pa.int64())]
    return pa.schema(fields)


def _type(measure: Measure) -> pa.DataType:
    if measure.what != "last_value" or measure.attribute is None:
        return pa.int64()
    if measure.attribute in DERIVED:
        return pa.float64() if measure.attribute.startswith("ratio") else pa.int64()
    table, _, column = measure.attribute.rpartition(".")
    declared = tables().get(table or DOMAINS[measure.events.domain].table)
    decimal = declared is not None and declared.column(column).type == "float"
    return pa.float64() if decimal else pa.int64()
