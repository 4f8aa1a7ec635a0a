"""G7 and G15: histograms in groups that hold enough, only the fit's own trees, models reviewed."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from gated import Sites, births
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import csc_array

from transat.federation.checks import groups
from transat.federation.checks.models import Models
from transat.federation.checks.trees import Trees
from transat.federation.refusals import Refused
from transat.learners import bins, boosted_trees, tree_review, trees
from transat.learners.boosted_trees import Parameters, Result, at_site, combine
from transat.learners.trees import Bins, Tree

GRID = Bins(
    ("age", "year", "epilepsy", "D0"),
    (tuple(float(a) for a in range(12, 50)), (2012.0, 2014.0, 2016.0), (0.0,), (0.0,)),
)


def agreed(sites: Sites) -> Bins:
    asked = bins.Parameters(GRID, 12)
    return bins.combine(sites.ask([asked]), asked)


def grown(sites: Sites, **more: Any) -> Result:
    return combine(sites.ask, Parameters("m0", agreed(sites), number=4, rate=0.3, **more))


@settings(max_examples=6, deadline=None)
@given(seed=st.integers(0, 10_000), n=st.integers(600, 4000))
def test_no_group_tells_a_small_count(seed: int, n: int) -> None:
    """Every group of every node of every tree: rows, rows with the outcome, rows without; and what
    a parent tells less one of its children is the other child."""
    sites = Sites([births(seed, n), births(seed + 1, n)])
    seen: list[tuple[Parameters, boosted_trees.Release]] = []

    def ask(questions: list[Parameters]) -> list[boosted_trees.Release]:
        told = sites.ask(questions)
        seen.append((questions[0], told[0]))
        return told

    combine(ask, Parameters("m0", agreed(sites), number=2, rate=0.3))
    table = sites.data[0].table
    parents: dict[tuple[int, int], boosted_trees.Release] = {}
    for asked, release in seen:
        assert small(table, asked, release) == 0
        level, tree = asked.growing.depth, len(asked.grown)
        parents[tree, level] = release
        if level:
            parent = np.repeat(parents[tree, level - 1].kept, 2, axis=0)
            assert not (release.kept & ~parent).any()
            assert (release.kept[0::2] == release.kept[1::2]).all()


def small(table: Any, asked: Parameters, release: boosted_trees.Release) -> int:
    """Groups that hold 1 to 10 rows, or cases, or others, counted on the rows themselves."""
    found, y = trees.binned(table, asked.bins), table.outcome("m0")
    node, shape = boosted_trees.places(asked, found)
    used = np.ones(table.n, bool)
    rows, cases = boosted_trees.tally(node, found, used, shape, y.astype(float))
    cells = [trees.grouped(c, release.kept) for c in (rows, cases, rows - cases)]
    return int(sum(((c > 0) & (c < 11)).sum() for c in cells))


def test_without_the_check_small_cells_are_told() -> None:
    sites = Sites([births(1, 2000)], without=("trees", "cell_floor", "rare_words"))
    asked = Parameters("m0", GRID, number=2, rate=0.3)
    seen: Counter[str] = Counter()

    def ask(questions: list[Parameters]) -> list[boosted_trees.Release]:
        told = sites.ask(questions)
        seen["small"] += small(sites.data[0].table, questions[0], told[0])
        return told

    combine(ask, asked)
    assert seen["small"] > 100


def test_gated_trees_are_the_pooled_trees_of_the_edges_left() -> None:
    """On large sites nothing that matters is merged: the forest is as good as the ungated one."""
    tables = [births(k, 8000) for k in (1, 2)]
    sites = Sites(tables)
    result = grown(sites)
    free = combine(
        lambda q: [at_site(t, q[0]) for t in tables],
        Parameters("m0", result.forest.bins, number=4, rate=0.3),
    )
    new = births(3, 8000)
    y = new.outcome("m0").astype(float)
    losses = [
        float(-(y * np.log(p) + (1 - y) * np.log1p(-p)).mean())
        for p in (trees.probabilities(r.forest, new) for r in (result, free))
    ]
    assert len(result.forest.trees) == 4
    assert losses[0] == pytest.approx(losses[1], abs=0.005)


def test_trees_of_the_coordinators_choice_are_refused() -> None:
    sites = Sites([births(1, 4000), births(2, 4000)])
    asked = Parameters("m0", agreed(sites), number=3, rate=0.3)
    questions: list[Parameters] = []

    def ask(wanted: list[Parameters]) -> list[boosted_trees.Release]:
        questions.extend(wanted)
        return sites.ask(wanted)

    combine(ask, asked)
    last = questions[-1]
    tree = last.grown[0]
    chosen = (
        replace(last, grown=(replace(tree, value=tuple(9.0 for _ in tree.value)), *last.grown[1:])),
        replace(last, growing=Tree((0,), (3,), (0.0, 0.5, -0.5))),
        replace(last, base=last.base + 1),
        replace(asked, started=True),
        replace(asked, base=1.0),
    )
    for wanted in chosen:
        with pytest.raises(Refused) as no:
            sites.ask([wanted])
        assert no.value.code == "coefficients"


def test_a_fit_goes_on_only_with_every_sites_answer_to_its_last_question() -> None:
    sites = Sites([births(1, 4000), births(2, 4000)])
    asked = Parameters("m0", agreed(sites), number=2)
    following, _ = boosted_trees.advance(asked, sites.ask([asked]))
    sites.last.clear()
    with pytest.raises(Refused) as no:
        sites.ask([following.asked])
    assert no.value.code == "coefficients"


def test_edges_that_were_not_agreed_are_refused() -> None:
    sites = Sites([births(1, 4000)])
    with pytest.raises(Refused) as no:
        sites.ask([Parameters("m0", GRID)])
    assert (no.value.code, no.value.columns) == ("bins", GRID.names)
    found = agreed(sites)
    own = replace(found, edges=((31.4159,), *found.edges[1:]))
    with pytest.raises(Refused) as no:
        sites.ask([Parameters("m0", own)])
    assert no.value.columns == ("age",)


def test_another_grid_for_the_same_feature_is_refused() -> None:
    sites = Sites([births(1, 4000)])
    agreed(sites)
    shifted = replace(GRID, edges=(tuple(e + 0.1 for e in GRID.edges[0]), *GRID.edges[1:]))
    with pytest.raises(Refused) as no:
        sites.ask([bins.Parameters(shifted)])
    assert no.value.columns == ("age",)


def test_a_coarser_grid_tells_sums_of_the_first_ones_groups() -> None:
    sites = Sites([births(1, 700)])
    (fine,) = sites.ask([bins.Parameters(GRID)])
    coarse = replace(GRID, edges=(GRID.edges[0][::3], *GRID.edges[1:]))
    (less,) = sites.ask([bins.Parameters(coarse)])
    ends = np.cumsum(fine.rows[0])[fine.kept[0]]
    assert set(np.cumsum(less.rows[0])[less.kept[0]]) <= set(ends)
    assert not ((fine.rows > 0) & (fine.rows < 11)).any()


def test_a_forest_larger_than_its_population_allows_does_not_begin() -> None:
    """5% of 8,000 rows: 400 groups. A tree has 6 nodes under the first, of 13 groups at most: four
    trees may tell 325, six 481."""
    edges = Bins(("age", "year", "epilepsy", "D0"), ((24.0, 28.0, 32.0, 36.0), *GRID.edges[1:]))
    sites = Sites([births(1, 8000)], simulated=False)
    sites.ask([bins.Parameters(edges)])
    with pytest.raises(Refused) as no:
        sites.ask([Parameters("m0", edges, number=6)])
    assert (no.value.code, no.value.columns) == ("rounds", ("number", "depth", "bins"))
    result = combine(sites.ask, Parameters("m0", edges, number=4))
    assert len(result.forest.trees) == 4


def test_small_leaves_may_not_be_asked_for() -> None:
    sites = Sites([births(1, 4000)])
    with pytest.raises(Refused) as no:
        sites.ask([Parameters("m0", agreed(sites), least_rows=20)])
    assert (no.value.code, no.value.columns) == ("bins", ("least_rows",))


def test_a_site_of_seven_rows_says_nothing() -> None:
    with pytest.raises(Refused):
        agreed(Sites([births(1, 7)]))


@pytest.mark.slow
def test_nodes_of_two_trees_never_lie_within_each_other_by_a_few_rows() -> None:
    """Over all nodes of a forest grown through the gate; without it, some do."""
    table = births(4, 3000)
    grid = replace(GRID, edges=(tuple(np.arange(12, 50, 0.1).round(1)), *GRID.edges[1:]))
    for without, wanted in (((), 0), (("trees", "cell_floor"), 1)):
        sites, asked = Sites([table], without=without), bins.Parameters(grid, 200)
        edges = bins.combine(sites.ask([asked]), asked)
        forest = combine(sites.ask, Parameters("m0", edges, number=15, rate=0.5)).forest
        assert min(near(table, forest), 1) == wanted


def test_an_outcome_inside_another_is_told_in_groups_of_those_in_between() -> None:
    """m1 is m0 but for a few; cases of the one less cases of the other are never few."""
    table = births(6, 3000)
    y = table.outcome("m0")
    inner = y & (np.random.default_rng(0).random(3000) < 0.93)
    both = replace(
        table,
        outcomes=csc_array(np.column_stack([y, inner]).astype(np.uint8)),
        outcome_codes=("m0", "m1"),
        outcome_parents=(-1, 0),
    )
    for without, wanted in (((), False), (("trees", "cell_floor", "between_releases"), True)):
        sites = Sites([both], without=without)
        edges = GRID if without else agreed(sites)
        told = []
        for outcome in ("m0", "m1"):
            asked = Parameters(outcome, edges, number=1)
            (release,) = sites.ask([asked])
            told.append(release)
        kept = told[0].kept & told[1].kept
        y0, y1 = (both.outcome(o).astype(float) for o in ("m0", "m1"))
        found = trees.binned(both, edges)
        node, shape = boosted_trees.places(asked, found)
        between = boosted_trees.tally(node, found, (y0 - y1) == 1, shape)[0]
        few = trees.grouped(between, kept)
        assert ((few > 0) & (few < 11)).any() == wanted


def near(table: Any, forest: trees.Forest) -> int:
    found = trees.binned(table, forest.bins)
    nodes: list[np.ndarray] = []
    for tree in forest.trees:
        ended = trees.nodes(tree, found)
        for node in range(1, len(tree.value)):
            nodes.append(np.isin(ended, descendants(node, len(tree.value))))
    sets = {n.tobytes(): n for n in nodes if n.any()}
    pairs = [(a, b) for a in sets.values() for b in sets.values() if a.sum() < b.sum()]
    return sum(1 for a, b in pairs if not (a & ~b).any() and (b & ~a).sum() < 11)


def descendants(node: int, size: int) -> list[int]:
    found = [node]
    for at in range(node + 1, size):
        if (at - 1) // 2 in found:
            found.append(at)
    return found


def test_groups_leave_no_small_cell_whatever_the_cells() -> None:
    rng = np.random.default_rng(0)
    for _ in range(200):
        cells = rng.integers(0, 15, (3, 20)) * rng.integers(0, 2, (3, 20))
        cells[:, -1] += 11
        kept = groups.whole(cells, np.array([11]), np.ones(20, bool))
        assert groups.fits(trees.grouped(cells, np.tile(kept, (3, 1))), np.array([1]))
        told = trees.grouped(cells, np.tile(kept, (3, 1)))
        assert ((told == 0) | (told >= 11)).all()


def test_a_grown_forest_is_reviewed_and_passes() -> None:
    sites = Sites([births(1, 12_000), births(2, 12_000)])
    forest = grown(sites, hold_out=0.3).forest
    asked = tree_review.Parameters(forest, 0.3)
    result = tree_review.combine(sites.ask([asked]), asked)
    assert 0.9 < result.observed_over_expected < 1.1
    assert 0.45 < result.attack < 0.55
    assert result.log_loss < 0.6


def test_a_forest_from_elsewhere_is_not_reviewed() -> None:
    sites = Sites([births(1, 6000)])
    forest = grown(sites, hold_out=0.3).forest
    other = replace(forest, base=forest.base + 0.5)
    for wrong in (tree_review.Parameters(other, 0.3), tree_review.Parameters(forest, 0.2)):
        with pytest.raises(Refused) as no:
            sites.ask([wrong])
        assert (no.value.code, no.value.columns) == ("models", ("forest",))


def test_a_model_that_betrays_its_people_is_refused() -> None:
    """Grown without the gate on few rows, with leaves of one: the attack by the losses succeeds."""
    table = births(5, 400)
    fine = Bins(("age", "year"), (tuple(np.arange(10, 50, 0.1).round(1)), GRID.edges[1]))
    asked = Parameters(
        "m0", fine, number=60, depth=6, rate=0.5, penalty=0.01, least_rows=1, hold_out=0.5
    )
    forest = combine(lambda q: [at_site(table, q[0])], asked).forest
    review = tree_review.Parameters(forest, 0.5)
    release = tree_review.at_site(table, review)
    assert release.attack > 0.7
    assert tree_review.structure(table, review).smallest_leaf < 11
    room = Sites([table], only=[Models()])
    room.gates[0].recall({"models": models_name(room, forest)})
    with pytest.raises(Refused) as no:
        room.ask([review])
    assert (no.value.code, no.value.columns) == ("models", ("leaves",))


def models_name(room: Sites, forest: trees.Forest) -> str:
    from gated import COHORT, STUDY

    from transat.federation.checks import models
    from transat.federation.checks.check import Asked

    review = tree_review.Parameters(forest, 0.5)
    asked = Asked(STUDY, COHORT, "tree_review", review, room.data[0], room.policy)
    return models._name(asked, replace(forest, trees=forest.trees[:-1]), 0.5)


def test_the_attack_is_the_area_under_the_curve() -> None:
    """Three kept apart, three not: of nine pairs, eight are larger apart, one is a tie."""
    loss = np.array([0.9, 0.8, 0.3, 0.1, 0.2, 0.3])
    aside = np.array([True, True, True, False, False, False])
    assert tree_review.attack(loss, aside) == pytest.approx(8.5 / 9)


def test_wrong_questions_are_refused() -> None:
    sites = Sites([births(1, 2000)])
    bad = (
        bins.Parameters(Bins(("unknown",), ((1.0,),))),
        bins.Parameters(Bins(("age",), ((2.0, 1.0),))),
        bins.Parameters(Bins(("age",), ((1.0,), (2.0,)))),
        Parameters("unknown", GRID),
        Parameters("m0", GRID, depth=9),
        Parameters("m0", GRID, growing=Tree((0, 1), (0, 0), (0.0,))),
        Parameters("m0", GRID, hold_out=0.9),
        tree_review.Parameters(trees.Forest("m0", GRID, 0.0, (Tree((9,), (0,), (0.0,) * 3),)), 0.2),
    )
    for parameters in bad:
        with pytest.raises(Refused) as no:
            sites.ask([parameters])
        assert no.value.code == "closed_list"


def test_memory_is_plain_json() -> None:
    import json

    sites = Sites([births(1, 2000)])
    seen: list[Any] = []
    gate = sites.gates[0]
    recall = gate.recall
    gate.recall = lambda left: (seen.append(json.loads(json.dumps(dict(left)))), recall(seen[-1]))  # type: ignore[method-assign]
    result = grown(sites)
    assert len(result.forest.trees) == 4
    assert Trees().left.__doc__
    assert any("trees" in left for left in seen)
