"""G3: a regression that tells a small cell is refused, and what it names in its place passes."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from made_sites import draw
from one_question import asked, data, refusal
from scipy.sparse import csc_array

from transat.cohorts.analysis_table import AnalysisTable
from transat.federation.checks.implied_tables import ImpliedTables
from transat.federation.questions import fit_of
from transat.federation.refusals import Refused
from transat.statistics import logistic
from transat.statistics.design_matrix import Model

AGES = ("age=<20", "age=20-24", "age=25-29", "age=40+")
MODEL = Model("any_major", ("N02BE01",), AGES)


def with_ages(rows: AnalysisTable, ages: np.ndarray) -> AnalysisTable:
    levels = np.column_stack([ages == k for k in range(len(AGES))]).astype(float)
    return replace(rows, covariates=levels, covariate_names=AGES)


def refused(rows: AnalysisTable, model: Model) -> Refused | None:
    return refusal(ImpliedTables(), asked(data(rows), "logistic", logistic.Parameters(model)))


def test_the_small_cell_was_there_to_be_read() -> None:
    rows = with_ages(draw(1, 4000), np.where(np.arange(4000) < 30, 0, 5))
    no = refused(rows, MODEL)
    assert no is not None
    assert no.code == "implied_tables"
    assert "age=<20" in no.columns
    release = logistic.at_site(rows, logistic.Parameters(MODEL))
    exposed = round(float(4 * release.hessian[1, 2]))
    assert exposed == int(rows.exposure("N02BE01")[:30].sum())
    assert 0 < exposed < 30


def test_two_levels_made_one_pass() -> None:
    """30 under 20 years of whom a case or two; with the next level, hundreds."""
    ages = np.repeat([0, 1, 2, 5], [30, 970, 1000, 2000])
    rows = with_ages(draw(1, 4000), ages)
    no = refused(rows, replace(MODEL, covariates=AGES[:3]))
    assert no is not None
    assert (no.columns, no.merge) == (("age=<20",), ("age=<20|age=20-24",))
    merged = with_ages(rows, np.where(ages == 0, 1, ages))
    assert refused(merged, replace(MODEL, covariates=AGES[1:3])) is None


def test_the_class_of_a_medicine_stands_in_for_it() -> None:
    rows = draw(1, 4000)
    x = rows.exposures.toarray()
    x[:, 1] = x[:, 0] * (np.cumsum(x[:, 0]) <= 20)  # few take the medicine, many another of it
    rows = replace(rows, exposures=csc_array(x))
    no = refused(rows, Model("any_major", ("N03AG01",)))
    assert no is not None
    assert (no.columns, no.merge) == (("N03AG01",), ("N03AG01|N03A",))
    assert refused(rows, Model("any_major", ("N03A",))) is None


def test_the_wider_group_of_outcomes_stands_in() -> None:
    rows = draw(1, 4000)
    y = rows.outcomes.toarray()
    y[:, 2] = y[:, 2] * (np.cumsum(y[:, 2]) <= 7)
    y[:, 0] |= y[:, 2]
    rows = replace(rows, outcomes=csc_array(y))
    no = refused(rows, Model("spina_bifida", ("N02BE01",)))
    assert no is not None
    assert no.columns == ("spina_bifida",)
    wider = no.merge[0].removeprefix("spina_bifida|")
    assert wider in ("nervous_system", "any_major")
    assert refused(rows, Model(wider, ("N02BE01",))) is None


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), n=st.integers(50, 2000))
def test_what_passes_implies_no_small_count(seed: int, n: int) -> None:
    rng = np.random.default_rng(seed)
    rows = with_ages(draw(seed, n), rng.choice(6, n, p=[0.02, 0.1, 0.3, 0.05, 0.13, 0.4]))
    columns = tuple(a for a in AGES if rng.random() < 0.7)
    model = replace(MODEL, covariates=columns)
    no = refused(rows, model)
    if no is not None:
        assert set(no.columns) <= {*columns, "N02BE01", "any_major"}
        assert len(no.merge) == len(no.columns)
        return
    fit = fit_of(data(rows), "logistic", logistic.Parameters(model))
    assert fit is not None
    cross = fit.x.T @ fit.x
    cases = fit.x.T @ fit.events
    size = np.diagonal(cross)
    for told in (cross, cases, size[:, None] - cross, size - cases):
        assert not ((told > 0) & (told < 11)).any()
