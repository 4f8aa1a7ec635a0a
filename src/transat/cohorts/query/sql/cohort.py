"""A cohort as a script: entry events, rules, limit, periods; one temporary table per stage."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from transat.cohorts.query.sql.attributes import carried, column_of
from transat.cohorts.query.sql.chains import chained
from transat.cohorts.query.sql.clauses import Clauses, kept
from transat.cohorts.query.sql.exits import ended
from transat.cohorts.query.sql.filters import asked_of_index
from transat.cohorts.query.sql.groups import Index, events, group, texts
from transat.cohorts.query.sql.layout import comment, indented, items, literal, plus
from transat.cohorts.query.sql.reads import EVENT, PERIOD, in_period
from transat.core.languages import Text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from transat.cohorts.query.executor import Definition
    from transat.cohorts.query.model import Cohort, Entry, Limit
    from transat.cohorts.query.sql.codes import Codes


@dataclass(frozen=True, slots=True)
class Statement:
    """One statement of a script. gives: what its answer is; nothing for one that makes a table."""

    text: str
    gives: Literal["", "cohort", "attrition", "analysis"] = ""


def statements(definition: Definition, codes: Codes) -> list[Statement]:
    """The script of one definition. The code sets that it names are added to `codes`.

    It leaves the table `periods` (person_id, start_date, end_date) and answers two queries, of
    executor.COHORT_SCHEMA and of executor.ATTRITION_SCHEMA.
    """
    number, cohort = definition.cohort_definition_id, definition.cohort
    title = cohort.name or Text(f"Cohorte {number}", f"Cohort {number}")
    made = periods(cohort, codes)
    made[0] = f"{comment('=' * 60, title, '=' * 60)}{made[0]}"
    return [
        *map(Statement, made),
        Statement(
            f"SELECT {number} AS cohort_definition_id, person_id AS subject_id,\n"
            "    start_date AS cohort_start_date, end_date AS cohort_end_date\n"
            "FROM periods\nORDER BY subject_id, cohort_start_date, cohort_end_date",
            "cohort",
        ),
        Statement(_attrition(number, cohort), "attrition"),
    ]


def periods(cohort: Cohort, codes: Codes) -> list[str]:
    """What makes the table `periods` (person_id, start_date, end_date) of a cohort."""
    groups = (cohort.qualified, *(rule.group for rule in cohort.rules))
    carry = asked_of_index(groups)
    made = [_entry(cohort.entry, carry, codes)]
    if cohort.qualified is not None:
        made.append(_qualified(cohort, carry, codes))
    if cohort.rules:
        made.append(_judged(cohort, carry, codes))
    return [*made, _included(cohort, codes), _periods(cohort, codes)]


def _qualified_table(cohort: Cohort) -> str:
    return "entry_events" if cohort.qualified is None else "qualified_events"


def _judged_table(cohort: Cohort) -> str:
    return "judged_events" if cohort.rules else _qualified_table(cohort)


def _entry(entry: Entry, carry: tuple[str, ...], codes: Codes) -> str:
    clauses = Clauses(codes)
    moved = any(read.start_on is not None for read in entry.reads)
    found = _entering(entry, carry, moved, clauses)
    wide = []
    if entry.prior_days:
        first = plus("o.observation_period_start_date", entry.prior_days)
        wide.append(f"\n  AND {first} <= e.start_date")
    if entry.post_days:
        last = plus("e.start_date", entry.post_days)
        wide.append(f"\n  AND {last} <= o.observation_period_end_date")
    observed = clauses.add(
        "observed",
        f"SELECT e.*{PERIOD}\nFROM {found} e\n{in_period('e')}{''.join(wide)}",
        Text("Dans une période d'observation.", "In an observation period."),
    )
    tie = ", ".join(("id, position, period_start, period_end, end_date, visit_id",
                     *map(column_of, carry)))  # fmt: skip
    day = "moved_start" if moved else "start_date"
    orders, chosen = {"event": "start_date"}, ""
    if entry.limit == "first" and not moved:
        chosen = "\nWHERE event = 1"
    elif entry.limit != "all":
        orders["place"] = f"{day} DESC" if entry.limit == "last" else day
        chosen = "\nWHERE place = 1"
    numbers = [
        f"row_number() OVER (\n        PARTITION BY person_id ORDER BY {by}, {tie}\n    ) AS {name}"
        for name, by in orders.items()
    ]
    ordered = clauses.add("ordered", f"SELECT{items(('*', *numbers))}\nFROM {observed}")
    columns = ", ".join(
        (*(c for c in EVENT if c != "id"), "event", "period_start", "period_end",
         *map(column_of, carry))
    )  # fmt: skip
    return kept(
        "entry_events",
        clauses,
        f"SELECT {columns}\nFROM {ordered}{chosen}",
        _limited(Text("Événements d'entrée", "Entry events"), entry.limit),
        entry.text,
    )


def _entering(entry: Entry, carry: Sequence[str], moved: bool, clauses: Clauses) -> str:
    """The name of the query of the events of all Reads, with the position of theirs."""
    columns = ", ".join((*EVENT, *(["moved_start"] if moved else []), *map(column_of, carry)))
    union = "\nUNION ALL\n".join(
        f"SELECT {position} AS position, {columns} FROM {events(read, clauses, carry, moved)}"
        for position, read in enumerate(entry.reads)
    )
    return clauses.add("entering", union)


def _qualified(cohort: Cohort, carry: tuple[str, ...], codes: Codes) -> str:
    assert cohort.qualified is not None
    clauses = Clauses(codes)
    index = Index("entry_events", carried("i", carry))
    holds = group(cohort.qualified, index, clauses)
    chosen = f"SELECT i.*\nFROM entry_events i{index.joined()}\nWHERE {holds}"
    return kept(
        "qualified_events",
        clauses,
        _first_or_last(chosen, cohort.qualified_limit),
        _limited(Text("Événements qualifiés", "Qualified events"), cohort.qualified_limit),
        *texts(cohort.qualified),
    )


def _judged(cohort: Cohort, carry: tuple[str, ...], codes: Codes) -> str:
    """Which rules each event satisfies, one column per rule."""
    clauses = Clauses(codes)
    table = _qualified_table(cohort)
    index = Index(table, carried("i", carry))
    columns = []
    for number, rule in enumerate(cohort.rules, 1):
        about = Text(f"Règle {number} : {rule.name.fr}", f"Rule {number}: {rule.name.en}")
        said = comment(about, *texts(rule.group))
        columns.append(indented(f"{said}{group(rule.group, index, clauses)} AS rule_{number}"))
    return kept(
        "judged_events",
        clauses,
        "SELECT i.*,\n" + ",\n".join(columns) + f"\nFROM {table} i{index.joined()}",
        Text("Règles d'inclusion.", "Inclusion rules."),
    )


def _included(cohort: Cohort, codes: Codes) -> str:
    clauses = Clauses(codes)
    holds = " AND ".join(f"rule_{n}" for n in range(1, len(cohort.rules) + 1))
    columns = "person_id, event, start_date, end_date, period_end"
    chosen = f"SELECT {columns}\nFROM {_judged_table(cohort)}" + (
        f"\nWHERE {holds}" if holds else ""
    )
    return kept(
        "included_events",
        clauses,
        _first_or_last(chosen, cohort.limit),
        _limited(Text("Événements retenus", "Included events"), cohort.limit),
    )


def _periods(cohort: Cohort, codes: Codes) -> str:
    clauses = Clauses(codes)
    joined = chained(ended(cohort, "included_events", clauses), cohort.gap, clauses)
    start = (
        "start_date"
        if cohort.from_date is None
        else (f"greatest(start_date, {literal(cohort.from_date)})")
    )
    end = "end_date" if cohort.to_date is None else f"least(end_date, {literal(cohort.to_date)})"
    if cohort.from_date is not None or cohort.to_date is not None:
        whole = clauses.add("whole", joined)
        joined = (
            f"SELECT person_id, {start} AS start_date, {end} AS end_date\nFROM {whole}\n"
            f"WHERE {start} <= {end}"
        )
    return kept("periods", clauses, joined, Text("Périodes de la cohorte.", "Cohort periods."))


def _first_or_last(query: str, limit: Limit) -> str:
    """`query` of events, or of each person's first or last."""
    if limit == "all":
        return query
    order = "event" if limit == "first" else "start_date DESC, event"
    inner = query.replace("\n", "\n          ")
    return (
        "SELECT * FROM (\n"
        "    SELECT *,\n"
        f"        first_value(event) OVER (PARTITION BY person_id ORDER BY {order}) AS chosen\n"
        f"    FROM (\n          {inner}\n    ) e\n) e\nWHERE event = chosen"
    )


