"""Statistics told by time at the gate: curves, incidences and the arms of an emulated trial never
tell a small count, alone or beside one another."""

from __future__ import annotations

import contextlib
from dataclasses import replace

import numpy as np
import pytest
from gated import Sites, births, times
from hypothesis import given, settings
from hypothesis import strategies as st

from transat.cohorts.survival_table import SurvivalTable
from transat.federation.checks import groups
from transat.federation.refusals import Refused
from transat.statistics import (
    aalen_johansen,
    clone_censor_weight,
    kaplan_meier,
    log_rank,
    multi_state,
)
from transat.statistics.clones import Strategy

GRID = tuple(float(m) for m in range(1, 49))
KINDS = aalen_johansen.Parameters(GRID)
CURVE = kaplan_meier.Parameters(GRID)
TRIAL = clone_censor_weight.Parameters(
    Strategy("treated", 6.0), ("x0", "old"), tuple(float(m) for m in range(6, 37, 6)), draws=10
)


def site(table: SurvivalTable, **more: object) -> Sites:
    return Sites([births(1, table.n)], [table], **more)


def treated(seed: int, n: int) -> SurvivalTable:
    """The people of `times`, of whom some are treated on the way: a second spell."""
    table, rng = times(seed, n), np.random.default_rng(seed)
    start = np.floor(rng.exponential(12 / np.exp(0.4 * table.columns[:, 0])))
    second = start < table.time
    first = replace(
        table, time=np.where(second & (start > 0), start, table.time),
        event=np.where(second & (start > 0), 0, table.event).astype(np.int8),
        columns=np.column_stack([table.columns, second & (start == 0)]).astype(float),
    )  # fmt: skip
    later = np.flatnonzero(second & (start > 0))
    return SurvivalTable(
        n=n + later.size,
        time=np.concatenate([first.time, table.time[later]]),
        entry=np.concatenate([np.zeros(n), start[later]]),
        event=np.concatenate([first.event, table.event[later]]),
        columns=np.vstack([first.columns, np.insert(table.columns[later], 3, 1.0, axis=1)]),
        column_names=(*table.column_names, "treated"),
        strata=np.zeros(n + later.size, np.int32), stratum_labels=("all",),
        people=np.concatenate([table.people, table.people[later]]),
    )  # fmt: skip


def small(counts: dict[str, np.ndarray]) -> bool:
    return any(((v > 0) & (v < 11)).any() for v in counts.values())


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 10_000), n=st.integers(100, 1500), by=st.sampled_from(["", "old"]))
def test_incidences_and_curves_tell_no_small_count_beside_one_another(
    seed: int, n: int, by: str
) -> None:
    """Whoever adds the groups of one up has what the other tells of everybody, or sums of it."""
    room = site(times(seed, n))
    with contextlib.suppress(Refused):
        (whole,) = room.ask([CURVE])
        (told,) = room.ask([replace(KINDS, by=by)])
        assert not small(told.counts())
        assert set(told.edges) <= set(whole.edges)
        at = np.isin(whole.edges, told.edges)
        events = whole.merged(at).events[0]
        np.testing.assert_array_equal(told.events.sum(axis=(0, 1)), events)


def test_groups_on_edges_of_their_own_would_tell_a_small_count() -> None:
    """Were a curve and its groups each made safe alone, their sums would tell a few leavers."""
    found = 0
    for seed in range(30):
        table = times(seed, 400)
        whole = kaplan_meier.at_site(table, CURVE)
        grouped = kaplan_meier.at_site(table, replace(CURVE, by="old"))
        edges = np.union1d(_alone(whole).edges, _alone(grouped).edges)
        leavers = np.diff([whole.events[0, whole.edges <= edge].sum() for edge in edges])
        found += bool(((leavers > 0) & (leavers < 11)).any())
    assert found > 0


def _alone(release: kaplan_meier.Release) -> kaplan_meier.Release:
    """Intervals made one as long as a count of this release alone is small."""
    cells = np.concatenate([release.entered, release.events, release.censored])
    kept = groups.ends(cells, np.array([11]), np.ones(cells.shape[1], dtype=np.bool_))
    return release.merged(kept)


def test_a_trial_leaves_on_intervals_without_a_small_count() -> None:
    for seed in range(4):
        (release,) = site(treated(seed, 1500)).ask([TRIAL])
        assert not small(release.counts())
        assert release.edges.size
        result = clone_censor_weight.combine([release], TRIAL)
        assert np.isfinite(result.difference).all()
    bare = clone_censor_weight.at_site(treated(1, 1500), TRIAL)
    assert small(bare.counts())  # so the gate had something to do


def test_a_population_has_one_strategy_and_few_models() -> None:
    room = site(treated(1, 3000))
    room.ask([TRIAL])
    for grace in (5.0, 7.0):
        with pytest.raises(Refused) as no:
            room.ask([replace(TRIAL, strategy=replace(TRIAL.strategy, grace=grace))])
        assert (no.value.code, no.value.columns) == ("time_grid", ("strategy",))
    room.ask([replace(TRIAL, event=1)])
    for cap in (10.0, 20.0, 30.0):
        room.ask([replace(TRIAL, cap=cap)])
    with pytest.raises(Refused) as no:
        room.ask([replace(TRIAL, cap=40.0)])
    assert (no.value.code, no.value.columns) == ("time_grid", ("columns",))


