"""Analysis tables for the statistics' tests: drawn, split between sites, and shuffled."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from scipy.sparse import csc_array

from transat.cohorts.analysis_table import AnalysisTable
from transat.cohorts.survival_table import SurvivalTable


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


def _draw_survival(
    seed: int, n: int = 200, strata: int = 1, late: bool = False, kinds: int = 1, steps: int = 24
) -> SurvivalTable:
    """Follow-up in whole steps (so with ties); the hazard rises with the first column, and with the
    third, which is 0 or 1; each stratum has its own baseline; late: a part enters after the start.
    """
    rng = np.random.default_rng(seed)
    x = np.column_stack([rng.normal(size=(n, 2)), rng.random(n) < 0.4])
    stratum = rng.integers(0, strata, n)
    stratum[: min(n, strata)] = np.arange(strata)[:n]
    rate = 0.05 * (1 + stratum) * np.exp(0.5 * x[:, 0] - 0.3 * x[:, 1] + 0.6 * x[:, 2])
    entry = np.where(rng.random(n) < 0.5, rng.integers(0, 6, n), 0) if late else np.zeros(n)
    event = entry + np.ceil(rng.exponential(1 / rate))
    end = np.minimum(entry + rng.integers(1, 3 * steps // 2, n), np.maximum(steps, entry + 1))
    return SurvivalTable(
        n=n,
        time=np.minimum(event, end).astype(np.float64),
        entry=entry.astype(np.float64),
        event=np.where(event <= end, rng.integers(1, kinds + 1, n), 0).astype(np.int8),
        columns=x,
        column_names=("x0", "x1", "x2"),
        strata=stratum.astype(np.int32),
        stratum_labels=tuple(f"s{k}" for k in range(strata)),
        people=np.arange(n),
    )


@pytest.fixture(scope="session")
def draw_survival() -> Callable[..., SurvivalTable]:
    return _draw_survival
