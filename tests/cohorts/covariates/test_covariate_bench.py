"""The measure of covariates on a small drawn CDM; the targets themselves are in the slow suite."""

from __future__ import annotations

from transat.cohorts.covariates.bench import bench


def test_the_matrices_and_sql_hold_the_same_pairs() -> None:
    figures = bench(rows=40_000, repeats=1)
    assert figures["one_hot.values"] == figures["sql_one_hot.values"] > 0
    assert figures["exposure.values"] == figures["sql_exposure.values"] > 0
