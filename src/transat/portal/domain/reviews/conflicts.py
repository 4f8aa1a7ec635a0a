"""Conflicts of interest that can be computed, each with the reason it was found for.

A reviewer is set against every member of a dossier. Four kinds, by the call's rules (years back
from the call's opening; None switches a kind off):

- `same_person`: the reviewer is a member (always a conflict);
- `affiliation`: both belonged to one organisation in the last `affiliation_years`;
- `coauthor`: both signed one work in the last `coauthor_years`;
- `project`: both take part in one other project, now or in the last `project_years`;
- `supervision`: one supervised the other's degree or stay, ended in the last `supervision_years`.

A computed conflict is found in what people have told (affiliations, lists of works, projects): that
nothing is found proves nothing, so each reviewer also declares. Years are years of the calendar: a
work of year y counts while y ≥ year of the opening − years, to the reviewer's disadvantage.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from typing import Literal

Kind = Literal["same_person", "affiliation", "coauthor", "project", "supervision"]


@dataclass(frozen=True, slots=True)
class Stay:
    """A time in an organisation or a project: closed-open; no end while it lasts."""

    what: str
    starts: date
    ends: date | None = None


@dataclass(frozen=True, slots=True)
class Supervision:
    """One person supervised another, until `ends` (None while it lasts)."""

    supervisor: str
    supervised: str
    ends: date | None = None


@dataclass(frozen=True, slots=True)
class Person:
    """What is known of a person: organisations, works as (identifier, year), projects."""

    key: str
    organisations: tuple[Stay, ...] = ()
    works: tuple[tuple[str, int], ...] = ()
    projects: tuple[Stay, ...] = ()


@dataclass(frozen=True, slots=True)
class Years:
    """How many years back each kind reaches, by the call; None: the call does not ask."""

    affiliation: int | None
    coauthor: int | None
    project: int | None
    supervision: int | None


@dataclass(frozen=True, slots=True, order=True)
class Conflict:
    """A reason: of which kind, with which member, and by what (organisation, work, project).

    `until`: the last day or year in common, as ISO text; empty while it lasts.
    """

    kind: Kind
    member: str
    by: str
    until: str = ""


def conflicts(
    reviewer: Person,
    members: Iterable[Person],
    supervisions: Iterable[Supervision],
    years: Years,
    opened: date,
) -> tuple[Conflict, ...]:
    """Every computed conflict of `reviewer` with a dossier's `members`, in one order, none twice.

    `opened`: the day on which the call opened, from which years are counted back.
    """
    known = tuple(supervisions)
    found: set[Conflict] = set()
    for member in members:
        if member.key == reviewer.key:
            found.add(Conflict("same_person", member.key, member.key))
            continue
        found.update(_shared("affiliation", reviewer, member, years.affiliation, opened))
        found.update(_shared("project", reviewer, member, years.project, opened))
        found.update(_written(reviewer, member, years.coauthor, opened))
        found.update(_supervised(reviewer.key, member.key, known, years.supervision, opened))
    return tuple(sorted(found))


def _years_before(day: date, years: int) -> date:
    try:
        return day.replace(year=day.year - years)
    except ValueError:  # 29 February
        return day.replace(year=day.year - years, day=28)


def _shared(
    kind: Literal["affiliation", "project"],
    one: Person,
    other: Person,
    years: int | None,
    opened: date,
) -> Iterator[Conflict]:
    """Organisations: both within the years, be it one after the other; projects likewise."""
    if years is None:
        return
    since = _years_before(opened, years)
    left = one.organisations if kind == "affiliation" else one.projects
    right = other.organisations if kind == "affiliation" else other.projects
    for what in {stay.what for stay in left} & {stay.what for stay in right}:
        ends = [_last(stays, what) for stays in (left, right)]
        closed = [end for end in ends if end is not None]
        if all(end > since for end in closed):
            yield Conflict(kind, other.key, what, min(closed).isoformat() if closed else "")


def _last(stays: tuple[Stay, ...], what: str) -> date | None:
    """The latest end of the stays in `what`; None when one still lasts."""
    ends = [stay.ends for stay in stays if stay.what == what]
    closed = [end for end in ends if end is not None]
    return max(closed) if len(closed) == len(ends) else None


def _written(one: Person, other: Person, years: int | None, opened: date) -> Iterator[Conflict]:
    if years is None:
        return
    theirs = dict(other.works)
    for work, year in one.works:
        # two lists may date one work differently: the later year counts
        if work in theirs and max(year, theirs[work]) >= opened.year - years:
            yield Conflict("coauthor", other.key, work, str(max(year, theirs[work])))


def _supervised(
    one: str, other: str, known: tuple[Supervision, ...], years: int | None, opened: date
) -> Iterator[Conflict]:
    if years is None:
        return
    since = _years_before(opened, years)
    for pair in known:
        if {pair.supervisor, pair.supervised} != {one, other}:
            continue
        if pair.ends is None or pair.ends > since:
            until = pair.ends.isoformat() if pair.ends else ""
            yield Conflict("supervision", other, pair.supervisor, until)
