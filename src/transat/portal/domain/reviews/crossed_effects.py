"""Two crossed random effects by REML, with the dossiers eliminated from every system.

With θ = (σ_d/σ, σ_r/σ), unit effects u = effect / θ, n_i reviews of dossier i and the weights
c_i = θ_d² / (θ_d² n_i + 1), Henderson's equations for (μ, u_r), the dossiers eliminated, are

    S β = g,   S = G − W' diag(c) W,   g = b − W' diag(c) s,

where W = [n_i, θ_r C_ij] (C counts reviews of i by j), s_i sums the scores of dossier i, and G, b
are the same sums over all rows, plus 1 on the diagonal of u_r. Then the profiled criterion is

    Σ log(θ_d² n_i + 1) + log|S| + (n − 1) · (1 + log(2π Q / (n − 1))),
    Q = y'y − Σ c_i s_i² − g'β,

the same as lme4's (Bates et al. 2015, doi:10.18637/jss.v067.i01, §3.4), at a cost of one system
of the size of the reviewers. It is even in both θ, so that a variance of zero is a stationary point
and the search needs no bounds.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Design:
    """Who reviewed what: names in order, and of each row its dossier and reviewer by place."""

    dossiers: tuple[str, ...]
    reviewers: tuple[str, ...]
    dossier: Ints
    reviewer: Ints
    counts: Floats
    """(dossiers, reviewers) number of reviews."""

    @classmethod
    def of(cls, dossiers: Sequence[str], reviewers: Sequence[str]) -> Design:
        """Build the design of rows given by name."""
        names, dossier = np.unique(np.array(dossiers), return_inverse=True)
        people, reviewer = np.unique(np.array(reviewers), return_inverse=True)
        counts = np.zeros((names.size, people.size))
        np.add.at(counts, (dossier, reviewer), 1.0)
        return cls(
            tuple(map(str, names)),
            tuple(map(str, people)),
            dossier.astype(np.int64),
            reviewer.astype(np.int64),
            counts,
        )

    @property
    def per_dossier(self) -> Floats:
        """(dossiers,) number of reviews."""
        return np.asarray(self.counts.sum(axis=1))

    @property
    def per_reviewer(self) -> Floats:
        """(reviewers,) number of reviews."""
        return np.asarray(self.counts.sum(axis=0))

    def groups(self) -> int:
        """How many sets of reviewers have no dossier in common, directly or by others."""
        size, ahead = len(self.dossiers), self.reviewer + len(self.dossiers)
        whole = size + len(self.reviewers)
        edges = coo_array((np.ones(ahead.size), (self.dossier, ahead)), shape=(whole, whole))
        return int(connected_components(edges, directed=False)[0])

    def dossier_means(self, scores: Floats) -> Floats:
        """(dossiers,) raw mean score."""
        return np.asarray(np.bincount(self.dossier, scores) / self.per_dossier)

    def spread_within(self, scores: Floats) -> bool:
        """Say whether the reviews of some dossier differ."""
        away = np.abs(scores - self.dossier_means(scores)[self.dossier])
        return bool(away.max() > 1e-9 * max(1.0, float(np.abs(scores).max())))


@dataclass(frozen=True, slots=True)
class Posterior:
    """The effects given the scores and the variances: their means, and how to draw them."""

    mean: float
    effects: Floats
    """(reviewers,)"""
    levels: Floats
    """(dossiers,) μ + d_i."""
    fit: Fit
    pull: Floats
    """c_i."""
    weights: Floats
    """W, (dossiers, 1 + reviewers)."""
    sums: Floats
    factor: Floats
    """Cholesky factor (lower) of S."""

    def draw(self, random: np.random.Generator) -> tuple[Floats, Floats]:
        """One draw of (reviewers' effects, dossiers' levels), μ being unknown too."""
        noise = np.linalg.solve(self.factor.T, random.standard_normal(self.factor.shape[0]))
        unit = self.effects / self.fit.ratios[1] if self.fit.ratios[1] else 0.0 * self.effects
        beta = np.concatenate([[self.mean], unit]) + self.fit.residual * noise
        spread = self.fit.residual * np.sqrt(self.pull)
        own = self.pull * (self.sums - self.weights @ beta)
        own = own + spread * random.standard_normal(own.size)
        return self.fit.ratios[1] * beta[1:], beta[0] + own


@dataclass(frozen=True, slots=True)
class Fit:
    """Estimated μ, residual standard deviation σ, ratios θ (≥ 0) and the criterion of REML."""

    mean: float
    residual: float
    ratios: Floats
    criterion: float

    def given(self, design: Design, scores: Floats) -> Posterior:
        """Effects given `scores`, with these variances."""
        state = _solved(design, scores, self.ratios)
        beta, pull, weights, sums, factor, _ = state
        levels = beta[0] + pull * (sums - weights @ beta)
        effects = self.ratios[1] * beta[1:]
        return Posterior(float(beta[0]), effects, levels, self, pull, weights, sums, factor)


def fitted(
    design: Design, scores: Floats, *, start: Floats | None = None, rough: bool = False
) -> Fit:
    """Fit by REML. `start`: ratios to begin from; `rough`: to three digits, for a bootstrap."""
    starts = [start] if start is not None else [np.array([1.0, 0.5]), np.array([0.3, 1.5])]
    limit = 1e-3 if rough else 1e-9
    found = [_searched(design, scores, begin, limit) for begin in starts]
    ratios, criterion = min(found, key=lambda answer: answer[1])
    ratios = np.abs(ratios)
    ratios[ratios < 1e-6] = 0.0
    beta, *_, rest = _solved(design, scores, ratios)
    residual = float(np.sqrt(rest / (scores.size - 1)))
    return Fit(float(beta[0]), residual, ratios, criterion)


def _searched(design: Design, scores: Floats, begin: Floats, limit: float) -> tuple[Floats, float]:
    def criterion(ratios: Floats) -> float:
        return _criterion(design, scores, ratios)

    first: Floats = np.maximum(np.abs(begin), 0.05)
    best = minimize(
        criterion,
        first,
        method="Nelder-Mead",
        options={"xatol": limit, "fatol": limit * 0.1, "maxiter": 2000},
    )
    return np.asarray(best.x, dtype=np.float64), float(best.fun)


def simulated(design: Design, fit: Fit, random: np.random.Generator) -> Floats:
    """Scores of the same design drawn from the fitted model."""
    own = fit.residual * fit.ratios[0] * random.standard_normal(len(design.dossiers))
    severity = fit.residual * fit.ratios[1] * random.standard_normal(len(design.reviewers))
    noise = fit.residual * random.standard_normal(design.dossier.size)
    return np.asarray(fit.mean + own[design.dossier] + severity[design.reviewer] + noise)


def _solved(
    design: Design, scores: Floats, ratios: Floats
) -> tuple[Floats, Floats, Floats, Floats, Floats, float]:
    """β = (μ, u_r), c, W, s, the Cholesky factor of S and Q, at the given ratios."""
    own, other = np.abs(ratios)
    middle = float(scores.mean())
    centred = scores - middle
    per = design.per_dossier
    pull = own**2 / (own**2 * per + 1.0)
    weights = np.column_stack([per, other * design.counts])
    sums = np.bincount(design.dossier, centred)
    totals = np.concatenate([[float(per.sum())], other * design.per_reviewer])
    matrix = np.diag(np.concatenate([[totals[0]], other**2 * design.per_reviewer + 1.0]))
    matrix[0, 1:] = matrix[1:, 0] = totals[1:]
    matrix -= weights.T @ (pull[:, None] * weights)
    by_reviewer = np.bincount(design.reviewer, centred, minlength=len(design.reviewers))
    right = np.concatenate([[centred.sum()], other * by_reviewer]) - weights.T @ (pull * sums)
    factor = np.linalg.cholesky(matrix)
    beta: Floats = np.linalg.solve(factor.T, np.linalg.solve(factor, right)).astype(np.float64)
    rest = float(centred @ centred - (pull * sums) @ sums - right @ beta)
    beta[0] += middle
    return beta, pull, weights, sums + middle * per, factor, max(rest, 1e-300)


def _criterion(design: Design, scores: Floats, ratios: Floats) -> float:
    _, _, _, _, factor, rest = _solved(design, scores, ratios)
    free = scores.size - 1
    determinant = float(np.log1p(ratios[0] ** 2 * design.per_dossier).sum())
    determinant += 2.0 * float(np.log(np.diag(factor)).sum())
    return determinant + free * (1.0 + float(np.log(2.0 * np.pi * rest / free)))
