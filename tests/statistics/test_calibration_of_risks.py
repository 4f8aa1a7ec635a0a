"""Calibration: R's numbers, well calibrated models found so, competing events, bad rows."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from metric_rows import EXPECTED, drawn, predictions, rotterdam, scored, survival_table

from transat.core.errors import StudyError
from transat.statistics import calibration, cox
from transat.statistics.calibration import (
    cox_slope,
    curve,
    events_over_expected,
    in_the_large,
    levels,
    resampled,
    weak,
)
from transat.statistics.scored_rows import ScoredRows


def agrees(name: str, rows: ScoredRows) -> None:
    """R: survfit, coxph on the spline (rms::rcs, three knots), its predicted risks."""
    expected = EXPECTED["calibration"][name]
    horizon = expected["horizon"]
    large, smooth = in_the_large(rows, horizon), curve(rows, horizon)
    assert large.observed.value == pytest.approx(expected["observed"], abs=1e-12)
    assert large.expected == pytest.approx(expected["expected"], abs=1e-12)
    assert smooth.method == "cox"
    assert smooth.knots == pytest.approx(expected["knots"], abs=1e-10)
    found = {"ICI": smooth.ici, "E50": smooth.e50, "E90": smooth.e90, "Emax": smooth.largest}
    for key, value in found.items():
        assert value == pytest.approx(expected[key], abs=1e-8)
    predictor = np.log(-np.log1p(-rows.risk))
    fit = cox_slope(rows, predictor)
    assert fit.coefficients[0] == pytest.approx(expected["slope"], abs=1e-8)
    assert fit.standard_errors[0] == pytest.approx(expected["slope_se"], abs=1e-8)


def test_r_on_recorded_predictions(shared: Path) -> None:
    rows = predictions(shared, "pbc")
    agrees("pbc_2190", scored(rows, "r.3"))
    agrees("pbc_730", scored(rows, "q.1"))
    reference = EXPECTED["reference"]
    fit = cox_slope(scored(rows, "r.1"), rows["lp"])
    assert fit.coefficients[0] == pytest.approx(reference["pbc_cal_slope"]["slope"], abs=1e-8)
    assert fit.standard_errors[0] == pytest.approx(reference["pbc_cal_slope"]["se"][0][0], abs=1e-8)
    at_four_years = in_the_large(scored(rows, "r.2"), 1460)
    recorded = reference["pbc_OE_km_1460"]
    assert at_four_years.observed.value == pytest.approx(recorded["obs"], abs=1e-12)
    assert at_four_years.expected == pytest.approx(recorded["exp"], abs=1e-12)
    assert at_four_years.ratio.value == pytest.approx(recorded["ratio"], abs=1e-12)
    smooth, wanted = curve(scored(rows, "r.3"), 2190), reference["pbc_ICI_2190_rcs3"]
    assert smooth.ici == pytest.approx(wanted["ICI"], abs=1e-9)
    assert smooth.e50 == pytest.approx(wanted["E50"], abs=1e-9)
    assert smooth.e90 == pytest.approx(wanted["E90"], abs=1e-9)
    hare, wanted = curve(scored(rows, "r.3"), 2190, method="hazard"), reference["pbc_ICI_2190"]
    assert (hare.method, hare.knots) == ("hazard", ())
    assert hare.ici == pytest.approx(wanted["ICI"], abs=1e-6)
    assert hare.e50 == pytest.approx(wanted["E50"], abs=1e-6)
    assert hare.e90 == pytest.approx(wanted["E90"], abs=1e-6)


def test_events_over_the_sum_of_hazards(shared: Path) -> None:
    """The recorded O/E: a Cox model fitted on the training rows (which have no ties), and its
    cumulative hazard at the time of each of the others."""
    names = ("age", "edema", "bili", "protime", "albumin")
    train = predictions(shared, "pbc", "train")
    columns = {n: train[n] if n in ("age", "edema") else np.log(train[n]) for n in names}
    table = survival_table(train["time"], train["ev"], columns)
    fit = cox.combine(lambda asked: [cox.at_site(table, q) for q in asked], cox.Parameters(names))
    relative = np.exp((table.columns - table.columns.mean(axis=0)) @ fit.coefficients)
    step = np.array(
        [e / relative[table.time >= t].sum() for t, e in zip(table.time, table.event, strict=True)]
    )
    rows = predictions(shared, "pbc")
    hazard = np.array([step[table.time <= t].sum() for t in rows["time"]])
    expected = float((hazard * np.exp(rows["lp"])).sum())
    recorded = EXPECTED["reference"]["pbc_OE_expected"]
    ratio = events_over_expected(int(rows["ev"].sum()), expected)
    assert expected == pytest.approx(recorded["E"], rel=1e-8)
    assert ratio.value == pytest.approx(recorded["ratio"], rel=1e-8)
    assert ratio.low < recorded["ratio"] < ratio.high


def test_poisson_limits_hold_at_no_event() -> None:
    """qchisq(.95 two sided): 0 events, upper limit 3.688879; 5 events, 1.623486 to 11.668332."""
    none, five = events_over_expected(0, 1.0), events_over_expected(5, 1.0)
    assert (none.value, none.low) == (0, 0)
    assert none.high == pytest.approx(3.688879454)
    assert (five.low, five.high) == pytest.approx((1.623486389, 11.668332079))
    with pytest.raises(ValueError, match="expected"):
        events_over_expected(3, 0.0)


def test_r_with_ties(r_rows: Any) -> None:
    rows = rotterdam(r_rows, competing=False)
    agrees("rotterdam_60", scored(rows, "one_60"))
    agrees("rotterdam_96", scored(rows, "one_96"))


def test_r_with_competing_events(shared: Path, r_rows: Any) -> None:
    """R cmprsk's crr on the spline, and its predicted incidence."""
    for name, rows in (
        ("mgus2_120", scored(predictions(shared, "mgus2"), "csc.2")),
        ("rotterdam_60", scored(rotterdam(r_rows), "one_60")),
    ):
        expected = EXPECTED["calibration_competing"][name]
        smooth = curve(rows, expected["horizon"])
        found = {"ICI": smooth.ici, "E50": smooth.e50, "E90": smooth.e90, "Emax": smooth.largest}
        for key, value in found.items():
            assert value == pytest.approx(expected[key], abs=1e-6)


