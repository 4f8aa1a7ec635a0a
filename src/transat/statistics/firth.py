"""Adjusted odds ratios when cases are few: Firth's penalised logistic regression, over all sites.

Question
    As `logistic`, for outcomes so rare that the maximum-likelihood estimate is biased away from 1,
    or infinite.

Formula
    Penalised log-likelihood l* = l + log det(I)/2, with I = sum w x x', w = p (1-p). Its score is
    U* = sum (y - p + h (1/2 - p)) x, with the leverage h = w x' I⁻¹ x. A leverage needs the pooled
    I, so each step takes two messages: sites send l and I; the coordinator sends back I⁻¹, and
    sites send U*, their leverages computed at home. Newton: b + I⁻¹U*, halved while l* falls.
    p of a term: 2 (l* at the maximum - l* at the maximum with that coefficient held at 0),
    chi-square on 1 degree; the penalty keeps the determinant of the full I. Intervals: Wald.

Assumptions
    As `logistic`. Estimates are finite under separation.

References
    Firth D (1993) Biometrika 80:27-38, doi:10.1093/biomet/80.1.27.
    Heinze G, Schemper M (2002) Stat Med 21:2409-2419, doi:10.1002/sim.1047.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.special import chdtrc, ndtri

from transat.cohorts.analysis_table import AnalysisTable
from transat.core.errors import StudyError
from transat.core.languages import Text
from transat.statistics import design_matrix
from transat.statistics.design_matrix import Model

Floats = NDArray[np.float64]

_HALVINGS = 20
_LONGEST_STEP = 5.0


@dataclass(frozen=True, slots=True)
class Parameters:
    """model: the columns; coefficients: where the sums are taken (empty: all zero); inverse: the
    pooled I⁻¹, row after row, in the second message of a step (empty: first message); tested: terms
    whose p is wanted; level: of the intervals; tolerance: largest |U*| at which the fit stops."""

    model: Model
    coefficients: tuple[float, ...] = ()
    inverse: tuple[float, ...] = ()
    tested: tuple[str, ...] = ()
    level: float = 0.95
    tolerance: float = 1e-9
    most_steps: int = 60


@dataclass(frozen=True, slots=True)
class Release:
    """What leaves a site in one message: sums over its rows, p terms.

    First message of a step: `log_likelihood` and `information`, `score` being empty. Second:
    `score` alone, `information` being empty and `log_likelihood` 0.
    """

    terms: tuple[str, ...]
    rows: int
    cases: int
    log_likelihood: float
    information: Floats  # (p, p) or (0, 0)
    score: Floats  # (p,) or (0,)

    def counts(self) -> dict[str, NDArray[np.int64]]:
        """The head counts stated as such; `design_matrix.implied_counts`: those the sums tell."""
        return design_matrix.stated_counts(self.rows, self.cases)


@dataclass(frozen=True, slots=True)
class Result:
    """One entry per term, (p,); `p` is NaN for a term that was not tested."""

    terms: tuple[str, ...]
    rows: int
    cases: int
    coefficients: Floats
    standard_errors: Floats
    odds_ratios: Floats
    low: Floats
    high: Floats
    p: Floats  # penalised likelihood ratio
    penalised_log_likelihood: float
    rounds: int  # messages asked of each site
    converged: bool


Ask = Callable[[Sequence[Parameters]], Sequence[Release]]


def at_site(table: AnalysisTable, parameters: Parameters) -> Release:
    """The sums of one site for one message.

    Raises
    ------
    StudyError : a column that the table does not hold.
    """
    x, y = design_matrix.columns(table, parameters.model)
    size = x.shape[1]
    eta = x @ np.asarray(parameters.coefficients or np.zeros(size), dtype=np.float64)
    p = np.exp(-np.logaddexp(0.0, -eta))
    weight = p * (1 - p)
    information, score, likelihood = np.zeros((0, 0)), np.zeros(0), 0.0
    if parameters.inverse:
        inverse = np.asarray(parameters.inverse, dtype=np.float64).reshape(size, size)
        leverage = weight * np.einsum("ij,ij->i", x @ inverse, x)
        score = x.T @ (y - p + leverage * (0.5 - p))
    else:
        information = design_matrix.gram(x, weight)
        likelihood = float(y @ eta - np.logaddexp(0.0, eta).sum())
    return Release(
        terms=parameters.model.terms,
        rows=int(table.n),
        cases=int(y.sum()),
        log_likelihood=likelihood,
        information=information,
        score=score,
    )


def combine(ask: Ask, parameters: Parameters) -> Result:
    """Penalised Newton; `ask` sends one `Parameters` to each site and brings the releases back.

    Raises
    ------
    StudyError : columns that say the same thing; or a term to test that is not in the model.
    """
    terms = parameters.model.terms
    for term in parameters.tested:
        if term not in terms:
            raise _refused(term)
    count = [0]
    everything = np.ones(len(terms), dtype=np.bool_)
    fit = _maximise(ask, parameters, np.zeros(len(terms)), everything, count)
    p = np.full(len(terms), np.nan)
    converged = fit.converged
    for term in parameters.tested:
        at = terms.index(term)
        free = everything.copy()
        free[at] = False
        start = fit.beta - fit.inverse[:, at] * (fit.beta[at] / fit.inverse[at, at])
        held = _maximise(ask, parameters, np.where(free, start, 0.0), free, count)
        p[at] = chdtrc(1, max(2 * (fit.penalised - held.penalised), 0.0))
        converged = converged and held.converged
    z = float(ndtri(0.5 + parameters.level / 2))
    errors = np.sqrt(np.diag(fit.inverse))
    return Result(
        terms=terms,
        rows=fit.rows,
        cases=fit.cases,
        coefficients=fit.beta,
        standard_errors=errors,
        odds_ratios=np.exp(fit.beta),
        low=np.exp(fit.beta - z * errors),
        high=np.exp(fit.beta + z * errors),
        p=p,
        penalised_log_likelihood=fit.penalised,
        rounds=count[0],
        converged=converged,
    )


@dataclass(frozen=True, slots=True)
class _Point:
    """The coordinator's view at one set of coefficients."""

    beta: Floats
    rows: int
    cases: int
    penalised: float
    information: Floats
    inverse: Floats
    converged: bool = False


