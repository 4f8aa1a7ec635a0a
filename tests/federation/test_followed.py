"""Regressions of times through whole gates: the fit is that of the statistic itself, on the edges
that were kept; nothing of it may be chosen, and what would tell a few is refused."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from gated import Sites, births, times

from transat.cohorts.folds import Part, every
from transat.federation.refusals import Refused
from transat.statistics import (
    baseline_hazard,
    cox_penalised,
    discrete_hazard,
    parametric,
    proportional_hazards,
)

COLUMNS = ("x0", "old")
GRID = tuple(float(m) for m in range(1, 49))
PENALISED = cox_penalised.Parameters(COLUMNS, count=4)
ROUNDS = (
    (cox_penalised, PENALISED),
    (parametric, parametric.Parameters(COLUMNS)),
    (parametric, parametric.Parameters(COLUMNS, family="log_normal")),
    (proportional_hazards, proportional_hazards.Parameters(COLUMNS)),
    (discrete_hazard, discrete_hazard.Parameters(COLUMNS, GRID, kinds=2)),
    (baseline_hazard, baseline_hazard.Parameters(COLUMNS, GRID)),
)
IDS = ("penalised", "weibull", "log_normal", "proportional", "discrete", "baseline")


def rooms(n: int = 3000, seeds: tuple[int, ...] = (1, 2)) -> Sites:
    return Sites([births(k, n) for k in seeds], [times(k, n) for k in seeds])


@pytest.mark.parametrize(("kind", "asked"), ROUNDS, ids=IDS)
def test_a_fit_through_the_gates_is_that_of_the_statistic(kind: Any, asked: Any) -> None:
    sites, told = rooms(), []

    def ask(parameters: Any) -> Any:
        told.append((parameters[0], sites.ask(parameters)))
        return told[-1][1]

    found = kind.combine(ask, asked)
    for _, releases in told:
        for release in releases:
            for counts in release.counts().values():
                assert not ((counts > 0) & (counts < 11)).any()
    edges = [set(r.edges) for _, releases in told for r in releases if _by_time(r)]
    kept = np.array(sorted(set.intersection(*edges))) if edges else np.zeros(0)

    def bare(parameters: Any) -> Any:
        releases = [kind.at_site(d.survival, parameters[0]) for d in sites.data]
        return [r.merged(np.isin(r.edges, kept)) if _by_time(r) else r for r in releases]

    wanted = kind.combine(bare, asked)
    np.testing.assert_allclose(found.coefficients, wanted.coefficients, atol=1e-9)
    assert bool(edges) == (kind in (discrete_hazard, baseline_hazard))


def _by_time(release: Any) -> bool:
    return (
        hasattr(release, "merged")
        and release.edges.size > 0
        and release.counts().keys() > {"persons"}
    )


@pytest.mark.parametrize(("kind", "asked"), ROUNDS, ids=IDS)
def test_coefficients_may_not_be_chosen(kind: Any, asked: Any) -> None:
    sites = rooms(seeds=(1,))
    sites.ask([asked])
    size = 2 if kind is not parametric else 4
    for chosen in ((0.1,) * size, (30.0,) + (0.0,) * (size - 1)):
        with pytest.raises(Refused) as no:
            sites.ask([replace(asked, coefficients=chosen)])
        assert no.value.code in ("coefficients", "closed_list")


def test_a_baseline_is_told_at_the_end_of_its_fit_alone() -> None:
    asked = baseline_hazard.Parameters(COLUMNS, GRID, told=True)
    with pytest.raises(Refused) as no:
        rooms(seeds=(1,)).ask([asked])
    assert no.value.code == "coefficients"


def test_steps_of_ones_own_choice_are_refused() -> None:
    """A function of time that is 1 in one interval would tell that interval's events alone."""
    asked = proportional_hazards.Parameters(
        COLUMNS, transform="steps", edges=(5.0, 6.0), values=(0.0, 1.0)
    )
    with pytest.raises(Refused) as no:
        rooms(seeds=(1,)).ask([asked])
    assert (no.value.code, no.value.columns) == ("closed_list", ("transform",))


def test_a_penalty_is_chosen_in_folds_through_the_gates() -> None:
    sites = rooms(6000)
    found = cox_penalised.choose(sites.ask, replace(PENALISED, part=every(3)))
    assert found.path.coefficients.shape == (4, 2)
    assert np.isfinite(found.scores).all()


def test_a_rare_column_is_refused_by_name_in_each() -> None:
    table = times(1, 3000)
    few = table.columns.copy()
    few[:, 2] = np.arange(3000) < 6
    for _, asked in ROUNDS:
        sites = Sites([births(1, 3000)], [replace(table, columns=few)])
        with pytest.raises(Refused) as no:
            sites.ask([replace(asked, columns=("x0", "ill"))])
        assert "ill" in no.value.columns


def test_wrong_questions_are_refused_before_anything_is_computed() -> None:
    for _, asked in ROUNDS:
        for wrong in (
            replace(asked, columns=("unknown",)),
            replace(asked, coefficients=(0.0,) * 9),
        ):
            with pytest.raises(Refused) as no:
                rooms(500, (1,)).ask([wrong])
            assert no.value.code == "closed_list"
    for wrong in (
        replace(PENALISED, part=Part(3, (5,))),
        replace(PENALISED, part=every(3), judged=every(4)),
        discrete_hazard.Parameters(COLUMNS, GRID, kinds=1),
        discrete_hazard.Parameters(COLUMNS, ()),
        baseline_hazard.Parameters(COLUMNS, (3.0, 2.0)),
        baseline_hazard.Parameters(COLUMNS, GRID, profile=(1.0,)),
    ):
        with pytest.raises(Refused) as no:
            rooms(500, (1,)).ask([wrong])
        assert no.value.code == "closed_list"
