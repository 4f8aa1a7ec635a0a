"""Generated populations with something to steal: rare codes, few exposed cases, nested groups."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from scipy.sparse import csc_array

from transat.cohorts.analysis_table import AnalysisTable
from transat.cohorts.attrition import Attrition
from transat.cohorts.survival_table import SurvivalTable
from transat.federation.data import SiteData
from transat.federation.facts import facts

THRESHOLD = 11
COLUMNS = ("age", "weight", "rare", "rural", "first", "smoker", "epilepsy", "diabetes")


def site_data(table: AnalysisTable, people: np.ndarray | None = None) -> SiteData:
    """What a site holds of these rows."""
    named = np.arange(table.n, dtype=np.int64) if people is None else people
    known = facts(table, (), THRESHOLD)
    return SiteData(table, Attrition(()), known, named, _survival(table, named))


def _survival(table: AnalysisTable, people: np.ndarray) -> SurvivalTable:
    """Follow-up in days, up to five years; those with epilepsy have the event sooner."""
    rng = np.random.default_rng(table.n)
    rate = 0.1 * np.exp(0.7 * table.covariates[:, COLUMNS.index("epilepsy")])
    end = np.minimum(rng.exponential(1 / rate), rng.uniform(1, 5, table.n))
    happened = rng.random(table.n) < 0.6
    return SurvivalTable(
        n=table.n,
        time=np.ceil(end * 365.0),
        entry=np.zeros(table.n),
        event=happened.astype(np.int8),
        columns=table.covariates,
        column_names=table.covariate_names,
        strata=np.zeros(table.n, np.int32),
        stratum_labels=("all",),
        people=people,
    )


def drawn(seed: int, n: int = 3000) -> AnalysisTable:
    """Four medicines of two classes, four groups of a tree, eight columns of which two measured.

    `rare` is three people's; `epilepsy`, `diabetes` and `smoker` are common alone and few together.
    """
    rng = np.random.default_rng(seed)
    epilepsy, diabetes, smoker = (rng.random(n) < share for share in (0.10, 0.08, 0.15))
    rural, first = rng.random(n) < 0.5, rng.random(n) < 0.4
    rare = np.zeros(n, dtype=np.bool_)
    rare[rng.choice(n, 3, replace=False)] = True
    age, weight = rng.normal(29, 5, n).round(4), rng.gamma(20, 3.5, n).round(4)
    x = np.zeros((n, 4), np.uint8)
    x[:, 0] = rng.random(n) < np.where(epilepsy, 0.5, 0.03)
    x[:, 1] = (x[:, 0] == 1) & (rng.random(n) < 0.97)
    x[:, 2] = rng.random(n) < 0.3
    x[:, 3] = rng.random(n) < 0.004
    y = np.zeros((n, 4), np.uint8)
    y[:, 2] = rng.random(n) < np.where(x[:, 0] == 1, 0.05, 0.02)
    y[:, 1] = (y[:, 2] == 1) | (rng.random(n) < 0.003)
    y[:, 3] = rng.random(n) < 0.03
    y[:, 0] = (y[:, 1] == 1) | (y[:, 3] == 1) | (rng.random(n) < 0.05)
    return AnalysisTable(
        n=n,
        exposures=csc_array(x),
        exposure_codes=("N03A", "N03AG01", "N02BE01", "B01AA"),
        outcomes=csc_array(y),
        outcome_codes=("any_major", "nervous_system", "spina_bifida", "hypospadias"),
        strata=np.minimum(rng.geometric(0.3, n) - 1, 12).astype(np.int32),
        stratum_labels=tuple(str(2008 + s) for s in range(13)),
        covariates=np.column_stack(
            [age, weight, rare, rural, first, smoker, epilepsy, diabetes]
        ).astype(np.float64),
        covariate_names=COLUMNS,
        cluster=np.arange(n, dtype=np.int32),
        exposure_parents=(-1, 0, -1, -1),
        outcome_parents=(-1, 0, 1, 0),
    )


@pytest.fixture(scope="session")
def population() -> Callable[[int], SiteData]:
    made: dict[int, SiteData] = {}

    def population(seed: int) -> SiteData:
        return made.setdefault(seed, site_data(drawn(seed)))

    return population
