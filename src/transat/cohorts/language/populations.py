"""A cohort as the language writes it, as the model's Cohort."""

from __future__ import annotations

from dataclasses import replace
from typing import cast

from transat.cohorts.language.conditions import Member, condition
from transat.cohorts.language.context import Context
from transat.cohorts.language.days import dates, day, shift
from transat.cohorts.language.events import events
from transat.cohorts.language.place import Place
from transat.cohorts.language.study import Population
from transat.cohorts.query.model import (
    Cohort,
    Count,
    Entry,
    Exit,
    FixedOffset,
    Group,
    Limit,
    ObservationEnd,
    Persistence,
    Rule,
    Window,
)
from transat.core.languages import Text

LIMITS = ("all", "first", "last")
#: The id of the rule that a washout makes.
WASHOUT = "washout"


def population(place: Place, context: Context) -> Population:
    """Read one cohort. Raises StudyError."""
    entries = place.shape("cohort")
    entry = _entry(entries["entry"], context)
    rules: list[tuple[str, Rule]] = []
    if "washout" in entries:
        rules.append((WASHOUT, _washout(entries["washout"], entry)))
    for each in entries["rules"].each() if "rules" in entries else ():
        rules.append(_rule(each, context, {name for name, _ in rules}))
    first, last = dates(entries["dates"]) if "dates" in entries else (None, None)
    cohort = Cohort(
        entry,
        rules=tuple(rule for _, rule in rules),
        limit=_limit(entries, "keep"),
        exit=_exit(entries["exit"], context) if "exit" in entries else ObservationEnd(),
        censoring=events(entries["censor"], context) if "censor" in entries else (),
        gap=entries["eras"].shape("eras")["gap"].whole() if "eras" in entries else 0,
        from_date=first,
        to_date=last,
        name=_text(entries["title"]),
    )
    name = entries["id"].name()
    return Population(name, cohort, tuple(n for n, _ in rules), place.line)


def _text(place: Place) -> Text:
    place.shape("text")
    return place.said()


def _limit(entries: dict[str, Place], word: str) -> Limit:
    return cast(Limit, entries[word].word(LIMITS)) if word in entries else "all"


def _entry(place: Place, context: Context) -> Entry:
    entries = place.shape("entry")
    days = {
        word: entries[word].whole() if word in entries else 0
        for word in ("observed_before", "observed_after")
    }
    return Entry(
        events(entries["events"], context),
        days["observed_before"],
        days["observed_after"],
        _limit(entries, "take"),
        place.said(),
    )


def _washout(place: Place, entry: Entry) -> Rule:
    """No event of the entry in the days before it."""
    entries = place.shape("washout")
    days = day(entries["days"])
    window = Window("period_start" if days is None else -days, -1)
    none = tuple(Count(replace(r, first=False), (window,), "at_most", 0) for r in entry.reads)
    return Rule(Group("all", none), place.said())


def _rule(place: Place, context: Context, taken: set[str]) -> tuple[str, Rule]:
    entries = place.shape("rule")
    name = entries["id"].name()
    if name in taken:
        raise entries["id"].refused(
            Text(f"la règle « {name} » existe déjà.", f'rule "{name}" exists already.')
        )
    member = condition(place, context, "rule")
    return name, Rule(_group(member), place.said())


def _group(member: Member) -> Group:
    """A rule is a group: a single condition is a group of one. The sentence is the rule's."""
    member = replace(member, text=None)
    return member if isinstance(member, Group) else Group("all", (member,))


def _exit(place: Place, context: Context) -> Exit:
    entries = place.shape("exit")
    if ("until" in entries) == ("while_on" in entries):
        raise place.refused(
            Text("donnez until ou while_on, et un seul.", "give until or while_on, and one only.")
        )
    if "until" in entries:
        for word in ("gap", "grace", "days_supply"):
            if word in entries:
                raise entries[word].refused(
                    Text(f"« {word} » ne va qu'avec « while_on ».",
                         f'"{word}" goes with "while_on" only.')
                )  # fmt: skip
        moved = shift(entries["until"])
        return FixedOffset(moved.days, moved.edge)
    codes = context.code_set(entries["while_on"])
    if codes is None:
        raise entries["while_on"].expected("un ensemble de codes", "a code set")
    return Persistence(
        codes,
        entries["gap"].whole() if "gap" in entries else 30,
        entries["grace"].whole() if "grace" in entries else 0,
        entries["days_supply"].whole(1) if "days_supply" in entries else None,
    )
