"""An emulated trial against a world of known truth, a fit by other people's software, and itself
over several sites."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import statsmodels.api as sm
from hypothesis import given, settings
from hypothesis import strategies as st
from lifelines import KaplanMeierFitter
from lifelines.exceptions import StatisticalWarning
from valve_trial import GRACE, MONTHS, drawn, spells

from transat.cohorts.survival_table import SurvivalTable
from transat.core.errors import StudyError
from transat.statistics import clone_censor_weight as trial
from transat.statistics.clones import Strategy, clones

EDGES = (1.0, 2.0, 3.0, 6.0, 12.0, 18.0, 24.0, 30.0, 36.0)
STRATEGY = Strategy("replaced", float(GRACE), "symptoms")
ASKED = trial.Parameters(STRATEGY, ("severity", "symptoms"), EDGES, draws=20)


def found(table: SurvivalTable, asked: trial.Parameters = ASKED) -> trial.Result:
    return trial.combine([trial.at_site(table, asked)], asked)


def truth(strategy: str, month: float) -> float:
    *_, end, kind = drawn(99, 100_000, strategy)
    return float(((end <= month) & (kind == 1)).mean())


@pytest.mark.parametrize("timing", ["uniform", "natural"])
def test_it_finds_what_two_ordered_worlds_would_show(timing: str) -> None:
    strategy = replace(STRATEGY, timing=timing)
    result = found(spells(drawn(1, 6000)), replace(ASKED, strategy=strategy, draws=60))
    for arm, name in ((result.early, "early"), (result.waiting, "waiting")):
        for edge in (12.0, 24.0, 36.0):
            k = int(np.flatnonzero(result.edges == edge)[0])
            assert abs(arm.risk[k] - truth(name, edge)) < 3 * arm.standard_errors[k] + 0.004
            assert arm.low[k] < arm.risk[k] < arm.high[k]
    assert result.difference_high[-1] < 0
    assert result.hazard_ratio is not None
    assert 0.4 < result.hazard_ratio < 0.75


def test_comparing_those_treated_early_with_the_others_is_far_from_it() -> None:
    """Those who were treated early were sicker, and lived long enough to be: both biases."""
    severity, since, replaced, end, kind = drawn(1, 6000)
    early, dead = replaced < GRACE, (end <= 24) & (kind == 1)
    naive = dead[early].mean() - dead[~early].mean()
    wanted = truth("early", 24) - truth("waiting", 24)
    result = found(spells((severity, since, replaced, end, kind)))
    k = int(np.flatnonzero(result.edges == 24.0)[0])
    assert abs(naive - wanted) > 3 * result.difference_errors[k]
    assert abs(result.difference[k] - wanted) < 3 * result.difference_errors[k]


@pytest.mark.slow
def test_intervals_hold_the_truth_about_as_often_as_they_say() -> None:
    wanted = truth("early", 24) - truth("waiting", 24)
    held = 0
    for seed in range(40):
        result = found(spells(drawn(seed, 1500)), replace(ASKED, draws=50))
        k = int(np.flatnonzero(result.edges == 24.0)[0])
        held += bool(result.difference_low[k] <= wanted <= result.difference_high[k])
    assert 33 <= held <= 40


def test_it_is_what_logistic_regression_and_weighted_kaplan_meier_give() -> None:
    """statsmodels fits deviations month by month; lifelines the curve of weighted person-months."""
    strategy = replace(STRATEGY, trigger="")
    monthly = tuple(float(m) for m in range(1, MONTHS + 1))
    asked = replace(ASKED, strategy=strategy, grid=monthly, penalty=0.0, cap=1e9, draws=2)
    table = spells(drawn(5, 800))
    made = clones(table, strategy, MONTHS)
    period = np.searchsorted(asked.periods, made.step + 0.5)
    x = np.column_stack(
        [period[:, None] == np.unique(period), table.columns[made.spell][:, :2]]
    ).astype(float)
    fit = sm.GLM(made.treated.astype(float), x, family=sm.families.Binomial()).fit(tol=1e-14)
    stay = np.ones((len(made.people), MONTHS))
    stay[made.person, made.step] = 1 / (1 - fit.predict(x))
    weight = np.cumprod(stay, axis=1)
    rows = [
        (month, month + 1.0, made.last[i] == month and made.event[i] == 1, weight[i, month])
        for i in range(len(made.people))
        for month in range(int(min(made.last[i] + 1, made.waiting[i], MONTHS)))
    ]
    entry, stop, dead, each = (np.array(column, dtype=float) for column in zip(*rows, strict=True))
    with pytest.warns(StatisticalWarning, match="weights are not integers"):
        curve = KaplanMeierFitter().fit(stop, dead, entry=entry, weights=each)
    result = found(table, asked)
    wanted = 1 - curve.survival_function_at_times(result.edges).to_numpy()
    np.testing.assert_allclose(result.waiting.risk, wanted, atol=1e-7)


@settings(max_examples=6, deadline=None)
@given(seed=st.integers(0, 10_000), sites=st.sampled_from([2, 3, 7]))
def test_federated_is_pooled_with_a_model_of_each_site(seed: int, sites: int) -> None:
    people, rng = drawn(seed, 420), np.random.default_rng(seed)
    share = np.full(sites, 0.1 / (sites - 1))
    share[0] = 0.9
    site = rng.choice(sites, 420, p=share).astype(np.int32)
    site[: sites * 8] = np.arange(sites * 8) % sites
    asked = replace(ASKED, draws=4)
    pooled = trial.at_site(spells(people, site=site), asked)
    each = [
        trial.at_site(spells(tuple(v[site == k] for v in people), np.flatnonzero(site == k)), asked)
        for k in range(sites)
    ]
    for name in ("at_risk", "events", "others", "covariance", "had_event", "lost", "left"):
        added = np.sum([getattr(r, name) for r in each], axis=0)
        # Columns are centred on the people of the stratum: the same model, its digits apart
        np.testing.assert_allclose(added, getattr(pooled, name), rtol=1e-9, atol=1e-9)
    one, other = trial.combine([pooled], asked), trial.combine(each, asked)
    np.testing.assert_allclose(one.difference, other.difference, rtol=1e-10, atol=1e-10)


def test_the_order_of_rows_changes_nothing() -> None:
    table = spells(drawn(3, 500))
    order = np.random.default_rng(0).permutation(table.n)
    mixed = replace(
        table, time=table.time[order], entry=table.entry[order], event=table.event[order],
        columns=table.columns[order], people=table.people[order],
    )  # fmt: skip
    one, other = trial.at_site(table, ASKED), trial.at_site(mixed, ASKED)
    for name in ("at_risk", "events", "covariance"):
        np.testing.assert_array_equal(getattr(one, name), getattr(other, name))


def test_counts_account_for_everybody_and_merge() -> None:
    table = spells(drawn(3, 800))
    release = trial.at_site(table, ASKED)
    told, after = trial.cells(table, ASKED)
    for kept in (np.ones(9, bool), np.arange(9) % 3 == 2, np.arange(9) == 4, np.zeros(9, bool)):
        merged = release.merged(kept)
        counts = merged.counts()
        last = after[[0, 2], np.flatnonzero(kept)[-1]] if kept.any() else [800, 800]
        np.testing.assert_array_equal(counts["remaining"], last)
        assert merged.covariance.shape == (6 * kept.sum(),) * 2
    for arm in (0, 1):  # lost, then deaths: of the arm, and of those not in it
        np.testing.assert_array_equal(told[2 * arm], release.lost[arm])
        np.testing.assert_array_equal(told[4 + 2 * arm], release.had_event[arm])
    np.testing.assert_array_equal(told[-2:], release.left)
    coarse = release.merged(np.arange(9) == 8)
    assert coarse.at_risk[:, 0].tolist() == release.at_risk[:, 0].tolist()
    np.testing.assert_allclose(coarse.events[:, 0], release.events.sum(axis=1))


def test_what_each_person_adds_is_what_leaves() -> None:
    table = spells(drawn(3, 300))
    release = trial.at_site(table, ASKED)
    added = [part.sum() for part in trial.parts(table, ASKED, release.edges)]
    whole = np.concatenate([release.at_risk, release.events, release.others]).ravel()
    np.testing.assert_allclose(added, whole, rtol=1e-12)


def test_a_column_that_tells_the_treatment_has_finite_weights() -> None:
    table = spells(drawn(3, 400))
    told = (
        table.columns[:, 2:]
        + np.isin(table.people, table.people[table.columns[:, 2] == 1])[:, None]
        > 0
    )
    wide = replace(
        table,
        columns=np.column_stack([table.columns, told]),
        column_names=(*table.column_names, "told"),
    )
    result = found(wide, replace(ASKED, columns=("told",)))
    for arm in (result.early, result.waiting):
        for values in (arm.risk, arm.standard_errors, arm.low, arm.high):
            assert np.isfinite(values).all()


def test_nobody_treated_early_is_said() -> None:
    severity, since, replaced, end, kind = drawn(3, 400)
    later = np.where(replaced < 12, np.inf, replaced)
    with pytest.raises(StudyError, match="stratégies"):
        found(
            spells((severity, since, later, end, kind)),
            replace(ASKED, grid=EDGES[3:], strategy=replace(STRATEGY, grace=1.0)),
        )


def test_no_event_is_a_risk_of_zero_without_a_ratio() -> None:
    severity, since, replaced, end, kind = drawn(3, 400)
    result = found(spells((severity, since, replaced, end, np.zeros_like(kind))))
    assert (result.early.risk == 0).all()
    assert result.hazard_ratio is None


def test_tables_without_meaning_here_are_refused() -> None:
    table = spells(drawn(3, 200))
    gap = table.entry.copy()
    gap[table.entry > 0] += 0.01
    stopped = table.columns.copy()
    again = np.flatnonzero((table.people[1:] == table.people[:-1]) & (stopped[1:, 2] == 0))[0]
    stopped[again, 2] = 1
    for wrong in (
        replace(table, weights=np.ones(table.n)),
        replace(table, entry=table.entry + 0.05),
        replace(table, entry=gap),
        replace(table, columns=stopped),
    ):
        with pytest.raises(ValueError, match=r"weights|entry|ends"):
            trial.at_site(wrong, ASKED)
    with pytest.raises(ValueError, match="grid"):
        trial.at_site(table, replace(ASKED, grid=(1.5, 3.0)))
    with pytest.raises(StudyError):
        trial.at_site(table, replace(ASKED, columns=("unknown",)))
