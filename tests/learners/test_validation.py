"""Cuts, nested tuning, both ways: nobody is seen before they are judged."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pytest

from transat.cohorts import folds
from transat.cohorts.folds import Part
from transat.cohorts.survival_table import SurvivalTable
from transat.learners import hazard_review, hazard_trees, validation
from transat.learners.hazards import Boosted, Hazard, Model
from transat.learners.time_trees import TIME
from transat.learners.trees import Bins
from transat.learners.validation import Cut, Loss, People

Draw = Callable[..., SurvivalTable]
SITES = ("france", "quebec")
IDS = np.arange(1_000, dtype=np.int64)


@dataclass
class Record:
    """A model that remembers whom it was fitted on; to be judged on any of them is an error."""

    seen: dict[str, set[int]]
    setting: float


def members(people: People) -> dict[str, set[int]]:
    return {site: set(IDS[people.part.rows(IDS)].tolist()) for site in people.sites}


def fit(setting: float, people: People) -> Record:
    return Record(members(people), setting)


def score(model: Record, people: People) -> Loss:
    judged = members(people)
    for site, them in judged.items():
        assert not them & model.seen.get(site, set())
    return Loss((model.setting - 0.3) ** 2, sum(map(len, judged.values())))


@pytest.mark.parametrize(
    "cuts", [validation.across(SITES, 4), validation.within(SITES, 5), validation.across("abc", 3)]
)
def test_nobody_is_fitted_on_and_judged_on(cuts: tuple[Cut, ...]) -> None:
    """`score` itself looks, inside the folds and outside; everybody is judged once."""
    found = validation.validated(cuts, (0.0, 0.25, 1.0), fit, score)
    assert [one.chosen for one in found] == [0.25] * len(cuts)
    judged: list[tuple[str, int]] = []
    for one in found:
        assert one.model.setting == 0.25
        assert [t.settings for t in one.tried] == [0.0, 0.25, 1.0]
        judged += [(site, i) for site, them in members(one.cut.judged_on).items() for i in them]
    assert len(judged) == len(set(judged)) == len(IDS) * len(set().union(*(
        one.cut.judged_on.sites for one in found)))  # fmt: skip
    assert validation.together(found) == pytest.approx(0.0025)


def test_both_ways_always() -> None:
    france, quebec = validation.across(SITES, 5)
    assert (france.fitted_on.sites, france.judged_on.sites) == (("quebec",), ("france",))
    assert (quebec.fitted_on.sites, quebec.judged_on.sites) == (("france",), ("quebec",))
    assert france.judged_on.part.rows(IDS).all()


def test_inner_models_never_see_the_fold_that_judges_them() -> None:
    asked: list[People] = []

    def remember(setting: float, people: People) -> Record:
        asked.append(people)
        return fit(setting, people)

    cut = validation.within(SITES, 4)[2]
    validation.validated((cut,), (0.0, 1.0), remember, score)
    assert [p.part.taken for p in asked] == [(1, 3), (0, 3), (0, 1)] * 2 + [(0, 1, 3)]
    assert all(p.part.folds == 4 for p in asked)


def test_one_setting_is_taken_as_it_is() -> None:
    (one,) = validation.validated(validation.across(SITES, 3)[:1], (0.7,), fit, score)
    assert (one.tried, one.chosen) == ((), 0.7)


def test_first_of_equals() -> None:
    tried = validation.tuned(People(SITES, folds.every(3)), (0.1, 0.5), fit, score)
    assert validation.best(tried) == 0.1


def test_bad_plans_are_refused() -> None:
    with pytest.raises(ValueError, match="sites"):
        validation.across(("france",), 3)
    with pytest.raises(ValueError, match="sites"):
        validation.across(("france", "france"), 3)
    with pytest.raises(ValueError, match="folds"):
        validation.within(SITES, 2)
    everybody = People(SITES, folds.every(3))
    with pytest.raises(ValueError, match="judged"):
        validation.validated((Cut(everybody, everybody),), (0.0,), fit, score)
    finer = People(SITES, Part(5, (0,)))
    with pytest.raises(ValueError, match="judged"):
        validation.validated((Cut(People(SITES, Part(3, (0,))), finer),), (0.0,), fit, score)
    with pytest.raises(ValueError, match="settings"):
        validation.tuned(everybody, (), fit, score)
    with pytest.raises(ValueError, match="folds"):
        validation.tuned(People(SITES, Part()), (0.0,), fit, score)
    with pytest.raises(ValueError, match="finite"):
        validation.tuned(everybody, (0.0,), fit, lambda _, __: Loss(float("nan"), 1.0))


def test_boosted_hazards_over_two_shores(followed: Draw, month_grid: tuple[float, ...]) -> None:
    """Real fits by sums: the depth that interactions need is chosen, and each shore's model
    foresees the other's people about as well as its own."""
    tables = {"france": followed(1, n=4_000), "quebec": followed(2, n=3_000)}
    bins = Bins(("age", "operated", TIME), ((60.0, 66.0, 72.0, 78.0), (0.0,), (6.0, 12.0, 18.0)))

    def grown(depth: int, people: People) -> Model:
        asked = hazard_trees.Parameters(
            month_grid, bins, part=people.part, number=12, depth=depth, rate=0.3, least_rows=30
        )
        found = hazard_trees.combine(
            lambda q: [hazard_trees.at_site(tables[s], q[0]) for s in people.sites], asked
        )
        form = Boosted(bins, found.forest.base, found.forest.trees)
        return Model(month_grid, (Hazard(1, form),))

    def judged(model: Model, people: People) -> Loss:
        asked = hazard_review.Parameters(model, people.part)
        releases = [hazard_review.at_site(tables[s], asked) for s in people.sites]
        found = hazard_review.combine(releases, asked)
        return Loss(found.loss, found.persons)

    found = validation.validated(validation.across(SITES, 3), (1, 3), grown, judged)
    assert [one.chosen for one in found] == [3, 3]
    for one in found:
        own = grown(3, one.cut.judged_on)
        assert one.loss.mean < judged(own, one.cut.judged_on).mean + 0.02
