"""The executors agree with the reference on what chance draws: cohorts, attrition, columns."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from random import Random

import pytest
from agreement import (
    OTHERS,
    Runs,
    analysis_case,
    analysis_differences,
    case,
    compared,
    differences,
    executor,
    numbered,
)
from generated_cdm import Tables, cdms, shuffled, write
from generated_queries import analyses, definitions
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from transat.cohorts.query.analysis import Analysis
from transat.cohorts.query.model import Cohort
from transat.cohorts.query.reference import Reference

LOCAL = ("sql", "columns")
SMALL = settings(
    max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
others = pytest.mark.parametrize("name", LOCAL)


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder of its own for each drawn CDM."""
    with tempfile.TemporaryDirectory() as made:
        yield Path(made)


@others
def test_executors_are_there(name: str) -> None:
    module, kind, _ = OTHERS[name]
    assert find_spec(module) is not None, f"{kind} is not there"


@others
@SMALL
@given(drawn=cdms(), cohorts=st.lists(definitions(), min_size=1, max_size=2))
def test_cohorts_that_hypothesis_draws(name: str, drawn: Tables, cohorts: list[Cohort]) -> None:
    with tempfile.TemporaryDirectory() as made:
        cdm = write(drawn, Path(made), Random(0))
        assert differences(name, cdm, numbered(cohorts)) == []


@others
@SMALL
@given(drawn=cdms(), analysis=analyses())
def test_columns_that_hypothesis_draws(name: str, drawn: Tables, analysis: Analysis) -> None:
    with tempfile.TemporaryDirectory() as made:
        cdm = write(drawn, Path(made), Random(0))
        assert analysis_differences(name, cdm, analysis) == []


@others
@pytest.mark.parametrize("seed", range(2))
def test_many_definitions_at_once(name: str, seed: int, folder: Path) -> None:
    cdm, many = case(seed, folder, persons=15, definitions=30)
    assert differences(name, cdm, many) == []


@others
def test_order_of_rows_changes_nothing(name: str, folder: Path) -> None:
    cdm, many = case(77, folder, persons=15, definitions=20)
    before = executor(name).run(cdm, many)
    for seed in range(2):
        again = shuffled(cdm, folder / f"shuffled_{seed}", Random(seed))
        assert compared(before, executor(name).run(again, many), many) == []


def test_order_of_rows_changes_nothing_for_the_reference(folder: Path) -> None:
    cdm, many = case(78, folder, persons=15, definitions=60)
    again = shuffled(cdm, folder / "shuffled", Random(1))
    assert compared(Reference().run(cdm, many), Reference().run(again, many), many) == []


def test_most_of_what_is_drawn_is_not_empty(folder: Path) -> None:
    cdm, many = case(5, folder, persons=20, definitions=200)
    found = Reference().run(cdm, many)
    assert len(set(found.cohorts["cohort_definition_id"].to_pylist())) > 60


@pytest.mark.slow
@others
@pytest.mark.parametrize("block", range(10))
def test_ten_thousand_cases(name: str, block: int, folder: Path) -> None:
    for seed in range(1000 + 10 * block, 1010 + 10 * block):
        cdm, many = case(seed, folder, persons=20, definitions=100)
        assert differences(name, cdm, many) == [], f"seed {seed}"


@pytest.mark.slow
@others
def test_a_thousand_analyses(name: str, folder: Path) -> None:
    for seed in range(3000, 3050):
        cdm, many = analysis_case(seed, folder, persons=20, analyses=20)
        for analysis in many:
            assert analysis_differences(name, cdm, analysis) == [], f"seed {seed}"


@pytest.mark.slow
def test_spark_agrees(folder: Path) -> None:
    pytest.importorskip("pyspark")
    spark: Runs = executor("spark")
    cdm, many = case(4000, folder, persons=15, definitions=8)
    assert compared(Reference().run(cdm, many), spark.run(cdm, many), many) == []
