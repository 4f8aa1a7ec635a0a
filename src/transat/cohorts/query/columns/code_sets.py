"""The code sets that definitions name, so that all of them are looked up at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from transat.cohorts.query.model import (
    CodeSet,
    ConceptIn,
    Count,
    Demographic,
    Filter,
    Group,
    Persistence,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from transat.cohorts.query.analysis import Analysis
    from transat.cohorts.query.model import Cohort, Read


def of_analysis(analysis: Analysis) -> Iterator[CodeSet]:
    """The code sets of a cohort and of what is asked of it."""
    yield from of_cohort(analysis.cohort)
    for measure in analysis.measures:
        yield from of_read(measure.events)
    asked = analysis.follow_up
    if asked is not None:
        for read in (asked.outcome, *asked.competing, *asked.censoring):
            yield from of_read(read)


def of_cohort(cohort: Cohort) -> Iterator[CodeSet]:
    """The code sets of a definition."""
    for read in (*cohort.entry.reads, *cohort.censoring):
        yield from of_read(read)
    if cohort.qualified is not None:
        yield from _of_group(cohort.qualified)
    for rule in cohort.rules:
        yield from _of_group(rule.group)
    if isinstance(cohort.exit, Persistence):
        yield cohort.exit.codes


def of_read(read: Read) -> Iterator[CodeSet]:
    """The code sets of one Read."""
    for codes in (read.codes, read.source_codes, read.any_codes):
        if codes is not None:
            yield codes
    yield from _of_filters(read.filters)
    if read.within is not None:
        yield from _of_group(read.within)


def _of_group(group: Group) -> Iterator[CodeSet]:
    for member in group.members:
        if isinstance(member, Count):
            yield from of_read(member.events)
        elif isinstance(member, Demographic):
            yield from _of_filters(member.filters)
        else:
            yield from _of_group(member)


def _of_filters(filters: Iterable[Filter]) -> Iterator[CodeSet]:
    for condition in filters:
        if isinstance(condition, ConceptIn) and isinstance(condition.among, CodeSet):
            yield condition.among
