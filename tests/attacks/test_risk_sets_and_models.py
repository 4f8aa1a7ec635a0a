"""Attacks on statistics that are not installed as such, and on a model that was let out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
from attacked import site_data
from numpy.typing import NDArray

from transat.cohorts.survival_table import SurvivalTable
from transat.federation.attacks import answering
from transat.federation.attacks.attack import Found, judged
from transat.federation.data import SiteData
from transat.federation.policy import installed
from transat.federation.wire import Refusal
from transat.learners import bins, boosted_trees, tree_review, trees
from transat.learners.trees import Bins, Forest
from transat.statistics import cox, kaplan_meier, prevalence

Population = Callable[[int], SiteData]
POLICY = installed()["snds"]


def risk_sets(table: SurvivalTable) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """What a federated Cox with a common baseline sends: by event time, S0 and S1 at b = 0."""
    times = np.unique(table.time[table.event > 0])
    at_risk = table.time[None, :] >= times[:, None]
    return at_risk.sum(axis=1), at_risk.astype(np.float64) @ table.columns


def differenced(table: SurvivalTable) -> Found:
    """Between two event times at which one person more was at risk, that person's columns."""
    found = Found()
    size, sums = risk_sets(table)
    for k in np.flatnonzero(-np.diff(size) == 1):
        row = (sums[k] - sums[k + 1]).round(6)
        found.row(dict(zip(table.column_names, (float(v) for v in row), strict=True)))
    return found


def test_risk_sets_by_day_give_hundreds_of_patients(population: Population) -> None:
    data = population(0)
    assert data.survival is not None
    assert judged(differenced(data.survival), data, 11).rows > 100


def test_what_an_installed_cox_sends_has_no_time_in_it(population: Population) -> None:
    data = population(0)
    ask = answering.gated(data, POLICY)
    columns = ("age", "weight", "epilepsy")
    release = ask("cox", cox.Parameters(columns))
    assert isinstance(release, cox.Release)
    assert release.gradient.shape == (3,)
    assert release.hessian.shape == (3, 3)
    for steep in (0.5, 9.0):
        step = cox.Parameters(columns, coefficients=(steep, 0.0, 0.0))
        refused = ask("cox", step)
        assert isinstance(refused, Refusal)
        assert refused.code == "coefficients"


def test_curves_by_day_are_told_by_months_or_not_at_all(population: Population) -> None:
    data = population(0)
    days = tuple(float(day) for day in range(1, 1826))
    release = answering.gated(data, POLICY)("kaplan_meier", kaplan_meier.Parameters(days))
    if isinstance(release, kaplan_meier.Release):
        assert len(release.edges) < 200
        for counts in release.counts().values():
            assert not ((counts > 0) & (counts < 11)).any()


def overfitted(data: SiteData, hold_out: float) -> Forest:
    """A forest grown on the bare statistics, deep and steep, by leaves of one person."""
    edges = tuple(k / 4 for k in range(40, 480))
    grid = Bins(("age", "weight", "smoker"), (edges, edges, (0.0,)))
    asked = boosted_trees.Parameters(
        "any_major", grid, number=60, depth=6, rate=0.5, penalty=0.1, least_rows=1,
        hold_out=hold_out,
    )  # fmt: skip
    grown = boosted_trees.combine(lambda ps: [boosted_trees.at_site(data.table, ps[0])], asked)
    return grown.forest


def test_losses_tell_who_an_overfitted_forest_was_grown_on(population: Population) -> None:
    data, share = site_data(population(0).table.take(np.arange(400))), 0.3
    forest = overfitted(data, share)
    p = trees.probabilities(forest, data.table)
    y = data.table.outcome("any_major")
    loss = -np.log(np.where(y == 1, p, 1 - p) + 1e-12)
    member = ~trees.apart(data.table.cluster, share)
    assert area(-loss[member], -loss[~member]) > POLICY.limit("attack_auc")
    review = tree_review.Parameters(forest, share)
    off = answering.gated(data, POLICY, ("models", "trees", "cell_floor"))
    assert isinstance(off("tree_review", review), tree_review.Release)
    assert answering.gated(data, POLICY)("tree_review", review) == Refusal("models", ("forest",))


def test_a_forest_of_small_leaves_does_not_grow_at_the_gate(population: Population) -> None:
    ask = answering.gated(population(0), POLICY)
    grid = Bins(("age",), ((25.0, 30.0, 35.0),))
    assert isinstance(ask("bins", bins.Parameters(grid)), bins.Release)
    small = boosted_trees.Parameters("any_major", grid, number=2, depth=1, least_rows=1)
    assert ask("boosted_trees", small) == Refusal("bins", ("least_rows",))
    assert isinstance(ask("boosted_trees", replace(small, least_rows=50)), boosted_trees.Release)


def area(one: NDArray[np.float64], other: NDArray[np.float64]) -> float:
    """Probability that a draw of `one` is above a draw of `other`, ties counting half."""
    ranks = np.searchsorted(np.sort(other), one, "left") + np.searchsorted(
        np.sort(other), one, "right"
    )
    return float(ranks.mean() / (2 * len(other)))


def test_all_cases_less_those_a_forest_used_are_the_few_kept_apart(population: Population) -> None:
    """The prevalence counts everybody, the forest those not kept apart: the rest is a count."""
    data, group = population(0), "hypospadias"
    at = data.table.outcome_codes.index(group)
    grid = Bins(("age",), ((25.0, 30.0, 35.0),))
    forest = boosted_trees.Parameters(group, grid, number=1, depth=1, hold_out=0.05)
    left = {}
    for off in (("trees", "cell_floor"), ()):
        ask = answering.gated(data, POLICY, off)
        everybody = ask("prevalence", prevalence.Parameters())
        assert isinstance(ask("bins", bins.Parameters(grid)), bins.Release)
        left[off] = ask("boosted_trees", forest)
    careless = left["trees", "cell_floor"]
    assert isinstance(careless, boosted_trees.Release)
    assert 0 < int(everybody.cases[at]) - careless.cases < 11
    assert left[()] == Refusal("bins", ("hold_out",))
