"""Boosted trees over sites: by brute force, bit for bit the pooled trees, merging."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from transat.cohorts.analysis_table import AnalysisTable
from transat.core.errors import StudyError
from transat.learners import boosted_trees, trees
from transat.learners.boosted_trees import Parameters, Result, at_site, combine
from transat.learners.trees import Bins

Draw = Callable[..., AnalysisTable]
Split = Callable[[AnalysisTable, int, int], list[AnalysisTable]]


def grow(tables: list[AnalysisTable], asked: Parameters) -> Result:
    return combine(lambda questions: [at_site(t, questions[0]) for t in tables], asked)


def brute(table: AnalysisTable, asked: Parameters) -> np.ndarray:
    """Log odds by the definition: every split of every node tried on the rows themselves."""
    bins, y = trees.binned(table, asked.bins), table.outcome(asked.outcome).astype(float)
    odds = np.full(table.n, round(float(np.log(y.sum() / (len(y) - y.sum()))), 6))
    for _ in range(asked.number):
        p = 1 / (1 + np.exp(-odds))
        g, h = p - y, p * (1 - p)
        leaves, step = [np.arange(table.n)], np.zeros(table.n)
        for _ in range(asked.depth):
            parts = []
            for rows in leaves:
                parts += best_split(bins, g, h, rows, asked) or [rows]
            leaves = parts
        for rows in leaves:
            step[rows] = -asked.rate * g[rows].sum() / (h[rows].sum() + asked.penalty)
        odds = odds + step
    return odds


def best_split(
    bins: np.ndarray, g: np.ndarray, h: np.ndarray, rows: np.ndarray, asked: Parameters
) -> list[np.ndarray]:
    def score(part: np.ndarray) -> float:
        return float(g[part].sum() ** 2 / (h[part].sum() + asked.penalty))

    best, found = asked.least_gain, []
    for feature, edges in enumerate(asked.bins.edges):
        for cut in range(len(edges)):
            left = rows[bins[feature, rows] <= cut]
            right = rows[bins[feature, rows] > cut]
            if min(len(left), len(right)) < asked.least_rows:
                continue
            gain = (score(left) + score(right) - score(rows)) / 2
            if gain > best + 1e-9:
                best, found = gain, [left, right]
    return found


@pytest.mark.parametrize("seed", range(3))
def test_the_definition(draw: Draw, agreed: Bins, seed: int) -> None:
    table = draw(seed, n=1500)
    asked = Parameters("m0", agreed, number=4, depth=3, rate=0.3)
    result = grow([table], asked)
    found = trees.margins(result.forest, trees.binned(table, agreed))
    np.testing.assert_allclose(found, brute(table, asked), atol=1e-6)
    assert len(result.forest.trees) == 4
    assert result.rounds == 1 + 4 * 3


@settings(max_examples=10, deadline=None)
@given(seed=st.integers(0, 10_000), sites=st.integers(2, 5))
def test_the_trees_are_the_pooled_trees_bit_for_bit(
    draw: Draw, split: Split, agreed: Bins, seed: int, sites: int
) -> None:
    table = draw(seed, n=900)
    asked = Parameters("m0", agreed, number=5, rate=0.3, least_rows=20)
    assert grow(split(table, sites, seed), asked) != grow([table], replace(asked, rate=0.2))
    federated, pooled = grow(split(table, sites, seed), asked), grow([table], asked)
    assert federated.forest == pooled.forest
    np.testing.assert_array_equal(federated.gain, pooled.gain)


def test_row_order_changes_nothing(draw: Draw, agreed: Bins) -> None:
    table = draw(3)
    asked = Parameters("m0", agreed, number=3)
    shuffled = table.take(np.random.default_rng(1).permutation(table.n))
    assert grow([table], asked).forest == grow([shuffled], asked).forest


def test_it_finds_the_interaction_that_a_regression_misses(draw: Draw, agreed: Bins) -> None:
    """On new rows, log-loss lower than that of the true risk without its interaction."""
    result = grow([draw(1, n=20_000)], Parameters("m0", agreed, number=60, rate=0.2))
    new = draw(2, n=20_000)
    y = new.outcome("m0").astype(float)
    assert (
        log_loss(y, trees.probabilities(result.forest, new)) < log_loss(y, main_effects(new)) - 0.01
    )
    assert result.gain[agreed.names.index("year")] < 0.1 * result.gain.max()


def main_effects(table: AnalysisTable) -> np.ndarray:
    """The best that epilepsy and exposure can say without age: the rates of their four groups."""
    y = table.outcome("m0").astype(float)
    group = 2 * table.covariates[:, 2].astype(int) + table.exposure("D0")
    return np.array([y[group == g].mean() for g in range(4)])[group]


def log_loss(y: np.ndarray, p: np.ndarray) -> float:
    return float(-(y * np.log(p) + (1 - y) * np.log1p(-p)).mean())


def test_no_leaf_is_smaller_than_asked(draw: Draw, agreed: Bins) -> None:
    table = draw(5, n=1000)
    forest = grow([table], Parameters("m0", agreed, number=10, depth=4, least_rows=80)).forest
    bins = trees.binned(table, agreed)
    for tree in forest.trees:
        assert np.unique(trees.nodes(tree, bins), return_counts=True)[1].min() >= 80


def test_nothing_to_gain_ends_the_forest(draw: Draw, agreed: Bins) -> None:
    asked = Parameters("m0", agreed, number=30, least_gain=1e6)
    result = grow([draw(5)], asked)
    assert result.forest.trees == ()
    none = replace(draw(5), outcomes=draw(5).outcomes * np.uint8(0))
    with pytest.raises(ValueError, match="without"):
        grow([none], asked)


def test_an_edge_that_one_site_merged_is_split_by_none(
    draw: Draw, split: Split, agreed: Bins
) -> None:
    """As if that edge had never been agreed."""
    tables = split(draw(7), 2, 7)
    without = replace(agreed, edges=(agreed.edges[0][:6] + agreed.edges[0][7:], *agreed.edges[1:]))
    asked = Parameters("m0", agreed, number=3, rate=0.3)

    def ask(questions: list[Parameters]) -> list[boosted_trees.Release]:
        one, other = (at_site(t, questions[0]) for t in tables)
        kept = other.kept.copy()
        kept[:, 0, 6] = False
        return [one, other.merged(kept)]

    found = combine(ask, asked).forest
    wanted = grow(tables, replace(asked, bins=without)).forest
    for table in tables:
        np.testing.assert_array_equal(
            trees.probabilities(found, table), trees.probabilities(wanted, table)
        )


def test_merging_loses_no_sum(draw: Draw, agreed: Bins) -> None:
    release = at_site(draw(8), Parameters("m0", agreed))
    kept = release.kept & (np.random.default_rng(0).random(release.kept.shape) < 0.5)
    for k, edges in enumerate(agreed.edges):
        kept[:, k, len(edges)] = True
    merged = release.merged(kept)
    np.testing.assert_array_equal(merged.rows.sum(axis=2), release.rows.sum(axis=2))
    np.testing.assert_array_equal(merged.gradient.sum(axis=2), release.gradient.sum(axis=2))
    assert (merged.rows[~kept] == 0).all()


def test_rows_kept_apart_take_no_part(draw: Draw, agreed: Bins) -> None:
    table = draw(9)
    asked = Parameters("m0", agreed, number=3, hold_out=0.25)
    aside = trees.apart(table.cluster, 0.25)
    assert 0.2 < aside.mean() < 0.3
    flipped = table.outcome("m0") ^ aside
    other = replace(table, outcomes=type(table.outcomes)(flipped[:, None].astype(np.uint8)))
    assert grow([table], asked).forest == grow([other], asked).forest
    without = grow([table.take(~aside)], replace(asked, hold_out=0.0)).forest
    assert grow([table], asked).forest == without


def test_unknown_features_and_wrong_edges_are_refused(draw: Draw) -> None:
    with pytest.raises(StudyError, match="ages"):
        at_site(draw(1), Parameters("m0", Bins(("ages",), ((1.0,),))))
    with pytest.raises(ValueError, match="rise"):
        at_site(draw(1), Parameters("m0", Bins(("age",), ((2.0, 1.0),))))
