"""The reference interpreter: what every node of the query model means, in plain Python.

It takes one person at a time, and one definition at a time, and does what the nodes say in the
order in which they say it. It is the executable specification: the other executors must give the
same tables. Clear before fast: some minutes for a thousand definitions on thousands of persons.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from transat.cohorts.query.analysis import Analysis, answer_schema
from transat.cohorts.query.domains import DOMAINS
from transat.cohorts.query.executor import (
    ATTRITION_SCHEMA,
    COHORT_SCHEMA,
    Definition,
    Executed,
)
from transat.cohorts.query.model import Cohort, Group
from transat.cohorts.query.reference_concepts import Concepts
from transat.cohorts.query.reference_events import Chart, named
from transat.cohorts.query.reference_filters import Event
from transat.cohorts.query.reference_history import History, Period
from transat.cohorts.query.reference_measures import followed, measured
from transat.cohorts.query.reference_periods import entered, in_order, limited, periods

if TYPE_CHECKING:
    from transat.engines.cdm import Cdm

#: A step of the attrition: what it is, and the index of its rule.
Step = tuple[str, int | None]


@dataclass(slots=True)
class _Counts:
    """Events and persons left after each step of a definition."""

    steps: dict[Step, list[int]] = field(default_factory=dict)

    def add(self, step: Step, events: int) -> None:
        counted = self.steps.setdefault(step, [0, 0])
        counted[0] += events
        counted[1] += events > 0


class Reference:
    """Runs definitions and analyses on a CDM, a person at a time (see query.executor.Executor)."""

    def run(self, cdm: Cdm, definitions: Sequence[Definition]) -> Executed:
        """Periods and attrition of all definitions."""
        concepts = Concepts(History(cdm))
        cohorts: list[tuple[int, int, int, int]] = []
        attrition: list[tuple[int, int, str, int | None, int, int]] = []
        for definition in definitions:
            number, counts = definition.cohort_definition_id, _Counts()
            for chart, found in _followed_through(definition.cohort, concepts, counts):
                cohorts += [(number, chart.person, *period) for period in found]
            attrition += [
                (number, step, kind, rule, events, persons)
                for step, ((kind, rule), (events, persons)) in enumerate(counts.steps.items())
            ]
        return Executed(
            _table(sorted(cohorts), COHORT_SCHEMA),
            _table(sorted(attrition, key=lambda row: row[:2]), ATTRITION_SCHEMA),
        )

    def analyse(self, cdm: Cdm, analysis: Analysis) -> pa.Table:
        """One row per period of the cohort: person, days, measures, time and status."""
        rows: list[tuple[Any, ...]] = []
        for chart, found in _followed_through(analysis.cohort, Concepts(History(cdm)), _Counts()):
            for period in found:
                values = [measured(m, period, chart) for m in analysis.measures]
                if analysis.follow_up is not None:
                    values += followed(analysis.follow_up, period, chart)
                rows.append((chart.person, *period, *values))
        return _table(sorted(rows, key=lambda row: row[:3]), answer_schema(analysis))


def _followed_through(
    cohort: Cohort, concepts: Concepts, counts: _Counts
) -> Iterator[tuple[Chart, list[Period]]]:
    """Each person's chart and periods, while the attrition is counted."""
    for step in _steps(cohort):
        counts.add(step, 0)
    for person in _who_may_enter(cohort, concepts):
        chart = Chart(person, concepts)
        events = entered(cohort.entry, chart)
        if events:
            found = _periods(cohort, events, chart, counts)
            counts.add(("cohort", None), len(found))
            yield chart, found


def _who_may_enter(cohort: Cohort, concepts: Concepts) -> list[int]:
    """Persons under observation with a row that the entry names, in order."""
    entering = {
        row["person_id"]
        for read in cohort.entry.reads
        for row in named(concepts.history.rows(DOMAINS[read.domain].table), read, concepts)
    }
    return [person for person in concepts.history.observed() if person in entering]


def _periods(cohort: Cohort, events: list[Event], chart: Chart, counts: _Counts) -> list[Period]:
    counts.add(("entry", None), len(events))
    events = in_order(events)
    if cohort.qualified is not None:
        events = limited(_satisfying(cohort.qualified, events, chart), cohort.qualified_limit)
        counts.add(("qualified", None), len(events))
    for number, rule in enumerate(cohort.rules):
        events = _satisfying(rule.group, events, chart)
        counts.add(("rule", number), len(events))
    events = limited(events, cohort.limit)
    counts.add(("limit", None), len(events))
    return periods(cohort, events, chart)


def _satisfying(group: Group, events: list[Event], chart: Chart) -> list[Event]:
    return [event for event in events if chart.holds(group, event)]


def _steps(cohort: Cohort) -> list[Step]:
    qualified: list[Step] = [] if cohort.qualified is None else [("qualified", None)]
    rules: list[Step] = [("rule", number) for number in range(len(cohort.rules))]
    return [("entry", None), *qualified, *rules, ("limit", None), ("cohort", None)]


def _table(rows: Sequence[tuple[Any, ...]], schema: pa.Schema) -> pa.Table:
    """Rows as a table of `schema`; days are counted from 1970-01-01."""
    columns = list(zip(*rows, strict=True)) if rows else [()] * len(schema)
    arrays = [
        pa.array(values, pa.int32()).cast(field.type)
        if pa.types.is_date32(field.type)
        else pa.array(values, field.type)
        for values, field in zip(columns, schema, strict=True)
    ]
    return pa.Table.from_arrays(arrays, schema=schema)
