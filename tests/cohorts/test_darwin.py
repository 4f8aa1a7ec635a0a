"""The persons of DARWIN EU's PregnancyIdentifier (Apache-2.0), and what it expects of each."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from transat.cohorts.episodes.parameters import OUTCOMES, HippsParameters
from transat.cohorts.pregnancies import Pregnancies, pregnancies
from transat.engines.cdm import Cdm
from transat.engines.duckdb import DuckDB

TABLES = (
    "person", "condition_occurrence", "procedure_occurrence", "observation", "measurement",
    "visit_occurrence",
)  # fmt: skip
#: Their categories, in the order of OUTCOMES.
CATEGORIES = dict(zip(("LB", "SB", "ECT", "AB", "SA", "DELIV", "PREG"), OUTCOMES, strict=True))
PERSONS = (*range(21, 28), 29, 30, 31, *range(33, 41))


def folder(shared: Path) -> Path:
    return shared / "data" / "inutero" / "darwin_pregnancyidentifier"


@pytest.fixture(scope="module")
def expected(shared: Path) -> dict[int, dict[str, str]]:
    text = (folder(shared) / "expected_test_outcomes.csv").read_text("utf-8")
    return {int(row["person_id"]): row for row in csv.DictReader(text.splitlines())}


@pytest.fixture(scope="module")
def run(
    shared: Path, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Pregnancies, dict[int, list[Any]]]:
    tables = json.loads((folder(shared) / "TestData_P4_C5_002_1.json").read_text("utf-8"))
    path = tmp_path_factory.mktemp("darwin")
    for table in TABLES:
        pq.write_table(pa.Table.from_pylist(tables[table]), path / f"{table}.parquet")
    found: dict[int, list[Any]] = {}
    with DuckDB(threads=1) as engine:
        Cdm(path).attach(engine)
        said = pregnancies(engine)
        for row in engine.rows("""
            SELECT person_id, outcome, start_date, end_date, dating, precision_class
            FROM pregnancy ORDER BY episode_id"""):
            found.setdefault(row[0], []).append(row[1:])
    return said, found


def test_an_omop_database_of_others_takes_the_standard_route(
    run: tuple[Pregnancies, dict[int, list[Any]]],
) -> None:
    assert isinstance(run[0].parameters, HippsParameters)


def test_every_person_with_an_expected_outcome_is_tested(
    expected: dict[int, dict[str, str]],
) -> None:
    assert tuple(expected) == PERSONS


def says(text: str, start: date, end: date) -> bool:
    """Whether a start agrees with the file: nothing, a day, a range, or a relation."""
    rules: dict[str, Callable[[], bool]] = {
        "": lambda: True,
        "not null": lambda: True,
        "start<=end": lambda: start <= end,
    }
    if text in rules:
        return rules[text]()
    low, _, high = text.partition("..")
    return low <= start.isoformat() <= (high or low)


@pytest.mark.parametrize("person", PERSONS)
def test_episodes_outcome_and_dates_are_those_expected(
    run: tuple[Pregnancies, dict[int, list[Any]]],
    expected: dict[int, dict[str, str]],
    person: int,
) -> None:
    row = expected[person]
    episodes = run[1][person]
    assert len(episodes) == int(row["n_episodes"])
    outcome, start, end, *_ = episodes[0]
    assert not row["outcome"] or outcome in [CATEGORIES[c] for c in row["outcome"].split("|")]
    assert end.isoformat() in row["end"].split("|")
    assert says(row["start"], start, end)


@pytest.mark.parametrize(
    ("person", "episodes"),
    [
        # Their own tests of these two say what should come, and are switched off.
        (28, [("live_birth", "2023-09-01"), ("spontaneous_abortion", "2023-12-10")]),
        (32, [("unknown", "2023-06-01"), ("unknown", "2024-01-15")]),
    ],
)
def test_two_pregnancies_that_they_expect_and_miss(
    run: tuple[Pregnancies, dict[int, list[Any]]],
    person: int,
    episodes: list[tuple[str, str]],
) -> None:
    assert [(e[0], e[2].isoformat()) for e in run[1][person]] == episodes


@pytest.mark.parametrize(
    ("person", "dating", "precision"),
    [
        (12, "default", "non-specific"),  # an outcome, nothing else
        (22, "month", "three-month"),  # one scan, of the fourth to sixth month
        (23, "week", "week"),  # two weeks that agree
        (36, "week", "week_poor-support"),  # one week alone
        (39, "week", "month"),  # two weeks, four weeks apart
    ],
)
def test_a_start_says_how_it_is_known(
    run: tuple[Pregnancies, dict[int, list[Any]]], person: int, dating: str, precision: str
) -> None:
    assert [e[3:] for e in run[1][person]] == [(dating, precision)]
