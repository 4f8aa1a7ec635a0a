"""Counts, demographics and groups around an index event, as a condition and what it joins."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, assert_never

from transat.cohorts.query.model import Count, Demographic, Group
from transat.cohorts.query.sql.attributes import Told, carried, column_of
from transat.cohorts.query.sql.filters import asked_of_index, condition
from transat.cohorts.query.sql.layout import all_of, indented, plus, remark
from transat.cohorts.query.sql.reads import EVENT, PERIOD, in_period, named, plain_read

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from transat.cohorts.query.model import Bound, Read, Window
    from transat.cohorts.query.sql.clauses import Clauses
    from transat.core.languages import Text

_LINE: Final = 88
_SIGNS: Final = {"at_least": ">=", "at_most": "<=", "exactly": "="}


@dataclass(slots=True)
class Index:
    """The index events of a query, under the alias `i`, and what their conditions join.

    relation: one row per event (person_id, event, start_date, end_date, visit_id, period_start,
    period_end). own: SQL of attributes that it carries.
    """

    relation: str
    own: Mapping[str, str] = field(default_factory=dict)
    counts: list[str] = field(default_factory=list)
    told: Told = field(init=False)

    def __post_init__(self) -> None:
        self.told = Told("i", "i.start_date", "i.end_date", self.own)

    def joined(self) -> str:
        """The joins that the conditions need."""
        counts = (
            f"\nLEFT JOIN {name} ON {name}.person_id = i.person_id AND {name}.event = i.event"
            for name in dict.fromkeys(self.counts)
        )
        return "".join(counts) + self.told.joined()


def events(asked: Read, clauses: Clauses, carry: Sequence[str] = (), moved: bool = False) -> str:
    """The name of the query of the events of a Read (reads.EVENT and what it carries)."""

    def made() -> str:
        if asked.within is None:
            return clauses.add("read", plain_read(asked, clauses.codes, carry, moved), named(asked))
        return _within(asked, asked.within, clauses, carry, moved)

    return clauses.once((asked, tuple(carry), moved), made)


def _within(asked: Read, within: Group, clauses: Clauses, carry: Sequence[str], moved: bool) -> str:
    """The events that satisfy a group in an observation period that holds their start."""
    told = asked_of_index((within,))
    every = tuple(dict.fromkeys((*carry, *told)))
    found = clauses.add("found", plain_read(asked, clauses.codes, every, moved), named(asked))
    fixed = (*EVENT, *(("moved_start",) if moved else ()))
    order = ", ".join((*fixed[1:], *map(column_of, every)))
    numbered = clauses.add(
        "numbered",
        f"SELECT *, row_number() OVER (PARTITION BY person_id ORDER BY {order}) AS line\n"
        f"FROM {found}",
    )
    observed = clauses.add(
        "observed",
        f"SELECT e.*{PERIOD},\n    row_number() OVER (PARTITION BY e.person_id ORDER BY e.line, "
        "o.observation_period_start_date,\n        o.observation_period_end_date) AS event\n"
        f"FROM {numbered} e\n{in_period('e')}",
    )
    index = Index(observed, carried("i", told))
    holds = group(within, index, clauses)
    wanted = ", ".join(f"i.{name}" for name in (*fixed, *map(column_of, carry), "line"))
    return clauses.add(
        "within",
        f"SELECT DISTINCT {wanted}\nFROM {observed} i{index.joined()}\nWHERE {holds}",
        *texts(within),
    )


def group(asked: Group, index: Index, clauses: Clauses) -> str:
    """SQL of a group: a condition on the index event."""
    if not asked.members:
        return "true"
    parts = [_member(one, index, clauses) for one in asked.members]
    if asked.need in ("all", "any"):
        return _bracketed(parts, "AND" if asked.need == "all" else "OR") if parts[1:] else parts[0]
    held = _bracketed([f"CASE WHEN {part} THEN 1 ELSE 0 END" for part in parts], "+")
    return f"({held} {_SIGNS[asked.need]} {asked.times})"


def texts(asked: Group) -> Iterator[Text]:
    """What a group and the groups and demographics within it say of themselves."""
    if asked.text is not None:
        yield asked.text
    for member in asked.members:
        if isinstance(member, Group):
            yield from texts(member)
        elif isinstance(member, Demographic) and member.text is not None:
            yield member.text


def _bracketed(parts: Sequence[str], sign: str) -> str:
    """Parts joined by a sign, in brackets; one a line when a line would be long."""
    one = f" {sign} ".join(parts)
    if len(one) <= _LINE:
        return f"({one})"
    return "(\n" + indented(f"\n{sign} ".join(parts)) + "\n)"


def _member(member: Count | Demographic | Group, index: Index, clauses: Clauses) -> str:
    match member:
        case Group():
            return group(member, index, clauses)
        case Demographic():
            said = [condition(one, index.told, clauses.codes) for one in member.filters]
            return _bracketed(said, "AND") if said else "true"
        case Count():
            name = clauses.once(
                ("count", index.relation, member), lambda: _count(member, index, clauses)
            )
            index.counts.append(name)
            held = f"coalesce({name}.times, 0) {_SIGNS[member.comparison]} {member.times}"
            return held + remark(named(member.events))
        case _:
            assert_never(member)


def _count(asked: Count, index: Index, clauses: Clauses) -> str:
    """The query of how often it happens around each index event where it happens at all."""
    carry = () if asked.distinct is None else (asked.distinct,)
    found = events(asked.events, clauses, carry)
    times = f"count(DISTINCT a.{column_of(asked.distinct)})" if asked.distinct else "count(*)"
    conditions = around(asked.windows, asked.outside_period)
    if asked.same_visit:
        conditions.append("a.visit_id = i.visit_id")
    return clauses.add(
        "count",
        f"SELECT i.person_id, i.event, {times} AS times\n"
        f"FROM {index.relation} i\n"
        f"JOIN {found} a ON {all_of(['a.person_id = i.person_id', *conditions])}\n"
        "GROUP BY i.person_id, i.event",
        asked.text,
    )


def around(windows: Sequence[Window], outside_period: bool) -> list[str]:
    """Conditions that an event `a` is in all windows of `i`, and starts in its period."""
    inside = [] if outside_period else ["a.start_date BETWEEN i.period_start AND i.period_end"]
    return [*inside, *(c for window in windows for c in _window(window, outside_period))]


def _window(window: Window, outside_period: bool) -> Iterable[str]:
    day = f"a.{window.event}_date"
    low, high = (_bound(b, window, outside_period) for b in (window.low, window.high))
    within = not outside_period and window.event == "start"
    low = None if within and window.low == "period_start" else low
    high = None if within and window.high == "period_end" else high
    if low is not None and high is not None:
        yield f"{day} BETWEEN {low} AND {high}"
    elif low is not None:
        yield f"{day} >= {low}"
    elif high is not None:
        yield f"{day} <= {high}"


def _bound(bound: Bound, window: Window, outside_period: bool) -> str | None:
    if isinstance(bound, int):
        return plus(f"i.{window.index}_date", bound)
    return None if outside_period else f"i.{bound}"
