"""Hazard ratios by Cox regression, stratified by site, fitted on all sites without moving a row.

Question
    How much faster does the event come to people with a higher column, other columns being equal?

Formula
    Hazard of stratum s: h_s(t) exp(x'b), h_s unknown. A site sends the log partial likelihood and
    its derivatives (Efron or Breslow; `cox_sums`) summed over its own strata and times: a round
    costs two products of matrices, and nothing per time leaves. Every site is a stratum of its
    own, inside which the table's strata are others: sums over sites are those of the pooled rows so
    stratified. Newton: b + H⁻¹g, the step halved while the summed l falls. Variance H⁻¹ at the end,
    or robust: H⁻¹ U H⁻¹, U the sum over people of the squares of their score residuals (so rows of
    one person, or whoever `people` puts together, are one cluster). Wald intervals and p-values;
    likelihood ratio, Wald (of the variance chosen) and score tests against b = 0.

Uses
    Late entry: `SurvivalTable.entry`. Columns that change in time: one row per spell. Causes of
    death: `event` chooses one kind, the others are censorings (cause-specific hazard). Weights:
    `SurvivalTable.weights` (with them, the robust variance is the one that has a meaning).

Assumptions
    Censoring independent given the columns; hazards proportional within a stratum; one common
    coefficient over sites. A term that still moves when l does not (monotone likelihood) is
    returned in `monotone`, without estimate.

References
    Cox DR (1972) J R Stat Soc B 34:187-220, doi:10.1111/j.2517-6161.1972.tb00899.x.
    Efron B (1977) J Am Stat Assoc 72:557-565, doi:10.1080/01621459.1977.10480613.
    Breslow N (1974) Biometrics 30:89-99, doi:10.2307/2529620.
    Lin DY, Wei LJ (1989) J Am Stat Assoc 84:1074-1078, doi:10.1080/01621459.1989.10478874.
    Heinze G, Schemper M (2001) Biometrics 57:114-119, doi:10.1111/j.0006-341X.2001.00114.x
    (monotone likelihood).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.special import chdtrc, ndtr, ndtri

from transat.cohorts.survival_table import SurvivalTable
from transat.core.errors import StudyError
from transat.core.languages import Text
from transat.statistics import cox_sums, newton
from transat.statistics.cox_sums import Ties
from transat.statistics.risk_sets import positions, risk_sets

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Parameters:
    """columns: of the survival table. event: the kind that counts. ties: how events of the same
    time are treated. coefficients: where the sums are taken (empty: all zero). level: of the
    intervals; tolerance: expected gain of log-likelihood under which the fit stops."""

    columns: tuple[str, ...]
    event: int = 1
    ties: Ties = "efron"
    robust: bool = False
    coefficients: tuple[float, ...] = ()
    level: float = 0.95
    tolerance: float = 1e-9
    most_rounds: int = 60


@dataclass(frozen=True, slots=True)
class Release:
    """What leaves a site at one round: sums over its rows, p terms; nothing per time or stratum.

    outer: (p, p) of the robust variance, (0, 0) where it is not asked for."""

    terms: tuple[str, ...]
    persons: int
    events: int
    event_free: int
    log_likelihood: float
    gradient: Floats  # (p,)
    hessian: Floats  # (p, p)
    outer: Floats

    def counts(self) -> dict[str, NDArray[np.int64]]:
        """The head counts stated as such; `implied_counts`: those that the sums lean on."""
        stated = {"persons": self.persons, "events": self.events, "event_free": self.event_free}
        return {name: np.array([value], dtype=np.int64) for name, value in stated.items()}


@dataclass(frozen=True, slots=True)
class Result:
    """One entry per term, (p,); NaN for a monotone term. covariance, and what follows from it:
    robust where that was asked for; model_errors: of H⁻¹ all the same. score: at 0, of all terms
    together, as the likelihood ratio and Wald's test."""

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
    wald: float
    wald_p: float
    score: float
    score_p: float
    model_errors: Floats
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
    here = cox_sums.sums(sets, parameters.coefficients, parameters.ties)
    outer = np.zeros((0, 0))
    if parameters.robust:
        outer = cox_sums.outer_products(table, sets, parameters.coefficients, parameters.ties)
    return Release(
        terms=parameters.columns,
        persons=sets.persons,
        events=sets.events,
        event_free=sets.event_free,
        log_likelihood=here.log_likelihood,
        gradient=here.gradient,
        hessian=here.hessian,
        outer=outer,
    )


