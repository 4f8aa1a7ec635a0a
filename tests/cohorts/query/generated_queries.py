"""Definitions and analyses drawn at random: every node, every domain, every attribute.

As in generated_cdm, all is drawn from a `random.Random`: a seeded one in long runs, Hypothesis's
own (`strategies.randoms`) where a failing case is to be made small. What is drawn is well formed;
much of it makes no clinical sense (windows that are empty, limits of nothing), and must still mean
one thing.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from random import Random
from typing import Literal, TypeVar

from generated_cdm import ANY_CONCEPT, CODES, DAYS, FIRST, NUMBERS, TEXTS, VOCABULARIES, day
from hypothesis import strategies as st

from transat.cohorts.query.analysis import Analysis, FollowUp, Measure
from transat.cohorts.query.domains import DOMAINS, PREGNANCY, attributes
from transat.cohorts.query.model import (
    Abnormal,
    Bound,
    CodeItem,
    CodeSet,
    Cohort,
    ConceptIn,
    ConceptItem,
    Count,
    DateIs,
    Demographic,
    Edge,
    Entry,
    Exit,
    Filter,
    FixedOffset,
    Group,
    Limit,
    NumberIs,
    ObservationEnd,
    Operator,
    Persistence,
    Read,
    Rule,
    Shift,
    TextIs,
    Window,
)
from transat.core.languages import Text
from transat.tables.omop import tables

T = TypeVar("T")
Kind = Literal["concept", "number", "date", "text", "other"]

EDGES: tuple[Edge, ...] = ("start", "end")
LIMITS: tuple[Limit, ...] = ("all", "all", "first", "last")
OPERATORS: tuple[Operator, ...] = ("<", "<=", "=", "!=", ">", ">=", "between", "not between")
_FEW = (0, 0, 0, 0, 0, 0, 1, 2)
OFFSETS = (-100, -30, -10, -3, -1, 0, 0, 1, 3, 10, 30, 100)
_DERIVED: dict[str, Kind] = {
    "start_date": "date",
    "end_date": "date",
    "duration": "number",
    "age_at_start": "number",
    "age_at_end": "number",
    "ratio_to_range_low": "number",
    "ratio_to_range_high": "number",
}


def definitions() -> st.SearchStrategy[Cohort]:
    """Cohorts, for Hypothesis."""
    return st.randoms(use_true_random=False).map(draw_cohort)


def analyses() -> st.SearchStrategy[Analysis]:
    """Analyses, for Hypothesis."""
    return st.randoms(use_true_random=False).map(draw_analysis)


def draw_cohort(chance: Random) -> Cohort:
    """A whole definition; most of them let somebody in."""
    return Cohort(
        entry=draw_entry(chance),
        qualified=_sometimes(chance, 0.3, lambda: draw_group(chance, 2)),
        qualified_limit=chance.choice(LIMITS),
        rules=tuple(
            Rule(draw_group(chance, 2), Text(f"règle {n}", f"rule {n}"))
            for n in range(chance.choice((0, 0, 0, 1, 1, 2, 3)))
        ),
        limit=chance.choice(LIMITS),
        exit=draw_exit(chance),
        censoring=_some(chance, (0, 0, 0, 1, 2), lambda: draw_read(chance, 1)),
        gap=chance.choice((0, 0, 0, 1, 5, 30)),
        from_date=_sometimes(chance, 0.15, lambda: day(chance)),
        to_date=_sometimes(chance, 0.15, lambda: day(chance)),
    )


def draw_analysis(chance: Random) -> Analysis:
    """A cohort with up to four measures and, half of the time, a follow-up."""
    measures = tuple(
        draw_measure(chance, f"m{number}") for number in range(chance.choice((1, 2, 3, 4)))
    )
    return Analysis(
        draw_cohort(chance), measures, _sometimes(chance, 0.5, lambda: draw_follow_up(chance))
    )


def draw_entry(chance: Random) -> Entry:
    """One to three reads; the days of observation asked for are few."""
    return Entry(
        _some(chance, (1, 1, 2, 3), lambda: draw_read(chance, 1)),
        prior_days=chance.choice((0, 0, 0, 1, 5)),
        post_days=chance.choice((0, 0, 0, 1, 5)),
        limit=chance.choice(LIMITS),
    )


def draw_read(chance: Random, depth: int) -> Read:
    """Events of any domain; a group around them where `depth` allows."""
    domain = chance.choice(tuple(DOMAINS))
    start, end = Shift("start"), Shift("end")
    if chance.random() < 0.15:
        start, end = _shift(chance), _shift(chance)
    return Read(
        domain,
        codes=_sometimes(chance, 0.25, lambda: draw_code_set(chance)),
        source_codes=_sometimes(chance, 0.05, lambda: draw_code_set(chance)),
        any_codes=_sometimes(chance, 0.05, lambda: draw_code_set(chance)),
        first=chance.random() < 0.2,
        start=start,
        end=end,
        filters=_some(chance, _FEW, lambda: draw_filter(chance, attributes(domain))),
        within=_sometimes(chance, 0.08, lambda: draw_group(chance, 1)) if depth else None,
        start_on=_sometimes(chance, 0.05, lambda: day(chance)),
        end_on=_sometimes(chance, 0.05, lambda: day(chance)),
    )


def draw_code_set(chance: Random) -> CodeSet:
    """Concepts and codes, included and excluded; few sets, so that definitions share some."""
    drawn = Random(chance.randrange(60))
    return CodeSet(
        tuple(
            ConceptItem(
                drawn.choice(ANY_CONCEPT),
                descendants=drawn.random() < 0.4,
                mapped=drawn.random() < 0.2,
                excluded=drawn.random() < 0.2,
            )
            for _ in range(drawn.choice((0, 1, 4, 8, 12)))
        ),
        tuple(
            CodeItem(
                drawn.choice(VOCABULARIES),
                drawn.choice(CODES).upper().replace(".", "").replace("-", ""),
                prefix=drawn.random() < 0.6,
                descendants=drawn.random() < 0.3,
                excluded=drawn.random() < 0.2,
            )
            for _ in range(drawn.choice((0, 0, 1, 2)))
        ),
    )


def draw_filter(chance: Random, names: tuple[str, ...]) -> Filter:
    """A filter of the kind that one of the attributes calls for."""
    if "value_as_number" in names and "range_low" in names and chance.random() < 0.2:
        return Abnormal()
    name = chance.choice([n for n in names if kind(n) != "other"])
    match kind(name):
        case "concept":
            return _concept_filter(chance, name)
        case "text":
            sign = chance.choice(("is", "starts", "contains", "ends"))
            return TextIs(name, sign, chance.choice(TEXTS), chance.random() < 0.3)  # type: ignore[arg-type]
        case "date":
            return DateIs(name, chance.choice(OPERATORS), *_days(chance))
        case _:
            return NumberIs(name, chance.choice(OPERATORS), *_numbers(chance, name))


def draw_window(chance: Random) -> Window:
    """Bounds of any kind, at times in the wrong order."""

    def bound() -> Bound:
        edge: Bound = chance.choice(("period_start", "period_end"))
        return edge if chance.random() < 0.2 else chance.choice(OFFSETS)

    low, high = bound(), bound()
    if isinstance(low, int) and isinstance(high, int) and chance.random() < 0.9:
        low, high = min(low, high), max(low, high)
    return Window(low, high, chance.choice(EDGES), chance.choice(EDGES))


def draw_group(chance: Random, depth: int) -> Group:
    """Members of every sort; groups within it where `depth` allows."""
    return Group(
        chance.choice(("all", "all", "any", "at_least", "at_most")),
        _some(chance, (0, 1, 1, 2, 3), lambda: _member(chance, depth)),
        times=chance.choice((0, 1, 1, 2)),
    )


def draw_exit(chance: Random) -> Exit:
    """Any of the three ways in which a period ends."""
    match chance.randrange(4):
        case 0:
            return ObservationEnd()
        case 1:
            return Persistence(
                draw_code_set(chance),
                gap=chance.choice((0, 1, 5, 30)),
                offset=chance.choice((0, 0, 1, 7, -3)),
                days_supply=chance.choice((None, None, 0, 3, 10)),
            )
        case _:
            return FixedOffset(chance.choice((0, 0, 1, 5, 30, -1, -10)), chance.choice(EDGES))


def draw_measure(chance: Random, key: str) -> Measure:
    """A column of any sort."""
    what = chance.choice(
        ("any", "count", "days_to_first", "days_since_last", "days_covered", "last_value")
    )
    read = draw_read(chance, 1)
    covered = None
    if what == "days_covered" or (what == "any" and chance.random() < 0.4):
        low = chance.choice(OFFSETS)
        covered = (low, low + chance.choice((-1, 0, 3, 10, 60)))
    windows = () if covered else _some(chance, (0, 1, 1, 2), lambda: draw_window(chance))
    return Measure(
        key,
        what,  # type: ignore[arg-type]
        read,
        windows,
        covered,
        grace=chance.choice((0, 0, 1, 7, -2)) if covered else 0,
        until_end=bool(covered) and chance.random() < 0.3,
        at_least=chance.choice((1, 1, 2, 3)),
        attribute=_numeric(chance, read.domain) if what == "last_value" else None,
        outside_period=chance.random() < 0.2,
    )


def draw_follow_up(chance: Random) -> FollowUp:
    """An outcome with competing and censoring events."""

    def reads() -> tuple[Read, ...]:
        return _some(chance, (0, 0, 1, 2), lambda: draw_read(chance, 1))

    return FollowUp(
        draw_read(chance, 1),
        reads(),
        reads(),
        from_day=chance.choice((0, 0, 0, 1, 5)),
        to_day=chance.choice((None, None, 0, 5, 30)),
    )


def kind(attribute: str) -> Kind:
    """What an attribute holds; 'other' for instants, which no filter is drawn for."""
    if attribute in _DERIVED:
        return _DERIVED[attribute]
    table, _, column = attribute.rpartition(".")
    types = _TYPES if not table else {c.name: c.type for c in tables()[table].columns}
    if column.endswith("concept_id"):
        return "concept"
    declared = types[column]
    if declared in ("date", "text"):
        return "date" if declared == "date" else "text"
    return "other" if declared == "datetime" else "number"


_TYPES: dict[str, str] = {
    column.name: column.type
    for name, domain in DOMAINS.items()
    if name != "pregnancy"
    for column in tables()[domain.table].columns
}
_TYPES.update(PREGNANCY)


def _member(chance: Random, depth: int) -> Count | Demographic | Group:
    sort = chance.random()
    if sort < 0.15:
        return Demographic(_some(chance, (0, 1, 1, 2), lambda: draw_filter(chance, _OF_THE_PERSON)))
    if sort < 0.3 and depth > 1:
        return draw_group(chance, depth - 1)
    return _count(chance, depth - 1)


#: What a demographic filter asks: it is asked of events of any domain.
_OF_THE_PERSON = tuple(
    name
    for name in attributes("condition_occurrence")
    if name.startswith("person.") or name in _DERIVED
)


def _count(chance: Random, depth: int) -> Count:
    read = draw_read(chance, depth)
    names = [n for n in attributes(read.domain) if kind(n) != "other"]
    return Count(
        read,
        _some(chance, (0, 1, 1, 1, 2), lambda: draw_window(chance)),
        comparison=chance.choice(("at_least", "at_least", "at_most", "exactly")),
        times=chance.choice((0, 1, 1, 1, 1, 2)),
        distinct=_sometimes(chance, 0.2, lambda: chance.choice(names)),
        same_visit=chance.random() < 0.1,
        outside_period=chance.random() < 0.25,
    )


def _concept_filter(chance: Random, name: str) -> ConceptIn:
    among = chance.choice(("set", "ids", "known"))
    if among == "set":
        return ConceptIn(name, draw_code_set(chance), chance.random() < 0.4)
    ids = _some(chance, (0, 1, 2, 5), lambda: chance.choice(ANY_CONCEPT))
    return ConceptIn(name, ids if among == "ids" else None, chance.random() < 0.4)


def _days(chance: Random) -> tuple[date, date]:
    start = FIRST + timedelta(days=chance.randrange(DAYS))
    return start, start + timedelta(days=chance.choice((-1, 0, 5, 30)))


def _numbers(chance: Random, name: str) -> tuple[float, float]:
    low = chance.choice((0, 1, 2, 1980, 30) if "birth" in name else NUMBERS)
    if name.startswith("age_"):
        low = chance.choice((29, 30, 31, 32))
    return float(low), float(low + chance.choice((-1, 0, 1, 5)))


def _numeric(chance: Random, domain: str) -> str:
    """An attribute that a column of numbers can hold."""
    return chance.choice([n for n in attributes(domain) if kind(n) in ("number", "concept")])


def _shift(chance: Random) -> Shift:
    return Shift(chance.choice(EDGES), chance.choice((-5, -1, 0, 0, 1, 5)))


def _some(chance: Random, numbers: tuple[int, ...], make: Callable[[], T]) -> tuple[T, ...]:
    return tuple(make() for _ in range(chance.choice(numbers)))


def _sometimes(chance: Random, share: float, make: Callable[[], T]) -> T | None:
    return make() if chance.random() < share else None
