"""How do columns stretch the time to an event, and what shape has its hazard (survival regression)?

Question
    Accelerated failure time: log T = intercept + x'b + scale W. A survival curve in a few numbers,
    which may be drawn beyond the follow-up and sent in one line.

Formula
    W has the standard law of the family: least extreme value (Weibull; exponential with scale 1),
    logistic (log-logistic), normal (log-normal). With a = 1/scale, c = b/scale, u = a log t - x'c
    (the intercept is a column of ones), e 1 for an event:
        l = sum of e (log a + log f(u) - log t) + (1 - e) log S(u)
    is concave in (c, a): Newton from c = 0, a = 1, each step halved while the summed l falls or a
    is not above 0, on gradients and Hessians summed over sites. Estimates, and by the delta method
    covariances, are then told as b and log scale, as R survival's survreg does. Survival of
    somebody: S(a log t - x'c), intervals on log(-log S).

What leaves
    Sums over a site's rows: l, gradient, Hessian; nothing by time. Rows count by their weights.

Assumptions
    The family; censoring independent given the columns; everybody enters at 0; one common intercept
    (give sites or countries a column of their own where they differ).

References
    Kalbfleisch JD, Prentice RL (2002), doi:10.1002/9781118032985, chapter 3. Burridge J (1981) J R
    Stat Soc B 43:41-45, doi:10.1111/j.2517-6161.1981.tb01147.x (concavity).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, log_ndtr, ndtr, ndtri

from transat.cohorts.survival_table import SurvivalTable
from transat.statistics import grid_counts, newton
from transat.statistics.design_matrix import gram
from transat.statistics.risk_sets import check, not_survival

Floats = NDArray[np.float64]
Family = Literal["weibull", "exponential", "log_logistic", "log_normal"]

INTERCEPT, LOG_SCALE = "intercept", "log_scale"
_LARGEST = 500.0  # of u: a step too long is seen as a loss, not as an infinite number


@dataclass(frozen=True, slots=True)
class Parameters:
    """columns: of the survival table. event: the kind that counts. coefficients: where the sums are
    taken, (c, then a - 1 but for exponential), the first of c the intercept's (empty: all zero).
    level: of the intervals; tolerance: expected gain of log-likelihood under which the fit stops.
    """

    columns: tuple[str, ...]
    family: Family = "weibull"
    event: int = 1
    coefficients: tuple[float, ...] = ()
    level: float = 0.95
    tolerance: float = 1e-9
    most_rounds: int = 60

    @property
    def terms(self) -> tuple[str, ...]:
        """Names of the estimates."""
        scale = () if self.family == "exponential" else (LOG_SCALE,)
        return (INTERCEPT, *self.columns, *scale)


@dataclass(frozen=True, slots=True)
class Release:
    """What leaves a site at one round: sums over its rows, q terms; nothing per time."""

    terms: tuple[str, ...]
    persons: int  # rows
    events: int
    log_likelihood: float
    gradient: Floats  # (q,)
    hessian: Floats  # (q, q), negated

    def counts(self) -> dict[str, NDArray[np.int64]]:
        """The head counts stated."""
        stated = {
            "persons": self.persons, "events": self.events,
            "event_free": self.persons - self.events,
        }  # fmt: skip
        return {name: np.array([value], dtype=np.int64) for name, value in stated.items()}


@dataclass(frozen=True, slots=True)
class Result:
    """coefficients: (q,) intercept, b, and log scale but for exponential; NaN for a monotone term.
    time_ratios: (q,) exp of them: how many times as long per unit of a column."""

    family: Family
    terms: tuple[str, ...]
    persons: int
    events: int
    coefficients: Floats
    standard_errors: Floats
    covariance: Floats  # (q, q)
    time_ratios: Floats
    low: Floats  # of the time ratios
    high: Floats
    p: Floats  # two-sided, Wald
    scale: float
    log_likelihood: float
    rounds: int
    converged: bool
    monotone: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Curve:
    """Survival of one person at some times; all (H,)."""

    times: Floats
    survival: Floats
    low: Floats
    high: Floats


Ask = Callable[[Sequence[Parameters]], Sequence[Release]]


def at_site(table: SurvivalTable, parameters: Parameters) -> Release:
    """The sums of one site at the coefficients asked for.

    Raises
    ------
    StudyError : a column that the table does not hold; values missing or infinite.
    ValueError : late entries; 1/scale not above 0.
    """
    x, event, often = _rows(table, parameters)
    a, u, log_time = _scaled(table, parameters, x)
    value, slope, bend = _LAWS[parameters.family](u, event)
    free = parameters.family != "exponential"
    z = np.column_stack([-x, log_time]) if free else -x
    gradient, hessian = (often * slope) @ z, gram(z, -often * bend)
    if free:
        d = float(often[event].sum())
        gradient[-1] += d / a
        hessian[-1, -1] += d / a**2
    value = value + event * (np.log(a) - log_time)
    return Release(
        parameters.terms, table.n, int(event.sum()), float(often @ value), gradient, hessian
    )


def weights(table: SurvivalTable, parameters: Parameters) -> Floats:
    """(n,) how much each row weighs in the Hessian at the coefficients asked for. For a gate that
    refuses steps about a few people."""
    x, event, often = _rows(table, parameters)
    _, u, _ = _scaled(table, parameters, x)
    return np.asarray(-often * _LAWS[parameters.family](u, event)[2], dtype=np.float64)


def combine(ask: Ask, parameters: Parameters) -> Result:
    """Newton: `ask` sends one `Parameters` to every site and brings their releases back.

    Raises
    ------
    StudyError : no event; columns that say the same thing, so that no single estimate exists.
    """
    terms, free = parameters.terms, parameters.family != "exponential"

    def look(at: Floats) -> Release:
        if free and at[-1] <= -1:  # 1/scale not above 0: no site need say that nothing is there
            zero = np.zeros(len(terms))
            return Release(terms, 0, 0, -np.inf, zero, np.outer(zero, zero))
        return _sum(ask([replace(parameters, coefficients=tuple(float(v) for v in at))]))

    def size(start: Release) -> Floats:
        if not start.events:
            raise grid_counts.no_event()
        return np.sqrt(np.diag(start.hessian) / start.events)

    tolerance, most = parameters.tolerance, parameters.most_rounds
    return _result(parameters, newton.climb(look, terms, size, tolerance, most))


def survival(
    result: Result, columns: Sequence[float], times: Sequence[float], level: float = 0.95
) -> Curve:
    """Of somebody with these columns (p,) at these times (H,), above 0."""
    log_times = np.log(np.asarray(times, dtype=np.float64))
    x = np.append(1.0, np.asarray(columns, dtype=np.float64))
    far = (log_times - x @ result.coefficients[: x.size]) / result.scale
    slopes = np.repeat(-x[None, :] / result.scale, far.size, axis=0)
    if result.family != "exponential":
        slopes = np.column_stack([slopes, -far])
    spread = np.sqrt(np.einsum("ti,ij,tj->t", slopes, result.covariance, slopes))
    z = float(ndtri(0.5 + level / 2)) * spread  # S falls with u, so limits of u are limits of S
    return Curve(
        np.asarray(times, dtype=np.float64),
        *(np.exp(_log_survival(result.family, far + step)) for step in (0 * z, z, -z)),
    )


def quantile(result: Result, columns: Sequence[float], share: float) -> float:
    """The time by which this share (0 to 1) of people with these columns (p,) had the event."""
    x = np.append(1.0, np.asarray(columns, dtype=np.float64))
    u = {
        "log_logistic": np.log(share) - np.log1p(-share),
        "log_normal": ndtri(share),
    }.get(result.family, np.log(-np.log1p(-share)))
    return float(np.exp(x @ result.coefficients[: x.size] + result.scale * u))


def _rows(table: SurvivalTable, parameters: Parameters) -> tuple[Floats, NDArray[np.bool_], Floats]:
    """The columns with the intercept's (n, p + 1), who had the event, how often each row counts."""
    check(table)
    if (table.time <= 0).any():
        raise not_survival("time")
    if table.entry.any():
        raise ValueError("entry: a parametric model here is for people who all enter at 0")
    x = np.column_stack([np.ones(table.n), grid_counts.columns(table, parameters.columns)])
    often = np.ones(table.n) if table.weights is None else table.weights
    return x, table.event == parameters.event, often


