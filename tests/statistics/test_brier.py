"""Brier score and IPA: riskRegression's numbers, bootstrap for IPA, bad questions."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from metric_rows import EXPECTED, Columns, drawn, predictions, rotterdam, scored, survival_table

from transat.core.errors import StudyError
from transat.statistics.brier import brier, integrated
from transat.statistics.scored_rows import Estimate, ScoredRows, difference, scored_rows


def agrees(name: str, rows: Columns, risks: dict[str, dict[float, str]]) -> None:
    expected = EXPECTED["score"][name]

    def found(model: str, horizon: float) -> Estimate:
        known = model if model in risks else next(iter(risks))
        accuracy = brier(scored(rows, risks[known][horizon]), horizon)
        return accuracy.brier if model in risks else accuracy.null

    for record in expected["brier"]:
        estimate = found(record["model"], record["times"])
        assert estimate.value == pytest.approx(record["Brier"], abs=1e-12)
        assert estimate.standard_error == pytest.approx(record["se"], abs=1e-12)
        assert estimate.low == pytest.approx(record["lower"], abs=1e-12)
        assert estimate.high == pytest.approx(record["upper"], abs=1e-12)
        if record["model"] in risks:
            risk = risks[record["model"]][record["times"]]
            accuracy = brier(scored(rows, risk), record["times"])
            assert accuracy.ipa.value == pytest.approx(record["IPA"], abs=1e-12)
    for record in expected["brier_contrasts"]:
        one, other = (found(record[which], record["times"]) for which in ("model", "reference"))
        contrast = difference(one, other)
        assert contrast.value == pytest.approx(record["delta.Brier"], abs=1e-12)
        assert contrast.standard_error == pytest.approx(record["se"], abs=1e-12)
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
    risks = {m: {t: f"{m}_{t}" for t in (24, 60, 96)} for m in ("one", "two")}
    agrees("rotterdam_competing", rotterdam(r_rows), risks)
    agrees("rotterdam_any", rotterdam(r_rows, competing=False), risks)


def test_r_integrated(shared: Path) -> None:
    """riskRegression's summary "ibs": mean of the step function up to each horizon."""
    for name, letters in (("pbc", {"full": "r", "small": "q"}), ("mgus2", {"csc": "csc"})):
        rows, expected = predictions(shared, name), EXPECTED["integrated"][name]
        for model, letter in letters.items():
            records = [r for r in expected if r["model"] == model]
            horizons = [r["times"] for r in records]
            scores = [
                brier(scored(rows, f"{letter}.{k}"), t).brier for k, t in enumerate(horizons, 1)
            ]
            for last, record in enumerate(records, 1):
                found = integrated(horizons[:last], scores[:last])
                assert found.value == pytest.approx(record["IBS"], abs=1e-12)
                assert last == 1 or found.low < found.value < found.high
    with pytest.raises(ValueError, match="horizons"):
        integrated([2.0, 1.0], scores[:2])


def test_interval_of_the_index_is_that_of_resampling() -> None:
    """IPA's standard error by the delta method, beside 400 bootstrap samples of the same rows."""
    rows = drawn(8, n=400)
    rng = np.random.default_rng(1)
    draws = [brier(rows.take(rng.integers(0, 400, 400)), 12).ipa.value for _ in range(400)]
    assert brier(rows, 12).ipa.standard_error == pytest.approx(np.std(draws), rel=0.15)


def test_without_censoring_it_is_the_mean_square() -> None:
    rows = drawn(2)
    seen = ScoredRows(rows.time, np.maximum(rows.event, 1), rows.risk)
    outcome = (seen.time <= 12) & (seen.event == 1)
    found = brier(seen, 12)
    assert found.brier.value == pytest.approx(np.mean((outcome - rows.risk) ** 2))
    assert found.observed_risk == pytest.approx(outcome.mean())


def test_bad_rows_are_named() -> None:
    rows = drawn(2)
    with pytest.raises(StudyError, match="0 et 1"):
        brier(ScoredRows(rows.time, rows.event, rows.risk * 9), 12)
    with pytest.raises(StudyError, match="0 et 1"):
        brier(ScoredRows(rows.time, rows.event, np.full(rows.n, np.nan)), 12)
    with pytest.raises(StudyError, match="suivi"):
        brier(ScoredRows(-rows.time, rows.event, rows.risk), 12)
    with pytest.raises(StudyError, match="IPA"):
        brier(ScoredRows(rows.time + 12, rows.event, rows.risk), 12)


def test_only_plain_rows_are_scored() -> None:
    rows = drawn(2)
    table = survival_table(rows.time, rows.event, {"risk": rows.risk})
    assert brier(scored_rows(table, "risk"), 12).brier.value == brier(rows, 12).brier.value
    for more in (
        {"weights": np.ones(rows.n)},
        {"entry": rows.time / 2},
        {"people": np.zeros(rows.n, int)},
    ):
        with pytest.raises(ValueError, match=r"rows|people"):
            scored_rows(survival_table(rows.time, rows.event, {"risk": rows.risk}, **more), "risk")
