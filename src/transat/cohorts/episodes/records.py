"""What a CDM holds of pregnancies in standard concepts, as arrays in order of (person, day)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from transat.cohorts.episodes.concepts import registered
from transat.cohorts.episodes.intervals import Floats, Ints, Mask
from transat.cohorts.episodes.parameters import HippsParameters
from transat.tables.omop import FEMALE

if TYPE_CHECKING:
    import pyarrow as pa

    from transat.engines.engine import Engine

#: Gestations of more weeks are not believed.
MOST_WEEKS: Final = 44
#: A month of gestation, in days, where a start is counted back from a sign of progress.
MONTH: Final = 30.4
#: Women whose records are in memory at a time.
WOMEN: Final = 100_000
#: The tables read, with their date, the number of a record and what it says in words.
_DATED: Final = {
    "condition_occurrence": ("condition_start_date", "NULL", "NULL"),
    "procedure_occurrence": ("procedure_date", "NULL", "NULL"),
    "observation": (
        "observation_date",
        "coalesce(TRY_CAST(value_as_string AS DOUBLE), value_as_number)",
        "value_as_string",
    ),
    "measurement": ("measurement_date", "value_as_number", "NULL"),
}
EVENT_TABLES: Final = tuple(_DATED)


@dataclass(frozen=True, slots=True)
class Ends:
    """Records of an end: person, day, category (place in OUTCOMES), concept, record; (n,) each.

    event_table: place in EVENT_TABLES; visit: 0 where unknown.
    """

    person: Ints
    day: Ints
    category: Ints
    concept: Ints
    event_table: Ints
    event: Ints
    visit: Ints


@dataclass(frozen=True, slots=True)
class Weeks:
    """The highest gestation recorded for a woman on a day, in weeks."""

    person: Ints
    day: Ints
    weeks: Floats


@dataclass(frozen=True, slots=True)
class Signs:
    """Records that fall between two months of gestation."""

    person: Ints
    day: Ints
    min_month: Floats
    max_month: Floats

    def take(self, index: Mask) -> Signs:
        """The rows of `index`."""
        return Signs(
            self.person[index], self.day[index], self.min_month[index], self.max_month[index]
        )


@dataclass(frozen=True, slots=True)
class Evidence:
    """What each record says of its pregnancy's start: a day in [low, high].

    day: of the record. rank: 0 gestation in weeks, 1 in days, 2 the start, 3 the date due, 4 a
    range of months (the only one with low < high).
    """

    person: Ints
    day: Ints
    rank: Ints
    low: Ints
    high: Ints


@dataclass(frozen=True, slots=True)
class Records:
    """All that HIPPS reads."""

    ends: Ends
    weeks: Weeks
    signs: Signs
    evidence: Evidence


def gather(engine: Engine, parameters: HippsParameters) -> list[tuple[int, int]]:
    """Find the records of women of the ages asked, in one pass; needs the CDM attached.

    Returns the ranges of person_id, both ends in, in which `read` takes them: what follows needs
    memory for one range of WOMEN women at a time.
    """
    queries = {
        "ends": _ends(parameters),
        "weeks": _weeks(parameters),
        "signs": _signs(parameters),
        "evidence": _evidence(),
    }
    engine.sql(f"CREATE OR REPLACE TEMP TABLE hipps_woman AS {_women()}")
    with registered(engine):
        for name, query in queries.items():
            engine.sql(f"CREATE OR REPLACE TEMP TABLE hipps_{name} AS {query}")
    ranges = engine.rows(f"""
        SELECT min(person_id), max(person_id) FROM (
            SELECT person_id, (row_number() OVER (ORDER BY person_id) - 1) // {WOMEN} AS part
            FROM hipps_woman)
        GROUP BY part ORDER BY part""")
    return [(int(low), int(high)) for low, high in ranges] or [(0, -1)]


def read(engine: Engine, low: int, high: int) -> Records:
    """The gathered records of the women numbered from `low` to `high`.

    Rows come in a total order, so nothing that follows depends on the CDM's.
    """
    ends, weeks, signs, evidence = (
        engine.arrow(f"""
            SELECT * FROM hipps_{name} WHERE person BETWEEN {low} AND {high} ORDER BY ALL""")
        for name in ("ends", "weeks", "signs", "evidence")
    )
    return Records(
        Ends(**_ints(ends)),
        Weeks(**_ints(weeks, "weeks"), weeks=_floats(weeks, "weeks")),
        Signs(
            **_ints(signs, "min_month", "max_month"),
            min_month=_floats(signs, "min_month"),
            max_month=_floats(signs, "max_month"),
        ),
        Evidence(**_ints(evidence)),
    )


def forget(engine: Engine) -> None:
    """Drop what `gather` made."""
    for name in ("woman", "ends", "weeks", "signs", "evidence"):
        engine.sql(f"DROP TABLE IF EXISTS hipps_{name}")


def _women() -> str:
    return f"""
        SELECT person_id, coalesce(
                   TRY_CAST(concat_ws('-', year_of_birth, coalesce(month_of_birth, 1),
                                      coalesce(day_of_birth, 1)) AS DATE),
                   make_date(year_of_birth, 1, 1)) AS born
        FROM person WHERE gender_concept_id = {FEMALE}"""


def _of_age(parameters: HippsParameters) -> str:
    low, high = parameters.ages
    years = "date_diff('day', born, day) / 365.25"
    return f"{years} >= {low} AND {years} < {high}"


def _all(relation: str, columns: str, visits: bool = False) -> str:
    """The records whose concept is in `relation`, of every table: person_id, born, day, `columns`.

    These may use the columns of the relation, and of the record event_table, event, visit, value
    (its number) and said (its text).
    """
    parts = [
        f"""SELECT person_id, {day} AS day, CAST({value} AS DOUBLE) AS value,
                   CAST({said} AS VARCHAR) AS said, {number} AS event_table, {table}_id AS event,
                   coalesce(visit_occurrence_id, 0) AS visit, c.*
            FROM {table} JOIN {relation} c ON {table.split("_")[0]}_concept_id = c.concept_id"""
        for number, (table, (day, value, said)) in enumerate(_DATED.items())
    ]
    if visits:
        parts.append(f"""
            SELECT person_id, visit_start_date, NULL, NULL, NULL, NULL, NULL, c.*
            FROM visit_occurrence JOIN {relation} c ON visit_concept_id = c.concept_id""")
    union = " UNION ALL ".join(parts)
    return f"""
        SELECT person_id, born, day, {columns}
        FROM ({union}) JOIN hipps_woman USING (person_id) WHERE day IS NOT NULL"""


_DAY: Final = "date_diff('day', DATE '1970-01-01', day)"


def _ends(parameters: HippsParameters) -> str:
    record = _all("hipps_end", "category, concept_id AS concept, event_table, event, visit")
    return f"""
        SELECT person_id AS person, {_DAY} AS day, category, concept, event_table, event, visit
        FROM ({record}) WHERE {_of_age(parameters)}"""


def _weeks(parameters: HippsParameters) -> str:
    # Only measurements hold a value here, as in the published algorithm.
    value = f"CASE WHEN event_table = {EVENT_TABLES.index('measurement')} THEN value END"
    record = _all("hipps_week", f"coalesce({value}, weeks) AS weeks")
    return f"""
        SELECT person_id AS person, {_DAY} AS day, max(weeks) AS weeks
        FROM ({record})
        WHERE weeks > 0 AND weeks <= {MOST_WEEKS} AND {_of_age(parameters)}
        GROUP BY person_id, day"""


def _signs(parameters: HippsParameters) -> str:
    record = _all("hipps_progress", "min_month, max_month", visits=True)
    return f"""
        SELECT DISTINCT person_id AS person, {_DAY} AS day, min_month, max_month
        FROM ({record}) WHERE {_of_age(parameters)}"""


def _evidence() -> str:
    dating = _all("hipps_dating", "kind, floor(coalesce(value, weeks)) AS number, said")
    undated = "(SELECT * FROM hipps_progress ANTI JOIN hipps_dating USING (concept_id))"
    ranges = _all(undated, "min_month, max_month")
    written = "TRY_CAST(replace(substr(said, 1, 10), '/', '-') AS DATE)"
    return f"""
        WITH point AS (
            SELECT person_id, day, kind,
                   CASE WHEN kind = 0 AND number BETWEEN 1 AND {MOST_WEEKS}
                            THEN {_DAY} - 7 * CAST(number AS BIGINT)
                        WHEN kind = 1 AND number BETWEEN 1 AND {7 * MOST_WEEKS}
                            THEN {_DAY} - CAST(number AS BIGINT)
                        WHEN kind = 2 THEN date_diff('day', DATE '1970-01-01', {written})
                        WHEN kind = 3 THEN date_diff('day', DATE '1970-01-01', {written}) - 280
                   END AS low
            FROM ({dating})),
        span AS (
            SELECT person_id, day, {_DAY} - CAST(round(max_month * {MONTH}) AS BIGINT) AS low,
                   {_DAY} - CAST(round(min_month * {MONTH}) AS BIGINT) AS high
            FROM ({ranges}))
        SELECT person_id AS person, {_DAY} AS day, kind AS rank, low, low AS high FROM (
            SELECT person_id, day, kind, min(low) AS low FROM point
            WHERE low IS NOT NULL GROUP BY person_id, day, kind)
        UNION ALL
        SELECT DISTINCT person_id, {_DAY}, 4, low, high FROM span"""


def _ints(table: pa.Table, *but: str) -> dict[str, Ints]:
    return {
        name: table[name].to_numpy().astype(np.int64)
        for name in table.column_names
        if name not in but
    }


def _floats(table: pa.Table, name: str) -> Floats:
    values: Floats = table[name].to_numpy().astype(np.float64)
    return values
