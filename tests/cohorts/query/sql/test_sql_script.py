"""The text offered to a reviewer: it is what runs, it says its rules, no name can become SQL."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from sql_by_hand import day, small_cdm, treated

from transat.cohorts.query.analysis import Analysis, FollowUp, Measure
from transat.cohorts.query.executor import ATTRITION_SCHEMA, COHORT_SCHEMA, Definition
from transat.cohorts.query.model import Cohort, Entry, Group, Read, Window
from transat.cohorts.query.sql import executor
from transat.cohorts.query.sql.executor import Sql, analysis_script, script, text, written
from transat.core.errors import ConfigError
from transat.core.languages import Text
from transat.engines.cdm import Cdm
from transat.engines.duckdb import DuckDB


@pytest.fixture
def cdm(tmp_path: Path) -> Cdm:
    return small_cdm(tmp_path / "cdm")


@pytest.fixture
def ran(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Every statement that the engine is given from now on."""
    said: list[str] = []

    class Listening(DuckDB):
        def sql(self, query: str, params: Sequence[Any] | None = None) -> None:
            said.append(query)
            super().sql(query, params)

        def arrow(self, query: str, params: Sequence[Any] | None = None) -> pa.Table:
            said.append(query)
            return super().arrow(query, params)

    monkeypatch.setattr(executor, "open_engine", lambda *_: Listening("1GB", 1))
    return said


def analysis() -> Analysis:
    """Three columns and a follow-up."""
    valve = Read("procedure_occurrence")
    return Analysis(
        treated(),
        (
            Measure("valve", "any", valve, (Window(0, 30),), text=Text("Une valve", "A valve")),
            Measure("until valve", "days_to_first", valve, (Window(0, "period_end"),)),
            Measure("days", "days_covered", valve, covered=(0, 20), grace=3),
        ),
        FollowUp(valve, from_day=1),
    )


def test_the_text_is_what_runs(cdm: Cdm, ran: list[str]) -> None:
    definitions = [Definition(1, treated()), Definition(7, treated(name="other"))]
    Sql().run(cdm, definitions)
    shown = [one.text for one in script(definitions)]
    assert ran[-len(shown) :] == shown
    assert all(one.startswith("CREATE OR REPLACE VIEW") for one in ran[: -len(shown)])
    assert text(definitions).endswith("".join(f"\n{one};\n" for one in shown))


def test_the_text_alone_makes_the_periods(cdm: Cdm) -> None:
    with DuckDB("1GB", 1) as engine:
        cdm.attach(engine)
        engine.sql(text([Definition(1, treated())]))
        found = engine.rows("SELECT * FROM periods ORDER BY person_id")
    assert found == [(1, day(2, 1), day(5, 2)), (2, day(3, 1), day(5, 30))]


def test_periods_and_what_is_left_at_each_step(cdm: Cdm) -> None:
    found = Sql(threads=1).run(cdm, [Definition(3, treated())])
    assert found.cohorts.schema.equals(COHORT_SCHEMA)
    assert found.attrition.schema.equals(ATTRITION_SCHEMA)
    left = [(r["kind"], r["rule"], r["events"], r["persons"]) for r in found.attrition.to_pylist()]
    assert left == [("entry", None, 5, 4), ("rule", 0, 4, 3), ("rule", 1, 2, 2),
                    ("limit", None, 2, 2), ("cohort", None, 2, 2)]  # fmt: skip


def test_definitions_come_in_order_whatever_the_order_in_which_they_are_given(cdm: Cdm) -> None:
    one, two = Definition(5, treated()), Definition(2, Cohort(Entry((Read("death"),))))
    found = Sql(threads=1).run(cdm, [one, two])
    assert found.attrition["cohort_definition_id"].to_pylist() == [2] * 3 + [5] * 5
    assert found.cohorts["cohort_definition_id"].to_pylist() == [5, 5]


def test_every_rule_is_said_in_both_languages() -> None:
    lines = {line.strip() for line in text([Definition(1, treated())]).splitlines()}
    assert {
        "-- Sténose opérée",
        "-- Stenosis treated",
        "-- Règle 1 : 60 ans ou plus",
        "-- Rule 1: Aged 60 or more",
        "-- Règle 2 : Valve posée sous 30 jours",
        "-- Rule 2: Valve within 30 days",
    } <= lines


@pytest.mark.parametrize(
    "hostile",
    [
        "a\nDROP TABLE person; --",
        "a\r; DROP TABLE person",
        "a\u2028b\x0b\x0cc\x85d",
        "*/ SELECT 1; /*",
        "/* /* unclosed",
        'it\'s; "quoted" -- and more',
        "\\",
    ],
)
def test_a_name_stays_a_remark(cdm: Cdm, hostile: str) -> None:
    plain, named = treated(), treated(Text(hostile, hostile + " (en)"), hostile)
    expected = Sql(threads=1).run(cdm, [Definition(1, plain)])
    assert Sql(threads=1).run(cdm, [Definition(1, named)]).cohorts.equals(expected.cohorts)
    bare = re.compile(r"--[^\n\r]*|/\*.*?\*/|\s+")
    assert bare.sub("", text([Definition(1, named)])) == bare.sub("", text([Definition(1, plain)]))


def test_every_window_is_ordered() -> None:
    shown = text([Definition(1, treated())]) + written(analysis_script(analysis()))
    windows = re.findall(r"OVER \(([^()]*)\)", shown)
    assert len(windows) > 8
    assert all("ORDER BY" in window for window in windows)
    assert shown.count("OVER (") == len(windows)


def test_an_analysis_is_what_its_text_says(cdm: Cdm, ran: list[str]) -> None:
    found = Sql().analyse(cdm, analysis())
    shown = [one.text for one in analysis_script(analysis())]
    assert ran[-len(shown) :] == shown
    assert found.to_pydict() == {
        "subject_id": [1, 2],
        "cohort_start_date": [day(2, 1), day(3, 1)],
        "cohort_end_date": [day(5, 2), day(5, 30)],
        "valve": [1, 1],
        "until valve": [10, 30],
        "days": [5, 0],
        "time": [9, 29],
        "status": [1, 1],
    }


def test_no_definition_gives_empty_tables(cdm: Cdm) -> None:
    found = Sql(threads=1).run(cdm, [])
    assert found.cohorts.equals(COHORT_SCHEMA.empty_table())
    assert found.attrition.equals(ATTRITION_SCHEMA.empty_table())


def test_pregnancies_of_a_cdm_without_them(cdm: Cdm) -> None:
    pregnancies = Cohort(Entry((Read("pregnancy"),)), qualified=Group("all"))
    found = Sql(threads=1).run(cdm, [Definition(1, pregnancies)])
    assert found.attrition["events"].to_pylist() == [0] * 4


def test_an_engine_that_does_not_exist_is_named(cdm: Cdm) -> None:
    with pytest.raises(ConfigError, match="oracle"):
        Sql("oracle").run(cdm, [])
