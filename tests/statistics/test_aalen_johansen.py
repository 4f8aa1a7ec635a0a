"""Cumulative incidence: R's cmprsk and survival to the digit, worked by hand, pooled, merged."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from curve_rows import Rows, expected, mgus2, sites, table, take, transplant
from hypothesis import given, settings
from hypothesis import strategies as st

from transat.cohorts.survival_table import SurvivalTable
from transat.core.errors import StudyError
from transat.statistics import kaplan_meier
from transat.statistics.aalen_johansen import (
    Parameters,
    at_site,
    combine,
    cumulative_incidence,
    pooled,
)

Draw = Callable[..., SurvivalTable]
MONTHS = Parameters(tuple(float(k) for k in range(1, 40)))
HORIZONS = (60.0, 120.0, 180.0, 240.0)


def test_worked_by_hand() -> None:
    """Six people: kind 1 at 1, kind 2 at 2 and 3 of four still there, one censored at 2.
    S: 5/6, 2/3 (after 2: 1/5 of 5/6 gone), then 1/3 of 2/3 gone at 3."""
    rows = table([1, 2, 2, 3, 4, 4], [1, 2, 0, 2, 0, 0])
    curves = pooled(rows, MONTHS).together[0]
    np.testing.assert_array_equal(curves.at_risk, [6, 5, 3, 2])
    np.testing.assert_allclose(curves.free, [5 / 6, 2 / 3, 4 / 9, 4 / 9])
    np.testing.assert_allclose(curves.incidence[0], 1 / 6)
    np.testing.assert_allclose(curves.incidence[1], [0, 1 / 6, 7 / 18, 7 / 18])
    np.testing.assert_allclose(curves.standard_errors[0], np.sqrt(5 / 216))


@pytest.mark.parametrize("name", ["cuminc_mgus2_all_sex", "cuminc_mgus2_sex"])
def test_r_cuminc(r_rows: Rows, name: str) -> None:
    values, rows = expected()[name], mgus2(r_rows, mspike=name == "cuminc_mgus2_sex")
    whole = table(rows["time"], rows["event"], {"male": rows["male"]})
    found = pooled(whole, replace(MONTHS, by="male", variance="aalen"))
    for row, estimates, variances in zip(values["rows"], values["est"], values["var"], strict=True):
        group, kind = row.split()
        curve = cumulative_incidence(found.together[int(group == "M")], int(kind), HORIZONS)
        np.testing.assert_allclose(curve.estimates, estimates, rtol=0, atol=1e-12)
        np.testing.assert_allclose(curve.standard_errors**2, variances, rtol=1e-10)


@pytest.mark.parametrize("interval", ["log", "log-log"])
def test_r_survfit(r_rows: Rows, interval: str) -> None:
    """survfit's states, standard errors and limits."""
    values, rows = expected()["survfit_mgus2_sex"], mgus2(r_rows)
    limits = values if interval == "log" else expected()["survfit_mgus2_sex_loglog"]
    whole = table(rows["time"], rows["event"], {"male": rows["male"]})
    found = pooled(whole, replace(MONTHS, by="male", interval=interval))
    for group in (0, 1):
        for kind in (1, 2):
            curve = cumulative_incidence(found.together[group], kind, HORIZONS)
            at = (slice(4 * group, 4 * group + 4), kind)
            for ours, theirs in (
                (curve.estimates, values["pstate"]), (curve.standard_errors, values["se"]),
                (curve.low, limits["lower"]), (curve.high, limits["upper"]),
            ):  # fmt: skip
                np.testing.assert_allclose(ours, np.array(theirs)[at], rtol=1e-10)


