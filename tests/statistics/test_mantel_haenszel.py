"""The scan of all pairs: by hand, against statsmodels, federated, masked, and under no effect."""

from __future__ import annotations

from dataclasses import fields

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from statsmodels.stats.contingency_tables import StratifiedTable

from transat.statistics import heterogeneity, mantel_haenszel
from transat.statistics.mantel_haenszel import WITHHELD, Parameters, at_site, combine

ARRAYS = [
    f.name
    for f in fields(mantel_haenszel.Release)
    if f.name not in ("exposure_codes", "outcome_codes", "persons", "floor")
]


def from_cells(make_table, cells):
    """A table from strata of (exposed cases, exposed others, unexposed cases, unexposed others)."""
    x, y, s = [], [], []
    for stratum, (a, b, c, d) in enumerate(cells):
        x += [1] * (a + b) + [0] * (c + d)
        y += [1] * a + [0] * b + [1] * c + [0] * d
        s += [stratum] * (a + b + c + d)
    x, y = np.array(x)[:, None], np.array(y)[:, None]
    return make_table(x, y, np.array(s), np.zeros((len(s), 0)))


def test_hand_worked(make_table):
    """Two strata: 4/10 exposed against 5/40, then 2/20 against 3/30.

    E = 9*10/50 + 5*20/50 = 1.8 + 2 = 3.8.
    OR = (4*35/50 + 2*27/50) / (6*5/50 + 18*3/50) = 3.88/1.68.
    RR = (4*40/50 + 2*30/50) / (5*10/50 + 3*20/50) = 4.4/2.2 = 2. W = 8 + 12 = 20; RD = (6-3.8)/20.
    V = 10*40*9*41/(2500*49) + 20*30*5*45/(2500*49).
    """
    table = from_cells(make_table, [(4, 6, 5, 35), (2, 18, 3, 27)])
    result = combine([at_site(table)])
    assert result.exposed_cases[0, 0] == 6
    assert result.expected[0, 0] == pytest.approx(3.8, rel=1e-14)
    expected_v = 10 * 40 * 9 * 41 / (2500 * 49) + 20 * 30 * 5 * 45 / (2500 * 49)
    assert result.variance[0, 0] == pytest.approx(expected_v, rel=1e-14)
    estimates = result.estimates
    assert estimates.odds_ratio[0, 0] == pytest.approx(3.88 / 1.68, rel=1e-13)
    assert estimates.risk_ratio[0, 0] == pytest.approx(2.0, rel=1e-13)
    assert estimates.risk_difference[0, 0] == pytest.approx(0.11, rel=1e-13)
    assert estimates.risk_exposed[0, 0] == pytest.approx(0.22, rel=1e-13)
    assert estimates.risk_unexposed[0, 0] == pytest.approx(0.11, rel=1e-13)


@pytest.mark.parametrize("seed", range(5))
def test_statsmodels(draw, seed):
    """statsmodels.StratifiedTable: pooled odds ratio, its log SE (RBG), risk ratio, test."""
    table = draw(seed, n=600, strata=5)
    result = combine([at_site(table)])
    x, y = table.exposures.toarray(), table.outcomes.toarray()
    for d in range(3):
        for m in range(2):
            cells = [
                [[np.sum((xs == i) & (ys == j)) for j in (1, 0)] for i in (1, 0)]
                for s in range(5)
                for xs, ys in [(x[table.strata == s, d], y[table.strata == s, m])]
            ]
            peer = StratifiedTable([np.array(c, dtype=float) for c in cells])
            e = result.estimates
            assert e.odds_ratio[d, m] == pytest.approx(peer.oddsratio_pooled, rel=1e-10)
            assert e.log_odds_ratio_error[d, m] == pytest.approx(peer.logodds_pooled_se, rel=1e-10)
            assert e.risk_ratio[d, m] == pytest.approx(peer.riskratio_pooled, rel=1e-10)
            low, high = peer.oddsratio_pooled_confint(0.05)
            assert e.odds_ratio_low[d, m] == pytest.approx(low, rel=1e-9)
            assert e.odds_ratio_high[d, m] == pytest.approx(high, rel=1e-9)
            score = (result.exposed_cases[d, m] - result.expected[d, m]) ** 2
            statistic = peer.test_null_odds(correction=False).statistic
            assert score / result.variance[d, m] == pytest.approx(statistic, rel=1e-10)