def _limited(stage: Text, limit: Limit) -> Text:
    said = {
        "all": ("", ""),
        "first": (" : le premier de chaque personne", ": each person's first"),
        "last": (" : le dernier de chaque personne", ": each person's last"),
    }[limit]
    return Text(f"{stage.fr}{said[0]}.", f"{stage.en}{said[1]}.")


def _attrition(number: int, cohort: Cohort) -> str:
    """Events and persons left at each step (executor.ATTRITION_SCHEMA)."""
    steps = [("entry", "NULL", "entry_events", "")]
    if cohort.qualified is not None:
        steps.append(("qualified", "NULL", "qualified_events", ""))
    for place in range(len(cohort.rules)):
        held = " AND ".join(f"rule_{n}" for n in range(1, place + 2))
        steps.append(("rule", str(place), "judged_events", f" WHERE {held}"))
    steps += [("limit", "NULL", "included_events", ""), ("cohort", "NULL", "periods", "")]
    return (
        comment(Text("Ce qui reste à chaque étape.", "What is left at each step."))
        + "\nUNION ALL\n".join(
            f"SELECT {number} AS cohort_definition_id, {step} AS step, '{kind}' AS kind, "
            f"CAST({rule} AS INTEGER) AS rule,\n    count(*) AS events, "
            f"count(DISTINCT person_id) AS persons FROM {table}{condition}"
            for step, (kind, rule, table, condition) in enumerate(steps)
        )
        + "\nORDER BY step"
    )
