"""Agreed bins: quantiles of all sites' rows, on the edges of the protocol that all kept."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from transat.cohorts.analysis_table import AnalysisTable
from transat.learners.bins import Parameters, at_site, combine
from transat.learners.trees import Bins

Draw = Callable[..., AnalysisTable]
Split = Callable[[AnalysisTable, int, int], list[AnalysisTable]]
GRID = Bins(("age", "D0"), (tuple(float(a) for a in range(10, 55)), (0.0,)))


def test_edges_are_the_quantiles_of_all_rows(draw: Draw, split: Split) -> None:
    table = draw(1)
    found = combine(
        [at_site(t, Parameters(GRID, 8)) for t in split(table, 3, 1)], Parameters(GRID, 8)
    )
    assert found.names == ("age", "D0")
    wanted = np.quantile(table.covariates[:, 0], np.arange(1, 8) / 8)
    np.testing.assert_allclose(found.edges[0], wanted, atol=0.75)
    assert set(found.edges[0]) <= set(GRID.edges[0])
    assert found.edges[1] == (0.0,)
    assert found == combine([at_site(table, Parameters(GRID, 8))], Parameters(GRID, 8))


def test_an_edge_that_one_site_merged_is_not_agreed(draw: Draw, split: Split) -> None:
    one, other = (at_site(t, Parameters(GRID)) for t in split(draw(1), 2, 1))
    kept = other.kept.copy()
    kept[0, 20] = kept[1, 0] = False
    found = combine([one, other.merged(kept)], Parameters(GRID))
    assert GRID.edges[0][20] not in found.edges[0]
    assert found.names == ("age",)  # of D0 no edge is left


def test_a_feature_that_never_varies_is_left_out(draw: Draw) -> None:
    table = draw(1)
    flat = replace(table, covariates=np.full_like(table.covariates, 60.0))
    assert combine([at_site(flat, Parameters(GRID))], Parameters(GRID)).names == ("D0",)


def test_counts_are_all_that_is_stated(draw: Draw) -> None:
    table = draw(2, n=300)
    release = at_site(table, Parameters(GRID))
    assert release.counts()["rows"].sum() == 2 * 300
    with pytest.raises(ValueError, match="features"):
        combine([], Parameters(GRID))