def test_r_three_kinds(r_rows: Rows) -> None:
    """transplant: cuminc by sex, and survfit of everybody."""
    values, whole = expected()["transplant_sex"], transplant(r_rows)[0]
    assert values["levels"] == ["censored", "death", "ltx", "withdraw"]
    by_sex = pooled(whole, replace(MONTHS, kinds=3, by="male", variance="aalen")).together
    horizons = (100.0, 500.0, 1000.0)
    for row, estimates, variances in zip(values["rows"], values["est"], values["var"], strict=True):
        group, kind = row.split()
        curve = cumulative_incidence(by_sex[int(group == "m")], int(kind), horizons)
        np.testing.assert_allclose(curve.estimates, estimates, rtol=0, atol=1e-12)
        np.testing.assert_allclose(curve.standard_errors**2, variances, rtol=1e-10)
    everybody = pooled(whole, replace(MONTHS, kinds=3)).together[0]
    for kind in (1, 2, 3):
        curve = cumulative_incidence(everybody, kind, horizons)
        np.testing.assert_allclose(curve.estimates, np.array(values["pstate"])[:, kind])
        np.testing.assert_allclose(curve.standard_errors, np.array(values["se"])[:, kind])


def test_r_left_truncation(r_rows: Rows) -> None:
    """On the scale of age, whoever is seen after fifty years."""
    values, rows = expected()["survfit_mgus2_left"], mgus2(r_rows)
    begin = 12.0 * rows["age"] - 600
    end = begin + rows["time"]
    seen = end > 0
    whole = table(end[seen], rows["event"][seen], entry=np.maximum(begin, 0)[seen])
    curves = pooled(whole, MONTHS).together[0]
    for kind in (1, 2):
        found = cumulative_incidence(curves, kind, (120.0, 240.0, 360.0, 480.0)).estimates
        np.testing.assert_allclose(found, np.array(values["pstate"])[:, kind], atol=1e-12)


def test_reference_of_the_founders(r_rows: Rows) -> None:
    """mgus2_aj: the states of everybody at 10 and 20 years, R survival 3.5-3."""
    rows = mgus2(r_rows)
    curves = pooled(table(rows["time"], rows["event"]), MONTHS).together[0]
    for kind, values in ((1, [0.0637221680131129, 0.0998137159354692]),
                         (2, [0.531817704080208, 0.724027976142545])):  # fmt: skip
        found = cumulative_incidence(curves, kind, (120.0, 240.0)).estimates
        np.testing.assert_allclose(found, values, rtol=0, atol=1e-12)


def test_one_kind_is_kaplan_meier(draw_survival: Draw) -> None:
    drawn = draw_survival(5, n=200, late=True)
    one = replace(MONTHS, kinds=1)
    curves = combine([at_site(drawn, one)], one).together[0]
    asked = kaplan_meier.Parameters(MONTHS.grid)
    km = kaplan_meier.combine([kaplan_meier.at_site(drawn, asked)], asked).together[0]
    np.testing.assert_allclose(curves.free, km.survival, rtol=1e-12)
    np.testing.assert_allclose(curves.incidence[0], 1 - km.survival, atol=1e-12)
    told = ~np.isnan(km.standard_errors)
    np.testing.assert_allclose(
        curves.standard_errors[0][told], km.standard_errors[told], atol=1e-12
    )


@settings(max_examples=25, deadline=None)
@given(
    seed=st.integers(0, 10_000),
    number=st.sampled_from([2, 3, 7]),
    late=st.booleans(),
    uneven=st.booleans(),
    variance=st.sampled_from(["delta", "aalen"]),
)
def test_federated_is_pooled(
    draw_survival: Draw, seed: int, number: int, late: bool, uneven: bool, variance: str
) -> None:
    """Bit for bit, in any order of rows; the shares add up to one."""
    drawn = draw_survival(seed, n=150, late=late, kinds=2)
    asked = replace(MONTHS, by="x2", variance=variance)
    parts = sites(drawn, number, seed, uneven)
    federated = combine([at_site(part, asked) for part in parts], asked)
    shuffled = take(drawn, np.random.default_rng(seed).permutation(drawn.n))
    whole = combine([at_site(shuffled, asked)], asked)
    assert len(federated.sites) == number
    for one, other in zip(federated.together, whole.together, strict=True):
        for field in ("at_risk", "events", "free", "incidence", "standard_errors", "low", "high"):
            np.testing.assert_array_equal(getattr(one, field), getattr(other, field))
        np.testing.assert_allclose(one.free + one.incidence.sum(axis=0), 1)
        for array in (one.standard_errors, one.low, one.high):
            assert np.isfinite(array).all()
        assert (one.low <= one.incidence + 1e-12).all()
        assert (one.incidence <= one.high + 1e-12).all()


