"""Decision curves: R's numbers, by hand, intervals, thresholds that nobody reaches."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from metric_rows import EXPECTED, drawn, predictions, rotterdam, scored, survival_table

from transat.core.errors import StudyError
from transat.statistics.net_benefit import decision_curve
from transat.statistics.risk_histogram import Parameters, at_site, combine
from transat.statistics.scored_rows import ScoredRows, difference


def test_recorded_reference(shared: Path) -> None:
    rows = predictions(shared, "pbc")
    recorded = EXPECTED["reference"]["pbc_netbenefit_2190"]
    thresholds = [record["threshold"] for record in recorded]
    for model, risk in (("full", "r.3"), ("small", "q.3")):
        curve = decision_curve(scored(rows, risk), 2190, thresholds)
        assert curve.thresholds == tuple(thresholds)
        values = [estimate.value for estimate in curve.model]
        np.testing.assert_allclose(values, [r[model] for r in recorded], atol=1e-10)
        everybody = [estimate.value for estimate in curve.everybody]
        np.testing.assert_allclose(everybody, [r["all"] for r in recorded], atol=1e-10)


def test_r_with_competing_events(shared: Path, r_rows: Any) -> None:
    """prodlim's Aalen-Johansen among those at or above the threshold."""
    for name, rows, risk in (
        ("mgus2_120", predictions(shared, "mgus2"), "csc.2"),
        ("rotterdam_60", rotterdam(r_rows), "one_60"),
    ):
        expected = EXPECTED["net_benefit"][name]
        wanted = expected["csc" if name == "mgus2_120" else "one"]
        curve = decision_curve(scored(rows, risk), expected["horizon"], expected["thresholds"])
        np.testing.assert_allclose([e.value for e in curve.model], wanted, atol=1e-12)


def test_by_hand_without_censoring() -> None:
    """Ten people, four at or above 0.5 of whom three have the event: 3/10 - 1/10."""
    risk = np.array([0.5, 0.6, 0.7, 0.9, 0.1, 0.1, 0.1, 0.2, 0.2, 0.2])
    event = np.array([1, 1, 1, 0, 1, 0, 0, 0, 0, 0], np.int8)
    rows = ScoredRows(np.where(event == 1, 2.0, 9.0), event, risk)
    curve = decision_curve(rows, 5, [0.5, 0.2])
    assert curve.model[0].value == pytest.approx(0.2)
    assert curve.model[1].value == pytest.approx(3 / 10 - 4 / 10 * 0.25)
    assert curve.everybody[0].value == pytest.approx(4 / 10 - 6 / 10)
    assert curve.acted_on == (0.4, 0.7)


def test_interval_is_that_of_resampling() -> None:
    rows = drawn(8, n=400)
    rng = np.random.default_rng(1)
    samples = [rows.take(rng.integers(0, 400, 400)) for _ in range(300)]
    curve = decision_curve(rows, 12, [0.3])
    draws = [decision_curve(s, 12, [0.3]).model[0].value for s in samples]
    assert curve.model[0].standard_error == pytest.approx(np.std(draws), rel=0.15)
    gain = difference(curve.model[0], curve.everybody[0])
    gains = [
        one.model[0].value - one.everybody[0].value
        for one in (decision_curve(s, 12, [0.3]) for s in samples)
    ]
    assert gain.standard_error == pytest.approx(np.std(gains), rel=0.15)


def test_bins_that_end_at_the_thresholds_lose_nothing() -> None:
    """From the histogram of two sites, the very people of the unrounded risks are acted on."""
    rows = drawn(4, n=300)
    asked = Parameters("risk", (0.2, 0.4), tuple(float(k) for k in range(1, 25)), 2)
    table = survival_table(rows.time, rows.event, {"risk": rows.risk})
    exact = decision_curve(rows, 12, [0.2, 0.4])
    told = decision_curve(combine([at_site(table, asked)], asked).rows(), 12, [0.2, 0.4])
    for one, other in zip(exact.model, told.model, strict=True):
        assert one.value == pytest.approx(other.value, abs=1e-12)
        assert one.standard_error == pytest.approx(other.standard_error, abs=1e-12)


def test_thresholds_that_nobody_reaches_or_follows() -> None:
    rows = drawn(2)
    assert decision_curve(rows, 12, [0.999]).model[0].value == 0
    lost = ScoredRows(
        np.where(rows.risk > 0.5, 1.0, rows.time),
        np.where(rows.risk > 0.5, 0, rows.event).astype(np.int8),
        rows.risk,
    )
    curve = decision_curve(lost, 12, [0.1, 0.51])
    assert (curve.thresholds, curve.left_out) == ((0.1,), (0.51,))
    with pytest.raises(ValueError, match="thresholds"):
        decision_curve(rows, 12, [1.0])
    with pytest.raises(StudyError, match="horizon"):
        decision_curve(rows, 1e6, [0.5])
