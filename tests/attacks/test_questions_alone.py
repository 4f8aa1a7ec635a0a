"""Each attack that questions alone can make: it succeeds without its check, and not at the gate."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from scipy.sparse import csc_array

from transat.federation.attacks import answering, bounds
from transat.federation.attacks.attack import Public, judged
from transat.federation.attacks.catalogue import ATTACKS
from transat.federation.data import SiteData
from transat.federation.facts import facts
from transat.federation.policy import installed
from transat.federation.questions import STEPS
from transat.federation.wire import Refusal
from transat.learners import bins, boosted_trees
from transat.learners.trees import Bins
from transat.statistics import mantel_haenszel

Population = Callable[[int], SiteData]
SEEDS = (0, 1, 2)
POLICY = installed()["snds"]
#: Those whose statistics this version installs.
BY_KEY = {attack.key: attack for attack in ATTACKS if set(attack.steps) <= set(STEPS)}
#: `bounds` works on what a careless gate has masked: see below.
AT_ONCE = sorted(set(BY_KEY) - {"bounds"})


@pytest.mark.parametrize("key", AT_ONCE)
def test_it_succeeds_without_its_check(population: Population, key: str) -> None:
    attack = BY_KEY[key]
    for seed in SEEDS:
        data = population(seed)
        ask = answering.gated(data, POLICY, attack.stopped_by)
        found = attack.run(ask, Public.of(data))
        assert sum(judged(found, data, POLICY.threshold)) > 0


@pytest.mark.parametrize("key", sorted(BY_KEY))
def test_it_recovers_nothing_at_the_gate(population: Population, key: str) -> None:
    for seed in SEEDS:
        data = population(seed)
        found = BY_KEY[key].run(answering.gated(data, POLICY), Public.of(data))
        assert judged(found, data, POLICY.threshold) == (0, 0)


def hardly_met(data: SiteData) -> SiteData:
    """The last medicine and the last group meet in one stratum only, and there in one person."""
    table = data.table
    x, y = table.exposures.toarray(), table.outcomes.toarray()
    x[:, 3], y[:, 3] = 0, 0
    strata = np.zeros(table.n, np.int32)
    strata[1000:2000], strata[2000:] = 1, 2
    x[:29, 3], x[2000, 3] = 1, 1
    y[1000:1029, 3], y[2000, 3] = 1, 1
    y[:, 0] |= y[:, 3]
    changed = replace(
        table, exposures=csc_array(x), outcomes=csc_array(y), strata=strata,
        stratum_labels=("a", "b", "c"),
    )  # fmt: skip
    return replace(data, table=changed, facts=facts(changed, (), POLICY.threshold))


def small_cells_masked_only(data: SiteData) -> Callable[[str, Any], Any]:
    """A gate that masks counts of 1..10 and thinks no further."""
    scan = mantel_haenszel.at_site(data.table)
    small = (scan.exposed_cases > 0) & (scan.exposed_cases < POLICY.threshold)
    return lambda step, parameters: scan.withhold(small)


def test_bounds_meet_on_counts_that_are_only_masked_when_small(population: Population) -> None:
    data = hardly_met(population(0))
    found = bounds.run(small_cells_masked_only(data), Public.of(data))
    assert judged(found, data, POLICY.threshold).cells > 0


def test_bounds_never_meet_at_the_gate(population: Population) -> None:
    data = hardly_met(population(0))
    found = bounds.run(answering.gated(data, POLICY), Public.of(data))
    assert judged(found, data, POLICY.threshold) == (0, 0)


def test_subtraction_succeeds_on_counts_that_are_only_masked_when_small(
    population: Population,
) -> None:
    data = population(0)
    found = BY_KEY["subtraction"].run(small_cells_masked_only(data), Public.of(data))
    assert judged(found, data, POLICY.threshold).cells > 0


def test_a_second_forest_on_other_edges_is_refused(population: Population) -> None:
    """What two sets of edges tell by subtraction lies between two of them, and may be a few."""
    ask = answering.gated(population(0), POLICY)
    grid = Bins(("age", "smoker"), ((20.0, 25.0, 30.0, 35.0), (0.0,)))
    assert isinstance(ask("bins", bins.Parameters(grid)), bins.Release)
    first = boosted_trees.Parameters("any_major", grid, number=2, depth=1)
    assert isinstance(ask("boosted_trees", first), boosted_trees.Release)
    other_group = replace(first, outcome="hypospadias")
    assert isinstance(ask("boosted_trees", other_group), boosted_trees.Release)
    fewer = Bins(grid.names, ((20.0, 30.0), (0.0,)))
    for changed, field in (
        (replace(first, bins=fewer), "bins"),
        (replace(first, hold_out=0.2), "hold_out"),
        (replace(first, least_rows=80), "least_rows"),
        (replace(first, penalty=3.0), "penalty"),
    ):
        assert ask("boosted_trees", changed) == Refusal("bins", (field,))
