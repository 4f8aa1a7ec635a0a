"""AUC at a horizon: riskRegression's numbers, every pair by hand, bad questions."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from metric_rows import EXPECTED, Columns, drawn, predictions, rotterdam, scored

from transat.core.errors import StudyError
from transat.statistics.scored_rows import ScoredRows, difference
from transat.statistics.time_auc import time_auc


def agrees(name: str, rows: Columns, risks: dict[str, dict[float, str]]) -> None:
    """riskRegression::Score's AUC with intervals, and the contrasts of two models."""
    expected = EXPECTED["score"][name]
    for record in expected["auc"]:
        estimate = time_auc(scored(rows, risks[record["model"]][record["times"]]), record["times"])
        assert estimate.value == pytest.approx(record["AUC"], abs=1e-10)
        assert estimate.standard_error == pytest.approx(record["se"], abs=1e-10)
        assert estimate.low == pytest.approx(record["lower"], abs=1e-10)
        assert estimate.high == pytest.approx(record["upper"], abs=1e-10)
    for record in expected["auc_contrasts"]:
        one, other = (
            time_auc(scored(rows, risks[record[which]][record["times"]]), record["times"])
            for which in ("model", "reference")
        )
        contrast = difference(one, other)
        assert contrast.value == pytest.approx(record["delta.AUC"], abs=1e-10)
        assert contrast.standard_error == pytest.approx(record["se"], abs=1e-10)
        assert contrast.low == pytest.approx(record["lower"], abs=1e-10)
        assert contrast.high == pytest.approx(record["upper"], abs=1e-10)
        assert contrast.p == pytest.approx(record["p"], abs=1e-8)


def test_r_on_recorded_predictions(shared: Path) -> None:
    pbc = {
        model: {t: f"{letter}.{k}" for k, t in enumerate((730, 1460, 2190, 2920), 1)}
        for model, letter in (("full", "r"), ("small", "q"))
    }
    agrees("pbc", predictions(shared, "pbc"), pbc)
    mgus2 = {
        model: {t: f"{model}.{k}" for k, t in enumerate((60, 120, 180), 1)}
        for model in ("csc", "fgr")
    }
    agrees("mgus2", predictions(shared, "mgus2"), mgus2)


def test_r_with_ties(r_rows: Any) -> None:
    """R's rotterdam in whole months, as competing risks and as one event; risks with ties."""
    risks = {m: {t: f"{m}_{t}" for t in (24, 60, 96)} for m in ("one", "two")}
    agrees("rotterdam_competing", rotterdam(r_rows), risks)
    agrees("rotterdam_any", rotterdam(r_rows, competing=False), risks)


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 10_000), kinds=st.integers(1, 2))
def test_every_pair(seed: int, kinds: int) -> None:
    """The definition, pair by pair; the order of rows is of no matter."""
    rows = drawn(seed, n=60, kinds=kinds)
    weight = np.zeros(60)
    for i in range(60):
        until = min(rows.time[i], 12.0001)
        g = 1.0
        for t in np.unique(rows.time[(rows.event == 0) & (rows.time < until)]):
            lost = (rows.event == 0) & (rows.time == t)
            g *= 1 - lost.sum() / (lost | (rows.time > t)).sum()
        weight[i] = 1 / g if rows.time[i] > 12 or rows.event[i] else 0.0
    case = (rows.time <= 12) & (rows.event == 1)
    pairs = np.outer(weight * case, weight * ~case)
    ahead = (rows.risk[:, None] > rows.risk) + 0.5 * (rows.risk[:, None] == rows.risk)
    estimate = time_auc(rows, 12)
    assert estimate.value == pytest.approx((pairs * ahead).sum() / pairs.sum(), abs=1e-12)
    shuffled = time_auc(rows.take(np.random.default_rng(seed).permutation(60)), 12)
    assert shuffled.value == pytest.approx(estimate.value, abs=1e-13)
    assert shuffled.standard_error == pytest.approx(estimate.standard_error, abs=1e-13)


def test_intervals_hold_the_truth_as_often_as_they_say() -> None:
    """Against the AUC of a large sample without censoring."""

    def sample(rng: np.random.Generator, n: int, censored: bool) -> ScoredRows:
        x = rng.normal(size=n)
        happens = rng.exponential(10 / np.exp(x))
        lost = rng.uniform(0, 30, n) if censored else np.full(n, np.inf)
        event = (happens <= lost).astype(np.int8)
        return ScoredRows(np.minimum(happens, lost), event, 1 / (1 + np.exp(-x)))

    rng = np.random.default_rng(11)
    truth = time_auc(sample(rng, 200_000, censored=False), 5).value
    found = [time_auc(sample(rng, 300, censored=True), 5) for _ in range(400)]
    share = np.mean([e.low <= truth <= e.high for e in found])
    assert 0.92 < share < 0.98


def test_bad_questions_are_named() -> None:
    rows = drawn(3)
    nobody = ScoredRows(rows.time, np.zeros_like(rows.event), rows.risk)
    with pytest.raises(StudyError, match="témoins"):
        time_auc(nobody, 5)
    with pytest.raises(StudyError, match="horizon"):
        time_auc(nobody, 1000)
    with pytest.raises(ValueError, match="horizon"):
        time_auc(rows, 0)
    constant = ScoredRows(rows.time, rows.event, np.full(rows.n, 0.3))
    assert time_auc(constant, 12).value == pytest.approx(0.5)
    with pytest.raises(ValueError, match="same rows"):
        difference(time_auc(rows, 12), time_auc(drawn(3, n=90), 12))
