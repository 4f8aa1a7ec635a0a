"""An analysis as a script: the cohort's, then one table per measure, then the columns together."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import pyarrow as pa

from transat.cohorts.query.analysis import answer_schema
from transat.cohorts.query.sql.attributes import column_of
from transat.cohorts.query.sql.chains import chained
from transat.cohorts.query.sql.clauses import Clauses, kept
from transat.cohorts.query.sql.cohort import Statement, periods
from transat.cohorts.query.sql.groups import around, events
from transat.cohorts.query.sql.layout import all_of, items, plus
from transat.cohorts.query.sql.reads import PERIOD, in_period
from transat.core.languages import Text
from transat.engines.engine import identifier

if TYPE_CHECKING:
    from transat.cohorts.query.analysis import Analysis, FollowUp, Measure
    from transat.cohorts.query.sql.codes import Codes

_SAME: Final = ("person_id", "event")
_CENSORED: Final = Text("Suivi : issue, concurrents, censure.", "Follow-up: outcome, competing, "
                        "censoring.")  # fmt: skip


def statements(analysis: Analysis, codes: Codes) -> list[Statement]:
    """The script of an analysis, whose last statement answers analysis.answer_schema."""
    made = [*periods(analysis.cohort, codes), _subjects(codes)]
    made += [_measured(n, m, codes) for n, m in enumerate(analysis.measures, 1)]
    if analysis.follow_up is not None:
        made.append(_followed(analysis.follow_up, codes))
    return [*map(Statement, made), Statement(_together(analysis), "analysis")]


def _subjects(codes: Codes) -> str:
    """The periods as index events, each with the first observation period that holds its start."""
    clauses = Clauses(codes)
    observed = clauses.add(
        "observed",
        f"SELECT e.person_id, e.start_date{PERIOD},\n"
        "    row_number() OVER (PARTITION BY e.person_id, e.start_date\n"
        "        ORDER BY o.observation_period_start_date,\n"
        "            o.observation_period_end_date) AS place\n"
        f"FROM periods e\n{in_period('e')}",
    )
    return kept(
        "subjects",
        clauses,
        "SELECT e.person_id, e.start_date, e.end_date, o.period_start, o.period_end,\n"
        "    row_number() OVER (PARTITION BY e.person_id ORDER BY e.start_date, e.end_date)"
        " AS event\n"
        f"FROM periods e\nLEFT JOIN {observed} o ON o.person_id = e.person_id\n"
        "  AND o.start_date = e.start_date AND o.place = 1",
        Text("Périodes et leur observation.", "Periods and their observation."),
    )


def _measured(number: int, measure: Measure, codes: Codes) -> str:
    """The table of a measure: person_id, event, and a value where there is anything to say."""
    clauses = Clauses(codes)
    if measure.covered is not None:
        query = _covered(measure, measure.covered, clauses)
    elif measure.what == "last_value":
        query = _last(measure, clauses)
    else:
        value = {
            "days_to_first": "min(a.start_date) - i.start_date",
            "days_since_last": "i.start_date - max(a.start_date)",
        }.get(measure.what, "count(*)")
        query = (
            f"SELECT i.person_id, i.event, {value} AS value\n{_near(measure, clauses)}\n"
            "GROUP BY i.person_id, i.event, i.start_date"
        )
    return kept(f"measure_{number}", clauses, query, _title(measure), measure.text)


def _title(measure: Measure) -> Text:
    key = " ".join(measure.key.split())
    return Text(f"Colonne {key}.", f"Column {key}.")


def _near(measure: Measure, clauses: Clauses, carry: tuple[str, ...] = (), *also: str) -> str:
    """The join of the periods with the events of a measure around them."""
    found = events(measure.events, clauses, carry)
    windows = () if measure.covered is not None else measure.windows
    conditions = ["a.person_id = i.person_id", *around(windows, measure.outside_period), *also]
    return f"FROM subjects i\nJOIN {found} a ON {all_of(conditions)}"


def _last(measure: Measure, clauses: Clauses) -> str:
    """An attribute of the last event by (start, id); a day as its number."""
    name = measure.attribute or ""
    ranked = clauses.add(
        "ranked",
        f"SELECT i.person_id, i.event, a.{column_of(name)} AS value,\n"
        "    row_number() OVER (PARTITION BY i.person_id, i.event\n"
        "        ORDER BY a.start_date DESC, a.id DESC) AS place\n"
        + _near(measure, clauses, (name,)),
    )
    return f"SELECT person_id, event, value\nFROM {ranked}\nWHERE place = 1"


def _covered(measure: Measure, days: tuple[int, int], clauses: Clauses) -> str:
    """Days of a window that lie in at least one event, each prolonged by the grace."""
    low, high = (plus("i.start_date", day) for day in days)
    if measure.until_end:
        high = f"least({high}, i.end_date)"
    last = plus("a.end_date", measure.grace)
    spells = clauses.add(
        "spells",
        "SELECT i.person_id, i.event,\n"
        f"    greatest(a.start_date, {low}) AS start_date,\n"
        f"    least({last}, {high}) AS end_date\n"
        + _near(measure, clauses, (), "a.end_date IS NOT NULL"),
    )
    inside = clauses.add("inside", f"SELECT *\nFROM {spells}\nWHERE start_date <= end_date")
    joined = clauses.add("joined", chained(inside, 0, clauses, _SAME))
    return (
        "SELECT person_id, event, sum(end_date - start_date + 1) AS value\n"
        f"FROM {joined}\nGROUP BY person_id, event"
    )


def _followed(follow_up: FollowUp, codes: Codes) -> str:
    """The table of the follow-up: person_id, event, time, status."""
    clauses = Clauses(codes)
    origin, end = plus("start_date", follow_up.from_day), "end_date"
    if follow_up.to_day is not None:
        end = f"least(end_date, {plus('start_date', follow_up.to_day)})"
    whole = clauses.add(
        "whole", f"SELECT person_id, event, {origin} AS origin, {end} AS last_day\nFROM subjects"
    )
    spans = clauses.add("spans", f"SELECT *\nFROM {whole}\nWHERE last_day >= origin")
    ends = [f"SELECT person_id, event, origin, last_day AS day, 0 AS status\nFROM {spans}"]
    reads = [(0, read) for read in follow_up.censoring]
    reads += list(enumerate((follow_up.outcome, *follow_up.competing), 1))
    for status, read in reads:
        found = events(read, clauses)
        ends.append(
            f"SELECT i.person_id, i.event, i.origin, a.start_date AS day, {status} AS status\n"
            f"FROM {spans} i\nJOIN {found} a ON a.person_id = i.person_id\n"
            "  AND a.start_date BETWEEN i.origin AND i.last_day"
        )
    every = clauses.add("ends", "\nUNION ALL\n".join(ends))
    ranked = clauses.add(
        "ranked",
        "SELECT *, row_number() OVER (PARTITION BY person_id, event\n"
        "    ORDER BY day, CASE WHEN status = 0 THEN 1 ELSE 0 END, status) AS place\n"
        f"FROM {every}",
    )
    return kept(
        "followed",
        clauses,
        f"SELECT person_id, event, day - origin AS time_days, status\nFROM {ranked}\n"
        "WHERE place = 1",
        _CENSORED,
        follow_up.text,
    )


def _together(analysis: Analysis) -> str:
    """One row per period: its days, its measures, its follow-up."""
    types = answer_schema(analysis)
    columns = [
        "i.person_id AS subject_id",
        "i.start_date AS cohort_start_date",
        "i.end_date AS cohort_end_date",
    ]
    tables = []
    for number, measure in enumerate(analysis.measures, 1):
        tables.append(f"measure_{number}")
        value = _value(f"measure_{number}.value", measure, types.field(measure.key).type)
        columns.append(f"{value} AS {identifier(measure.key)}")
    if analysis.follow_up is not None:
        tables.append("followed")
        columns += ["followed.time_days AS time", "followed.status AS status"]
    joins = "".join(
        f"\nLEFT JOIN {t} ON {t}.person_id = i.person_id AND {t}.event = i.event" for t in tables
    )
    return (
        f"SELECT{items(columns)}\nFROM subjects i{joins}\n"
        "ORDER BY subject_id, cohort_start_date, cohort_end_date"
    )


def _value(value: str, measure: Measure, sql_type: pa.DataType) -> str:
    if measure.what == "any":
        return f"CASE WHEN {value} >= {measure.at_least} THEN 1 ELSE 0 END"
    if measure.what in ("count", "days_covered"):
        return f"coalesce({value}, 0)"
    return f"CAST({value} AS {'DOUBLE' if pa.types.is_floating(sql_type) else 'BIGINT'})"
