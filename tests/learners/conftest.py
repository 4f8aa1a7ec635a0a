"""Tables for the learners' tests: an outcome with an interaction, split between sites."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from scipy.sparse import csc_array

from transat.cohorts.analysis_table import AnalysisTable
from transat.cohorts.survival_table import SurvivalTable
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


GRID = tuple(float(month) for month in range(1, 25))


def _followed(seed: int, n: int = 900, late: bool = False, weighed: bool = False) -> SurvivalTable:
    """Two kinds of event: the first rises with age, more after a year among the operated; the
    second is constant. Times in months, censored at random."""
    rng = np.random.default_rng(seed)
    age, operated = rng.normal(70, 8, n).round(1), (rng.random(n) < 0.4).astype(float)
    noise = rng.normal(size=n).round(2)
    months = np.arange(1, 31)
    of_first = -3.6 + 0.06 * (age - 70)[:, None] + 1.2 * operated[:, None] * (months > 12)
    first = rng.random((n, 30)) < 1 / (1 + np.exp(-of_first))
    second = rng.random((n, 30)) < 0.015
    censored = rng.random((n, 30)) < 0.02
    kind = np.where(first, 1, np.where(second, 2, np.where(censored, 3, 0)))
    kind[:, -1] = np.where(kind[:, -1], kind[:, -1], 3)
    at = (kind > 0).argmax(axis=1)
    event = kind[np.arange(n), at]
    entry = np.where(rng.random(n) < 0.5, rng.uniform(0, 6, n), 0.0) if late else np.zeros(n)
    return SurvivalTable(
        n=n,
        time=np.maximum(at + 0.5, entry + 0.1),
        entry=entry,
        event=np.where(event == 3, 0, event).astype(np.int8),
        columns=np.column_stack([age, operated, noise]),
        column_names=("age", "operated", "noise"),
        strata=np.zeros(n, np.int32),
        stratum_labels=("all",),
        people=np.arange(n, dtype=np.int64),
        weights=rng.uniform(0.5, 2.0, n).round(2) if weighed else None,
    )


def _dealt(table: SurvivalTable, how: str, seed: int) -> list[SurvivalTable]:
    """Two, three or seven sites; nine tenths at one; or one site where nothing happens."""
    rng = np.random.default_rng(seed)
    if how == "unbalanced":
        part = (rng.random(table.n) < 0.1).astype(int)
    elif how == "no event":
        part = np.where(table.event == 0, rng.integers(0, 2, table.n), 0)
    else:
        part = rng.integers(0, int(how), table.n)
    return [table.take(part == k) for k in range(part.max() + 1)]


@pytest.fixture(scope="session")
def month_grid() -> tuple[float, ...]:
    return GRID


@pytest.fixture(scope="session")
def followed() -> Callable[..., SurvivalTable]:
    return _followed


@pytest.fixture(scope="session")
def dealt() -> Callable[[SurvivalTable, str, int], list[SurvivalTable]]:
    return _dealt
