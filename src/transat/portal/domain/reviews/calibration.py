"""How severe each reviewer is, and what the scores come to once that is taken out.

Model. Review k of dossier i by reviewer j has the score

    y_k = μ + d_i + r_j + e_k,   d ~ N(0, σ_d²),  r ~ N(0, σ_r²),  e ~ N(0, σ²),

crossed and independent; the variances by restricted maximum likelihood (REML). The reviewer's
effect r_j is shrunken towards 0, the more so the fewer the reviews; the calibrated score of a
dossier is μ + d_i, on the scale of the raw scores and shrunken towards μ.

Intervals and ranks. The variances are themselves estimated from few reviews. So each draw fits
them anew to scores simulated from the fitted model (parametric bootstrap), then draws the effects
given the scores really seen and those variances (Laird & Louis 1987, type III, "Empirical Bayes
confidence intervals based on bootstrap samples"). Intervals are quantiles of the draws; the
stability of a rank is the share of draws in which a dossier stands among the first n.

Assumptions: a reviewer's severity shifts all his or her scores alike; dossiers are given to
reviewers without regard to their worth; scores are about normal. Where the design cannot bear the
model (few reviewers, few dossiers, groups of reviewers with no dossier in common) `calibrate`
returns `Silence`, which names why. Calibrated scores stand beside raw ones: they decide nothing.

Judge: lme4 1.1 (Bates, Mächler, Bolker & Walker 2015, doi:10.18637/jss.v067.i01).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from transat.portal.domain.reviews.crossed_effects import Design, Fit, fitted, simulated

MIN_REVIEWS = 30
MIN_DOSSIERS = 10
MIN_REVIEWERS = 5
MIN_PER_REVIEWER = 3

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Scored:
    """One review: the dossier, the reviewer and the score (finite)."""

    dossier: str
    reviewer: str
    score: float


@dataclass(frozen=True, slots=True)
class Estimate:
    """A number with its interval of 95 %."""

    value: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Reviewer:
    """A reviewer's effect (above 0: more generous than the mean) and number of reviews.

    `effect` is None below `MIN_PER_REVIEWER` reviews: too few to say it of a person.
    """

    reviewer: str
    reviews: int
    effect: Estimate | None


@dataclass(frozen=True, slots=True)
class Calibrated:
    """A dossier's raw mean and rank, calibrated score and rank, and how stable the rank is.

    `rank_low`, `rank_high`: 95 % of the draws; `among_first`: share of draws in the first n.
    Equal values share the better rank.
    """

    dossier: str
    reviews: int
    raw_mean: float
    raw_rank: int
    score: Estimate
    rank: int
    rank_low: int
    rank_high: int
    among_first: float


@dataclass(frozen=True, slots=True)
class Calibration:
    """The whole: mean μ, standard deviations, reviewers by name, dossiers by calibrated rank."""

    mean: float
    between_dossiers: float
    between_reviewers: float
    residual: float
    first: int
    draws: int
    reviewers: tuple[Reviewer, ...]
    dossiers: tuple[Calibrated, ...]


@dataclass(frozen=True, slots=True)
class Silence:
    """Nothing is shown, and why: pairs (reason, how many there are, how many are needed).

    Reasons: `reviews`, `dossiers`, `reviewers` (those with `MIN_PER_REVIEWER` reviews or more),
    `groups` (sets of reviewers with no dossier in common: 1 is needed), `spread` (all scores equal
    within each dossier: nothing to tell severity from).
    """

    reasons: tuple[tuple[str, int, int], ...]


def calibrate(
    reviews: Sequence[Scored], *, first: int, draws: int = 400, seed: int = 0
) -> Calibration | Silence:
    """Fit the model to all reviews of a call and phase.

    Parameters
    ----------
    reviews: one row per dossier and reviewer, in any order: it changes nothing.
    first: how many dossiers are expected to be funded (≥ 1): the line for `among_first`.
    draws: of the bootstrap (≥ 100). seed: of its random numbers; the same gives the same answer.

    Raises ValueError for a score that is not finite or a review that stands twice.
    """
    if first < 1 or draws < 100:
        raise ValueError("first is 1 or more, draws 100 or more")
    ordered = sorted(reviews, key=lambda row: (row.dossier, row.reviewer))
    if len({(row.dossier, row.reviewer) for row in ordered}) != len(ordered):
        raise ValueError("a reviewer has two reviews of one dossier")
    scores = np.array([row.score for row in ordered], dtype=np.float64)
    if not np.isfinite(scores).all():
        raise ValueError("a score is not a finite number")
    if not ordered:
        return Silence((("reviews", 0, MIN_REVIEWS),))
    design = Design.of([r.dossier for r in ordered], [r.reviewer for r in ordered])
    if reasons := _too_small(design, scores):
        return Silence(reasons)
    fit = fitted(design, scores)
    drawn = _drawn(design, scores, fit, draws, np.random.default_rng(seed))
    return _told(design, scores, fit, drawn, first)


def _too_small(design: Design, scores: Floats) -> tuple[tuple[str, int, int], ...]:
    practised = int((design.per_reviewer >= MIN_PER_REVIEWER).sum())
    sizes = (
        ("reviews", scores.size, MIN_REVIEWS),
        ("dossiers", len(design.dossiers), MIN_DOSSIERS),
        ("reviewers", practised, MIN_REVIEWERS),
    )
    reasons = [(name, there, needed) for name, there, needed in sizes if there < needed]
    groups = design.groups()
    if groups > 1:
        reasons.append(("groups", groups, 1))
    if not reasons and not design.spread_within(scores):
        reasons.append(("spread", 0, 1))
    return tuple(reasons)


def _drawn(
    design: Design, scores: Floats, fit: Fit, draws: int, random: np.random.Generator
) -> tuple[Floats, Floats]:
    """(draws, reviewers) effects and (draws, dossiers) calibrated scores, as Laird & Louis."""
    effects = np.empty((draws, len(design.reviewers)))
    levels = np.empty((draws, len(design.dossiers)))
    for draw in range(draws):
        again = fitted(design, simulated(design, fit, random), start=fit.ratios, rough=True)
        effects[draw], levels[draw] = again.given(design, scores).draw(random)
    return effects, levels


def _told(
    design: Design, scores: Floats, fit: Fit, drawn: tuple[Floats, Floats], first: int
) -> Calibration:
    effects, levels = drawn
    posterior = fit.given(design, scores)
    raw = design.dossier_means(scores)
    raw_ranks, ranks = _ranks(raw), _ranks(posterior.levels)
    drawn_ranks = np.apply_along_axis(_ranks, 1, levels)
    low, high = np.quantile(drawn_ranks, (0.025, 0.975), axis=0, method="nearest")
    among = (drawn_ranks <= first).mean(axis=0)
    intervals = _estimates(posterior.levels, levels)
    dossiers = [
        Calibrated(
            name,
            int(design.per_dossier[i]),
            float(raw[i]),
            int(raw_ranks[i]),
            intervals[i],
            int(ranks[i]),
            int(low[i]),
            int(high[i]),
            float(among[i]),
        )
        for i, name in enumerate(design.dossiers)
    ]
    people = zip(
        design.reviewers,
        design.per_reviewer.astype(int).tolist(),
        _estimates(posterior.effects, effects),
        strict=True,
    )
    reviewers = [
        Reviewer(name, count, estimate if count >= MIN_PER_REVIEWER else None)
        for name, count, estimate in people
    ]
    dossiers.sort(key=lambda row: (row.rank, row.dossier))
    between = fit.residual * np.abs(fit.ratios)
    return Calibration(
        fit.mean,
        float(between[0]),
        float(between[1]),
        fit.residual,
        first,
        effects.shape[0],
        tuple(reviewers),
        tuple(dossiers),
    )


def _estimates(values: Floats, draws: Floats) -> list[Estimate]:
    low, high = np.quantile(draws, (0.025, 0.975), axis=0)
    # a value outside the quantiles of its own draws can happen when a variance is about 0
    return [
        Estimate(float(v), float(min(v, a)), float(max(v, b)))
        for v, a, b in zip(values, low, high, strict=True)
    ]


def _ranks(values: Floats) -> NDArray[np.int64]:
    """1 for the highest; values equal to 9 decimals share the better rank."""
    rounded = np.round(values, 9)
    return np.asarray(1 + (rounded[None, :] > rounded[:, None]).sum(axis=1), dtype=np.int64)