def simulated(seed: int, n: int, tilt: float = 1.0, shift: float = 0.0) -> tuple[ScoredRows, float]:
    """Two competing exponential hazards; the predicted risk of the first by 5, on the log(-log)
    scale drawn `tilt` times too far from its mean and `shift` too high."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=n)
    one, two = 0.08 * np.exp(0.8 * x), np.full(n, 0.05)
    happens = rng.exponential(1 / (one + two))
    kind = np.where(rng.random(n) < one / (one + two), 1, 2)
    lost = rng.uniform(0, 15, n)
    true = one / (one + two) * -np.expm1(-5 * (one + two))
    c = np.log(-np.log1p(-true))
    predicted = -np.expm1(-np.exp(c * tilt + shift))
    event = np.where(happens <= lost, kind, 0).astype(np.int8)
    return ScoredRows(np.minimum(happens, lost), event, predicted), 5.0


def test_a_true_model_is_found_calibrated_with_competing_events() -> None:
    """Intervals of O/E, intercept and slope hold 1, 0 and 1 as often as they say."""
    held = np.zeros(3)
    for seed in range(200):
        rows, horizon = simulated(seed, 500)
        large, found = in_the_large(rows, horizon), weak(rows, horizon)
        held += [
            large.ratio.low <= 1 <= large.ratio.high,
            found.intercept.low <= 0 <= found.intercept.high,
            found.slope.low <= 1 <= found.slope.high,
        ]
    assert (held / 200 > 0.9).all()
    rows, horizon = simulated(1, 20_000)
    smooth = curve(rows, horizon)
    assert smooth.method == "fine_gray"
    assert smooth.ici < 0.01


def test_a_wrong_model_is_found_wrong() -> None:
    """Too extreme by 2: the slope is a half; too high by 0.5 on that scale: the intercept -0.5."""
    rows, horizon = simulated(3, 20_000, tilt=2.0)
    assert weak(rows, horizon).slope.value == pytest.approx(0.5, abs=0.05)
    rows, horizon = simulated(3, 20_000, shift=0.5)
    found = weak(rows, horizon)
    assert found.intercept.value == pytest.approx(-0.5, abs=0.06)
    assert found.slope.value == pytest.approx(1, abs=0.06)
    excess = float(rows.risk.mean()) - in_the_large(rows, horizon).observed.value
    assert curve(rows, horizon).ici == pytest.approx(excess, abs=0.01)


def test_the_weighted_regression_is_that_of_statsmodels() -> None:
    """Without censoring: a binomial model with the complementary log-log link."""
    models = pytest.importorskip("statsmodels.api", reason="a judge")
    rows, horizon = simulated(5, 800)
    seen = ScoredRows(rows.time, np.maximum(rows.event, 1), rows.risk)
    outcome = (seen.time <= horizon) & (seen.event == 1)
    c = np.log(-np.log1p(-seen.risk))
    family = models.families.Binomial(models.families.links.CLogLog())
    peer = models.GLM(outcome.astype(float), models.add_constant(c), family=family).fit(tol=1e-12)
    found = weak(seen, horizon)
    assert found.slope.value == pytest.approx(peer.params[1], abs=1e-6)
    robust = models.GLM(outcome.astype(float), models.add_constant(c), family=family)
    errors = robust.fit(tol=1e-12, cov_type="HC0").bse
    assert found.slope.standard_error == pytest.approx(errors[1], rel=1e-3)


def test_groups_of_neighbouring_risk() -> None:
    rows, horizon = simulated(2, 3_000)
    found = levels(rows, horizon)
    assert len(found) == 10
    assert sum(level.persons for level in found) == 3_000
    assert all(level.observed.low <= level.predicted <= level.observed.high for level in found[:3])
    constant = ScoredRows(rows.time, rows.event, np.full(rows.n, 0.2))
    assert [level.persons for level in levels(constant, horizon)] == [3_000]


def test_interval_of_the_index() -> None:
    rows, horizon = simulated(2, 400)
    found = resampled(lambda r: curve(r, horizon).ici, rows, draws=60, seed=3)
    assert found.low < found.high
    shuffled = rows.take(np.random.default_rng(1).permutation(rows.n))
    again = resampled(lambda r: curve(r, horizon).ici, shuffled, draws=60, seed=3)
    assert again.low == pytest.approx(found.low, abs=1e-10)


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 10_000), kinds=st.integers(1, 2))
def test_row_order_is_of_no_matter(seed: int, kinds: int) -> None:
    rows = drawn(seed, n=120, kinds=kinds)
    shuffled = rows.take(np.random.default_rng(seed).permutation(rows.n))
    assert curve(rows, 12).ici == pytest.approx(curve(shuffled, 12).ici, abs=1e-9)
    one, other = weak(rows, 12), weak(shuffled, 12)
    assert one.slope.value == pytest.approx(other.slope.value, abs=1e-9)
    assert one.slope.standard_error == pytest.approx(other.slope.standard_error, abs=1e-9)


def test_bad_rows_are_named() -> None:
    rows = drawn(3)
    nobody = ScoredRows(rows.time, np.zeros_like(rows.event), rows.risk)
    for asked in (calibration.curve, calibration.weak):
        with pytest.raises(StudyError, match="Rien"):
            asked(nobody, 5)
    constant = ScoredRows(rows.time, rows.event, np.full(rows.n, 0.3))
    with pytest.raises(StudyError, match="Rien"):
        weak(constant, 12)
    flat = curve(constant, 12)
    assert flat.knots == ()
    assert flat.ici == pytest.approx(abs(in_the_large(rows, 12).observed.value - 0.3))
    zero = ScoredRows(rows.time, rows.event, np.zeros(rows.n))
    with pytest.raises(StudyError, match="Rien"):
        in_the_large(zero, 12)
    none_seen = in_the_large(nobody, 5)
    assert (none_seen.ratio.value, none_seen.ratio.low) == (0, 0)
    extreme = ScoredRows(rows.time, rows.event, np.round(rows.risk))
    assert np.isfinite(curve(extreme, 12).ici)
    with pytest.raises(ValueError, match="competing"):
        curve(rows, 12, method="hazard")
    with pytest.raises(StudyError, match="Rien"):
        resampled(lambda r: curve(r, 5).ici, nobody, draws=5)