def combine(ask: Ask, parameters: Parameters) -> Result:
    """Newton: `ask` sends one `Parameters` to every site and brings their releases back.

    Raises
    ------
    StudyError : no event at any site, or fewer than columns; columns that say the same thing, so
    that no single estimate exists.
    """

    def look(beta: Floats) -> Release:
        return _sum(ask([replace(parameters, coefficients=tuple(float(b) for b in beta))]))

    def scale(null: Release) -> Floats:
        if null.events < max(len(null.terms), 1):
            raise _too_few(null.events)
        return np.sqrt(np.diag(null.hessian) / null.events)

    terms, most = parameters.columns, parameters.most_rounds
    summit = newton.climb(look, terms, scale, parameters.tolerance, most, relative=True)
    return _result(parameters, summit)


def weights(table: SurvivalTable, parameters: Parameters) -> Floats:
    """v (n,) of the docstring at the coefficients asked for: how much each row weighs in a round;
    0 for a row at risk at no event time. For a gate that refuses steps about a few people.
    """
    sets = risk_sets(table, parameters.columns, parameters.event)
    found = np.zeros(table.n)
    at = cox_sums.weighed(sets, parameters.coefficients, parameters.ties)
    found[sets.row] = at.weights
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


def _sum(releases: Sequence[Release]) -> Release:
    return Release(
        terms=releases[0].terms,
        persons=sum(r.persons for r in releases),
        events=sum(r.events for r in releases),
        event_free=sum(r.event_free for r in releases),
        log_likelihood=sum(r.log_likelihood for r in releases),
        gradient=np.sum([r.gradient for r in releases], axis=0),
        hessian=np.sum([r.hessian for r in releases], axis=0),
        outer=np.sum([r.outer for r in releases], axis=0),
    )


def _result(parameters: Parameters, summit: newton.Summit[Release]) -> Result:
    here, null = summit.point, summit.start
    z = float(ndtri(0.5 + parameters.level / 2))
    inverse: Floats = np.asarray(np.linalg.pinv(here.hessian, hermitian=True), dtype=np.float64)
    covariance = inverse @ here.outer @ inverse if parameters.robust else inverse
    coefficients = np.where(summit.moving, np.nan, summit.beta)
    errors, model_errors = (
        np.where(summit.moving, np.nan, np.sqrt(np.maximum(np.diag(v), 0.0)))
        for v in (covariance, inverse)
    )
    tests = _tests(null, summit.beta, covariance)
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
            wald=tests[0],
            wald_p=float(chdtrc(len(here.terms), tests[0])),
            score=tests[1],
            score_p=float(chdtrc(len(here.terms), tests[1])),
            model_errors=model_errors,
            rounds=summit.rounds,
            converged=summit.converged,
            monotone=tuple(t for t, m in zip(here.terms, summit.moving, strict=True) if m),
        )


def _tests(null: Release, beta: Floats, covariance: Floats) -> tuple[float, float]:
    """Wald's test and the score test at 0, chi squared on p degrees of freedom."""
    weight = np.linalg.pinv(covariance, hermitian=True)
    step = np.linalg.pinv(null.hessian, hermitian=True) @ null.gradient
    return max(float(beta @ weight @ beta), 0.0), max(float(null.gradient @ step), 0.0)


def _too_few(events: int) -> StudyError:
    """None, or fewer than columns; says no other number."""
    if events:
        what = Text(
            "Moins d'événements que de colonnes : aucune estimation n'est finie.",
            "Fewer events than columns: no estimate is finite.",
        )
        next_step = Text(
            "Retirer des colonnes, ou demander une régression pénalisée.",
            "Take columns out, or ask for a penalised regression.",
        )
    else:
        what = Text(
            "Aucun événement de cette sorte : rien n'est à estimer.",
            "No event of this kind: there is nothing to estimate.",
        )
        next_step = Text(
            "Choisir une autre sorte d'événement ou un suivi plus long.",
            "Choose another kind of event or a longer follow-up.",
        )
    return StudyError(what, "event", next_step)
