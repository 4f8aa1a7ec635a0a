"""The analysis table checks itself; and a CDM's table does not depend on the order of its rows."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hand_cdm import Hand, day
from scipy.sparse import csc_array

from transat.cohorts.analysis_table import AnalysisTable
from transat.cohorts.build import build, build_windows
from transat.cohorts.eurocat import groups
from transat.cohorts.pregnancies import derive
from transat.cohorts.specification import Exposure, PopulationSpecification


@pytest.fixture
def table() -> AnalysisTable:
    return AnalysisTable(
        n=3,
        exposures=csc_array(np.array([[1, 0], [0, 1], [1, 1]], np.uint8)),
        exposure_codes=("N03AG01", "C09A"),
        outcomes=csc_array(np.array([[0], [1], [0]], np.uint8)),
        outcome_codes=("any_major",),
        strata=np.array([0, 1, 0], np.int32),
        stratum_labels=("year=2015", "year=2016"),
        covariates=np.array([[0.5], [1.5], [2.5]]),
        covariate_names=("drugs_before",),
        cluster=np.array([0, 1, 2], np.int32),
        exposure_parents=(-1, -1),
        outcome_parents=(-1,),
    )


def test_columns_and_rows_are_taken_by_name_and_index(table: AnalysisTable) -> None:
    assert table.exposure("C09A").tolist() == [0, 1, 1]
    taken = table.take(np.array([2, 0]))
    assert taken.exposure("C09A").tolist() == [1, 0]
    assert taken.cluster.tolist() == [2, 0]
    assert table.take(np.array([False, True, False])).outcome("any_major").tolist() == [1]


@pytest.mark.parametrize(
    "changes",
    [
        {"n": 2},
        {"exposure_codes": ("N03AG01", "N03AG01")},
        {"exposure_parents": (0, -1)},
        {"outcome_parents": (3,)},
        {"strata": np.array([0, 1, 2], np.int32)},
        {"covariates": np.zeros((3, 2))},
    ],
)
def test_what_does_not_agree_is_refused(table: AnalysisTable, changes: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        replace(table, **changes)  # type: ignore[arg-type]


def test_importing_it_brings_no_database() -> None:
    code = (
        "import sys, transat.cohorts.analysis_table, transat.cohorts.specification;"
        "sys.exit(bool({'duckdb', 'pyarrow'} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_the_order_of_rows_changes_nothing(tmp_path: Path) -> None:
    hand = Hand()
    for mother in range(1, 9):
        hand.woman(mother, year=1970 + 2 * mother)
        end = hand.birth(mother, 100 + mother)
        hand.dispensing(mother, "N03AG01", day(40 * mother))
        hand.dispensing(mother, "C09AA05", day(-40 + 20 * mother), 15)
        hand.condition(100 + mother, f"Q2{mother % 4}1", end)
        hand.condition(mother, "E109", day(-mother * 30 + 60))
    asked = PopulationSpecification(
        exposures=(Exposure("N03AG01"), Exposure("C09A")), outcomes=tuple(groups())
    )
    first, attrition = build(derive(hand.write(tmp_path / "cdm")), asked)
    assert first.n == 8
    for seed in (1, 2):
        again, same = build(hand.write_shuffled(tmp_path / str(seed), seed), asked)
        assert same == attrition
        assert (first.exposures != again.exposures).nnz == 0
        assert (first.outcomes != again.outcomes).nnz == 0
        assert first.stratum_labels == again.stratum_labels
        for name in ("strata", "covariates", "cluster"):
            np.testing.assert_array_equal(getattr(first, name), getattr(again, name))


def test_each_row_names_its_person(tmp_path: Path) -> None:
    hand = Hand()
    for mother in (3, 1, 2):
        hand.woman(mother, year=1980)
        hand.birth(mother, 100 + mother)
    codes = tuple(groups())
    cdm = derive(hand.write(tmp_path / "cdm"))
    infants = PopulationSpecification(exposures=(Exposure("N03AG01"),), outcomes=codes)
    assert sorted(build_windows(cdm, infants).people) == [101, 102, 103]
    women = PopulationSpecification(
        exposures=(Exposure("N03AG01"),), outcomes=("live_birth",), unit="pregnancy"
    )
    assert sorted(build_windows(cdm, women).people) == [1, 2, 3]
