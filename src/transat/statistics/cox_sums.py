"""A partial likelihood and its derivatives at some coefficients, as sums over rows and risk sets.

Formula
    Over the event times of a stratum, with d events E at t among those at risk R, a the weight of a
    row (1 unless the table has weights), w = a exp(x'b), S0 and D0 the sums of w over R and E, S1
    and D1 those of w x, and ā the mean of a over E:
        l = sum over E of a x'b - sum over k < d of ā log phi_k,   phi_k = S0 - f_k D0
    with f_k = k/d (Efron) or 0 (Breslow). With A = sum ā/phi, B = sum ā f/phi, L_i the sum of A
    over the event times at which row i is at risk, and v_i = w_i (L_i - B at its own event):
        gradient   sum over events of a x - sum v x
        Hessian    sum v x x' - sum over times of [S1 S1' sum ā/phi²
                   - (S1 D1' + D1 S1') sum ā f/phi² + D1 D1' sum ā f²/phi²]    (negated: of -l)
    so they cost two products of matrices. Each event time may be multiplied by a factor, which is
    all that a test of proportional hazards needs.

    Score residual of a row: a (x - mean of S1_k/phi_k over its ties) at an event, less the sum over
    the event times at which it is at risk of its share of the hazard times x - S1_k/phi_k; their
    sums by person, squared, are the middle of the robust variance.

References
    Cox DR (1972) J R Stat Soc B 34:187-220, doi:10.1111/j.2517-6161.1972.tb00899.x.
    Efron B (1977) J Am Stat Assoc 72:557-565, doi:10.1080/01621459.1977.10480613.
    Breslow N (1974) Biometrics 30:89-99, doi:10.2307/2529620.
    Lin DY, Wei LJ (1989) J Am Stat Assoc 84:1074-1078, doi:10.1080/01621459.1989.10478874.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from transat.cohorts.survival_table import SurvivalTable
from transat.statistics.design_matrix import gram
from transat.statistics.risk_sets import RiskSets

Floats = NDArray[np.float64]
Ties = Literal["efron", "breslow"]

_LEAST = 1e-150  # a risk set's weight is never taken smaller, so that no sum is infinite


@dataclass(frozen=True, slots=True)
class Weighed:
    """The risk sets at some coefficients; arrays by row (n,), by event, or by event time (J,)."""

    log_likelihood: float
    relative: Floats  # (n,) w, up to a factor of each stratum
    factor: Floats  # (J,) log of that factor
    weights: Floats  # (n,) v
    fraction: Floats  # (events,) f
    inverse: Floats  # (events,) 1/phi
    hazard: Floats  # (events,) ā/phi


@dataclass(frozen=True, slots=True)
class Sums:
    """l, its gradient (p,) and its second derivatives (p, p) negated."""

    log_likelihood: float
    gradient: Floats
    hessian: Floats


class _Last(threading.local):
    """What was made last, in each thread: a gate looks at the weights of the round to come."""

    asked: tuple[RiskSets, tuple[float, ...], Ties] | None = None
    made: Weighed | None = None


_last = _Last()


def weighed(sets: RiskSets, coefficients: tuple[float, ...], ties: Ties) -> Weighed:
    """The risk sets at these coefficients; empty: all zero."""
    if _last.asked is not None and _last.made is not None:
        same_sets, *same = _last.asked
        if same_sets is sets and same == [coefficients, ties]:
            return _last.made
    _last.asked = _last.made = None  # frees the memory before more is taken
    made = _weigh(sets, coefficients, ties)
    _last.asked, _last.made = (sets, coefficients, ties), made
    return made


def _weigh(sets: RiskSets, coefficients: tuple[float, ...], ties: Ties) -> Weighed:
    beta = np.asarray(coefficients or np.zeros(sets.x.shape[1]), dtype=np.float64)
    eta = np.asarray(np.einsum("ij,j->i", sets.x, beta), dtype=np.float64)
    largest = np.zeros(len(sets.strata) - 1)
    if eta.size:  # a factor common to a stratum changes nothing, and large ones would overflow
        largest = np.maximum.reduceat(eta, sets.rows[:-1])
        eta -= np.repeat(largest, np.diff(sets.rows))
    relative = np.exp(eta) if sets.often is None else sets.often * np.exp(eta)
    failed, tie = sets.failed, sets.tie
    together = sets.by_time(relative[failed])
    at_risk = np.maximum(sets.at_risk(relative), np.maximum(together, _LEAST))
    fraction = sets.share if ties == "efron" else np.zeros_like(sets.share)
    phi = at_risk[tie] - fraction * together[tie]
    inverse = 1 / phi
    hazard = inverse if sets.often is None else sets.mean_often[tie] * inverse
    ends = eta[failed] if sets.often is None else sets.often[failed] * eta[failed]
    likelihood = float(ends.sum() - (sets.mean_often[tie] * np.log(phi)).sum())
    return Weighed(
        likelihood, relative, np.repeat(largest, np.diff(sets.strata)),
        _shares(sets, relative, fraction, hazard), fraction, inverse, hazard,
    )  # fmt: skip


def _shares(sets: RiskSets, relative: Floats, fraction: Floats, hazard: Floats) -> Floats:
    """v (n,) of this hazard (events,)."""
    shares = relative * sets.cumulated(sets.by_time(hazard))
    own = sets.by_time(fraction * hazard)[sets.tie]
    shares[sets.failed] -= relative[sets.failed] * own
    return shares


def sums(sets: RiskSets, coefficients: tuple[float, ...], ties: Ties) -> Sums:
    """The log-likelihood and its derivatives."""
    at = weighed(sets, coefficients, ties)
    summed, together = sets.columns_summed(at.relative)
    gradient = _slope(sets, at.weights, None)
    hessian = gram(sets.x, at.weights) - _of_means(sets, at, at.hazard, summed, together)
    return Sums(at.log_likelihood, gradient, (hessian + hessian.T) / 2)


def scaled(
    sets: RiskSets, coefficients: tuple[float, ...], ties: Ties, factors: tuple[Floats, ...]
) -> list[Sums]:
    """`sums` with each event time's part multiplied, once by each of the factors (J,)."""
    at = weighed(sets, coefficients, ties)
    summed, together = sets.columns_summed(at.relative)
    found = []
    for factor in factors:
        hazard = at.hazard * factor[sets.tie]
        shares = _shares(sets, at.relative, at.fraction, hazard)
        hessian = _signed(sets.x, shares) - _of_means(sets, at, hazard, summed, together)
        gradient = _slope(sets, shares, factor)
        found.append(Sums(at.log_likelihood, gradient, (hessian + hessian.T) / 2))
    return found


