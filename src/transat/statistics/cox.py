"""Hazard ratios by Cox regression, stratified by site, fitted on all sites without moving a row.

Question
    How much faster does the event come to people with a higher column, other columns being equal?

Formula
    Hazard of stratum s: h_s(t) exp(x'b), h_s unknown. Over the event times of a stratum, with d
    events E at t among those at risk R, S0 = sum over R of w = exp(x'b), D0 = sum over E of w,
    S1, D1 the same sums of w x:
        l = sum over E of x'b - sum over k < d of log phi_k,   phi_k = S0 - f_k D0
    with f_k = k/d (Efron) or 0 (Breslow). A site sends l and its derivatives summed over its own
    strata and times. With A = sum 1/phi, B = sum f/phi, and L_i the sum of A over the event times
    at which row i is at risk, v_i = w_i (L_i - B at its own event):
        gradient   sum over events of x - sum v x
        Hessian    sum v x x' - sum over times of [S1 S1' sum 1/phi² - (S1 D1' + D1 S1') sum f/phi²
                   + D1 D1' sum f²/phi²]
    so a round costs two products of matrices, and nothing per time leaves. Every site is a stratum
    of its own, inside which the table's strata are others: sums over sites are those of the
    pooled rows so stratified. Newton: b + H⁻¹g, the step halved while the summed l falls.
    Variance H⁻¹ at the end; Wald intervals and p-values; likelihood ratio against b = 0.

Uses
    Late entry: `SurvivalTable.entry`. Columns that change in time: one row per spell. Causes of
    death: `event` chooses one kind, the others are censorings (cause-specific hazard).

Assumptions
    Censoring independent given the columns; hazards proportional within a stratum; one common
    coefficient over sites. A term that still moves when l does not (monotone likelihood) is
    returned in `monotone`, without estimate.

References
    Cox DR (1972) J R Stat Soc B 34:187-220, doi:10.1111/j.2517-6161.1972.tb00899.x.
    Efron B (1977) J Am Stat Assoc 72:557-565, doi:10.1080/01621459.1977.10480613.
    Breslow N (1974) Biometrics 30:89-99, doi:10.2307/2529620.
    Heinze G, Schemper M (2001) Biometrics 57:114-119, doi:10.1111/j.0006-341X.2001.00114.x
    (monotone likelihood).
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy.special import chdtrc, ndtr, ndtri

from transat.cohorts.survival_table import SurvivalTable
from transat.statistics import newton
from transat.statistics.design_matrix import gram
from transat.statistics.risk_sets import RiskSets, positions, risk_sets

Floats = NDArray[np.float64]

_LEAST = 1e-150  # a risk set's weight is never taken smaller, so that no sum is infinite


@dataclass(frozen=True, slots=True)
class Parameters:
    """columns: of the survival table. event: the kind that counts. ties: how events of the same
    time are treated. coefficients: where the sums are taken (empty: all zero). level: of the
    intervals; tolerance: expected gain of log-likelihood under which the fit stops."""

    columns: tuple[str, ...]
    event: int = 1
    ties: Literal["efron", "breslow"] = "efron"
    coefficients: tuple[float, ...] = ()
    level: float = 0.95
    tolerance: float = 1e-9
    most_rounds: int = 60


@dataclass(frozen=True, slots=True)
class Release:
    """What leaves a site at one round: sums over its rows, p terms; nothing per time or stratum."""

    terms: tuple[str, ...]
    persons: int
    events: int
    event_free: int
    log_likelihood: float
    gradient: Floats  # (p,)
    hessian: Floats  # (p, p)

    def counts(self) -> dict[str, NDArray[np.int64]]:
        """The head counts stated as such; `implied_counts`: those that the sums lean on."""
        stated = {"persons": self.persons, "events": self.events, "event_free": self.event_free}
        return {name: np.array([value], dtype=np.int64) for name, value in stated.items()}


@dataclass(frozen=True, slots=True)
class Result:
    """One entry per term, (p,); NaN for a monotone term."""

    terms: tuple[str, ...]
    persons: int
    events: int
    coefficients: Floats
    standard_errors: Floats
    covariance: Floats  # (p, p)
    hazard_ratios: Floats
    low: Floats
    high: Floats
    p: Floats  # two-sided, Wald
    log_likelihood_null: float
    log_likelihood: float
    likelihood_ratio: float  # of all terms together
    likelihood_ratio_p: float
    rounds: int
    converged: bool
    monotone: tuple[str, ...]


Ask = Callable[[Sequence[Parameters]], Sequence[Release]]


def at_site(table: SurvivalTable, parameters: Parameters) -> Release:
    """The sums of one site at the coefficients asked for.

    Raises
    ------
    StudyError : a column that the table does not hold.
    """
    sets = risk_sets(table, parameters.columns, parameters.event)
    likelihood, gradient, hessian = _sums(sets, parameters)
    return Release(
        terms=parameters.columns,
        persons=sets.persons,
        events=sets.events,
        event_free=sets.event_free,
        log_likelihood=likelihood,
        gradient=gradient,
        hessian=hessian,
    )


def combine(ask: Ask, parameters: Parameters) -> Result:
    """Newton: `ask` sends one `Parameters` to every site and brings their releases back.

    Raises
    ------
    StudyError : columns that say the same thing, so that no single estimate exists.
    """

    def look(beta: Floats) -> Release:
        return _sum(ask([replace(parameters, coefficients=tuple(float(b) for b in beta))]))

    def scale(null: Release) -> Floats:
        return np.sqrt(np.diag(null.hessian) / max(null.events, 1))

    terms, most = parameters.columns, parameters.most_rounds
    return _result(parameters, newton.climb(look, terms, scale, parameters.tolerance, most))


def weights(table: SurvivalTable, parameters: Parameters) -> Floats:
    """v (n,) of the docstring at the coefficients asked for: how much each row weighs in a round;
    0 for a row at risk at no event time. For a gate that refuses steps about a few people.
    """
    sets = risk_sets(table, parameters.columns, parameters.event)
    found = np.zeros(table.n)
    found[sets.row] = _weighed(sets, parameters).weights
    return found


def implied_counts(table: SurvivalTable, parameters: Parameters) -> dict[str, int]:
    """Head counts of people behind the sums: every 2 x 2 table of two 0/1 columns, or of one of
    them and the event. Names are 'a&b' for those with both, 'a&!b' with the first alone.

    A person counts in a column who has it in any row.
    """
    people, person = np.unique(table.people, return_inverse=True)
    named: dict[str, NDArray[np.bool_]] = {}
    held = {
        name: table.columns[:, at]
        for name, at in zip(parameters.columns, positions(table, parameters.columns), strict=True)
    }
    binary = {name: column for name, column in held.items() if np.isin(column, (0.0, 1.0)).all()}
    for name, column in (*binary.items(), ("event", table.event == parameters.event)):
        ever = np.zeros(len(people), dtype=np.bool_)
        ever[person[column != 0]] = True
        named[name] = ever
    counts = {"persons": len(people)}
    names = tuple(named)
    for i, one in enumerate(names):
        counts[one], counts[f"!{one}"] = int(named[one].sum()), int((~named[one]).sum())
        for other in names[i + 1 :]:
            for a, b in ((one, other), (one, f"!{other}"), (f"!{one}", other)):
                counts[f"{a}&{b}"] = int((_ever(named, a) & _ever(named, b)).sum())
            neither = ~named[one] & ~named[other]
            counts[f"!{one}&!{other}"] = int(neither.sum())
    return counts


def _ever(named: dict[str, NDArray[np.bool_]], name: str) -> NDArray[np.bool_]:
    return ~named[name[1:]] if name.startswith("!") else named[name]


@dataclass(frozen=True, slots=True)
class _Weighed:
    """The risk sets at some coefficients; arrays by row (n,), by event, or by event time (J,)."""

    likelihood: float
    relative: Floats  # (n,) exp(x'b), up to a factor of each stratum
    weights: Floats  # (n,) v
    fraction: Floats  # (events,) f
    inverse: Floats  # (events,) 1/phi


class _Last(threading.local):
    """The weights made last, in each thread: a gate looks at those of the round to be computed."""

    asked: tuple[RiskSets, Parameters] | None = None
    made: _Weighed | None = None


_last = _Last()


def _weighed(sets: RiskSets, parameters: Parameters) -> _Weighed:
    if _last.asked is not None and _last.made is not None:
        same_sets, same_parameters = _last.asked
        if same_sets is sets and same_parameters == parameters:
            return _last.made
    _last.asked = _last.made = None  # frees the memory before more is taken
    made = _weigh(sets, parameters)
    _last.asked, _last.made = (sets, parameters), made
    return made


def _weigh(sets: RiskSets, parameters: Parameters) -> _Weighed:
    beta = np.asarray(parameters.coefficients or np.zeros(sets.x.shape[1]), dtype=np.float64)
    eta = sets.x @ beta
    if eta.size:  # a factor common to a stratum changes nothing, and large ones would overflow
        eta -= np.repeat(np.maximum.reduceat(eta, sets.rows[:-1]), np.diff(sets.rows))
    relative = np.exp(eta)
    failed, tie = sets.failed, sets.tie
    together = sets.by_time(relative[failed])
    at_risk = np.maximum(sets.at_risk(relative), np.maximum(together, _LEAST))
    fraction = sets.share if parameters.ties == "efron" else np.zeros_like(sets.share)
    phi = at_risk[tie] - fraction * together[tie]
    inverse = 1 / phi
    weights = relative * sets.cumulated(sets.by_time(inverse))
    own = sets.by_time(fraction * inverse)[tie]
    weights[failed] -= relative[failed] * own
    likelihood = float(eta[failed].sum() - np.log(phi).sum())
    return _Weighed(likelihood, relative, weights, fraction, inverse)


def _sums(sets: RiskSets, parameters: Parameters) -> tuple[float, Floats, Floats]:
    at = _weighed(sets, parameters)
    excess = -at.weights
    excess[sets.failed] += 1
    hessian = gram(sets.x, at.weights) - _of_means(sets, at)
    return at.likelihood, excess @ sets.x, (hessian + hessian.T) / 2


def _of_means(sets: RiskSets, at: _Weighed) -> Floats:
    """The second sum of the Hessian."""
    first, square = sets.columns_at_risk(at.relative), at.inverse**2
    whole = sets.by_time(square)
    means = gram(first, whole)
    if at.fraction.any():
        failed = sets.columns_of_failed(at.relative)
        part = sets.by_time(at.fraction * square)
        cross = (first * part[:, None]).T @ failed
        means += gram(failed, sets.by_time(at.fraction**2 * square))
        means -= cross + cross.T
    return means


def _sum(releases: Sequence[Release]) -> Release:
    return Release(
        terms=releases[0].terms,
        persons=sum(r.persons for r in releases),
        events=sum(r.events for r in releases),
        event_free=sum(r.event_free for r in releases),
        log_likelihood=sum(r.log_likelihood for r in releases),
        gradient=np.sum([r.gradient for r in releases], axis=0),
        hessian=np.sum([r.hessian for r in releases], axis=0),
    )


def _result(parameters: Parameters, summit: newton.Summit[Release]) -> Result:
    here, null = summit.point, summit.start
    z = float(ndtri(0.5 + parameters.level / 2))
    covariance: Floats = np.asarray(np.linalg.pinv(here.hessian, hermitian=True), dtype=np.float64)
    coefficients = np.where(summit.moving, np.nan, summit.beta)
    variances = np.maximum(np.diag(covariance), 0.0)
    errors = np.where(summit.moving, np.nan, np.sqrt(variances))
    ratio = 2 * (here.log_likelihood - null.log_likelihood)
    with np.errstate(over="ignore"):
        return Result(
            terms=here.terms,
            persons=here.persons,
            events=here.events,
            coefficients=coefficients,
            standard_errors=errors,
            covariance=covariance,
            hazard_ratios=np.exp(coefficients),
            low=np.exp(coefficients - z * errors),
            high=np.exp(coefficients + z * errors),
            p=2 * ndtr(-np.abs(coefficients / errors)),
            log_likelihood_null=null.log_likelihood,
            log_likelihood=here.log_likelihood,
            likelihood_ratio=ratio,
            likelihood_ratio_p=float(chdtrc(len(here.terms), max(ratio, 0.0))),
            rounds=summit.rounds,
            converged=summit.converged,
            monotone=tuple(t for t, m in zip(here.terms, summit.moving, strict=True) if m),
        )
