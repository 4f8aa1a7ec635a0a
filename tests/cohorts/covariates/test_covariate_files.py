"""Covariates written to a folder and read again; sums that FeatureExtraction defines."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq
import pytest
from covariate_people import cohort, mothers
from hand_cdm import LMP, day

from transat.cohorts import covariates as cv
from transat.cohorts.covariates.files import NAMES
from transat.cohorts.covariates.summary import moments
from transat.core.errors import InputError


def found(folder: Path) -> cv.Covariates:
    rows = cohort((1, 1, LMP, day(280)), (1, 2, LMP, day(50)), (2, 2, day(5), day(50)))
    return cv.build(mothers().write(folder / "cdm"), rows, cv.code_settings())


def test_written_and_read_again(tmp_path: Path) -> None:
    one = found(tmp_path)
    folder = cv.write(one, tmp_path / "covariates")
    again = cv.read(folder)
    assert again.rows.equals(one.rows)
    assert again.dictionary.equals(one.dictionary)
    assert again.analyses == one.analyses
    assert again.triplets().equals(one.triplets())
    assert pa_csv.read_csv(folder / "dictionary.csv").num_rows == one.dictionary.num_rows
    assert {f.stem for f in folder.glob("*.parquet")} == set(NAMES)
    assert cv.write(one, folder) == folder


def test_a_folder_of_something_else_is_left_alone(tmp_path: Path) -> None:
    one = found(tmp_path)
    with pytest.raises(InputError, match="cdm"):
        cv.write(one, tmp_path / "cdm")
    with pytest.raises(InputError, match="covariables"):
        cv.read(tmp_path / "cdm")


def test_sums_by_cohort(tmp_path: Path) -> None:
    one = found(tmp_path)
    folder = cv.write(one, tmp_path / "covariates")
    summary = pq.read_table(folder / "summary.parquet").to_pylist()
    sex = [r for r in summary if r["covariate_id"] == 8532001]
    assert [(r["cohort_definition_id"], r["sum_value"], r["average_value"]) for r in sex] == [
        (1, 2, 1.0), (2, 1, 1.0),
    ]  # fmt: skip
    ages = pq.read_table(folder / "numbers.parquet").to_pylist()
    assert [(r["count_value"], r["average_value"], r["standard_deviation"]) for r in ages] == [
        (2, 27.0, 0.0), (1, 27.0, 0.0),
    ]  # fmt: skip


def test_quantiles_count_the_missing_as_zero() -> None:
    """Of ten rows, three have 1, 2, 3: nine rows in ten have 2 or less."""
    values = np.array([3.0, 1.0, 2.0])
    told = moments(values, 10, True)
    assert (told.mean, told.held, told.size) == (pytest.approx(0.6), 3, 10)
    assert told.quantiles == {"median": 0.0, "p10": 0.0, "p25": 0.0, "p75": 1.0, "p90": 2.0}
    alone = moments(values, 10, False)
    assert (alone.mean, alone.deviation) == (2.0, 1.0)
    assert alone.quantiles == {"median": 2.0, "p10": 1.0, "p25": 1.0, "p75": 3.0, "p90": 3.0}
