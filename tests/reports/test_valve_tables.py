"""The tables of the report on aortic stenosis: what the report shows, nothing masked said."""

from __future__ import annotations

import csv
from dataclasses import replace
from pathlib import Path

import pytest
from valve_result import build

from transat.reports.aortic_stenosis.csv_tables import CSV_FOLDER, NAMES, write_tables
from transat.reports.aortic_stenosis.page import page
from transat.reports.aortic_stenosis.report import write_report
from transat.studies.aortic_stenosis.results import ValveResult

Lines = list[dict[str, str]]


def _read(path: Path) -> Lines:
    with path.open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


@pytest.fixture(scope="module")
def valve() -> ValveResult:
    return build()


@pytest.fixture
def tables(valve: ValveResult, tmp_path: Path) -> dict[str, Lines]:
    return {path.name: _read(path) for path in write_tables(valve, tmp_path)}


def test_every_table_has_rows_and_the_page_names_it(
    valve: ValveResult, tables: dict[str, Lines]
) -> None:
    assert tuple(tables) == NAMES
    assert all(tables.values())
    html = page(valve, "en")
    assert all(name in html for name in NAMES)


def test_the_numbers_are_the_results(tables: dict[str, Lines], valve: ValveResult) -> None:
    curve = valve.curves[0]
    first = tables["curves.csv"][: len(curve.edges)]
    assert [float(row["incidence"]) for row in first] == list(curve.incidence)
    assert [float(row["high"]) for row in first] == list(curve.high)
    assert {row["group_en"] for row in tables["curves.csv"]} == {"women", "men"}
    ratio = tables["coefficients.csv"][0]
    assert (ratio["hazard_ratio"], ratio["low"], ratio["high"]) == ("1.99", "1.6", "2.4")
    assert tables["models.csv"][0]["dropped"] == "stays_year"
    assert [row["months"] for row in tables["trial.csv"]] == ["6.0", "12.0", "24.0"] * 3
    assert tables["trial_ratios.csv"][0]["hazard_ratio"] == "0.62"


def test_what_is_masked_or_absent_is_empty(tables: dict[str, Lines]) -> None:
    hidden = [row for row in tables["metrics.csv"] if row["masked"] == "True"]
    assert [(row["group"], row["value"], row["low"]) for row in hidden] == [("man=0", "", "")]
    counts = {(row["site"], row["step"]): row["count"] for row in tables["attrition.csv"]}
    assert counts["quebec", "rows"] == counts["quebec", "a"] == ""
    assert counts["france", "rows"] == "1200"
    assert tables["curves.csv"][2]["at_risk"] == ""
    missing = next(row for row in tables["coefficients.csv"] if row["feature"] == "age")
    assert missing["coefficient"] == missing["hazard_ratio"] == missing["p"] == ""


def test_no_small_count_is_written(tables: dict[str, Lines]) -> None:
    counted = {"count", "at_risk", "people", "events"}
    seen = [row[c] for rows in tables.values() for row in rows for c in counted & set(row)]
    assert seen
    assert not any(1 <= int(cell) <= 10 for cell in seen if cell)


def test_a_form_left_empty_stays_empty(tables: dict[str, Lines]) -> None:
    said = {(row["form"], row["item"]): row["answer_en"] for row in tables["evidence.csv"]}
    assert said["tripod_ai", "1"] == "When to intervene"
    assert said["tripod_ai", "19"] == ""


def test_an_empty_result_still_has_its_heads(valve: ValveResult, tmp_path: Path) -> None:
    bare = replace(
        valve, curves=(), models=(), validations=(), trial=None, waits=(), corrected=(),
        withheld=(), truth=(), features=(), populations=(),
    )  # fmt: skip
    write_report(bare, tmp_path)
    for name in NAMES:
        first, *_ = (tmp_path / CSV_FOLDER / name).read_text("utf-8").splitlines()
        assert first.count(",") >= 3
    assert not (tmp_path / CSV_FOLDER / "curves.csv.partial").exists()
