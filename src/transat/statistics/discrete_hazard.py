"""How do columns act on the chance of each kind of event in each interval of an agreed grid?

Question
    Discrete-time hazards of M kinds of event, one of which ends the follow-up: a survival model
    whose baseline is told by interval, so that absolute risks follow, for rows that may enter late.

Formula
    Times are rounded up to the edges (as kaplan_meier); a row at risk in interval j has, for kind
    m, v_m = exp(a_mj + x'b_m), v their sum, and
        logit:    P(none) = 1/(1+v),   P(m) = v_m/(1+v)             multinomial logistic regression
        cloglog:  P(none) = exp(-v),   P(m) = (1 - exp(-v)) v_m/v   proportional hazards, grouped
    With M = 1 these are the logistic and the complementary log-log regression of person-periods,
    which are never laid out: sums over the intervals of a row are taken where the row lies.
    Fisher's scoring on summed gradients and expected information, the step halved while l falls;
    standard errors are of the expected information, as R's glm has them. Risks of somebody:
        S(j) = product of P(none),   F_m(j) = sum of S(i-1) P(m) over i <= j
    with intervals on log(-log F) by the delta method.

What leaves
    First, by interval: who entered, had each kind of event, was censored; a site's gate may merge
    intervals, and `combine` merges those that every site kept until each has an event of each kind.
    Then, at each round, sums: l, gradient and information of (K + p) M terms.

Assumptions
    Censoring at the end of intervals, independent given the columns; the link; a common baseline
    (give sites or countries a column of their own where they differ).

References
    Prentice RL, Gloeckler LA (1978) Biometrics 34:57-67, doi:10.2307/2529588. Allison PD (1982)
    Sociol Methodol 13:61-98, doi:10.2307/270718. Tutz G, Schmid M (2016),
    doi:10.1007/978-3-319-28158-2, chapters 3 and 8.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr, ndtri

from transat.cohorts.survival_table import SurvivalTable
from transat.statistics import grid_counts, newton

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

# Of log v: beyond, nobody is left; a step too long is seen as a loss, not as an infinite number.
_LARGEST = {"logit": 300.0, "cloglog": 6.0}
_CELLS = 2**18  # numbers of a block of person-periods
_SMALL = 1e-4  # of v, below which a series has more digits


@dataclass(frozen=True, slots=True)
class Parameters:
    """columns: of the survival table. grid: edges, rising, above 0. kinds: M, the kinds of event
    are 1..M, the same on every shore. most_intervals: of the baseline, chosen so that each holds
    about as many events. level: of the limits; tolerance: expected gain of log-likelihood under
    which the fit stops.

    Sent by the coordinator, empty in the first question: edges, the intervals of the baseline;
    coefficients: by kind, those of the K intervals and of the p columns.
    """

    columns: tuple[str, ...]
    grid: tuple[float, ...]
    kinds: int = 1
    link: Literal["logit", "cloglog"] = "logit"
    most_intervals: int = 120
    level: float = 0.95
    tolerance: float = 1e-18
    most_rounds: int = 100
    edges: tuple[float, ...] = ()
    coefficients: tuple[float, ...] = ()

    def start(self) -> Parameters:
        """The first question of the same fit."""
        return replace(self, edges=(), coefficients=())

    @property
    def terms(self) -> tuple[str, ...]:
        """Names of the coefficients: kind, then the end of an interval or a column."""
        own = (*(f"<={edge:g}" for edge in self.edges), *self.columns)
        return tuple(f"{kind}:{name}" for kind in range(1, self.kinds + 1) for name in own)


@dataclass(frozen=True, slots=True)
class Release:
    """What leaves a site: head counts by interval at the first question, sums at the others."""

    edges: Floats  # (K,)
    persons: int  # rows
    entered: Integers = field(default_factory=lambda: np.zeros(0, dtype=np.int64))  # (K,)
    events: Integers = field(default_factory=lambda: np.zeros((0, 0), dtype=np.int64))  # (M, K)
    censored: Integers = field(default_factory=lambda: np.zeros(0, dtype=np.int64))
    log_likelihood: float = 0.0
    gradient: Floats = field(default_factory=lambda: np.zeros(0))  # (q,)
    hessian: Floats = field(default_factory=lambda: np.zeros((0, 0)))  # (q, q) information

    def counts(self) -> dict[str, Integers]:
        """Every head count stated, with those whom the grid leaves under observation."""
        persons = np.array([self.persons], dtype=np.int64)
        if not self.entered.size:
            return {"persons": persons}
        left = self.events.sum() + self.censored.sum()
        return {
            "persons": persons,
            "entered": self.entered,
            "events": self.events,
            "censored": self.censored,
            "remaining": self.entered.sum(keepdims=True) - left,
        }

    def merged(self, kept: NDArray[np.bool_]) -> Release:
        """Of counts, a copy on the edges where `kept` (K,) is True; those after stay observed."""
        return replace(
            self,
            edges=self.edges[kept],
            entered=grid_counts.merged(self.entered, kept),
            events=grid_counts.merged(self.events, kept),
            censored=grid_counts.merged(self.censored, kept),
        )


@dataclass(frozen=True, slots=True)
class Result:
    """edges: (K,); baseline: (M, K) a; the others by kind and column, (M, p), NaN where monotone.
    ratios: exp of b, odds ratios (logit) or hazard ratios (cloglog). covariance: (q, q) of all
    terms, in the order of `Parameters.terms`."""

    columns: tuple[str, ...]
    link: Literal["logit", "cloglog"]
    persons: int
    events: Integers  # (M,)
    edges: Floats
    baseline: Floats
    coefficients: Floats
    standard_errors: Floats
    ratios: Floats
    low: Floats
    high: Floats
    p: Floats  # two-sided, Wald
    covariance: Floats
    log_likelihood: float
    rounds: int
    converged: bool
    monotone: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Risks:
    """Of one person, at the K edges: S (K,) and F (M, K) with errors and limits of F."""

    edges: Floats
    free: Floats
    incidence: Floats
    standard_errors: Floats
    low: Floats
    high: Floats


Ask = Callable[[Sequence[Parameters]], Sequence[Release]]


def at_site(table: SurvivalTable, parameters: Parameters) -> Release:
    """The counts, or where coefficients are given the sums, of one site.

    Raises
    ------
    StudyError : a column that the table does not hold; values missing or infinite.
    ValueError : a grid that does not rise from above 0, kinds of event beyond M.
    """
    edges, first, last = _placed(table, parameters)
    if not parameters.coefficients:
        return _counts(table, parameters, edges, first, last)
    return _summed(table, parameters, edges, first, last).release(edges)


def weights(table: SurvivalTable, parameters: Parameters) -> Floats:
    """(n,) how much each row weighs in the information at the coefficients asked for. For a gate
    that refuses steps about a few people."""
    edges, first, last = _placed(table, parameters)
    zero = (0.0,) * (parameters.kinds * (edges.size + len(parameters.columns)))
    asked = replace(parameters, coefficients=parameters.coefficients or zero)
    return _summed(table, asked, edges, first, last).weights


def combine(ask: Ask, parameters: Parameters) -> Result:
    """The counts, then Fisher's scoring: `ask` sends one `Parameters` to every site and brings
    their releases back.

    Raises
    ------
    StudyError : a kind without any event; columns that say the same thing.
    """
    first = ask([parameters.start()])
    edges, events = _intervals(first, parameters.most_intervals)
    asked = replace(parameters.start(), edges=tuple(float(e) for e in edges))

    def look(at: Floats) -> Release:
        return _sum(ask([replace(asked, coefficients=tuple(float(v) for v in at))]))

    def size(start: Release) -> Floats:
        return np.asarray(np.sqrt(np.diag(start.hessian) / events.sum()), dtype=np.float64)

    summit = newton.climb(look, asked.terms, size, asked.tolerance, asked.most_rounds)
    return _result(asked, summit, sum(r.persons for r in first), events)


def risks(result: Result, columns: Sequence[float], level: float = 0.95) -> Risks:
    """Of somebody with these columns (p,); NaN where a term that it needs is monotone."""
    x = np.asarray(columns, dtype=np.float64)
    log_v = (result.baseline + (result.coefficients @ x)[:, None]).T
    v, alone, several = _law(log_v, result.link)
    none, chances = np.exp(-alone[0]), v * np.exp(-several[0])[:, None]
    free = np.cumprod(none, dtype=np.float64)
    before = np.append(1.0, free[:-1])
    incidence: Floats = np.cumsum(before[:, None] * chances, axis=0, dtype=np.float64).T
    covariance = _of_interval_terms(result, x)
    errors = np.empty_like(incidence)
    for m, f in enumerate(incidence):
        # of F_m(t), by the log v of kind l in interval j <= t: through P(m) there, and S after it
        own = (np.arange(len(incidence)) == m) - several[1][:, None] * v
        here = before[:, None] * chances[:, [m]] * own
        for t in range(f.size):
            slope = here - (f[t] - f)[:, None] * alone[1][:, None] * v
            slope[t + 1 :] = 0
            flat = slope.T.reshape(-1)
            errors[m, t] = np.sqrt(max(float(flat @ covariance @ flat), 0.0))
    inner = np.clip(incidence, 1e-300, 1 - 1e-15)
    spread = float(ndtri(0.5 + level / 2)) * errors / np.abs(inner * np.log(inner))
    spread = np.minimum(spread, 50.0)  # all that a limit can say
    low, high = (np.exp(np.log(inner) * np.exp(s * spread)) for s in (1, -1))
    return Risks(result.edges, free, incidence, errors, low, high)


def _placed(
    table: SurvivalTable, parameters: Parameters
) -> tuple[Floats, grid_counts.Places, grid_counts.Places]:
    """The edges, and the first and last interval of each row."""
    if parameters.kinds < 1 or (table.event > parameters.kinds).any():
        raise ValueError("kinds: the table holds other kinds of event")
    edges = grid_counts.edges_of(parameters.edges or parameters.grid)
    return edges, *grid_counts.intervals(table, edges)


def _summed(
    table: SurvivalTable,
    parameters: Parameters,
    edges: Floats,
    first: grid_counts.Places,
    last: grid_counts.Places,
) -> _Sums:
    x = grid_counts.columns(table, parameters.columns)
    at = np.asarray(parameters.coefficients).reshape(parameters.kinds, edges.size + x.shape[1])
    often = np.ones(table.n) if table.weights is None else table.weights
    sums = _Sums(at, x, parameters.link)
    block = max(64, _CELLS // (edges.size * parameters.kinds**2))
    for start in range(0, table.n, block):
        rows = slice(start, start + block)
        sums.add(rows, first[rows], last[rows], table.event[rows], often[rows])
    return sums


def _counts(
    table: SurvivalTable,
    parameters: Parameters,
    edges: Floats,
    first: grid_counts.Places,
    last: grid_counts.Places,
) -> Release:
    seen = first <= last
    event, cells = table.event[seen].astype(np.int64), parameters.kinds + 1
    left = grid_counts.counted(event, cells, last[seen], edges.size)
    entered = grid_counts.counted(0 * event, 1, first[seen], edges.size)[0]
    events: Integers = left[1:]
    return Release(edges, table.n, entered, events, np.asarray(left[0], dtype=np.int64))


class _Sums:
    """Sums over rows and intervals at coefficients `at` (M, K + p), a block of rows after another:
    its person-periods stay in a processor's cache. weights: (n,) each row's, over intervals."""

    def __init__(self, at: Floats, x: Floats, link: str) -> None:
        self._x, self._link = x, link
        kinds, q = at.shape
        self._intervals = q - x.shape[1]
        self._baseline = at[:, : self._intervals].T  # (K, M)
        self._own = x @ at[:, self._intervals :].T  # (n, M)
        self._likelihood = 0.0
        self.weights = np.zeros(len(x))
        self._gradient = np.zeros((kinds, q))
        self._information = np.zeros((kinds, q, kinds, q))

    def add(
        self,
        rows: slice,
        first: grid_counts.Places,
        last: grid_counts.Places,
        event: NDArray[np.int8],
        often: Floats,
    ) -> None:
        """The rows (b,) through all K intervals."""
        interval = np.arange(self._intervals)
        often = often[:, None] * ((first[:, None] <= interval) & (interval <= last[:, None]))
        log_v = self._baseline + self._own[rows, None, :]  # (b, K, M)
        log_v = np.minimum(log_v, _LARGEST[self._link])
        v, alone, several = _law(log_v, self._link)
        failed = np.flatnonzero((event > 0) & (last < self._intervals))
        at, own = (failed, last[failed]), event[failed] - 1
        likelihood, residual = -alone[0], -alone[1][..., None] * v
        likelihood[at] = log_v[(*at, own)] - several[0][at]
        residual[at] = -several[1][at][:, None] * v[at]
        residual[(*at, own)] += 1
        residual *= often[..., None]
        none = np.exp(-alone[0])
        bend = often * (none * alone[2] + (1 - none) * several[2])
        line = often * (none * alone[1] + (1 - none) * several[1])
        weight = bend[..., None, None] * v[..., :, None] * v[..., None, :]  # (b, K, M, M)
        index = np.arange(v.shape[-1])
        weight[..., index, index] += line[..., None] * v
        self._likelihood += float((often * likelihood).sum())
        self.weights[rows] = np.trace(weight.sum(axis=1), axis1=1, axis2=2)
        self._sum(self._x[rows], residual, weight)

    def _sum(self, x: Floats, residual: Floats, weight: Floats) -> None:
        """Gradient and information of a block, from its person-periods."""
        b, intervals, kinds, _ = weight.shape
        index, columns = np.arange(intervals), slice(intervals, None)
        self._gradient[:, :intervals] += residual.sum(axis=0).T
        self._gradient[:, columns] += residual.sum(axis=1).T @ x
        of_rows = weight.sum(axis=1)
        across = (weight.reshape(b, intervals * kinds**2).T @ x).reshape(*weight.shape[1:], -1)
        for m in range(kinds):
            for other in range(kinds):
                part = self._information[m, :, other]
                part[index, index] += weight[:, :, m, other].sum(axis=0)
                part[:intervals, columns] += across[:, m, other]
                part[columns, :intervals] += across[:, m, other].T
                part[columns, columns] += (of_rows[:, m, other, None] * x).T @ x

    def release(self, edges: Floats) -> Release:
        """The sums, as the terms are ordered."""
        square = self._information.reshape(self._gradient.size, -1)
        np.fill_diagonal(square, np.maximum(np.diag(square), 0.0))  # 0 but for rounding
        return Release(
            edges, len(self._x), log_likelihood=self._likelihood,
            gradient=self._gradient.reshape(-1), hessian=(square + square.T) / 2,
        )  # fmt: skip


Law = tuple[Floats, Floats, Floats]


def _law(log_v: Floats, link: str) -> tuple[Floats, Law, Law]:
    """v (..., M); -log P(none) and log v_m - log P(m), each with its first and second derivative
    by the sum of v, (...)."""
    v = np.exp(log_v)
    total = v.sum(axis=-1)
    if link == "logit":
        law = np.log1p(total), 1 / (1 + total), -1 / (1 + total) ** 2
        return v, law, law
    small = total < _SMALL
    safe = np.where(small, 1.0, total)
    gone = -np.expm1(-safe)
    odds = np.exp(-safe) / gone
    several = (
        np.where(small, total / 2, np.log(safe) - np.log(gone)),
        np.where(small, 0.5 - total / 12, 1 / safe - odds),
        np.where(small, total**2 / 240 - 1 / 12, odds / gone - 1 / safe**2),
    )
    return v, (total, np.ones_like(total), np.zeros_like(total)), several


def _intervals(first: Sequence[Release], most: int) -> tuple[Floats, Integers]:
    """The edges that every site kept, `most` of them, merged until each interval has, over all
    sites, an event of each kind and somebody without any; and the events (M,)."""
    shared = grid_counts.common([r.edges for r in first])
    if shared.size > most:
        every = [r.merged(np.isin(r.edges, shared)).events.sum(axis=0) for r in first]
        shared = grid_counts.by_quantiles(shared, np.sum(every, axis=0), most)
    on_shared = [r.merged(np.isin(r.edges, shared)) for r in first]
    entered, events, censored = (
        np.sum([getattr(r, name) for r in on_shared], axis=0)
        for name in ("entered", "events", "censored")
    )
    if not shared.size or not events.sum(axis=1).all():
        raise grid_counts.no_event()
    every = events.sum(axis=0)
    at_risk = grid_counts.at_risk(entered, every + censored)
    ends = [shared.size - 1]
    for j in range(shared.size - 1, 0, -1):  # from the end, where those at risk are few
        told = slice(j, ends[-1] + 1)
        if events[:, told].any(axis=1).all() and at_risk[j] > every[told].sum():
            ends.append(j - 1)
    if len(ends) > 1 and not events[:, : ends[-1] + 1].any(axis=1).all():
        ends.pop()  # the first interval joins the next
    return np.asarray(shared[ends[::-1]], dtype=np.float64), np.asarray(
        events.sum(axis=1), dtype=np.int64
    )


def _of_interval_terms(result: Result, x: Floats) -> Floats:
    """(M K, M K) covariance of a_mj + x'b_m, from that of all terms."""
    kinds, size = result.baseline.shape
    turn = np.kron(np.eye(kinds), np.hstack([np.eye(size), np.tile(x, (size, 1))]))
    return np.asarray(turn @ result.covariance @ turn.T)


