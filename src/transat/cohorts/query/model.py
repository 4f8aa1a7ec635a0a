"""What a cohort is, as data: the nodes that every executor runs and that a person can read.

    Read, Read … ──▶ Entry ──▶ qualified ──▶ rules ──▶ limit ──▶ exit, censoring ──▶ collapse

Events are rows (person, start, end, id, visit, observation period). Days are dates; every window is
closed, [low, high]; an unknown (null) value satisfies nothing, and a row of unknown person or start
is no event. Every ordering is total: events of a person are in order of (start, id, position of the
Read in its entry, start and end of the observation period). The last of them are those of the
latest start; of several, the first in that order. The meaning of each node is that of OHDSI's
cohort definitions (Circe 1.11.3), read in the SQL it generates; where that SQL leaves a tie to
chance, the order above decides.
"""

from __future__ import annotations

from dataclasses import field
from datetime import date
from typing import Literal

from transat.cohorts.query.node import node
from transat.core.languages import Text

Limit = Literal["all", "first", "last"]
Edge = Literal["start", "end"]
#: A day: an offset from the anchor, or an edge of the observation period that holds the event.
Bound = int | Literal["period_start", "period_end"]
Operator = Literal["<", "<=", "=", "!=", ">", ">=", "between", "not between"]
TextOperator = Literal["is", "starts", "contains", "ends"]


@node
class ConceptItem:
    """One line of an OHDSI concept set.

    descendants: with all its valid descendants (CONCEPT_ANCESTOR). mapped: with the concepts that
    'Maps to' it, or to its descendants when they are taken. excluded: takes them out instead.
    """

    concept_id: int
    descendants: bool = False
    mapped: bool = False
    excluded: bool = False


@node
class CodeItem:
    """One line of a code list: a code of a vocabulary (without dots, capitals), or a prefix.

    vocabulary: a VOCABULARY_ID of the CDM. descendants, excluded: as ConceptItem.
    """

    vocabulary: str
    code: str
    prefix: bool = True
    descendants: bool = False
    excluded: bool = False


@node
class CodeSet:
    """Concepts that mean one thing: included less excluded, of those the CDM's CONCEPT holds."""

    concepts: tuple[ConceptItem, ...] = ()
    codes: tuple[CodeItem, ...] = ()
    name: str = field(default="", compare=False)


@node
class ConceptIn:
    """The attribute's concept is in the set (or, `excluded`, known and not in it).

    among: a code set, or concept ids taken as they are; None: the attribute is known (`excluded`:
    unknown).
    """

    attribute: str
    among: CodeSet | tuple[int, ...] | None
    excluded: bool = False


@node
class NumberIs:
    """The attribute compared with `value`; `between` takes both ends in [value, extent]."""

    attribute: str
    operator: Operator
    value: float
    extent: float | None = None


@node
class DateIs:
    """As NumberIs, for days."""

    attribute: str
    operator: Operator
    value: date
    extent: date | None = None


@node
class TextIs:
    """The attribute is, starts with, contains or ends with `text` (case counts; no wildcard)."""

    attribute: str
    operator: TextOperator
    text: str
    negated: bool = False


@node
class Abnormal:
    """A measurement outside its own range, or whose value is one of OHDSI's abnormal answers.

    value_as_number < range_low, or > range_high, or value_as_concept_id in (4155142, 4155143).
    """


Filter = ConceptIn | NumberIs | DateIs | TextIs | Abnormal


@node
class Shift:
    """A date of a row: its start or its end, moved by a number of days."""

    edge: Edge
    days: int = 0


@node
class Read:
    """The events of one domain.

    In order: rows whose concept is in `codes`, and source concept in `source_codes`, and either of
    the two in `any_codes` (None: no condition); of these, when `first`, each person's earliest by
    (start, id); then dates moved by `start` and `end`; then `filters`, all of them (dates and what
    follows from them are the moved ones); then, when given, `within`: the event starts in an
    observation period and satisfies the group there.

    domain: a key of `domains.DOMAINS`. start_on, end_on: a date that replaces the event's own
    (observation periods cut by a study's dates); the moved dates must cover it; `filters` still see
    the moved dates, all that follows (windows, `distinct`, `within`, exits) the replaced ones.
    """

    domain: str
    codes: CodeSet | None = None
    source_codes: CodeSet | None = None
    any_codes: CodeSet | None = None
    first: bool = False
    start: Shift = Shift("start")
    end: Shift = Shift("end")
    filters: tuple[Filter, ...] = ()
    within: Group | None = None
    start_on: date | None = None
    end_on: date | None = None
    name: str = field(default="", compare=False)