def _scaled(
    table: SurvivalTable, parameters: Parameters, x: Floats
) -> tuple[float, Floats, Floats]:
    """a, u (n,) and log t (n,)."""
    at = np.asarray(parameters.coefficients or np.zeros(len(parameters.terms)))
    a = 1.0 if parameters.family == "exponential" else 1.0 + float(at[-1])
    if a <= 0:
        raise ValueError("coefficients: 1/scale is not above 0")
    log_time = np.log(table.time)
    u = np.clip(a * log_time - x @ at[: x.shape[1]], -_LARGEST, _LARGEST)
    return a, u, log_time


def _extreme(u: Floats, event: NDArray[np.bool_]) -> tuple[Floats, Floats, Floats]:
    """Value, slope and bend by row of log f(u) for an event, log S(u) otherwise: W extreme."""
    e = np.exp(np.minimum(u, _LARGEST / 2))
    return event * u - e, event - e, -e


def _logistic(u: Floats, event: NDArray[np.bool_]) -> tuple[Floats, Floats, Floats]:
    up, often = expit(u), 1.0 + event
    return event * u - often * np.logaddexp(0.0, u), event - often * up, -often * up * (1 - up)


def _normal(u: Floats, event: NDArray[np.bool_]) -> tuple[Floats, Floats, Floats]:
    log_density = -(u**2) / 2 - np.log(2 * np.pi) / 2
    log_survival = log_ndtr(-u)
    hazard = np.exp(log_density - log_survival)
    return (
        np.where(event, log_density, log_survival),
        np.where(event, -u, -hazard),
        np.where(event, -1.0, -hazard * np.maximum(hazard - u, 0.0)),
    )


