"""The three types of concept level: sexes and units that a concept allows."""

from __future__ import annotations

from functools import cache
from typing import Final

from transat.quality.dqd.catalogue import Check, checks
from transat.quality.dqd.places import place_of
from transat.quality.dqd.question import HISTOGRAM, Column, Groups, Question, Tally, column, view
from transat.tables.omop import FEMALE, MALE

_SEX: Final = {"Male": MALE, "Female": FEMALE}


def gender(check: Check) -> Question:
    """Rows of persons of another sex than the concept's; a person without a sex is not counted."""
    by_sex = Groups(
        f"SELECT {column(check.field)}, p.gender_concept_id, count(*) "
        f"FROM {view(check.table)} c JOIN {view('person')} p ON c.person_id = p.person_id "
        f"WHERE {_asked(column(check.field), check)} GROUP BY 1, 2",
        check.table,
        ((check.table, check.field), (check.table, "person_id")),
    )
    used = Groups(
        f"SELECT id, n FROM {HISTOGRAM} h WHERE {_here(check)} AND {_asked('id', check)}",
        check.table,
    )
    return Question(_other_sex(by_sex, check), _of(used, check), _person(check))


def gender_of_descendants(check: Check) -> Question:
    """The same, of the rows whose concept is below one of those named.

    A row below two of them counts twice, as in DQD's join.
    """
    below = f"a.descendant_concept_id = {column(check.field)}"
    by_sex = Groups(
        "SELECT a.ancestor_concept_id, p.gender_concept_id, count(*) "
        f"FROM {view(check.table)} c JOIN {view('concept_ancestor')} a ON {below} "
        f"JOIN {view('person')} p ON c.person_id = p.person_id "
        f"WHERE {_asked('a.ancestor_concept_id', check)} GROUP BY 1, 2",
        check.table,
        (("concept_ancestor", ""), (check.table, check.field)),
    )
    used = Groups(
        f"SELECT a.ancestor_concept_id, CAST(sum(h.n) AS BIGINT) FROM {HISTOGRAM} h "
        f"JOIN {view('concept_ancestor')} a ON a.descendant_concept_id = h.id "
        f"WHERE {_here(check)} AND {_asked('a.ancestor_concept_id', check)} GROUP BY 1",
        check.table,
        (("concept_ancestor", ""), (check.table, check.field)),
    )
    ancestors = tuple(("concept_ancestor", f"{x}_concept_id") for x in ("ancestor", "descendant"))
    needs = (*_person(check), *ancestors)
    return Question(_other_sex(by_sex, check), _of(used, check), needs)


def unit(check: Check) -> Question:
    """Rows with a unit, other than 0, that does not fit the concept; -1 means that none fits."""
    by_unit = Groups(
        f"SELECT {column(check.field)}, c.unit_concept_id, count(*) "
        f"FROM {view(check.table)} c WHERE {_asked(column(check.field), check)} GROUP BY 1, 2",
        check.table,
        ((check.table, check.field),),
    )
    named, ids = check.row["plausibleUnitConceptIds"], check.concept_ids
    fit = {0} if named == "-1" else {0, *map(int, named.split(","))}
    return Question(
        Tally(by_unit, lambda i, unit: i in ids and unit is not None and unit not in fit),
        Tally(by_unit, lambda i, unit: i in ids and unit != 0),
        ((check.table, "unit_concept_id"),),
    )


def _other_sex(by_sex: Groups, check: Check) -> Tally:
    right, ids = _SEX[check.row[check.type.name]], check.concept_ids
    return Tally(by_sex, lambda i, sex: i in ids and sex not in (None, right))


def _of(used: Groups, check: Check) -> Tally:
    return Tally(used, lambda i: i in check.concept_ids)


def _here(check: Check) -> str:
    return f"h.place = {place_of(check.table, check.field)}"


def _asked(value: str, check: Check) -> str:
    """Whether checks of this type ask about a concept in this column."""
    ids = ", ".join(map(str, _concepts(check.type.name, check.field)))
    return f"{value} IN ({ids})"


@cache
def _concepts(name: str, field: str) -> tuple[int, ...]:
    like = (c for c in checks() if (c.type.name, c.field) == (name, field))
    return tuple(sorted({i for c in like for i in c.concept_ids}))


def _person(check: Check) -> tuple[Column, ...]:
    return ((check.table, "person_id"), ("person", "person_id"), ("person", "gender_concept_id"))