def _maximise(
    ask: Ask, parameters: Parameters, beta: Floats, free: NDArray[np.bool_], count: list[int]
) -> _Point:
    """Newton on the free coefficients, the others held where `beta` has them."""
    here = _look(ask, parameters, beta, count)
    for _ in range(parameters.most_steps):
        score = np.where(free, _score(ask, parameters, here, count), 0.0)
        if np.abs(score).max(initial=0.0) < parameters.tolerance * max(1.0, here.cases):
            return replace(here, converged=True)
        step = np.zeros_like(beta)
        step[free] = np.linalg.solve(here.information[np.ix_(free, free)], score[free])
        step *= min(1.0, _LONGEST_STEP / max(float(np.abs(step).max()), 1e-300))
        there = _forward(ask, parameters, here, step, count)
        if there is None:
            return here
        here = there
    return here


def _forward(
    ask: Ask, parameters: Parameters, here: _Point, step: Floats, count: list[int]
) -> _Point | None:
    """The step, halved while the penalised log-likelihood falls; None when no step helps."""
    slack = 1e-11 * max(abs(here.penalised), 1.0)
    for _ in range(_HALVINGS):
        there = _look(ask, parameters, here.beta + step, count)
        if there.penalised >= here.penalised - slack:
            return there
        step = step / 2
    return None


def _look(ask: Ask, parameters: Parameters, beta: Floats, count: list[int]) -> _Point:
    """First message: the summed information and penalised log-likelihood."""
    releases = _round(ask, parameters, beta, (), count)
    information = np.sum([r.information for r in releases], axis=0)
    size, values, vectors = design_matrix.decomposed(information, parameters.model.terms)
    likelihood = sum(r.log_likelihood for r in releases)
    half_determinant = float(np.log(size).sum() + 0.5 * np.log(values).sum())
    return _Point(
        beta=beta,
        rows=sum(r.rows for r in releases),
        cases=sum(r.cases for r in releases),
        penalised=likelihood + half_determinant,
        information=information,
        inverse=(vectors / values) @ vectors.T / np.outer(size, size),
    )


def _score(ask: Ask, parameters: Parameters, here: _Point, count: list[int]) -> Floats:
    """Second message: the penalised score, with leverages from the pooled inverse."""
    inverse = tuple(float(v) for v in here.inverse.ravel())
    releases = _round(ask, parameters, here.beta, inverse, count)
    return np.asarray(np.sum([r.score for r in releases], axis=0), dtype=np.float64)


def _round(
    ask: Ask, parameters: Parameters, beta: Floats, inverse: tuple[float, ...], count: list[int]
) -> Sequence[Release]:
    count[0] += 1
    at = replace(parameters, coefficients=tuple(float(b) for b in beta), inverse=inverse)
    sites = range(parameters.model.sites)
    return ask([replace(at, model=replace(parameters.model, site=k)) for k in sites])


def _refused(term: str) -> StudyError:
    return StudyError(
        Text("Ce terme n'est pas dans le modèle.", "This term is not in the model."),
        term,
        Text("Choisir un terme du modèle.", "Choose a term of the model."),
    )