@settings(max_examples=40, deadline=None)
@given(
    seed=st.integers(0, 10_000),
    sites=st.integers(2, 4),
    exposure=st.sampled_from([0.005, 0.05, 0.4]),
    risk=st.sampled_from([0.005, 0.05, 0.3]),
)
def test_federated_equals_pooled(draw, split, seed, sites, exposure, risk):
    table = draw(seed, n=300, strata=8, exposure=exposure, risk=risk)
    pooled = combine([at_site(table)])
    federated = combine([at_site(part) for part in split(table, sites)])
    for name in ("persons", "exposed", "cases", "exposed_cases", "testable"):
        np.testing.assert_array_equal(getattr(pooled, name), getattr(federated, name))
    for name in ("expected", "variance", "p", "q", "minimum_detectable_ratio"):
        np.testing.assert_allclose(getattr(pooled, name), getattr(federated, name), rtol=1e-10)
    for field in fields(pooled.estimates):
        one, other = (getattr(r.estimates, field.name) for r in (pooled, federated))
        np.testing.assert_allclose(one, other, rtol=1e-10, atol=1e-13)


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 10_000))
def test_row_order_changes_nothing(draw, shuffle, seed):
    table = draw(seed, n=200)
    one, other = at_site(table), at_site(shuffle(table, seed + 1))
    for name in ARRAYS:
        np.testing.assert_array_equal(getattr(one, name), getattr(other, name))


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 10_000), sites=st.integers(1, 3), share=st.floats(0, 1))
def test_masking_more_can_only_raise_p(draw, split, seed, sites, share):
    """Beyond the small counts, every further masked pair weakens its own evidence, no other's."""
    table = draw(seed, n=300, strata=6, log_odds_ratio=1.0)
    rng = np.random.default_rng(seed)
    few, more = [], []
    for release in (at_site(part) for part in split(table, sites)):
        a = release.exposed_cases
        small = (a > 0) & (a < 11)
        few.append(release.withhold(small))
        more.append(release.withhold(small | ((rng.random(a.shape) < share) & (a > 0))))
    result, full = combine(more), combine(few)
    np.testing.assert_array_equal(result.testable, full.testable)
    tested = full.testable
    assert (result.p[tested] >= full.p[tested] * (1 - 1e-9)).all()
    assert (result.observed_at_least <= full.observed_at_least).all()


def test_a_masked_zero_lowers_the_floor(make_table):
    table = from_cells(make_table, [(0, 20, 30, 950)])
    release = at_site(table)
    masked = release.withhold(np.array([[True]]))
    assert (release.floor, masked.floor) == (1, 0)
    assert combine([masked]).p[0, 0] > 0.5


def test_a_gate_with_another_threshold(make_table):
    release = at_site(from_cells(make_table, [(7, 90, 40, 860)]))
    nothing = np.array([[False]])
    assert release.least_shown == 0
    assert release.withhold(nothing, threshold=5).least_shown == 5
    assert release.withhold(nothing).least_shown == 7  # shown, so not under the default of 11
    assert release.withhold(~nothing).least_shown == 11


def test_a_hidden_small_site_costs_little(make_table):
    """20 of 8 expected at one site, a hidden few of 3 expected at the other: the evidence stays."""
    large = at_site(from_cells(make_table, [(20, 180, 380, 9420)])).withhold(np.array([[False]]))
    small = at_site(from_cells(make_table, [(4, 71, 196, 4729)])).withhold(np.array([[True]]))
    alone, both = combine([large]).p[0, 0], combine([large, small]).p[0, 0]
    assert alone < 3e-4
    assert both < 2 * alone


def test_withheld_says_nothing_of_exposed_cases(draw):
    """Two sites that differ by their exposed cases alone release the same once masked."""
    release = at_site(draw(7))
    everything = np.ones(release.shown.shape, dtype=bool)
    masked = release.withhold(everything)
    for name in mantel_haenszel._TELL_EXPOSED_CASES:
        assert np.isnan(getattr(masked, name)).all()
    assert (masked.exposed_cases == WITHHELD).all()
    np.testing.assert_array_equal(masked.expected, release.expected)
    counts = masked.counts()
    assert (counts["exposed_cases"] == WITHHELD).all()
    assert (counts["unexposed_cases"] == WITHHELD).all()
    np.testing.assert_array_equal(counts["exposed"], release.exposed)


def test_withheld_margins_leave_the_site_out(draw, split):
    one, other = (at_site(part) for part in split(draw(3, strata=4), 2))
    nothing = np.zeros(one.shown.shape, dtype=bool)
    without = one.withhold(nothing, exposures=np.array([True, False, False]))
    assert without.exposed[0] == WITHHELD
    assert np.isnan(without.expected[0]).all()
    result, alone = combine([without, other]), combine([other])
    np.testing.assert_array_equal(result.expected[0], alone.expected[0])
    np.testing.assert_array_equal(result.p[0], alone.p[0])
    assert result.exposed[0] == WITHHELD
    assert result.sites_without_margins[0, 0].all()
    nowhere = combine([r.withhold(nothing, outcomes=np.array([True, False])) for r in (one, other)])
    assert not nowhere.testable[:, 0].any()
    assert np.isnan(nowhere.p[:, 0]).all()


