"""Tables for the learners' tests: an outcome with an interaction, split between sites."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from scipy.sparse import csc_array

from transat.cohorts.analysis_table import AnalysisTable
from transat.learners.trees import Bins

BINS = Bins(
    ("age", "year", "epilepsy", "D0"),
    (tuple(float(a) for a in range(16, 48, 2)), (2012.0, 2014.0, 2016.0), (0.0,), (0.0,)),
)


def _draw(seed: int, n: int = 2000) -> AnalysisTable:
    """The risk rises with age among the exposed alone, and with epilepsy."""
    rng = np.random.default_rng(seed)
    age, year = rng.normal(30, 6, n).round(1), rng.integers(2010, 2019, n).astype(float)
    epilepsy, drug = rng.random(n) < 0.2, rng.random(n) < 0.4
    log_odds = -1.5 + 1.0 * epilepsy + 0.15 * drug * (age - 30)
    outcome = rng.random(n) < 1 / (1 + np.exp(-log_odds))
    return AnalysisTable(
        n=n,
        exposures=csc_array(drug[:, None].astype(np.uint8)),
        exposure_codes=("D0",),
        outcomes=csc_array(outcome[:, None].astype(np.uint8)),
        outcome_codes=("m0",),
        strata=np.zeros(n, np.int32),
        stratum_labels=("all",),
        covariates=np.column_stack([age, year, epilepsy]).astype(np.float64),
        covariate_names=("age", "year", "epilepsy"),
        cluster=np.arange(n, dtype=np.int32),
        exposure_parents=(-1,),
        outcome_parents=(-1,),
    )


def _split(table: AnalysisTable, sites: int, seed: int) -> list[AnalysisTable]:
    part = np.random.default_rng(seed).integers(0, sites, table.n)
    return [table.take(part == k) for k in range(sites)]


@pytest.fixture(scope="session")
def agreed() -> Bins:
    return BINS


@pytest.fixture(scope="session")
def draw() -> Callable[..., AnalysisTable]:
    return _draw


@pytest.fixture(scope="session")
def split() -> Callable[[AnalysisTable, int, int], list[AnalysisTable]]:
    return _split
