"""Each stage of HIPPS gives what DARWIN EU's own R code gives, on 90 generated women.

`darwin_code/records.csv` was generated (half of the women at random, half with plausible
pregnancies); `answers.csv` is what PregnancyIdentifier 3.3.0 @1d85a06 answered, run on data frames
instead of a database, with three corrections that the documentation explains: each neighbour of an
outcome is judged by itself, an episode without weeks stays, runs of signs too long are left out.
Of several runs of weeks, the plausible and nearest one came first. 1,500 more women agreed too.
"""

from __future__ import annotations

import csv
from collections import defaultdict
from datetime import date
from pathlib import Path

import numpy as np
import pytest
from standard_cdm import START, Standard

from transat.cohorts.episodes.gestation import gestations
from transat.cohorts.episodes.hip import NEVER, hip
from transat.cohorts.episodes.intervals import Ints
from transat.cohorts.episodes.match import conclude, match
from transat.cohorts.episodes.outcomes import outcomes
from transat.cohorts.episodes.parameters import LAST, HippsParameters
from transat.cohorts.episodes.progress import progress
from transat.cohorts.episodes.records import Records, gather, read
from transat.engines.duckdb import DuckDB

FOLDER = Path(__file__).parent / "darwin_code"
CATEGORIES = np.array(["LB", "SB", "ECT", "AB", "SA", "DELIV", "PREG"])
PARAMETERS = HippsParameters()
Row = tuple[str, ...]
#: Women whose run of signs covers several pregnancies: their code keeps one, ours all.
COVERED = {"17", "19", "25", "59", "79", "86"}


def lines(name: str) -> list[dict[str, str]]:
    return list(csv.DictReader((FOLDER / name).read_text("utf-8").splitlines()))


@pytest.fixture(scope="module")
def answers() -> dict[str, list[Row]]:
    found: dict[str, list[Row]] = defaultdict(list)
    for row in lines("answers.csv"):
        found[row["stage"]].append(
            (row["person_id"], row["outcome"], row["start"], row["end"], row["also"])
        )
    return found


@pytest.fixture(scope="module")
def records(tmp_path_factory: pytest.TempPathFactory) -> Records:
    cdm = Standard()
    rows = lines("records.csv")
    for person in sorted({int(row["person_id"]) for row in rows}):
        cdm.woman(person)
    for row in rows:
        when = (date.fromisoformat(row["day"]) - START).days
        value = {"value_as_number": float(row["value_as_number"])} if row["value_as_number"] else {}
        cdm.record(int(row["person_id"]), int(row["concept_id"]), when, row["table"], **value)
    written = cdm.write(tmp_path_factory.mktemp("darwin_code") / "cdm", seed=1)
    with DuckDB(threads=1) as engine:
        written.attach(engine)
        ((low, high),) = gather(engine, PARAMETERS)
        return read(engine, low, high)


def days(values: Ints) -> list[str]:
    known = np.abs(values) < NEVER
    text = np.where(known, values, 0).astype("datetime64[D]").astype(str)
    return list(np.where(known, text, ""))


def rows(person: Ints, *columns: list[str]) -> list[Row]:
    return sorted(zip([str(p) for p in person], *columns, strict=True))


def nothing(values: Ints) -> list[str]:
    return [""] * len(values)


def test_outcomes(records: Records, answers: dict[str, list[Row]]) -> None:
    found = outcomes(records.ends, PARAMETERS)
    named = list(CATEGORIES[found.category])
    none = nothing(found.day)
    assert rows(found.person, named, none, days(found.day), none) == sorted(answers["outcome"])


def test_runs_of_weeks(records: Records, answers: dict[str, list[Row]]) -> None:
    found = gestations(records.weeks, PARAMETERS)
    none = nothing(found.day)
    assert rows(found.person, none, days(found.start), days(found.day), none) == sorted(
        answers["weeks"]
    )


def test_hip(records: Records, answers: dict[str, list[Row]]) -> None:
    found = hip(records, PARAMETERS)
    named = list(CATEGORIES[found.category])
    assert rows(
        found.person, named, days(found.start), days(found.end), days(found.first_week)
    ) == sorted(answers["hip"])


def test_pps(records: Records, answers: dict[str, list[Row]]) -> None:
    found = progress(records.signs, records.ends, PARAMETERS)
    known = found.category != LAST
    named = list(np.where(known, CATEGORIES[found.category], ""))
    ended = list(np.where(known, days(found.end), ""))
    assert rows(found.person, named, days(found.first), days(found.last), ended) == sorted(
        answers["pps"]
    )


def test_ends_and_outcomes(records: Records, answers: dict[str, list[Row]]) -> None:
    by_outcome = hip(records, PARAMETERS)
    by_signs = progress(records.signs, records.ends, PARAMETERS)
    matched = match(by_outcome, by_signs)
    found = conclude(matched, by_outcome, by_signs, PARAMETERS)
    none = nothing(found.end)
    named = list(CATEGORIES[found.category])
    ours = set(rows(matched.person, named, none, days(found.end), none))
    theirs = set(answers["final"])
    assert theirs < ours
    assert {row[0] for row in ours - theirs} == COVERED