def test_counts_are_the_four_cells(draw):
    counts = at_site(draw(11)).counts()
    cells = ("exposed_cases", "exposed_others", "unexposed_cases", "unexposed_others")
    total = np.sum([counts[c] for c in cells], axis=0)
    assert (total == counts["persons"]).all()
    np.testing.assert_array_equal(
        counts["exposed_cases"] + counts["exposed_others"],
        np.broadcast_to(counts["exposed"][:, None], total.shape),
    )


def test_family_is_fixed_by_the_margins(draw):
    """A pair with exposed cases but too few expected is not tested, and its p is not computed."""
    result = combine([at_site(draw(5, n=300, exposure=0.01, risk=0.02))], Parameters())
    assert not result.testable[(result.expected < 0.5)].any()
    assert np.isnan(result.p[~result.testable]).all()
    assert np.isnan(result.q[~result.testable]).all()


def null_scan(seed: int, draw, drugs=40, groups=25):
    """No effect of any medicine; exposure and risk both depend on the stratum."""
    table = draw(seed, n=20_000, drugs=drugs, groups=groups, strata=12, exposure=0.03, risk=0.02)
    return table, combine([at_site(table)])


@pytest.mark.slow
def test_null_calibration(draw):
    """Share of p < 0.05 among pairs with 5 or more expected: 0.04 to 0.06 (fixed seeds)."""
    p = []
    for seed in range(20):
        _, result = null_scan(1000 + seed, draw)
        p.append(result.p[result.expected >= 5])
    p = np.concatenate(p)
    assert p.size > 5000
    assert 0.04 <= np.mean(p < 0.05) <= 0.06
    assert np.mean(p < 0.001) <= 0.002


@pytest.mark.slow
def test_null_calibration_under_masking(draw, split):
    """Masking every 1..10 at each of two sites keeps the test valid, where selecting would not."""
    p = []
    for seed in range(10):
        table, _ = null_scan(2000 + seed, draw)
        releases = [at_site(part) for part in split(table, 2)]
        masked = [r.withhold((r.exposed_cases >= 1) & (r.exposed_cases <= 10)) for r in releases]
        result = combine(masked)
        p.append(result.p[result.testable])
    assert np.mean(np.concatenate(p) < 0.05) <= 0.05


def test_difference_interval_covers(make_table):
    """Sato's interval in many thin strata: coverage of a true difference of 0.1 near 95 %."""
    rng = np.random.default_rng(4)
    covered = 0
    for _ in range(300):
        base = rng.uniform(0.05, 0.3, 60)
        cells = []
        for risk in base:
            a, c = rng.binomial(4, risk + 0.1), rng.binomial(8, risk)
            cells.append((a, 4 - a, c, 8 - c))
        e = combine([at_site(from_cells(make_table, cells))]).estimates
        covered += bool(e.risk_difference_low[0, 0] <= 0.1 <= e.risk_difference_high[0, 0])
    assert 0.91 <= covered / 300 <= 0.985


def test_heterogeneity_between_sites(make_table):
    """Same table at both sites: Q and Breslow-Day are 0; opposite effects: both see it."""
    up = at_site(from_cells(make_table, [(30, 70, 20, 180)]))
    down = at_site(from_cells(make_table, [(10, 90, 60, 140)]))
    same, opposite = combine([up, up]), combine([up, down])
    assert same.heterogeneity.statistic[0, 0] == pytest.approx(0, abs=1e-12)
    assert same.heterogeneity.i_squared[0, 0] == 0
    assert opposite.heterogeneity.p[0, 0] < 1e-4
    assert opposite.breslow_day.p[0, 0] < 1e-4
    assert opposite.heterogeneity.i_squared[0, 0] > 0.9
    assert isinstance(opposite.breslow_day, heterogeneity.Heterogeneity)


def test_releases_about_other_pairs_are_refused(draw):
    with pytest.raises(ValueError, match="different exposures"):
        combine([at_site(draw(1)), at_site(draw(1, drugs=2))])
    with pytest.raises(ValueError, match="no release"):
        combine([])


def test_a_site_without_births_adds_nothing(draw):
    """An empty shore is a site that says zero everywhere, not an error."""
    table = draw(13, n=400)
    full, empty = at_site(table), at_site(table.take(np.zeros(table.n, dtype=bool)))
    assert empty.persons == 0
    assert not empty.exposed_cases.any()
    alone, both = combine([full]), combine([full, empty])
    np.testing.assert_array_equal(alone.p, both.p)
    np.testing.assert_array_equal(alone.estimates.odds_ratio, both.estimates.odds_ratio)
    assert both.heterogeneity.degrees.max() == 0
