"""The joins that many checks share: each row beside its person, their deaths, its visit."""

from __future__ import annotations

from functools import cache
from itertools import groupby

from transat.quality.dqd.catalogue import checks
from transat.quality.dqd.question import BIRTHS, Groups, Relation, Sum, column, every_row, view


def with_births(table: str) -> Relation:
    """Each row beside its person's birth, and each person who has no row.

    Two persons of one id give two rows, as in DQD's join; an orphan stays one row.
    """
    return Relation(
        f"{view(table)} c FULL JOIN {BIRTHS} p ON {column('person_id')} = p.person_id",
        table,
        ((table, "person_id"),),
    )


def impossible_births(table: str, day: str, dated: str = "") -> Sum:
    """Rows (where a date is filled) of persons whose `day`, born or june, cannot be made."""
    persons = Relation(f"{BIRTHS} p", "person", (("person", ""),))
    filled = f" AND {column(dated)} IS NOT NULL" if dated else ""
    concerned = Relation(
        f"{view(table)} c JOIN {BIRTHS} p ON {column('person_id')} = p.person_id "
        f"WHERE p.{day} IS NULL{filled}",
        table,
        ((table, "person_id"),),
        (Sum(persons, f"count(p.{day})"), Sum(persons, "count(*)")),
    )
    return every_row(concerned)


def births() -> str:
    """The query behind BIRTHS.

    An impossible day (31 June, month 13, no year) gives null: the check is then in doubt.
    """
    return (
        f"SELECT person_id, coalesce(CAST(birth_datetime AS DATE), {_made('m', 'd')}) AS born, "
        f"coalesce(CAST(birth_datetime AS DATE), {_made('6', '1')}) AS june "
        "FROM (SELECT person_id, birth_datetime, year_of_birth AS y, "
        "coalesce(month_of_birth, 1) AS m, coalesce(day_of_birth, 1) AS d "
        f"FROM {view('person')}) x"
    )


def _made(month: str, day_: str) -> str:
    """A date from its parts, null rather than an error when there is no such day."""
    length = (
        f"CASE WHEN {month} IN (4, 6, 9, 11) THEN 30 WHEN {month} <> 2 THEN 31 "
        "WHEN y % 4 = 0 AND (y % 100 <> 0 OR y % 400 = 0) THEN 29 ELSE 28 END"
    )
    return (
        f"CASE WHEN y BETWEEN 1 AND 9999 AND {month} BETWEEN 1 AND 12 "
        f"AND {day_} BETWEEN 1 AND {length} THEN make_date(y, {month}, {day_}) END"
    )


def with_deaths(table: str) -> Relation:
    """The rows of the dead beside each of their deaths, `nth` = 1 for one of them."""
    deaths = (
        "SELECT person_id, death_date, "
        "row_number() OVER (PARTITION BY person_id ORDER BY death_date) AS nth "
        f"FROM {view('death')}"
    )
    return Relation(
        f"{view(table)} c JOIN ({deaths}) d ON {column('person_id')} = d.person_id",
        table,
        (("death", "person_id"), (table, "person_id")),
    )


@cache
def visit_dates() -> dict[str, tuple[str, ...]]:
    """The tables whose dates must lie near their visit's, and which dates (one or two)."""
    dated = (c for c in checks() if c.type.name == "withinVisitDates")
    return {t: tuple(c.field for c in group) for t, group in groupby(dated, key=lambda c: c.table)}


@cache
def visits() -> Groups:
    """All rows that name a visit: table, whether it is known, whether each date is far from it.

    One join for all tables: the visits are read and put in order once. Two visits of one id count
    a row twice, as in DQD's join; an orphan stays one row.
    """
    parts = []
    for number, table in enumerate(linked()):
        dates = [column(name) for name in visit_dates().get(table, ())]
        first, second = (*dates, *["CAST(NULL AS DATE)"] * 2)[:2]
        parts.append(
            f"SELECT CAST({number} AS INTEGER) AS t, c.visit_occurrence_id AS id, {first} AS a, "
            f"{second} AS b FROM {view(table)} c WHERE c.visit_occurrence_id IS NOT NULL"
        )
    return Groups(
        f"SELECT c.t, v.visit_occurrence_id IS NOT NULL, {_far('a')}, {_far('b')}, count(*) "
        f"FROM ({' UNION ALL '.join(parts)}) c "
        f"LEFT JOIN {view('visit_occurrence')} v ON c.id = v.visit_occurrence_id "
        "GROUP BY 1, 2, 3, 4",
        "visit_occurrence",
    )


@cache
def linked() -> tuple[str, ...]:
    """The tables whose rows name a visit; their place here is their number in `visits`."""
    return tuple(
        c.table
        for c in checks()
        if c.type.name == "isForeignKey"
        and (c.row["fkTableName"], c.field) == ("VISIT_OCCURRENCE", "visit_occurrence_id")
    )


def _far(name: str) -> str:
    return f"c.{name} < v.visit_start_date - 7 OR c.{name} > v.visit_end_date + 7"