_LAWS = {
    "weibull": _extreme, "exponential": _extreme, "log_logistic": _logistic, "log_normal": _normal,
}  # fmt: skip


def _log_survival(family: Family, u: Floats) -> Floats:
    nobody = np.zeros(u.size, dtype=np.bool_)
    return _LAWS[family](np.clip(u, -_LARGEST, _LARGEST), nobody)[0]


def _sum(releases: Sequence[Release]) -> Release:
    return Release(
        terms=releases[0].terms,
        persons=sum(r.persons for r in releases),
        events=sum(r.events for r in releases),
        log_likelihood=sum(r.log_likelihood for r in releases),
        gradient=np.sum([r.gradient for r in releases], axis=0),
        hessian=np.sum([r.hessian for r in releases], axis=0),
    )


def _result(parameters: Parameters, summit: newton.Summit[Release]) -> Result:
    """From (c, a - 1) to (b, log scale): b = c/a, log scale = -log a."""
    terms, at, here = parameters.terms, summit.beta, summit.point
    free = parameters.family != "exponential"
    a = 1.0 + float(at[-1]) if free else 1.0
    inverse: Floats = np.asarray(np.linalg.pinv(here.hessian, hermitian=True), dtype=np.float64)
    turn, estimates = np.eye(at.size) / a, at / a
    if free:
        turn[:-1, -1], turn[-1, -1] = -at[:-1] / a**2, -1 / a
        estimates[-1] = -np.log(a)
    covariance = turn @ inverse @ turn.T
    errors = np.where(summit.moving, np.nan, np.sqrt(np.maximum(np.diag(covariance), 0.0)))
    estimates = np.where(summit.moving, np.nan, estimates)
    z = float(ndtri(0.5 + parameters.level / 2))
    with np.errstate(over="ignore", divide="ignore", invalid="ignore"):
        return Result(
            family=parameters.family,
            terms=terms,
            persons=here.persons,
            events=here.events,
            coefficients=estimates,
            standard_errors=errors,
            covariance=(covariance + covariance.T) / 2,
            time_ratios=np.exp(estimates),
            low=np.exp(estimates - z * errors),
            high=np.exp(estimates + z * errors),
            p=2 * ndtr(-np.abs(estimates / errors)),
            scale=1 / a,
            log_likelihood=here.log_likelihood,
            rounds=summit.rounds,
            converged=summit.converged,
            monotone=tuple(t for t, m in zip(terms, summit.moving, strict=True) if m),
        )