def test_a_weight_that_is_nearly_the_whole_sum_is_refused() -> None:
    """One person of eight thousand alike is treated in time, and stands for all of them."""
    table = times(2, 8600)
    alike = np.arange(8600) >= 600
    rng = np.random.default_rng(0)
    second = np.where(alike, np.arange(8600) == 700, rng.random(8600) < 0.4)
    time, event = table.time + 7, table.event.copy()
    time[700], event[700] = 12.0, 1
    start, later = np.where(second, 5.5, np.inf), np.flatnonzero(second)
    first = np.column_stack([table.columns[:, :2], alike, np.zeros(8600)]).astype(float)
    spells = SurvivalTable(
        n=8600 + later.size,
        time=np.concatenate([np.minimum(time, start), time[later]]),
        entry=np.concatenate([np.zeros(8600), start[later]]),
        event=np.concatenate([np.where(second, 0, event), event[later]]).astype(np.int8),
        columns=np.vstack([first, np.insert(first[later, :3], 3, 1.0, axis=1)]),
        column_names=("x0", "old", "alike", "treated"),
        strata=np.zeros(8600 + later.size, np.int32), stratum_labels=("all",),
        people=np.concatenate([table.people, table.people[later]]),
    )  # fmt: skip
    asked = replace(
        TRIAL, strategy=replace(TRIAL.strategy, timing="natural"), columns=("alike",), cap=1e6
    )
    with pytest.raises(Refused) as no:
        site(spells).ask([asked])
    assert (no.value.code, no.value.columns) == ("dominance", ("weights",))
    site(spells).ask([replace(asked, cap=5.0)])


STATES = multi_state.Parameters(
    tuple(float(m) for m in range(6, 37, 6)), "treated", replacement=3, death=1
)


def states(seed: int, n: int) -> SurvivalTable:
    """The people of `treated`; whoever is treated leaves the first state by event 3."""
    table = treated(seed, n)
    twice = np.isin(table.people, table.people[table.entry > 0]) & (table.entry == 0)
    at_once = np.isin(table.people, table.people[(table.columns[:, 3] == 1) & (table.entry == 0)])
    event = np.where(twice, 3, table.event).astype(np.int8)
    kept = ~at_once
    return replace(
        table, n=int(kept.sum()), time=table.time[kept], entry=table.entry[kept],
        event=event[kept], columns=table.columns[kept], strata=table.strata[kept],
        people=table.people[kept],
    )  # fmt: skip


@pytest.mark.parametrize("by", ["", "old"])
def test_states_leave_on_intervals_without_a_small_count(by: str) -> None:
    asked = replace(STATES, by=by)
    (release,) = site(states(1, 4000)).ask([asked])
    assert not small(release.counts())
    assert release.edges.size
    whole = multi_state.at_site(states(1, 4000), asked)
    at = np.isin(whole.edges, release.edges)
    np.testing.assert_array_equal(release.replaced, whole.merged(at).replaced)
    assert small(multi_state.at_site(states(1, 300), asked).counts())
    with contextlib.suppress(Refused):
        (few,) = site(states(1, 300)).ask([asked])
        assert not small(few.counts())


def test_a_log_rank_test_goes_through_the_gate_and_its_weights_are_not_chosen() -> None:
    table = times(1, 3000)
    asked = log_rank.Parameters(("old",))
    (release,) = site(table).ask([asked])
    np.testing.assert_array_equal(release.score, log_rank.at_site(table, asked).score)
    for wrong in (
        replace(asked, rho=0.5),
        replace(asked, groups=()),
        replace(asked, groups=("old", "ill")),  # not exclusive
        replace(asked, groups=("x0",)),
        replace(asked, event=0),
    ):
        with pytest.raises(Refused) as no:
            site(table).ask([wrong])
        assert no.value.code == "closed_list"


def test_a_log_rank_test_of_a_small_group_is_refused() -> None:
    table = times(1, 3000)
    few = table.columns.copy()
    few[:, 2] = np.arange(3000) < 6
    with pytest.raises(Refused):
        site(replace(table, columns=few)).ask([log_rank.Parameters(("ill",))])


def test_wrong_questions_are_refused_before_anything_is_computed() -> None:
    room = site(treated(1, 800))
    wrong = (
        replace(TRIAL, strategy=Strategy("unknown", 6.0)),
        replace(TRIAL, strategy=Strategy("x0", 6.0)),
        replace(TRIAL, strategy=Strategy("treated", 0.0)),
        replace(TRIAL, strategy=Strategy("treated", 6.0, step=0.0)),
        replace(TRIAL, columns=("unknown",)),
        replace(TRIAL, grid=(6.5,)),
        replace(TRIAL, grid=()),
        replace(TRIAL, periods=(3.0, 1.0)),
        replace(TRIAL, cap=0.5),
        replace(TRIAL, draws=100_000),
        replace(TRIAL, penalty=-1.0),
        replace(KINDS),  # rows of spells are not people
    )
    for asked in wrong:
        with pytest.raises(Refused) as no:
            room.ask([asked])
        assert no.value.code == "closed_list"
    with pytest.raises(Refused) as no:
        site(times(1, 800)).ask([replace(KINDS, kinds=1)])
    assert no.value.columns == ("kinds",)
