"""What definitions are made of: their Reads, their code sets, and what several of them share."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from transat.cohorts.query.model import (
    CodeSet,
    ConceptIn,
    Count,
    Demographic,
    Entry,
    Group,
    Persistence,
    Read,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from transat.cohorts.query.analysis import Analysis
    from transat.cohorts.query.model import Cohort


def code_sets(cohorts: Iterable[Cohort], reads: Iterable[Read] = ()) -> Iterator[CodeSet]:
    """Every code set of the definitions and of the Reads, some of them more than once."""
    for cohort in cohorts:
        if isinstance(cohort.exit, Persistence):
            yield cohort.exit.codes
        for part in _of_cohort(cohort):
            yield from _sets(part)
    for read in reads:
        for part in _of_read(read):
            yield from _sets(part)


def repeated(cohorts: Iterable[Cohort]) -> frozenset[Read | Entry]:
    """The Reads and entries that occur more than once: worth keeping once they are found."""
    times: Counter[Read | Entry] = Counter()
    for cohort in cohorts:
        times[cohort.entry] += 1
        times.update(part for part in _of_cohort(cohort) if isinstance(part, Read))
    return frozenset(part for part, often in times.items() if often > 1)


def reads_of(analysis: Analysis) -> list[Read]:
    """The Reads that an analysis asks beside its cohort."""
    found = [measure.events for measure in analysis.measures]
    asked = analysis.follow_up
    if asked is not None:
        found += (asked.outcome, *asked.competing, *asked.censoring)
    return found


def _of_cohort(cohort: Cohort) -> Iterator[Read | Demographic]:
    for read in (*cohort.entry.reads, *cohort.censoring):
        yield from _of_read(read)
    if cohort.qualified is not None:
        yield from _of_group(cohort.qualified)
    for rule in cohort.rules:
        yield from _of_group(rule.group)


def _of_read(read: Read) -> Iterator[Read | Demographic]:
    yield read
    if read.within is not None:
        yield from _of_group(read.within)


def _of_group(group: Group) -> Iterator[Read | Demographic]:
    for member in group.members:
        if isinstance(member, Count):
            yield from _of_read(member.events)
        elif isinstance(member, Group):
            yield from _of_group(member)
        else:
            yield member


def _sets(part: Read | Demographic) -> Iterator[CodeSet]:
    if isinstance(part, Read):
        for codes in (part.codes, part.source_codes, part.any_codes):
            if codes is not None:
                yield codes
    for condition in part.filters:
        if isinstance(condition, ConceptIn) and isinstance(condition.among, CodeSet):
            yield condition.among
