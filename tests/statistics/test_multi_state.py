"""Disease, replacement, death: R's survfit, worked by hand, pooled, and waiting against a known
truth."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from curve_rows import Rows, arrays, expected, take
from curve_rows import table as one_row_each
from hypothesis import given, settings
from hypothesis import strategies as st

from transat.cohorts.survival_table import SurvivalTable
from transat.core.errors import StudyError
from transat.statistics import aalen_johansen
from transat.statistics.multi_state import (
    Deaths,
    Parameters,
    Result,
    at_site,
    combine,
    pooled,
    waiting,
)

MONTHS = Parameters(tuple(float(k) for k in range(1, 41)), "after", waits=(0.0, 6.0, 12.0))


def spells(
    replaced: np.ndarray,
    death: np.ndarray,
    end: np.ndarray,
    entry: np.ndarray | None = None,
    group: np.ndarray | None = None,
) -> SurvivalTable:
    """Rows of people from times of replacement (inf: never), of death and of the end."""
    n = len(replaced)
    entry, group = (np.zeros(n) if a is None else a for a in (entry, group))
    first = np.minimum(np.minimum(replaced, death), end)
    event = np.where(death <= first, 2, np.where(replaced <= first, 1, 0))
    last = np.minimum(death, end)
    then = np.flatnonzero((event == 1) & (last > first))
    both = one_row_each(
        np.concatenate([first, last[then]]),
        np.concatenate([event, np.where(death <= end, 2, 0)[then]]),
        {"after": np.repeat([0.0, 1.0], [n, len(then)]), "g": np.append(group, group[then])},
        entry=np.concatenate([entry, first[then]]),
    )
    return replace(both, people=np.append(np.arange(n), then))


def drawn(seed: int, n: int = 200, late: bool = False) -> SurvivalTable:
    rng = np.random.default_rng(seed)
    group = (rng.random(n) < 0.4).astype(float)
    replaced = np.ceil(rng.exponential(15, n))
    death = np.ceil(rng.exponential(25 - 10 * group))
    death = np.where(death > replaced, np.ceil(replaced + rng.exponential(40, n)), death)
    end = np.ceil(rng.uniform(5, 60, n))
    entry = np.where(rng.random(n) < 0.5, rng.integers(0, 5, n), 0.0) if late else np.zeros(n)
    stays = np.minimum(np.minimum(replaced, death), end) > entry
    return spells(replaced[stays], death[stays], end[stays], entry[stays], group[stays])


def by_person(whole: SurvivalTable, number: int, seed: int) -> list[SurvivalTable]:
    """People among sites, nine in ten at the first; the last has no event."""
    rng = np.random.default_rng(seed)
    share = np.array([0.9, *[0.1 / (number - 1)] * (number - 1)])
    part = rng.choice(number, whole.people.max() + 1, p=share)
    eventful = np.unique(whole.people[whole.event > 0])
    part[eventful[part[eventful] == number - 1]] = 0
    return [take(whole, part[whole.people] == k) for k in range(number)]


def test_worked_by_hand() -> None:
    """Four people: replaced at 1, dead before at 2, replaced at 2 and dead at 4, seen until 5.
    At 1: 1/4 moves. At 2, of three left, one dies and one is replaced: 1/4 and 1/4 of all.
    At 4 one of two dies after."""
    never = np.inf
    rows = spells(
        np.array([1, never, 2, never]), np.array([never, 2, 4, never]), np.array([5, 5, 5, 5])
    )
    course = pooled(rows, replace(MONTHS, waits=(0.0, 2.0))).together[0]
    at = [int(np.flatnonzero(course.edges == t)[0]) for t in (1, 2, 4)]
    np.testing.assert_allclose(
        course.shares[:, at], [[3 / 4, 1 / 4, 1 / 4], [1 / 4, 1 / 2, 1 / 4], [0, 1 / 4, 1 / 2]]
    )
    at_once, later = course.waiting
    np.testing.assert_allclose(at_once.dead_before, 0)
    np.testing.assert_allclose(at_once.alive[at], [1, 1 / 2, 1 / 2])  # the death two months after
    np.testing.assert_allclose(later.dead_before[at], [0, 1 / 3, 1 / 3])
    np.testing.assert_allclose(later.alive[at], [1, 2 / 3, 1 / 3])
    np.testing.assert_allclose(later.gain[at], [0, 1 / 6, -1 / 6])


def test_r_survfit(r_rows: Rows) -> None:
    """Illness and death in mgus2: the states of survfit, and its errors, which are a jackknife's:
    ours within three parts in a hundred where anybody is left."""
    rows, values = arrays(r_rows("mgus2")), expected()["multistate_mgus2"]
    sick, end = rows["pstat"] == 1, rows["futime"].astype(float)
    onset = np.where(sick & (rows["ptime"] == end), end - 0.5, rows["ptime"])
    death = np.where(rows["death"] == 1, end, np.inf)
    whole = spells(np.where(sick, onset, np.inf), death, end)
    course = pooled(whole, replace(MONTHS, waits=())).together[0]
    at = np.searchsorted(course.edges, [60, 120, 240, 360], "right") - 1
    np.testing.assert_allclose(course.shares[:, at].T, values["pstate"], rtol=0, atol=1e-12)
    wanted = np.array(values["se"])
    np.testing.assert_allclose(
        course.standard_errors[[0, 2]][:, at].T, wanted[:, [0, 2]], rtol=0.03
    )
    np.testing.assert_allclose(course.standard_errors[1, at[:2]], wanted[:2, 1], rtol=0.03)


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 10_000), number=st.sampled_from([2, 3, 7]), late=st.booleans())
def test_federated_is_pooled(seed: int, number: int, late: bool) -> None:
    whole = drawn(seed, late=late)
    asked = replace(MONTHS, by="g")
    parts = by_person(whole, number, seed)
    shuffled = take(whole, np.random.default_rng(seed).permutation(whole.n))
    one: Result = combine([at_site(t, asked) for t in parts], asked)
    other = combine([at_site(shuffled, asked)], asked)
    assert len(one.sites) == number
    for mine, its in zip(one.together, other.together, strict=True):
        for field in ("at_risk", "shares", "standard_errors", "low", "high"):
            np.testing.assert_array_equal(getattr(mine, field), getattr(its, field))
        np.testing.assert_allclose(mine.shares.sum(axis=0), 1)
        assert np.isfinite(mine.standard_errors).all()
        assert (mine.low <= mine.shares + 1e-12).all()
        for w, v in zip(mine.waiting, its.waiting, strict=True):
            np.testing.assert_array_equal(w.alive, v.alive)
            np.testing.assert_allclose(w.alive + w.dead_before + w.dead_after, 1)
            assert np.isfinite([w.low, w.high, w.gain_errors]).all()


def test_waiting_from_two_released_curves() -> None:
    """Before replacement and since it, each a population of aalen_johansen: the same curves."""
    whole = drawn(5, n=400)
    after = whole.columns[:, 0] == 1
    since = take(whole, after)
    since = replace(since, time=since.time - since.entry, entry=np.zeros(since.n))
    kinds = aalen_johansen.Parameters(MONTHS.grid)
    told = []
    for rows in (take(whole, ~after), since):
        curves = aalen_johansen.combine([aalen_johansen.at_site(rows, kinds)], kinds).together[0]
        told.append(Deaths(curves.edges, curves.at_risk, curves.events[1]))
    found = waiting(*told, MONTHS.waits)
    wanted = combine([at_site(whole, MONTHS)], MONTHS).together[0].waiting
    for one, other in zip(found, wanted, strict=True):
        for field in ("dead_before", "dead_after", "alive", "low", "high", "gain", "gain_errors"):
            np.testing.assert_allclose(getattr(one, field), getattr(other, field), atol=1e-12)
        np.testing.assert_array_equal(one.behind, other.behind)
    with pytest.raises(ValueError, match="waits"):
        waiting(*told, (41.0,))


def test_rows_that_go_on_are_one_stay() -> None:
    """Columns that change in time cut rows, and move nothing; any event may be death."""
    whole = drawn(6)
    cut = np.floor((whole.entry + whole.time) / 2)
    long = (cut > whole.entry) & (cut < whole.time)
    first = replace(take(whole, long), time=cut[long], event=np.zeros(long.sum(), np.int8))
    second = replace(whole, entry=np.where(long, cut, whole.entry))
    names = ("time", "entry", "event", "columns", "strata", "people")
    parts = {n: np.concatenate([getattr(first, n), getattr(second, n)]) for n in names}
    pieces = replace(whole, n=first.n + second.n, **parts)
    one, other = at_site(pieces, MONTHS).counts(), at_site(whole, MONTHS).counts()
    for name, counts in one.items():
        np.testing.assert_array_equal(counts, other[name])
    stays = replace(whole, event=np.where(whole.event == 2, 3, whole.event).astype(np.int8))
    any_kind = at_site(stays, replace(MONTHS, death=0)).counts()
    np.testing.assert_array_equal(any_kind["died"], other["died"])
    np.testing.assert_array_equal(at_site(stays, MONTHS).died, 0)


def test_counts_and_merged_edges() -> None:
    """Before replacement and since it, merging is the coarser grid; every head is in one place."""
    whole = drawn(3)
    release = at_site(whole, MONTHS)
    coarse = replace(MONTHS, grid=(6.0, 12.0, 24.0), waits=())
    merged, asked = release.merged(np.isin(release.edges, coarse.grid)), at_site(whole, coarse)
    for field in ("entered", "replaced", "died", "censored", "died_since", "censored_since"):
        np.testing.assert_array_equal(getattr(merged, field), getattr(asked, field))
    counts = merged.counts()
    after = whole.columns[:, 0] == 1
    assert counts["persons"][0] == np.sum(~after)
    assert counts["persons_since"][0] == np.sum(after)
    assert counts["remaining"][0] == np.sum(whole.time[~after] > 24)
    assert counts["remaining_since"][0] == np.sum((whole.time - whole.entry)[after] > 24)
    assert release.merged(np.zeros(40, bool)).died.shape == (1, 0)


def test_replaced_and_dead_in_one_interval() -> None:
    """On a grid of months somebody who dies in the month of the replacement dies in the next."""
    rows = spells(np.array([0.2, 0.5, 9.0]), np.array([0.7, np.inf, np.inf]), np.array([9.0, 9, 9]))
    release = at_site(rows, MONTHS)
    np.testing.assert_array_equal(release.replaced[0, :2], [2, 0])
    np.testing.assert_array_equal(release.died_after[0, :3], [0, 1, 0])
    np.testing.assert_array_equal(release.died_since[0, :2], [1, 0])


@pytest.mark.slow
def test_waiting_holds_the_truth_at_the_nominal_rate() -> None:
    """Constant hazards, death before 1/30 and after replacement 1/60 a month: had all waited 12
    months, exp(-12/30 - 12/60) would be alive at 24. Replacement at random among those waiting."""
    rng, truth, held, gained, shares = (
        np.random.default_rng(11),
        np.exp(-12 / 30 - 12 / 60),
        0,
        0,
        0,
    )
    gain = truth - np.exp(-24 / 60)
    l01, l02, l12 = 1 / 15, 1 / 30, 1 / 60
    sick = np.exp(-24 * (l01 + l02))
    treated = l01 / (l01 + l02 - l12) * (np.exp(-24 * l12) - sick)
    for _ in range(300):
        replaced = rng.exponential(15, 300)
        death = rng.exponential(30, 300)
        death = np.where(death > replaced, replaced + rng.exponential(60, 300), death)
        whole = spells(replaced, death, rng.uniform(20, 60, 300))
        course = pooled(whole, replace(MONTHS, waits=(0.0, 12.0))).together[0]
        at = int(np.searchsorted(course.edges, 24, "right")) - 1
        wait = course.waiting[1]
        held += wait.low[at] <= truth <= wait.high[at]
        gained += abs(wait.gain[at] - gain) <= 1.96 * wait.gain_errors[at]
        shares += course.low[1, at] <= treated <= course.high[1, at]
    for count in (held, gained, shares):
        assert 273 <= count <= 297


def test_nothing_happens() -> None:
    rows = spells(np.array([np.inf, np.inf]), np.array([np.inf, np.inf]), np.array([3.0, 5.0]))
    course = combine([at_site(rows, MONTHS)], MONTHS).together[0]
    np.testing.assert_array_equal(course.shares[0], 1)
    np.testing.assert_array_equal(course.waiting[2].alive, 1)
    np.testing.assert_array_equal(course.waiting[2].behind[15:], 0)  # nobody was ever replaced


def test_wrong_questions_are_refused() -> None:
    whole = drawn(1)
    with pytest.raises(StudyError, match="x9"):
        at_site(whole, replace(MONTHS, after="x9"))
    for wrong in (replace(MONTHS, grid=(2.0, 1.0)), replace(MONTHS, waits=(6.5,))):
        with pytest.raises(ValueError, match=r"grid|waits"):
            at_site(whole, wrong)
    with pytest.raises(ValueError, match="after"):
        at_site(replace(whole, event=np.ones(whole.n, np.int8)), MONTHS)
    with pytest.raises(ValueError, match="weights"):
        at_site(replace(whole, weights=np.ones(whole.n)), MONTHS)
    with pytest.raises(ValueError, match="groups"):
        combine([], MONTHS)
