"""What nobody can satisfy: contradictory rules, empty ranges, periods that end before they begin.

Only what the definition alone shows; that no record happens to fit is for the data to say.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import date

from transat.cohorts.language.checks.finding import Finding
from transat.cohorts.language.checks.lists import is_empty
from transat.cohorts.language.checks.reach import Asked, counts, demographics, inside, latest
from transat.cohorts.language.checks.reach import is_empty as window_is_empty
from transat.cohorts.query.analysis import Analysis
from transat.cohorts.query.model import (
    Cohort,
    ConceptIn,
    Count,
    DateIs,
    Filter,
    FixedOffset,
    Group,
    NumberIs,
    Read,
    TextIs,
)
from transat.core.languages import Text

_CHANGE = Text("Corrigez l'une des deux.", "Correct one of the two.")


def cohort_impossible(cohort: Cohort, where: str, rules: tuple[str, ...]) -> Iterator[Finding]:
    """What nobody can satisfy in a cohort."""
    named = rules or tuple(f"rule {n}" for n in range(1, len(cohort.rules) + 1))
    groups = [("entry", cohort.qualified)] if cohort.qualified else []
    groups += [(n, r.group) for n, r in zip(named, cohort.rules, strict=True)]
    yield from _entry(cohort, where)
    asked = [(n, a) for n, group in groups for a in counts(group)]
    for name, group in groups:
        yield from _groups(group, f"{where}.{name}")
    for name, each in asked:
        yield from _count(each, f"{where}.{name}", cohort)
    yield from _contradictions(asked, where)
    people = [f for _, group in groups for d in demographics(group) for f in d.filters]
    yield from _filters(cohort, people, where)


def analysis_impossible(analysis: Analysis, where: str) -> Iterator[Finding]:
    """What no period can satisfy in an analysis."""
    for measure in analysis.measures:
        if measure.covered and measure.what == "any":
            days = measure.covered[1] - measure.covered[0] + 1
            if measure.at_least > days:
                yield _error(
                    f"{where}.{measure.key}",
                    f"{measure.at_least} jours sont demandés dans une fenêtre de {days}.",
                    f"{measure.at_least} days are wanted in a window of {days}.",
                )
    follow_up, ends = analysis.follow_up, analysis.cohort.exit
    if follow_up is None:
        return
    if isinstance(ends, FixedOffset) and ends.edge == "start" and ends.days < follow_up.from_day:
        yield _error(
            f"{where}.follow_up",
            f"les périodes finissent au jour {ends.days}, le suivi commence au jour "
            f"{follow_up.from_day}.",
            f"periods end on day {ends.days}, follow-up starts on day {follow_up.from_day}.",
        )
    if follow_up.from_day == 0 and follow_up.outcome in analysis.cohort.entry.reads:
        yield _error(
            f"{where}.follow_up",
            "l'issue est l'événement d'entrée lui-même : elle survient au jour 0.",
            "the outcome is the entry event itself: it occurs on day 0.",
        )


def _entry(cohort: Cohort, where: str) -> Iterator[Finding]:
    for read in cohort.entry.reads:
        sets = (read.any_codes, read.codes, read.source_codes)
        if any(codes is not None and is_empty(codes) for codes in sets):
            yield _error(
                f"{where}.entry",
                "un événement d'entrée a un ensemble de codes vide.",
                "an entry event has an empty code set.",
            )
    ends = cohort.exit
    early = isinstance(ends, FixedOffset) and ends.edge == "start" and ends.days < 0
    if early and not cohort.censoring:
        yield _error(
            f"{where}.exit",
            "les périodes finiraient avant de commencer.",
            "periods would end before they start.",
        )


def _groups(group: Group, where: str) -> Iterator[Finding]:
    if group.need == "at_least" and group.times > len(group.members):
        yield _error(
            where,
            f"{group.times} conditions sont demandées sur {len(group.members)}.",
            f"{group.times} conditions are wanted of {len(group.members)}.",
        )
    for member in group.members:
        if isinstance(member, Group):
            yield from _groups(member, where)


def _count(asked: Asked, where: str, cohort: Cohort) -> Iterator[Finding]:
    count = asked.count
    if any(window_is_empty(w) for w in count.windows):
        level = asked.positive and asked.sure
        finding = _error(
            where, "cette fenêtre finit avant de commencer.", "this window ends before it begins."
        )
        yield finding if level else replace(finding, level="warning")
    firsts = [replace(r, first=False) for r in cohort.entry.reads if r.first]
    before = latest(count.windows) < 0
    alone = len(cohort.entry.reads) == 1 and firsts and count.events == firsts[0]
    if asked.positive and asked.sure and before and alone:
        yield _error(
            where,
            "l'entrée est le premier événement de la personne : aucun ne la précède.",
            "entry is the person's first event: none comes before it.",
        )


def _contradictions(asked: list[tuple[str, Asked]], where: str) -> Iterator[Finding]:
    """So many events wanted in days in which fewer are allowed."""
    sure = [(name, a) for name, a in asked if a.sure]
    for name, wanted in sure:
        for other, allowed in sure:
            if wanted.positive and not allowed.positive and _clash(wanted.count, allowed.count):
                yield _error(
                    f"{where}.{name}",
                    f"cette règle demande ce que « {other} » exclut.",
                    f'this rule wants what "{other}" excludes.',
                )


def _clash(wanted: Count, allowed: Count) -> bool:
    plain = wanted.distinct is None and allowed.distinct is None
    if not plain or wanted.times <= allowed.times or allowed.same_visit:
        return False
    if wanted.comparison == "at_most" or allowed.comparison == "at_least":
        return False
    reach = wanted.outside_period <= allowed.outside_period
    return reach and _within(wanted.events, allowed.events) and all(
        any(inside(w, a) for w in wanted.windows) for a in allowed.windows
    )  # fmt: skip


def _within(narrow: Read, wide: Read) -> bool:
    """Whether each event of `narrow` is one of `wide`."""
    if wide.first or wide.within is not None:
        return narrow == wide
    rest = replace(narrow, first=False, filters=wide.filters, within=None)
    return rest == wide and set(wide.filters) <= set(narrow.filters)


def _filters(cohort: Cohort, people: list[Filter], where: str) -> Iterator[Finding]:
    attribute = contradiction(people)
    if attribute is not None:
        yield _nobody(f"{where}", attribute)
        return
    entries = [r for r in cohort.entry.reads if r.start_on is None and r.end_on is None]
    clashes = [contradiction((*r.filters, *people)) for r in entries]
    if clashes and len(clashes) == len(cohort.entry.reads) and all(clashes):
        yield _nobody(f"{where}.entry", str(clashes[0]))
    if cohort.to_date is not None:
        until = DateIs("start_date", "<=", cohort.to_date)
        late = [contradiction((*r.filters, until)) == "start_date" for r in entries]
        if late and len(late) == len(cohort.entry.reads) and all(late) and not any(clashes):
            yield _error(
                f"{where}.dates",
                "l'entrée commence après le dernier jour gardé.",
                "entry starts after the last day that is kept.",
            )


def contradiction(filters: Iterable[Filter]) -> str | None:
    """The attribute of which filters that must all hold leave no value, or None."""
    ranges: dict[str, tuple[float, float]] = {}
    named: dict[str, set[int | str]] = {}
    for asked in filters:
        if isinstance(asked, NumberIs | DateIs):
            first, last = ranges.get(asked.attribute, (-math.inf, math.inf))
            lowest, highest = _range(asked)
            first, last = max(first, lowest), min(last, highest)
            ranges[asked.attribute] = first, last
            if first > last:
                return asked.attribute
        values = _values(asked)
        if values is not None:
            attribute, allowed = values
            kept = named.setdefault(attribute, set(allowed))
            kept &= allowed
            if not kept:
                return attribute
    return None


def _values(asked: Filter) -> tuple[str, set[int | str]] | None:
    """The only values that a filter allows, where it names them."""
    if isinstance(asked, ConceptIn) and isinstance(asked.among, tuple) and not asked.excluded:
        return asked.attribute, set(asked.among)
    if isinstance(asked, TextIs) and asked.operator == "is" and not asked.negated:
        return asked.attribute, {asked.text}
    return None


def _range(asked: NumberIs | DateIs) -> tuple[float, float]:
    """The values that a comparison allows, both ends in; a strict one of days moves by a day."""
    value, extent = _number(asked.value), _number(asked.extent)
    step = 1.0 if isinstance(asked, DateIs) else 0.0
    return {
        "<": (-math.inf, value - step if step else math.nextafter(value, -math.inf)),
        "<=": (-math.inf, value),
        "=": (value, value),
        ">": (value + step if step else math.nextafter(value, math.inf), math.inf),
        ">=": (value, math.inf),
        "between": (value, extent),
    }.get(asked.operator, (-math.inf, math.inf))


def _number(value: float | date | None) -> float:
    if value is None:
        return 0.0
    return float(value.toordinal()) if isinstance(value, date) else float(value)


def _nobody(where: str, attribute: str) -> Finding:
    return _error(
        where,
        f"aucune valeur de « {attribute} » ne satisfait toutes les règles.",
        f'no value of "{attribute}" satisfies all the rules.',
    )


def _error(where: str, fr: str, en: str) -> Finding:
    return Finding("error", "impossible", where, Text(fr, en), _CHANGE)
