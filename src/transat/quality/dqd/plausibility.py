"""Field level, plausibility: values and dates against bounds, each other, birth, death, visits."""

from __future__ import annotations

from datetime import date, timedelta

from transat.quality.dqd.catalogue import Check, fields
from transat.quality.dqd.joins import (
    impossible_births,
    linked,
    visit_dates,
    visits,
    with_births,
    with_deaths,
)
from transat.quality.dqd.question import (
    Column,
    Question,
    Sum,
    Tally,
    column,
    count_where,
    every_row,
    filled_rows,
    rows,
)

#: What makes a day of birth.
_BIRTH = tuple(
    ("person", c)
    for c in ("person_id", "birth_datetime", "year_of_birth", "month_of_birth", "day_of_birth")
)


def value_low(check: Check, today: date) -> Question:
    """Values below the least plausible one."""
    return _beyond(check, "<", today)


def value_high(check: Check, today: date) -> Question:
    """Values above the greatest plausible one."""
    return _beyond(check, ">", today)


def _beyond(check: Check, sign: str, today: date) -> Question:
    dated = fields()[check.table][check.field] in ("date", "datetime")
    value = day(check.field) if dated else column(check.field)
    bound = _bound(check.row[check.type.name], today)
    beyond = count_where(rows(check.table), f"{value} {sign} {bound}")
    return Question(beyond, filled_rows(check.table, check.field))


def _bound(declared: str, today: date) -> str:
    match declared:
        case "DATEADD(dd,1,GETDATE())":
            return _date(today + timedelta(days=1))
        case "YEAR(GETDATE())+1":
            return str(today.year + 1)
        case text if text.startswith("'"):
            return _date(date.fromisoformat(text.strip("'")))
        case number:
            return number


def _date(bound: date) -> str:
    return f"DATE '{bound.isoformat()}'"


def day(name: str, alias: str = "c") -> str:
    """A date or an instant, as a date."""
    return f"CAST({column(name, alias)} AS DATE)"


def temporal_after(check: Check) -> Question:
    """Dates before the one they must follow: birth, 1 June where only its year is known."""
    table, everything = check.table, rows(check.table)
    other = check.row["plausibleTemporalAfterFieldName"].lower()
    if check.row["plausibleTemporalAfterTableName"] == "PERSON":
        births = with_births(table)
        return Question(
            count_where(births, f"p.june > {day(check.field)}"),
            every_row(everything),
            ((table, "person_id"), *_BIRTH[:3]),
            impossible_births(table, "june"),
        )
    return Question(
        count_where(everything, f"{day(other)} > {day(check.field)}"),
        every_row(everything),
        ((table, other),),
    )


def after_birth(check: Check) -> Question:
    """Dates before birth, the first of the month or of the year where no more is known."""
    births = with_births(check.table)
    return Question(
        count_where(births, f"{day(check.field)} < p.born"),
        filled_rows(check.table, check.field),
        ((check.table, "person_id"), *_BIRTH),
        impossible_births(check.table, "born", check.field),
    )


def during_life(check: Check) -> Question:
    """Dates more than 60 days after death, among all the rows of the dead."""
    return Question(_late(check), count_where(with_deaths(check.table), "d.nth = 1"), _death(check))


def before_death(check: Check) -> Question:
    """Dates more than 60 days after death, among the dates of the dead."""
    dated = Sum(with_deaths(check.table), f"count({column(check.field)})")
    return Question(_late(check), dated, _death(check))


def _late(check: Check) -> Sum:
    late = f"{day(check.field)} > {day('death_date', 'd')} + 60"
    return count_where(with_deaths(check.table), late)


def _death(check: Check) -> tuple[Column, ...]:
    return ((check.table, "person_id"), ("death", "person_id"), ("death", "death_date"))


def start_before_end(check: Check) -> Question:
    """Starts later than the end, where both are there."""
    end = check.row["plausibleStartBeforeEndFieldName"].lower()
    both = f"{column(check.field)} IS NOT NULL AND {column(end)} IS NOT NULL"
    return Question(
        count_where(rows(check.table), f"{day(check.field)} > {day(end)}"),
        count_where(rows(check.table), both),
        ((check.table, end),),
    )


def within_visit_dates(check: Check) -> Question:
    """Dates more than seven days before their visit starts or after it ends."""
    here, which = linked().index(check.table), visit_dates()[check.table].index(check.field)
    return Question(
        Tally(visits(), lambda table, _, *far: table == here and bool(far[which])),
        Tally(visits(), lambda table, known, *_: table == here and known),
        (
            (check.table, "visit_occurrence_id"),
            *(
                ("visit_occurrence", c)
                for c in ("visit_occurrence_id", "visit_start_date", "visit_end_date")
            ),
        ),
    )
