"""Absolute risks of one person from one Cox model per kind of event, with their intervals.

Question
    With what chance will somebody with these columns have had each kind of event by each edge of a
    grid, when one precludes the others? (fine_gray models that chance itself.)

Formula
    Each kind m has a Cox model of its own, the others being censorings, whose baseline_hazard is
    told on the same edges. With dH_m the hazard of the person between two edges, dH their sum,
        limit:    F_m(t) = sum of S(j-1) dH_m(j),                S = product of 1 - dH
        grouped:  F_m(t) = sum of S(j-1) (1 - exp(-dH)) dH_m/dH, S = exp(-H)
    `limit` is R riskRegression's CSC where the edges are the days of the data; `grouped` suits
    longer intervals, S and the F add up to 1. Variance by the delta method, kinds independent: with
    c_l(j) the slope of F_m(t) by dH_l(j), the sum over kinds l of
        sum of c_l² dV_l + g' Cov(b_l) g,   g = sum of c_l d(q_l)
    dV and q as baseline_hazard has them. Intervals on log(-log F).

Assumptions
    Those of each Cox model.

References
    Benichou J, Gail MH (1990) Biometrics 46:813-826, doi:10.2307/2532098. Ozenne B, Sorensen AL,
    Scheike T, Torp-Pedersen C, Gerds TA (2017) R Journal 9:440-460, doi:10.32614/RJ-2017-062.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

from transat.statistics import baseline_hazard

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Risks:
    """One person; free: (K,) S; the others (M, K), of F by kind. Errors and limits are NaN where a
    baseline was asked for without intervals."""

    edges: Floats
    free: Floats
    incidence: Floats
    standard_errors: Floats
    low: Floats
    high: Floats


@dataclass(frozen=True, slots=True)
class _Hazard:
    """One kind; by interval: dH and dV (K,), d(q) (K, p). covariance: (p, p)."""

    steps: Floats
    variance: Floats
    slopes: Floats
    covariance: Floats


def risks(
    models: Sequence[baseline_hazard.Result],
    profiles: Sequence[Sequence[float]],
    site: int = 0,
    stratum: int = 0,
    product: Literal["limit", "grouped"] = "limit",
    level: float = 0.95,
) -> Risks:
    """Of one person: models, one of each kind 1..M; profiles: the person's columns in each.

    Raises
    ------
    ValueError : models told on different edges.
    """
    bases = [model.baselines[site][stratum] for model in models]
    edges = bases[0].edges
    if any(not np.array_equal(base.edges, edges) for base in bases):
        raise ValueError("models: their hazards are told on different edges")
    kinds = [
        _hazard(model, base, np.asarray(profile, dtype=np.float64))
        for model, base, profile in zip(models, bases, profiles, strict=True)
    ]
    steps = np.stack([kind.steps for kind in kinds])
    every = steps.sum(axis=0)
    limit = product == "limit"
    left = np.maximum(1 - every, 0.0) if limit else np.exp(-every)
    part = np.where(every > 0, (1 - left) / np.where(every > 0, every, 1.0), 1.0)
    free = np.cumprod(left, dtype=np.float64)
    before = np.append(1.0, free[:-1])
    incidence = np.cumsum(before * part * steps, axis=1, dtype=np.float64)
    # slopes by dH of a kind: of the interval's own share, for that kind and by the sum; of S after
    bend = np.zeros_like(every) if limit else (left - part) / np.where(every > 0, every, 1.0)
    after = 1 / np.maximum(left, 1e-12) if limit else np.ones_like(every)
    errors = np.stack([
        _errors(m, f, before * part, before * bend * steps[m], after, kinds)
        for m, f in enumerate(incidence)
    ])  # fmt: skip
    inner = np.clip(incidence, 1e-300, 1 - 1e-15)
    spread = float(ndtri(0.5 + level / 2)) * errors / np.abs(inner * np.log(inner))
    spread = np.minimum(spread, 50.0)  # all that a limit can say
    low, high = (np.exp(np.log(inner) * np.exp(sign * spread)) for sign in (1, -1))
    return Risks(edges, free, incidence, errors, low, high)


def _hazard(
    model: baseline_hazard.Result, base: baseline_hazard.Baseline, profile: Floats
) -> _Hazard:
    away = profile - model.profile
    ratio = float(np.exp(away @ model.coefficients))
    told = len(base.means) == len(base.edges)
    means = base.means if told else np.full((base.edges.size, away.size), np.nan)
    slopes = ratio * (away * base.hazard[:, None] - means)
    return _Hazard(
        _steps(ratio * base.hazard), _steps(ratio**2 * base.variance), _steps(slopes),
        model.covariance,
    )  # fmt: skip


def _errors(
    m: int, f: Floats, own: Floats, shared: Floats, after: Floats, kinds: Sequence[_Hazard]
) -> Floats:
    """(K,) of F_m. c = u - F_m(t) after, u = own I(l=m) + shared + F_m(j) after: from running sums,
    no array of edges x edges."""
    variance = np.zeros_like(f)
    for at, kind in enumerate(kinds):
        u = f * after + shared + (own if at == m else 0.0)
        first, cross, square = (np.cumsum(kind.variance * w) for w in (after**2, u * after, u**2))
        variance += f**2 * first - 2 * f * cross + square
        moved = np.cumsum(after[:, None] * kind.slopes, axis=0)
        g = np.cumsum(u[:, None] * kind.slopes, axis=0) - f[:, None] * moved
        variance += np.einsum("kp,pq,kq->k", g, kind.covariance, g)
    return np.asarray(np.sqrt(np.maximum(variance, 0.0)), dtype=np.float64)


def _steps(values: Floats) -> Floats:
    return np.diff(values, axis=0, prepend=np.zeros((1, *values.shape[1:])))
