"""Hand-made sites: small analysis tables whose every count is known to the test."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.sparse import csc_array

from transat.cohorts.analysis_table import AnalysisTable
from transat.cohorts.attrition import Attrition, AttritionStep
from transat.core.languages import Text
from transat.federation.policy import installed
from transat.federation.site_unsigned import Site

DRUGS = ("N03A", "N03AG01", "N02BE01", "B01AA")
GROUPS = ("any_major", "nervous_system", "spina_bifida", "hypospadias")
COLUMNS = ("age", "epilepsy", "diabetes")


def _draw(seed: int, n: int, effect: float = 4.0) -> AnalysisTable:
    """Two nested medicines, one common, one rare; nested groups; epilepsy explains the first."""
    rng = np.random.default_rng(seed)
    epilepsy = rng.random(n) < 0.1
    x = np.zeros((n, 4), np.uint8)
    x[:, 0] = rng.random(n) < np.where(epilepsy, 0.6, 0.02)
    x[:, 1] = (rng.random(n) < 0.5) & (x[:, 0] == 1)
    x[:, 2] = rng.random(n) < 0.4
    x[:, 3] = rng.random(n) < 0.004
    y = np.zeros((n, 4), np.uint8)
    y[:, 2] = rng.random(n) < 0.02 * np.where(x[:, 1] == 1, effect, 1.0)
    y[:, 1] = (rng.random(n) < 0.02) | (y[:, 2] == 1)
    y[:, 3] = rng.random(n) < 0.03
    y[:, 0] = (y[:, 1] == 1) | (y[:, 3] == 1)
    covariates = np.column_stack([rng.normal(size=n), epilepsy, rng.random(n) < 0.004]).astype(
        np.float64
    )
    return _table(x, y, rng.integers(0, 3, n), covariates)


def _table(
    x: NDArray[np.uint8], y: NDArray[np.uint8], strata: NDArray[np.int64],
    covariates: NDArray[np.float64],
) -> AnalysisTable:  # fmt: skip
    n = len(x)
    return AnalysisTable(
        n=n,
        exposures=csc_array(x),
        exposure_codes=DRUGS,
        outcomes=csc_array(y),
        outcome_codes=GROUPS,
        strata=strata.astype(np.int32),
        stratum_labels=tuple(f"y{s}" for s in range(3)),
        covariates=covariates,
        covariate_names=COLUMNS,
        cluster=np.arange(n, dtype=np.int32),
        exposure_parents=(-1, 0, -1, -1),
        outcome_parents=(-1, 0, 1, 0),
    )


def _attrition(n: int, *before: int) -> Attrition:
    """Steps ending at n; `before` the counts of the earlier steps, one woman per pregnancy."""
    text = Text("règle", "rule")
    counts = [*before, n]
    return Attrition(
        tuple(AttritionStep(f"step{i}", text, count, count) for i, count in enumerate(counts))
    )


@pytest.fixture
def new_site(tmp_path: Path) -> Callable[..., Site]:
    def make(name: str, rows: AnalysisTable, *before: int, threshold: int = 11) -> Site:
        policy = installed()["snds" if name == "france" else "ramq"].tightened(threshold)
        steps = _attrition(rows.n, *before)
        return Site(name, lambda: (rows, steps), policy, tmp_path / f"{name}.jsonl", "a" * 64)

    return make


@pytest.fixture
def draw() -> Callable[..., AnalysisTable]:
    return _draw
