"""G4: one column for ten events at most; the refusal names what to leave out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from made_sites import draw
from one_question import asked, data, refusal
from scipy.sparse import csc_array

from transat.cohorts.analysis_table import AnalysisTable
from transat.federation.checks.few_events import FewEvents
from transat.statistics import firth, logistic
from transat.statistics.design_matrix import Model

Parameters = Callable[[Model], logistic.Parameters | firth.Parameters]
FULL = Model("hypospadias", ("N02BE01",), ("age", "epilepsy", "diabetes"))


def with_cases(rows: AnalysisTable, cases: int) -> AnalysisTable:
    """So many cases of hypospadias, the first rows of the table."""
    y = rows.outcomes.toarray()
    y[:, 3] = np.arange(rows.n) < cases
    y[:, 0] |= y[:, 3]
    return replace(rows, outcomes=csc_array(y))


@pytest.mark.parametrize("parameters", [logistic.Parameters, firth.Parameters])
def test_five_columns_need_fifty_cases(parameters: Parameters) -> None:
    for cases, columns in ((50, None), (49, ("diabetes",)), (30, ("diabetes", "epilepsy"))):
        rows = with_cases(draw(1, 2000), cases)
        step = "logistic" if parameters is logistic.Parameters else "firth"
        no = refusal(FewEvents(), asked(data(rows), step, parameters(FULL)))
        assert (no and no.columns) == columns
        if no is not None:
            assert no.code == "few_events"
            assert no.merge == tuple(f"-{name}" for name in no.columns)


def test_where_the_exposure_alone_is_too_much_the_wider_group_is_named() -> None:
    rows = with_cases(draw(1, 2000), 19)
    no = refusal(FewEvents(), asked(data(rows), "logistic", logistic.Parameters(FULL)))
    assert no is not None
    assert (no.columns, no.merge) == (("hypospadias",), ("hypospadias|any_major",))
    wider = logistic.Parameters(replace(FULL, outcome="any_major", covariates=()))
    assert refusal(FewEvents(), asked(data(rows), "logistic", wider)) is None


@settings(max_examples=40, deadline=None)
@given(
    seed=st.integers(0, 2**32 - 1),
    cases=st.integers(0, 120),
    share=st.sampled_from([0.1, 0.05, 0.02]),
)
def test_without_the_columns_named_it_passes(seed: int, cases: int, share: float) -> None:
    held = data(with_cases(draw(seed, 400), cases))
    limits = {"parameters_share": share}
    no = refusal(FewEvents(), asked(held, "logistic", logistic.Parameters(FULL), limits))
    if no is None:
        assert (
            cases * share >= 5 - 1e-9 or cases == 0 or not held.table.covariates.any(axis=0).all()
        )
        return
    rest = replace(FULL, covariates=tuple(c for c in FULL.covariates if c not in no.columns))
    if no.columns != ("hypospadias",):
        question = asked(held, "logistic", logistic.Parameters(rest), limits)
        assert refusal(FewEvents(), question) is None


def test_the_intercepts_of_sites_count_once_at_each() -> None:
    """At the third of four sites one column of the model's three intercepts more is all ones."""
    rows = with_cases(draw(1, 2000), 50)
    third = logistic.Parameters(replace(FULL, sites=4, site=2))
    assert refusal(FewEvents(), asked(data(rows), "logistic", third)) is None


def test_rows_exceed_columns_by_ten() -> None:
    rows = with_cases(draw(1, 60), 30)
    question = asked(
        data(rows), "logistic", logistic.Parameters(Model("hypospadias", ("N02BE01",))),
        {"residual_freedom": 59},
    )  # fmt: skip
    no = refusal(FewEvents(), question)
    assert no is not None
    assert no.code == "few_events"
