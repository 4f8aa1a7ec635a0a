"""Reviewer calibration: the digits of lme4, what the draws say, when it keeps silent."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from transat.portal.domain.reviews.calibration import Calibration, Scored, Silence, calibrate
from transat.portal.domain.reviews.crossed_effects import Design, fitted

EXPECTED: dict[str, Any] = json.loads(
    Path(__file__).with_name("expected_calibration.json").read_text("utf-8")
)["designs"]


def rows(name: str) -> list[Scored]:
    return [Scored(d, r, y) for d, r, y in EXPECTED[name]["reviews"]]


def drawn(seed: int, dossiers: int, reviewers: int, severity: float) -> tuple[list[Scored], Any]:
    """A call of which the truth is known: (reviews, dossiers' true levels)."""
    source = np.random.default_rng(seed)
    own, bias = source.normal(0, 0.5, dossiers), source.normal(0, severity, reviewers)
    found = []
    for i in range(dossiers):
        for j in source.choice(reviewers, 3, replace=False):
            score = 3 + own[i] + bias[j] + source.normal(0, 0.3)
            found.append(Scored(f"d{i:03d}", f"r{j:02d}", float(score)))
    return found, 3 + own


@pytest.mark.parametrize("name", sorted(EXPECTED))
def test_fit_is_that_of_lme4(name: str) -> None:
    expected, reviews = EXPECTED[name], rows(name)
    design = Design.of([r.dossier for r in reviews], [r.reviewer for r in reviews])
    scores = np.array([r.score for r in reviews])
    fit = fitted(design, scores)
    posterior = fit.given(design, scores)
    sd = fit.residual * np.append(fit.ratios, 1.0)
    assert fit.criterion == pytest.approx(expected["criterion"], abs=1e-7)
    assert fit.mean == pytest.approx(expected["mean"], abs=1e-6)
    np.testing.assert_allclose(sd, expected["sd"], atol=2e-5)
    np.testing.assert_allclose(posterior.effects, expected["reviewers"], atol=5e-5)
    np.testing.assert_allclose(posterior.levels - fit.mean, expected["dossiers"], atol=5e-5)


def test_order_of_reviews_changes_nothing() -> None:
    reviews = rows("unbalanced")
    first = calibrate(reviews, first=3, draws=100)
    random.Random(4).shuffle(reviews)
    assert calibrate(reviews, first=3, draws=100) == first


def test_calibrated_scores_are_nearer_the_truth_than_raw_means() -> None:
    reviews, truth = drawn(7, 60, 8, severity=0.8)
    told = calibrate(reviews, first=10, draws=100)
    assert isinstance(told, Calibration)
    by_name = sorted(told.dossiers, key=lambda row: row.dossier)
    calibrated = np.array([row.score.value for row in by_name])
    raw = np.array([row.raw_mean for row in by_name])
    # differences between dossiers count: the mean severity of the reviewers cannot be known
    errors = [np.std(values - truth) for values in (calibrated, raw)]
    assert errors[0] < 0.6 * errors[1]


def test_intervals_hold_the_truth_about_as_often_as_they_say() -> None:
    held = []
    for seed in range(6):
        reviews, truth = drawn(seed, 40, 8, severity=0.4)
        told = calibrate(reviews, first=8, draws=100)
        assert isinstance(told, Calibration)
        by_name = sorted(told.dossiers, key=lambda row: row.dossier)
        held += [r.score.low <= t <= r.score.high for r, t in zip(by_name, truth, strict=True)]
    assert 0.88 <= np.mean(held) <= 0.99


def test_shares_among_the_first_add_to_their_number() -> None:
    told = calibrate(rows("large"), first=5, draws=200)
    assert isinstance(told, Calibration)
    assert sum(row.among_first for row in told.dossiers) == pytest.approx(5, abs=1e-9)
    assert all(row.rank_low <= row.rank_high for row in told.dossiers)
    assert [row.rank for row in told.dossiers] == sorted(row.rank for row in told.dossiers)


def test_a_generous_reviewer_is_named_so_and_shrunken() -> None:
    reviews = rows("large") + [Scored(f"d{i:02d}", "new", 5.0) for i in (40, 41, 42)]
    told = calibrate(reviews, first=5, draws=100)
    assert isinstance(told, Calibration)
    new = next(row for row in told.reviewers if row.reviewer == "new")
    means = {row.dossier: row.raw_mean for row in told.dossiers}
    away = np.mean([5.0 - means[f"d{i:02d}"] for i in (40, 41, 42)])
    assert new.effect is not None
    assert 0 < new.effect.value < away


def test_nothing_is_said_of_a_reviewer_with_two_reviews() -> None:
    reviews = rows("large") + [Scored(f"d{i:02d}", "new", 5.0) for i in (40, 41)]
    told = calibrate(reviews, first=5, draws=100)
    assert isinstance(told, Calibration)
    assert [row.effect for row in told.reviewers if row.reviewer == "new"] == [None]


@pytest.mark.parametrize(
    ("reviews", "reason"),
    [
        ([], "reviews"),
        ([Scored(f"d{i:02d}", f"r{i % 3}", 3.0) for i in range(40)], "reviewers"),
        ([Scored(f"d{i}", f"r{j}", i + j / 9) for i in range(6) for j in range(6)], "dossiers"),
        (
            [
                Scored(f"{g}{i}", f"{g}{j}", float(i * j % 5))
                for g in "ab"
                for i in range(8)
                for j in range(4)
            ],
            "groups",
        ),
        ([Scored(f"d{i:02d}", f"r{j}", 3.0) for i in range(12) for j in range(6)], "spread"),
    ],
)
def test_silent_where_the_reviews_are_too_few(reviews: list[Scored], reason: str) -> None:
    told = calibrate(reviews, first=2, draws=100)
    assert isinstance(told, Silence)
    assert reason in [name for name, _, _ in told.reasons]


def test_refuses_a_score_that_is_no_number_and_a_review_that_stands_twice() -> None:
    with pytest.raises(ValueError, match="finite"):
        calibrate([*rows("balanced"), Scored("d00", "x", float("nan"))], first=1)
    with pytest.raises(ValueError, match="two reviews"):
        calibrate([*rows("balanced"), rows("balanced")[0]], first=1)