def _sum(releases: Sequence[Release]) -> Release:
    return replace(
        releases[0],
        persons=sum(r.persons for r in releases),
        log_likelihood=sum(r.log_likelihood for r in releases),
        gradient=np.sum([r.gradient for r in releases], axis=0),
        hessian=np.sum([r.hessian for r in releases], axis=0),
    )


def _result(
    parameters: Parameters, summit: newton.Summit[Release], persons: int, events: Integers
) -> Result:
    here, size = summit.point, len(parameters.edges)
    covariance: Floats = np.asarray(np.linalg.pinv(here.hessian, hermitian=True), dtype=np.float64)
    errors = np.sqrt(np.maximum(np.diag(covariance), 0.0))
    told = (np.where(summit.moving, np.nan, values) for values in (summit.beta, errors))
    every, error = (values.reshape(parameters.kinds, -1) for values in told)
    beta, errors = every[:, size:], error[:, size:]
    z = float(ndtri(0.5 + parameters.level / 2))
    with np.errstate(over="ignore", divide="ignore", invalid="ignore"):
        return Result(
            columns=parameters.columns,
            link=parameters.link,
            persons=persons,
            events=events,
            edges=np.asarray(parameters.edges),
            baseline=every[:, :size],
            coefficients=beta,
            standard_errors=errors,
            ratios=np.exp(beta),
            low=np.exp(beta - z * errors),
            high=np.exp(beta + z * errors),
            p=2 * ndtr(-np.abs(beta / errors)),
            covariance=covariance,
            log_likelihood=here.log_likelihood,
            rounds=summit.rounds,
            converged=summit.converged,
            monotone=tuple(t for t, m in zip(parameters.terms, summit.moving, strict=True) if m),
        )