@node
class Window:
    """Days from the index event's `index` edge in which the other event's `event` edge lies.

    A side that bounds nothing (see Count) asks nothing, not even that the edge is known.
    """

    low: Bound
    high: Bound
    index: Edge = "start"
    event: Edge = "start"


@node
class Count:
    """How often something happens around an event.

    The events of `events` of the same person whose edges are in all `windows`, in the same visit
    when `same_visit`, and which start in the index event's observation period unless
    `outside_period` (an edge of the period then bounds nothing). Of these the rows are counted, or
    the known distinct values of attribute `distinct`, and compared with `times`.
    """

    events: Read
    windows: tuple[Window, ...]
    comparison: Literal["at_least", "at_most", "exactly"] = "at_least"
    times: int = 1
    distinct: str | None = None
    same_visit: bool = False
    outside_period: bool = False
    text: Text | None = field(default=None, compare=False)


@node
class Demographic:
    """All `filters` hold of the person at the index event (attributes of it and of PERSON)."""

    filters: tuple[Filter, ...]
    text: Text | None = field(default=None, compare=False)


@node
class Group:
    """All, any, at least or at most so many (`times`) of the members hold; an empty one holds."""

    need: Literal["all", "any", "at_least", "at_most"]
    members: tuple[Count | Demographic | Group, ...] = ()
    times: int = 0
    text: Text | None = field(default=None, compare=False)


@node
class Entry:
    """The events that let a person in.

    The union of `reads` (one at least), each event once per observation period that holds its start
    with `prior_days` of the period before it and `post_days` after it. `limit`: all, or each
    person's first or last in the order of events, where the start of a Read with `start_on` is the
    moved one.
    """

    reads: tuple[Read, ...]
    prior_days: int = 0
    post_days: int = 0
    limit: Limit = "all"
    text: Text | None = field(default=None, compare=False)


@node
class Rule:
    """One inclusion rule, counted in the attrition under its name."""

    group: Group
    name: Text = field(compare=False)


@node
class ObservationEnd:
    """The period ends with the observation period that holds the event."""


@node
class FixedOffset:
    """It ends so many days after an edge of the event, at the latest with the observation."""

    days: int
    edge: Edge = "start"


@node
class Persistence:
    """It ends with the era of drug exposures in which the event starts.

    Exposures whose concept or source concept is in `codes`, of the dispensed length or of
    `days_supply` days when given, each prolonged by `offset` days, joined over gaps of `gap` days
    at most. At the latest with the observation period, and with it for an event in no such era.
    """

    codes: CodeSet
    gap: int = 30
    offset: int = 0
    days_supply: int | None = None


Exit = ObservationEnd | FixedOffset | Persistence


@node
class Cohort:
    """A whole definition.

    entry; `qualified`: what an entry event must satisfy, then (only when it is given)
    `qualified_limit` of a person's events; `rules`: each event must satisfy all; `limit` of the
    events left. Both limits take events in their order, starts replaced. An event's end is the
    first, from its start on, of its exit and of the first start of a `censoring` event from its
    start to the end of its observation period; an event without any goes. Periods of a person of
    which one starts at most `gap` days after the end of those before are one. `from_date`,
    `to_date` cut what lies outside.
    """

    entry: Entry
    qualified: Group | None = None
    qualified_limit: Limit = "all"
    rules: tuple[Rule, ...] = ()
    limit: Limit = "all"
    exit: Exit = ObservationEnd()
    censoring: tuple[Read, ...] = ()
    gap: int = 0
    from_date: date | None = None
    to_date: date | None = None
    name: Text | None = field(default=None, compare=False)
