"""Boosted hazards over sites: by person-periods laid out, bit for bit the pooled trees, merging."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from person_periods import person_periods

from transat.cohorts import folds
from transat.cohorts.survival_table import SurvivalTable
from transat.core.errors import StudyError
from transat.learners import hazards
from transat.learners.hazard_trees import Parameters, Release, Result, at_site, cells, combine
from transat.learners.time_trees import TIME
from transat.learners.trees import Bins, Tree
from transat.statistics import kaplan_meier

Draw = Callable[..., SurvivalTable]
Deal = Callable[[SurvivalTable, str, int], list[SurvivalTable]]
Grid = tuple[float, ...]

BINS = Bins(
    ("age", "operated", TIME, "noise"),
    (tuple(float(a) for a in range(56, 90, 3)), (0.0,), (3.0, 8.0, 12.0, 18.0), (-1.0, 0.0, 1.0)),
)


def grow(tables: list[SurvivalTable], asked: Parameters) -> Result:
    return combine(lambda questions: [at_site(t, questions[0]) for t in tables], asked)


def brute(table: SurvivalTable, asked: Parameters) -> tuple[np.ndarray, np.ndarray]:
    """Log odds of every line, each split of each node tried on the lines themselves."""
    lines = person_periods(table, asked.grid)
    y, w, row = lines["y"], lines["w"], lines["row"].astype(int)
    odds = np.full(len(y), np.log((w * y).sum() / (w * (1 - y)).sum()))
    for _ in range(asked.number):
        p = 1 / (1 + np.exp(-odds))
        g, h = w * (p - y), w * p * (1 - p)
        leaves = [np.arange(len(y))]
        for _ in range(asked.depth):
            parts = []
            for inside in leaves:
                parts += best_split(lines, row, g, h, inside, asked) or [inside]
            leaves = parts
        for inside in leaves:
            odds[inside] -= asked.rate * g[inside].sum() / (h[inside].sum() + asked.penalty)
    return odds, row


def best_split(
    lines: dict[str, np.ndarray], row: np.ndarray, g: np.ndarray, h: np.ndarray,
    inside: np.ndarray, asked: Parameters,
) -> list[np.ndarray]:  # fmt: skip
    def score(part: np.ndarray) -> float:
        return float(g[part].sum() ** 2 / (h[part].sum() + asked.penalty))

    best, found = asked.least_gain, []
    for name, edges in zip(asked.bins.names, asked.bins.edges, strict=True):
        for cut in edges:
            low = lines[name][inside] <= cut
            left, right = inside[low], inside[~low]
            stay = np.unique(row[right])
            gone = np.unique(row[left])
            if name == TIME:  # who leaves before the cut
                gone = np.setdiff1d(gone, stay)
            if min(len(gone), len(stay)) < asked.least_rows:
                continue
            gain = (score(left) + score(right) - score(inside)) / 2
            if gain > best + 1e-9:
                best, found = gain, [left, right]
    return found


def log_odds(result: Result, table: SurvivalTable, grid: Grid) -> np.ndarray:
    """Of every line, by walking the trees one line at a time."""
    lines = person_periods(table, grid)
    names, edges = result.forest.bins.names, result.forest.bins.edges
    found = np.full(len(lines["y"]), result.forest.base)
    bins = [np.searchsorted(e, lines[n], "left") for n, e in zip(names, edges, strict=True)]
    for tree in result.forest.trees:
        for i in range(len(found)):
            node = 0
            while node < len(tree.feature) and tree.feature[node] >= 0:
                node = 2 * node + 1 + int(bins[tree.feature[node]][i] > tree.cut[node])
            found[i] += tree.value[node]
    return found


@pytest.mark.parametrize(("late", "weighed"), [(False, False), (True, False), (False, True)])
def test_the_definition(followed: Draw, month_grid: Grid, late: bool, weighed: bool) -> None:
    table = followed(4, n=400, late=late, weighed=weighed)
    asked = Parameters(month_grid, BINS, number=4, depth=3, rate=0.5, least_rows=20)
    result = grow([table], asked)
    wanted, _ = brute(table, asked)
    np.testing.assert_allclose(log_odds(result, table, month_grid), wanted, atol=1e-6)
    assert result.rounds == 1 + 4 * 3
    assert any(BINS.names.index(TIME) in tree.feature for tree in result.forest.trees)


@settings(max_examples=12, deadline=None)
@given(
    seed=st.integers(0, 10_000),
    how=st.sampled_from(["2", "3", "7", "unbalanced", "no event"]),
    late=st.booleans(),
    weighed=st.booleans(),
)
def test_the_trees_are_the_pooled_trees_bit_for_bit(
    followed: Draw, dealt: Deal, month_grid: Grid, seed: int, how: str, late: bool, weighed: bool
) -> None:
    table = followed(seed, n=700, late=late, weighed=weighed)
    asked = Parameters(month_grid, BINS, number=4, rate=0.3, least_rows=20)
    federated, pooled = grow(dealt(table, how, seed), asked), grow([table], asked)
    assert federated.forest == pooled.forest
    assert federated.forest.trees
    np.testing.assert_array_equal(federated.gain, pooled.gain)
    assert (federated.persons, federated.events) == (pooled.persons, pooled.events)


def test_row_order_changes_nothing(followed: Draw, month_grid: Grid) -> None:
    table = followed(3, weighed=True)
    asked = Parameters(month_grid, BINS, number=3, least_rows=20)
    shuffled = table.take(np.random.default_rng(1).permutation(table.n))
    assert grow([table], asked).forest == grow([shuffled], asked).forest


def test_it_finds_the_hazard_that_is_not_proportional(followed: Draw, month_grid: Grid) -> None:
    """The operated are at more risk after a year only: trees see it, noise earns nothing."""
    table = followed(1, n=20_000)
    result = grow([table], Parameters(month_grid, BINS, number=60, rate=0.2))
    at = {name: k for k, name in enumerate(BINS.names)}
    assert result.gain[at["noise"]] < 0.05 * result.gain[at[TIME]]
    lines = person_periods(followed(2, n=1_500), month_grid)
    odds = log_odds(result, followed(2, n=1_500), month_grid)
    late, operated = lines[TIME] > 12, lines["operated"] == 1
    assert odds[late & operated].mean() - odds[late & ~operated].mean() > 0.8
    assert abs(odds[~late & operated].mean() - odds[~late & ~operated].mean()) < 0.3


def test_sums_add_up_over_every_feature_and_after_merging(followed: Draw, month_grid: Grid) -> None:
    table = followed(8)
    asked = Parameters(month_grid, BINS, number=2, least_rows=20)
    levels: list[Release] = []

    def ask(questions: list[Parameters]) -> list[Release]:
        levels.append(at_site(table, questions[0]))
        return levels[-1:]

    combine(ask, asked)
    assert len(levels) == 1 + 2 * 3
    for release in levels:
        for sums in (release.gradient, release.hessian, release.rows):
            total = sums.sum(axis=2)
            np.testing.assert_array_equal(total, np.broadcast_to(total[:, :1], total.shape))
        kept = release.kept & (np.random.default_rng(0).random(release.kept.shape) < 0.5)
        for k, edges in enumerate(BINS.edges):
            kept[:, k, len(edges)] = True
        merged = release.merged(kept)
        np.testing.assert_array_equal(merged.rows.sum(axis=2), release.rows.sum(axis=2))
        assert (merged.rows[~kept] == 0).all()
    assert levels[0].rows[0, 0].sum() == levels[0].persons == table.n


def test_an_edge_that_one_site_merged_is_split_by_none(
    followed: Draw, dealt: Deal, month_grid: Grid
) -> None:
    tables = dealt(followed(7), "2", 7)
    asked = Parameters(month_grid, BINS, number=3, rate=0.3, least_rows=20)

    def ask(questions: list[Parameters]) -> list[Release]:
        one, other = (at_site(t, questions[0]) for t in tables)
        kept = other.kept.copy()
        kept[:, BINS.names.index(TIME), 2] = False
        return [one, other.merged(kept)]

    free, found = grow(tables, asked), combine(ask, asked)
    time = BINS.names.index(TIME)

    def cuts(result: Result) -> set[tuple[int, int]]:
        pairs = ((t.feature, t.cut) for t in result.forest.trees)
        return {pair for f, c in pairs for pair in zip(f, c, strict=True)}

    assert (time, 2) in cuts(free)
    assert (time, 2) not in cuts(found)


def test_a_part_of_the_people_is_their_table(followed: Draw, month_grid: Grid) -> None:
    table = followed(9)
    part = folds.every(4).without(1)
    asked = Parameters(month_grid, BINS, number=3, least_rows=20)
    alone = grow([table.take(part.rows(table.people))], asked)
    assert grow([table], replace(asked, part=part)).forest == alone.forest
    assert grow([table], asked).forest != alone.forest


def test_one_interval_is_a_binary_outcome(followed: Draw) -> None:
    """Nobody censored before the only edge: log odds of the event, no time in it."""
    table = followed(5)
    sure = table.take((table.event == 1) | (table.time > 6))
    bins = Bins(("age", "operated"), (BINS.edges[0], (0.0,)))
    result = grow([sure], Parameters((6.0,), bins, number=1, depth=1, least_rows=5))
    rate = ((sure.event == 1) & (sure.time <= 6)).mean()
    assert result.forest.base == pytest.approx(np.log(rate / (1 - rate)), abs=1e-5)


def test_bad_questions_are_refused(followed: Draw, month_grid: Grid) -> None:
    table = followed(1)
    with pytest.raises(StudyError, match="ages"):
        at_site(table, Parameters(month_grid, Bins(("ages",), ((1.0,),))))
    with pytest.raises(ValueError, match="grid"):
        at_site(table, Parameters((0.0, 1.0), BINS))
    with pytest.raises(ValueError, match="not of the grid"):
        at_site(table, Parameters(month_grid, Bins((TIME,), ((3.5,),))))
    with pytest.raises(ValueError, match="not of the grid"):
        at_site(table, Parameters(month_grid, Bins((TIME,), ((24.0,),))))
    named = replace(table, column_names=("age", TIME, "noise"))
    with pytest.raises(ValueError, match="column"):
        at_site(named, Parameters(month_grid, Bins((TIME,), ((3.0,),))))
    with pytest.raises(ValueError, match="event"):
        grow([replace(table, event=np.zeros_like(table.event))], Parameters(month_grid, BINS))
    empty = table.take(np.zeros(table.n, dtype=bool))
    with pytest.raises(ValueError, match="event"):
        grow([empty], Parameters(month_grid, BINS))


def test_head_counts_behind_a_level(followed: Draw, month_grid: Grid) -> None:
    """Against the person-periods of the two children of a first cut in time, laid out."""
    table = followed(11, late=True)
    bins = Bins(("operated", TIME), ((0.0,), (3.0, 8.0, 12.0)))
    tree = Tree((1,), (1,), (0.0, 0.0, 0.0))  # up to month 8, and after
    asked = Parameters(month_grid, bins, growing=tree)
    found, release = cells(table, asked), at_site(table, asked)
    np.testing.assert_array_equal(found[0], release.rows)
    lines = person_periods(table, month_grid)
    for node, inside in enumerate((lines[TIME] <= 8, lines[TIME] > 8)):
        for value in (0, 1):
            some = inside & (lines["operated"] == value)
            assert found[0, node, 0, value] == np.unique(lines["row"][some]).size
            assert found[1, node, 0, value] == lines["y"][some].sum()
        np.testing.assert_array_equal(found[:3, node].sum(axis=2)[:, 0],
                                      found[:3, node].sum(axis=2)[:, 1])  # fmt: skip
        rows, first = np.unique(lines["row"][inside], return_index=True)
        assert found[3, node, 1].sum() == rows.size == first.size
    np.testing.assert_array_equal(found[1] + found[2], found[0])


def test_time_alone_becomes_kaplan_meier(r_rows: Callable[[str], pa.Table]) -> None:
    """On myeloma's precursor (R's mgus2, death by years): a forest that sees time alone ends at the
    share of those at risk who die in each interval."""
    rows = r_rows("mgus2")
    months = rows["futime"].to_numpy().astype(np.float64)
    n = len(months)
    table = SurvivalTable(
        n=n,
        time=np.maximum(months, 0.5),
        entry=np.zeros(n),
        event=rows["death"].to_numpy().astype(np.int8),
        columns=np.zeros((n, 0)),
        column_names=(),
        strata=np.zeros(n, np.int32),
        stratum_labels=("all",),
        people=np.arange(n, dtype=np.int64),
    )
    grid = tuple(float(m) for m in range(12, 241, 12))
    bins = Bins((TIME,), (grid[:-1],))
    asked = Parameters(grid, bins, number=150, depth=5, rate=0.5, penalty=0.0, least_rows=1)
    result = grow([table], asked)
    model = hazards.of_forest(result.forest, grid)
    risk = hazards.incidence(model, table.take(slice(0, 1)), 1, grid)[0]
    curve = kaplan_meier.Parameters(grid)
    wanted = kaplan_meier.combine([kaplan_meier.at_site(table, curve)], curve).together[0]
    np.testing.assert_allclose(1 - risk, wanted.survival, atol=1e-4)