def _slope(sets: RiskSets, shares: Floats, factor: Floats | None) -> Floats:
    """(p,) sum of the columns over events, less that of v x. Not by BLAS, whose product of a vector
    with a matrix has its threads wait for one another on a busy machine, and is no faster."""
    often = 1.0 if sets.often is None else sets.often[sets.failed]
    excess = -shares
    excess[sets.failed] += often if factor is None else often * factor[sets.tie]
    return np.asarray(np.einsum("i,ij->j", excess, sets.x), dtype=np.float64)


def _of_means(
    sets: RiskSets, at: Weighed, hazard: Floats, summed: Floats, together: Floats
) -> Floats:
    """The second sum of the Hessian; S1 D1' + D1 S1' from the squares of S1, D1 and their sum: a
    product of a matrix with itself costs half, and does not wait for other threads."""
    square = hazard * at.inverse
    whole = sets.by_time(square)
    if not at.fraction.any():
        return _signed(summed, whole)
    part, own = sets.by_time(at.fraction * square), sets.by_time(at.fraction**2 * square)
    cross = _signed(summed + together, part)
    return _signed(summed, whole + part) + _signed(together, own + part) - cross


def _signed(x: Floats, weights: Floats) -> Floats:
    """`gram` of weights of either sign."""
    if not (weights < 0).any():
        return gram(x, weights)
    return gram(x, np.maximum(weights, 0.0)) - gram(x, np.maximum(-weights, 0.0))


def outer_products(
    table: SurvivalTable, sets: RiskSets, coefficients: tuple[float, ...], ties: Ties
) -> Floats:
    """(p, p) sum over people of u u', u the sum of a person's score residuals."""
    residuals = score_residuals(sets, weighed(sets, coefficients, ties))
    _, person = np.unique(table.people[sets.row], return_inverse=True)
    order = np.argsort(person, kind="stable")
    starts = np.searchsorted(person[order], np.arange(int(person.max(initial=-1)) + 1))
    if not starts.size:
        return np.zeros((residuals.shape[1], residuals.shape[1]))
    scores = np.add.reduceat(residuals[order], starts, axis=0)
    product: Floats = scores.T @ scores
    return (product + product.T) / 2


@dataclass(frozen=True, slots=True)
class Increments:
    """What each event time adds (J,) to the baseline hazard of a profile, to its variance with the
    coefficients known, and (J, p) to the sum of hazard times the mean of x less the profile."""

    hazard: Floats
    variance: Floats
    means: Floats


def increments(
    sets: RiskSets, coefficients: tuple[float, ...], ties: Ties, profile: Floats
) -> Increments:
    """The steps of the baseline hazard; profile (p,): whose hazard it is."""
    at = weighed(sets, coefficients, ties)
    beta = np.asarray(coefficients or np.zeros(sets.x.shape[1]), dtype=np.float64)
    away = profile - sets.means
    summed, together = sets.columns_summed(at.relative)
    square = at.hazard * at.inverse
    once, part = sets.by_time(square), sets.by_time(at.fraction * square)
    hazard = sets.by_time(at.hazard)
    means = summed * once[:, None] - together * part[:, None] - away * hazard[:, None]
    with np.errstate(over="ignore", invalid="ignore"):
        ratio = np.exp(away @ beta - at.factor)
        return Increments(hazard * ratio, once * ratio**2, means * ratio[:, None])


def score_residuals(sets: RiskSets, at: Weighed) -> Floats:
    """(n, p) one row's part of the gradient, in the order of the risk sets; weighed by a."""
    summed, together = sets.columns_summed(at.relative)
    square, tie, failed = at.hazard * at.inverse, sets.tie, sets.failed
    once, half = sets.by_time(square), sets.by_time(at.fraction * square)
    twice = sets.by_time(at.fraction**2 * square)
    mass = _accumulated(sets, summed * once[:, None] - together * half[:, None])
    found = at.relative[:, None] * mass - at.weights[:, None] * sets.x
    own = summed * half[:, None] - together * twice[:, None]
    found[failed] -= at.relative[failed, None] * own[tie]
    deaths = np.maximum(sets.by_time(np.ones(tie.size)), 1)[:, None]
    means = summed * sets.by_time(at.inverse)[:, None]
    means -= together * sets.by_time(at.fraction * at.inverse)[:, None]
    often = np.ones(tie.size) if sets.often is None else sets.often[failed]
    found[failed] += often[:, None] * (sets.x[failed] - (means / deaths)[tie])
    return found


def _accumulated(sets: RiskSets, values: Floats) -> Floats:
    """(n, p) for each row, the sum of `values` (J, p) over the times at which it is at risk."""
    found = np.empty_like(sets.x)
    for column in range(values.shape[1]):
        found[:, column] = sets.cumulated(values[:, column])
    return found
