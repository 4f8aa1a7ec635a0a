"""Adjusted odds ratios by logistic regression, fitted on all sites without moving a row.

Question
    How much more likely is the outcome among the exposed, other columns being equal?

Formula
    logit P(y = 1) = x'b. With p = 1/(1 + exp(-x'b)), a site sends the sums over its rows of
    the log-likelihood l = y log p + (1-y) log(1-p), the gradient g = x (y-p) and the
    Hessian H = p (1-p) x x'. Newton: b + H⁻¹g, the step halved while the summed l falls. Sums over
    sites are those of the pooled rows, so the estimate is the pooled estimate.
    Variance H⁻¹ at the end; Wald intervals and p-values.

Separation
    Where a column (or a combination) predicts the outcome exactly, l converges but its coefficient
    walks away by constant steps. The terms that still move when l no longer does are returned in
    `separated`, without estimate: Firth's regression answers there.

Assumptions
    Rows independent; log odds linear in the columns; one common coefficient over the sites.

Reference
    McCullagh P, Nelder JA (1989) Generalized Linear Models, 2nd ed., doi:10.1007/978-1-4899-3242-6,
    chapter 4. Albert A, Anderson JA (1984) Biometrika 71:1-10, doi:10.1093/biomet/71.1.1
    (separation).
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, ndtr, ndtri

from transat.cohorts.analysis_table import AnalysisTable
from transat.statistics import design_matrix, newton
from transat.statistics.design_matrix import Model

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Parameters:
    """model: the columns; coefficients: where the sums are taken (empty: all zero); level: of the
    intervals; tolerance: expected gain of log-likelihood under which the fit stops."""

    model: Model
    coefficients: tuple[float, ...] = ()
    level: float = 0.95
    tolerance: float = 1e-9
    most_rounds: int = 60


@dataclass(frozen=True, slots=True)
class Release:
    """What leaves a site at one round: sums over its rows, p terms."""

    terms: tuple[str, ...]
    rows: int
    cases: int
    log_likelihood: float
    gradient: Floats  # (p,)
    hessian: Floats  # (p, p)

    def counts(self) -> dict[str, NDArray[np.int64]]:
        """The head counts stated as such; `design_matrix.implied_counts`: those the sums tell."""
        return design_matrix.stated_counts(self.rows, self.cases)


@dataclass(frozen=True, slots=True)
class Result:
    """One entry per term, (p,); NaN for a separated term."""

    terms: tuple[str, ...]
    rows: int
    cases: int
    coefficients: Floats
    standard_errors: Floats
    covariance: Floats  # (p, p)
    odds_ratios: Floats
    low: Floats
    high: Floats
    p: Floats  # two-sided, Wald
    log_likelihood: float
    rounds: int
    converged: bool
    separated: tuple[str, ...]


Ask = Callable[[Sequence[Parameters]], Sequence[Release]]


@dataclass(frozen=True, slots=True, eq=False)
class Fitted:
    """Every row at some coefficients, (n,): log odds, probability of a case, of none."""

    eta: Floats
    case: Floats
    none: Floats


class _Last(threading.local):
    """The rows fitted last, in each thread: a gate looks at those of the round to be computed."""

    asked: tuple[AnalysisTable, Model, tuple[float, ...]] | None = None
    made: Fitted | None = None


_last = _Last()


def fitted(table: AnalysisTable, model: Model, coefficients: tuple[float, ...]) -> Fitted:
    """The rows of a site at the coefficients asked for (empty: all zero).

    Raises
    ------
    StudyError : a column that the table does not hold.
    """
    if _last.asked is not None and _last.made is not None:
        same_table, *same = _last.asked
        if same_table is table and same == [model, coefficients]:
            return _last.made
    _last.asked = _last.made = None  # frees the memory before more is taken
    x, _ = design_matrix.columns(table, model)
    beta = np.asarray(coefficients or np.zeros(x.shape[1]), dtype=np.float64)
    with np.errstate(over="ignore", invalid="ignore"):
        eta = x @ beta
        made = Fitted(eta, expit(eta), expit(-eta))
    _last.asked, _last.made = (table, model, coefficients), made
    return made


def at_site(table: AnalysisTable, parameters: Parameters) -> Release:
    """The sums of one site at the coefficients asked for.

    Raises
    ------
    StudyError : a column that the table does not hold.
    """
    x, y = design_matrix.columns(table, parameters.model)
    rows = fitted(table, parameters.model, parameters.coefficients)
    eta, p = rows.eta, rows.case
    return Release(
        terms=parameters.model.terms,
        rows=int(table.n),
        cases=int(y.sum()),
        log_likelihood=float(y @ eta - np.logaddexp(0.0, eta).sum()),
        gradient=x.T @ (y - p),
        hessian=design_matrix.gram(x, p * rows.none),
    )


def combine(ask: Ask, parameters: Parameters) -> Result:
    """Newton: `ask` sends one `Parameters` to each site and brings the releases back.

    Raises
    ------
    StudyError : columns that say the same thing, so that no single estimate exists.
    """

    def look(beta: Floats) -> Release:
        return _sum(_round(ask, parameters, beta))

    def scale(null: Release) -> Floats:
        return np.asarray(np.sqrt(4 * np.diag(null.hessian) / max(null.rows, 1)))

    terms, most = parameters.model.terms, parameters.most_rounds
    summit = newton.climb(look, terms, scale, parameters.tolerance, most)
    return _result(parameters, summit)


def _round(ask: Ask, parameters: Parameters, beta: Floats) -> Sequence[Release]:
    """One question to every site, at the same coefficients."""
    at = replace(parameters, coefficients=tuple(float(b) for b in beta))
    sites = range(parameters.model.sites)
    return ask([replace(at, model=replace(parameters.model, site=k)) for k in sites])


def _sum(releases: Sequence[Release]) -> Release:
    return Release(
        terms=releases[0].terms,
        rows=sum(r.rows for r in releases),
        cases=sum(r.cases for r in releases),
        log_likelihood=sum(r.log_likelihood for r in releases),
        gradient=np.sum([r.gradient for r in releases], axis=0),
        hessian=np.sum([r.hessian for r in releases], axis=0),
    )


def _result(parameters: Parameters, summit: newton.Summit[Release]) -> Result:
    here, beta, separated = summit.point, summit.beta, summit.moving
    z = float(ndtri(0.5 + parameters.level / 2))
    covariance: Floats = np.asarray(np.linalg.pinv(here.hessian, hermitian=True), dtype=np.float64)
    coefficients = np.where(separated, np.nan, beta)
    errors = np.where(separated, np.nan, np.sqrt(np.maximum(np.diag(covariance), 0.0)))
    with np.errstate(over="ignore"):
        return Result(
            terms=here.terms,
            rows=here.rows,
            cases=here.cases,
            coefficients=coefficients,
            standard_errors=errors,
            covariance=covariance,
            odds_ratios=np.exp(coefficients),
            low=np.exp(coefficients - z * errors),
            high=np.exp(coefficients + z * errors),
            p=2 * ndtr(-np.abs(coefficients / errors)),
            log_likelihood=here.log_likelihood,
            rounds=summit.rounds,
            converged=summit.converged,
            separated=tuple(t for t, s in zip(here.terms, separated, strict=True) if s),
        )