def test_merged_edges(draw_survival: Draw) -> None:
    """A gate merges to the coarser grid where all enter at 0; sites meet on common edges."""
    tables = [draw_survival(k, n=150, kinds=2) for k in range(2)]
    kept = np.zeros((2, 39), bool)
    kept[0, [2, 5, 8, 11, 20]] = kept[1, [2, 4, 8, 20, 30]] = True
    releases = [at_site(t, MONTHS).merged(k) for t, k in zip(tables, kept, strict=True)]
    coarse = replace(MONTHS, grid=(3.0, 9.0, 21.0))
    found = combine(releases, MONTHS).together[0]
    wanted = combine([at_site(t, coarse) for t in tables], coarse).together[0]
    np.testing.assert_array_equal(found.incidence, wanted.incidence)
    counts = releases[0].counts()
    assert counts["persons"].sum() == 150
    assert counts["events"].shape == (1, 2, 5)
    assert counts["remaining"][0] == np.sum(tables[0].time > 21)
    assert releases[0].merged(np.zeros(5, bool)).events.shape == (1, 2, 0)


@pytest.mark.slow
@pytest.mark.parametrize("interval", ["log", "log-log"])
def test_coverage(interval: str) -> None:
    """Rates of 1/20 and 1/40 a month: intervals at 12 months hold 2/3 and 1/3 of those gone."""
    truth = (1 - np.exp(-12 * 3 / 40)) * np.array([2 / 3, 1 / 3])
    rng, held = np.random.default_rng(4), np.zeros(2)
    asked = replace(MONTHS, interval=interval)
    for _ in range(400):
        time, end = rng.exponential(40 / 3, 200), rng.uniform(3, 40, 200)
        kind = np.where(rng.random(200) < 2 / 3, 1, 2)
        event = np.where(time <= end, kind, 0)
        curves = pooled(table(np.minimum(time, end), event), asked).together[0]
        for k in (1, 2):
            told = cumulative_incidence(curves, k, (12.0,))
            held[k - 1] += told.low[0] <= truth[k - 1] <= told.high[0]
    assert ((held >= 365) & (held <= 394)).all()


def test_nobody_nothing_and_everybody() -> None:
    """No event: no incidence, no width. Everybody gone: finite."""
    none = pooled(table([1, 2], [0, 0]), MONTHS).together[0]
    np.testing.assert_array_equal(none.incidence, 0)
    np.testing.assert_array_equal(none.high, 0)
    everybody = pooled(table([1, 1, 2], [1, 2, 1]), replace(MONTHS, variance="aalen")).together[0]
    assert everybody.free[-1] == 0
    assert np.isfinite(everybody.standard_errors).all()


def test_wrong_questions_are_refused(draw_survival: Draw) -> None:
    drawn = draw_survival(1, kinds=2)
    with pytest.raises(StudyError, match="x9"):
        at_site(drawn, replace(MONTHS, by="x9"))
    for wrong in (replace(MONTHS, by="x0"), replace(MONTHS, grid=(2.0, 1.0)),
                  replace(MONTHS, grid=(1.0, float("inf"))), replace(MONTHS, kinds=1)):  # fmt: skip
        with pytest.raises(ValueError, match=r"grid|by|kinds"):
            at_site(drawn, wrong)
    with pytest.raises(ValueError, match="weights"):
        at_site(replace(drawn, weights=np.ones(drawn.n)), MONTHS)
    with pytest.raises(ValueError, match="kinds"):
        combine([], MONTHS)
    with pytest.raises(ValueError, match="kind"):
        cumulative_incidence(pooled(drawn, MONTHS).together[0], 3, HORIZONS)
