"""A masked count is never one of only a few possible values."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from scipy.sparse import csc_array

from transat.cohorts.analysis_table import AnalysisTable
from transat.cohorts.attrition import Attrition
from transat.federation.checks.few_trials import LEAST
from transat.federation.data import SiteData
from transat.federation.facts import facts
from transat.federation.questions import STEPS
from transat.statistics import mantel_haenszel
from transat.statistics.mantel_haenszel import WITHHELD


def leaves(table: AnalysisTable) -> mantel_haenszel.Release:
    data = SiteData(table, Attrition(()), facts(table, (), 11), np.arange(table.n))
    release = STEPS["mantel_haenszel"].mask(data, mantel_haenszel.at_site(table))
    assert isinstance(release, mantel_haenszel.Release)
    return release


def met_in_one_stratum(draw: Callable[..., AnalysisTable], together: int) -> AnalysisTable:
    """30 exposed and 30 cases, in strata of their own, but for one of each in a third stratum;
    `together` of the two is one person."""
    base = draw(1, 300)
    x, y = np.zeros((300, 4), np.uint8), np.zeros((300, 4), np.uint8)
    x[:29, 3], y[100:129, 3] = 1, 1
    x[200, 3], y[201 - together, 3] = 1, 1
    strata = np.repeat([0, 1, 2], 100).astype(np.int32)
    return replace(base, exposures=csc_array(x), outcomes=csc_array(y), strata=strata)


@pytest.mark.parametrize("together", [0, 1])
def test_one_meeting_of_exposed_and_cases_is_not_told(
    draw: Callable[..., AnalysisTable], together: int
) -> None:
    table = met_in_one_stratum(draw, together)
    whole = mantel_haenszel.at_site(table)
    assert whole.trials[3, 3] == 1
    assert whole.exposed_cases[3, 3] == together
    release = leaves(table)
    assert not release.shown[3, 3]
    assert release.exposed_cases[3, 3] == WITHHELD
    told = (release.expected, release.variance, release.trials, release.r, release.qs)
    assert all(np.isnan(values[3, 3]) for values in told)
    assert release.exposed[3] == 30  # its margins are those of the whole site, and may be told
    assert release.floor == 1


def test_those_who_never_meet_have_nothing_to_hide(draw: Callable[..., AnalysisTable]) -> None:
    x, y = np.zeros((300, 4), np.uint8), np.zeros((300, 4), np.uint8)
    x[:30, 3], y[100:130, 3] = 1, 1
    strata = np.repeat([0, 1, 2], 100).astype(np.int32)
    base = draw(1, 300)
    release = leaves(replace(base, exposures=csc_array(x), outcomes=csc_array(y), strata=strata))
    assert release.shown[3, 3]
    assert release.exposed_cases[3, 3] == release.trials[3, 3] == 0


def test_a_count_that_the_margins_fix_is_not_told(draw: Callable[..., AnalysisTable]) -> None:
    """Eight strata of one birth, exposed and a case: K = E = 8, V = 0, so a can only be 8."""
    x, y = np.zeros((300, 4), np.uint8), np.zeros((300, 4), np.uint8)
    x[:30, 3] = 1
    y[:8, 3], y[100:130, 3] = 1, 1
    strata = np.concatenate([np.arange(8), np.full(92, 8), np.full(200, 9)]).astype(np.int32)
    labels = tuple(f"s{i}" for i in range(10))
    base = draw(1, 300)
    whole = replace(
        base, exposures=csc_array(x), outcomes=csc_array(y), strata=strata, stratum_labels=labels
    )
    assert mantel_haenszel.at_site(whole).trials[3, 3] == 8
    release = leaves(whole)
    assert np.isnan(release.expected[3, 3])
    assert np.isnan(release.trials[3, 3])


@pytest.mark.parametrize("strata", [1, 7, 30, 60])
def test_whatever_is_masked_had_several_values_open(
    draw: Callable[..., AnalysisTable], strata: int
) -> None:
    masked_pairs = 0
    for seed in range(25):
        rng = np.random.default_rng(seed)
        n = int(rng.integers(60, 900))
        table = replace(
            draw(seed, n),
            strata=rng.integers(0, strata, n).astype(np.int32),
            stratum_labels=tuple(f"s{i}" for i in range(strata)),
        )
        release = leaves(table)
        masked = ~release.shown & ~np.isnan(release.trials)
        assert (release.trials[masked] >= LEAST).all()
        masked_pairs += int(masked.sum())
    assert masked_pairs > 0
