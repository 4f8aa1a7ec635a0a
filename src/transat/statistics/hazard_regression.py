"""How does the hazard depend on time and on one column, with bends where the data ask for them?

Formula
    log hazard = b0 + sum over m of b_m B_m, the B among: the column c; its bends max(c - k, 0), k
    at its deciles; and bends of time max(k - t, 0), k at the deciles of the event times and at the
    last one (with that alone, the log hazard is a line until the last event). Bases enter one by
    one, that with the largest score test first (a bend of c after c), no more than one for ten
    events, and none whose coefficient has no end. Each time fitted by maximum likelihood: with g
    and h the parts of c and of time, l = sum over events of g + h - sum over rows of exp(g) times
    the integral of exp(h) from 0 to their time. Kept is the model with the least -2 l + log(n)
    (number of bases). Integrals by Gauss's rule between neighbouring times.

Assumptions
    Hazards proportional in c. Hazard regression of Kooperberg and others (R polspline's `hare`)
    also weighs products of c and time, seeks knots everywhere and takes bases out again: where it
    finds none of these the model is the same, and so is the fit.

References
    Kooperberg C, Stone CJ, Truong YK (1995) J Am Stat Assoc 90:78-94. For calibration curves:
    Austin PC, Harrell FE, van Klaveren D (2020) Stat Med 39:2714-2742, doi:10.1002/sim.8570.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

_LARGEST_MODEL = 8
_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(5)
_MOST_STEPS, _HALVINGS, _SMALL_GAIN = 30, 20, 1e-13


@dataclass(frozen=True, slots=True, eq=False)
class Fit:
    """knots, time_knots: of the bends kept. linear: whether c itself is. risk: (n,) that of each
    row by the horizon."""

    linear: bool
    knots: tuple[float, ...]
    time_knots: tuple[float, ...]
    log_likelihood: float
    risk: Floats


@dataclass(frozen=True, slots=True, eq=False)
class _Bases:
    """All candidates: of c (n, p) with their knots (NaN: c itself), of time by their knots (q,).
    steps: (S,) distinct times; last: (n,) each row's among them; failed: (n,)."""

    columns: Floats
    knots: Floats
    time_knots: Floats
    steps: Floats
    last: NDArray[np.intp]
    failed: NDArray[np.bool_]

    @property
    def size(self) -> int:
        """Constant, columns, bends of time."""
        return 1 + int(self.columns.shape[1]) + int(self.time_knots.size)

    def of_time(self, time: Floats) -> Floats:
        return np.maximum(self.time_knots - time[..., None], 0.0)


@dataclass(frozen=True, slots=True, eq=False)
class _Point:
    log_likelihood: float
    gradient: Floats
    information: Floats


