"""Analysis tables for the statistics' tests: drawn, split between sites, and shuffled."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from scipy.sparse import csc_array

from transat.cohorts.analysis_table import AnalysisTable


def _table(
    exposures: np.ndarray, outcomes: np.ndarray, strata: np.ndarray, covariates: np.ndarray
) -> AnalysisTable:
    n, drugs = exposures.shape
    groups, columns = outcomes.shape[1], covariates.shape[1]
    return AnalysisTable(
        n=n,
        exposures=csc_array(exposures.astype(np.uint8)),
        exposure_codes=tuple(f"D{i:03d}" for i in range(drugs)),
        outcomes=csc_array(outcomes.astype(np.uint8)),
        outcome_codes=tuple(f"m{i:03d}" for i in range(groups)),
        strata=strata.astype(np.int32),
        stratum_labels=tuple(f"s{i:03d}" for i in range(int(strata.max()) + 1 if n else 1)),
        covariates=covariates.astype(np.float64),
        covariate_names=tuple(f"x{i}" for i in range(columns)),
        cluster=np.arange(n, dtype=np.int32),
        exposure_parents=(-1,) * drugs,
        outcome_parents=(-1,) * groups,
    )


def _draw(
    seed: int,
    n: int = 400,
    drugs: int = 3,
    groups: int = 2,
    strata: int = 4,
    exposure: float = 0.2,
    risk: float = 0.15,
    log_odds_ratio: float = 0.0,
    columns: int = 2,
) -> AnalysisTable:
    """Exposure and risk both vary with the stratum; the first drug acts on the first group."""
    rng = np.random.default_rng(seed)
    stratum = rng.integers(0, strata, n)
    stratum[:strata] = np.arange(strata)
    tilt = np.linspace(0.6, 1.6, strata)[stratum][:, None]
    exposures = rng.random((n, drugs)) < exposure * tilt
    odds = risk * tilt / (1 - np.minimum(risk * tilt, 0.9))
    odds = np.repeat(odds, groups, axis=1)
    odds[:, 0] *= np.exp(log_odds_ratio * exposures[:, 0])
    outcomes = rng.random((n, groups)) < odds / (1 + odds)
    covariates = rng.normal(size=(n, columns))
    if columns:
        covariates[:, -1] = covariates[:, -1] > 0.3
    return _table(exposures, outcomes, stratum, covariates)


def _split(table: AnalysisTable, sites: int) -> list[AnalysisTable]:
    """Strata are nested in sites: stratum s belongs to site s modulo `sites`."""
    return [table.take(table.strata % sites == k) for k in range(sites)]


def _shuffle(table: AnalysisTable, seed: int) -> AnalysisTable:
    return table.take(np.random.default_rng(seed).permutation(table.n))


@pytest.fixture(scope="session")
def make_table() -> Callable[..., AnalysisTable]:
    return _table


@pytest.fixture(scope="session")
def draw() -> Callable[..., AnalysisTable]:
    return _draw


@pytest.fixture(scope="session")
def split() -> Callable[[AnalysisTable, int], list[AnalysisTable]]:
    return _split


@pytest.fixture(scope="session")
def shuffle() -> Callable[[AnalysisTable, int], AnalysisTable]:
    return _shuffle