def hazard_regression(time: Floats, failed: NDArray[np.bool_], c: Floats, horizon: float) -> Fit:
    """The fitted risk by a horizon of rows (n,) followed from 0, of whom some failed.

    Raises ValueError where nobody failed, or values are not finite.
    """
    if not failed.any() or not (np.isfinite(time).all() and np.isfinite(c).all()):
        raise ValueError("failed: at least one row, of finite time and column")
    bases = _bases(time, failed, c)
    chosen, beta = [0], np.array([np.log(failed.sum() / time.sum())])
    likelihood = _look(bases, chosen, beta).log_likelihood
    best = (_cost(likelihood, 1, time.size), chosen, beta, likelihood)
    for _ in range(min(_LARGEST_MODEL - 1, int(failed.sum()) // 10)):
        added = _next(bases, chosen, beta)
        if added is None:
            break
        climbed = _climb(bases, [*chosen, added], np.append(beta, 0.0))
        if climbed is None:
            break
        chosen, (beta, likelihood) = [*chosen, added], climbed
        cost = _cost(likelihood, len(chosen), time.size)
        if cost < best[0]:
            best = (cost, chosen, beta, likelihood)
    return _fit(bases, *best[1:], horizon)


def _cost(log_likelihood: float, bases: int, n: int) -> float:
    return float(-2 * log_likelihood + np.log(n) * bases)


def _bases(time: Floats, failed: NDArray[np.bool_], c: Floats) -> _Bases:
    deciles = np.arange(1, 10) / 10
    inside = np.unique(np.quantile(c, deciles, method="nearest"))
    knots = inside[(inside > c.min()) & (inside < c.max())]
    columns = np.column_stack([c, *(np.maximum(c - k, 0.0) for k in knots)])
    if np.ptp(c) == 0:
        columns, knots = np.zeros((c.size, 0)), knots[:0]
    ends = time[failed]
    time_knots = np.unique(np.append(np.quantile(ends, deciles, method="nearest"), ends.max()))
    steps, last = np.unique(time, return_inverse=True)
    first = np.append(np.nan, knots) if columns.shape[1] else knots
    return _Bases(columns, first, time_knots, steps, last, failed)


def _split(bases: _Bases, chosen: list[int], beta: Floats) -> tuple[Floats, Floats]:
    """Coefficients of the columns with the constant first, and of the bends of time."""
    whole = np.zeros(bases.size)
    whole[chosen] = beta
    return whole[: 1 + bases.columns.shape[1]], whole[1 + bases.columns.shape[1] :]


def _density(bases: _Bases, slopes: Floats, ends: Floats) -> tuple[Floats, Floats]:
    """At Gauss's nodes (S, 5) between 0 and `ends` (S,), rising, with every knot of time before
    the last of them: exp(h) times the nodes' weights, and the bends (S, 5, q)."""
    starts = np.append(0.0, ends[:-1])
    half = (ends - starts)[:, None] / 2
    bends = bases.of_time((ends + starts)[:, None] / 2 + half * _NODES)
    return half * _WEIGHTS * np.exp(bends @ slopes), bends


def _look(bases: _Bases, chosen: list[int], beta: Floats) -> _Point:
    """The likelihood at these coefficients, with its derivatives by every candidate.

    Sums over rows of integrals up to their times are integrals of sums over the rows still there.
    """
    of_columns, slopes = _split(bases, chosen, beta)
    x = np.column_stack([np.ones(bases.last.size), bases.columns])
    g = x @ of_columns
    relative, size = np.exp(g), bases.steps.size
    density, bends = _density(bases, slopes, bases.steps)
    expected = relative * np.cumsum(density.sum(axis=1))[bases.last]
    there = np.column_stack([np.bincount(bases.last, w, size) for w in (x.T * relative)])
    there = np.cumsum(there[::-1], axis=0)[::-1]  # (S, p), the constant's first: sum of exp(g)
    bent = np.einsum("sk,skq->sq", density, bends)
    ends = bases.of_time(bases.steps)[bases.last[bases.failed]]
    likelihood = float(g[bases.failed].sum() + (ends @ slopes).sum() - expected.sum())
    gradient = np.append(
        x[bases.failed].sum(axis=0) - expected @ x, ends.sum(axis=0) - there[:, 0] @ bent
    )
    cross, flat = there.T @ bent, bends.reshape(-1, bends.shape[2])
    pairs = (flat * (density * there[:, :1]).reshape(-1, 1)).T @ flat
    information = np.block([[(x * expected[:, None]).T @ x, cross], [cross.T, pairs]])
    return _Point(likelihood, gradient, information)


def _climb(bases: _Bases, chosen: list[int], beta: Floats) -> tuple[Floats, float] | None:
    """Newton's ascent over the chosen bases, each step halved while the likelihood falls; None
    where it has no end."""
    here = _look(bases, chosen, beta)
    for _ in range(_MOST_STEPS):
        within = np.ix_(chosen, chosen)
        step = np.linalg.lstsq(here.information[within], here.gradient[chosen])[0]
        if float(step @ here.gradient[chosen]) < _SMALL_GAIN * abs(here.log_likelihood):
            return beta + step, here.log_likelihood
        for _ in range(_HALVINGS):
            with np.errstate(over="ignore", invalid="ignore"):
                there = _look(bases, chosen, beta + step)
            if there.log_likelihood >= here.log_likelihood - _SMALL_GAIN * abs(here.log_likelihood):
                break
            step = step / 2
        else:
            return None
        beta, here = beta + step, there
    return None


def _next(bases: _Bases, chosen: list[int], beta: Floats) -> int | None:
    """The candidate with the largest score test; None where none is left."""
    point = _look(bases, chosen, beta)
    inverse = np.linalg.pinv(point.information[np.ix_(chosen, chosen)], hermitian=True)
    across = point.information[:, chosen]
    own = np.diag(point.information)
    left = own - np.einsum("ij,jk,ik->i", across, inverse, across)
    known = left > 1e-8 * np.maximum(own, 1e-300)
    test = np.where(known, point.gradient**2 / np.where(known, left, 1.0), -1.0)
    test[chosen] = -1.0
    if bases.columns.shape[1] and 1 not in chosen:
        test[2 : 1 + bases.columns.shape[1]] = -1.0  # no bend of c before c itself
    best = int(np.argmax(test))
    return best if test[best] > 0 else None


def _fit(bases: _Bases, chosen: list[int], beta: Floats, likelihood: float, horizon: float) -> Fit:
    of_columns, slopes = _split(bases, chosen, beta)
    ends = np.append(bases.steps[bases.steps < horizon], horizon)
    whole = _density(bases, slopes, ends)[0].sum()
    g = of_columns[0] + bases.columns @ of_columns[1:]
    first_bend = 1 + bases.columns.shape[1]
    return Fit(
        linear=bool(bases.columns.shape[1]) and 1 in chosen,
        knots=tuple(sorted(float(bases.knots[k - 1]) for k in chosen if 2 <= k < first_bend)),
        time_knots=tuple(
            sorted(float(bases.time_knots[k - first_bend]) for k in chosen if k >= first_bend)
        ),
        log_likelihood=likelihood,
        risk=np.asarray(-np.expm1(-np.exp(g) * whole), dtype=np.float64),
    )
