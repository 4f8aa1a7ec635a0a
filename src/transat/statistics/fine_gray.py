"""Subdistribution hazard ratios by Fine and Gray, over all sites, without moving a row.

Question
    How does a column act on the cumulative incidence of one kind of event, given that the others
    preclude it? (On the rate among those still at risk: cox, of that kind alone.)

Formula
    Who had another kind of event stays at risk, with the chance that censoring would have spared
    them. G: Kaplan-Meier estimate of the censoring times, of all sites together or, where their
    follow-ups end otherwise, of each (`censoring`). At each event time t, with w = exp(x'b) and k
    the rows whose other event came before t,
        S0(t) = sum of w over time >= t + G(t-) sum over k of w / G(T_k-)
        l = sum over events of x'b - sum of d log S0       (Breslow's treatment of equal times)
    Summed over sites, S0 gives the steps d/S0 of the baseline; sent back, they give each site its
    part of the gradient, and of the matrix that S2/S0 averaged over all times makes of it, which is
    near the Hessian: the ascent corrects it by the changes of gradient (BFGS), each step halved
    while l falls. At the end S1 = sum of w x as S0 gives the Hessian, and the variance of Fine and
    Gray, of scores that hold how G was estimated: Hessian⁻¹ (sum of squares) Hessian⁻¹.
    convention: how equal times of events and censorings are taken in G. "cmprsk": all at a time are
    at risk of censoring (R cmprsk's crr). "survival": events leave first (R survival's finegray).

What leaves
    Counts by interval of the agreed grid (times rounded up, as kaplan_meier), then S0 on the edges
    that every site kept, one number each; p-vectors and p x p sums; S1 and its part of other events
    once, for the variance. `pooled` is exact to the day, for rows in one place.

Assumptions
    Censoring independent of columns and events, and alike at every site unless `censoring` is
    "site". Everybody enters at 0. Subdistribution hazards proportional. A term that still moves
    when l does not is in `monotone`, without estimate.

References
    Fine JP, Gray RJ (1999) J Am Stat Assoc 94:496-509, doi:10.1080/01621459.1999.10474144.
    Geskus RB (2011) Biometrics 67:39-49, doi:10.1111/j.1541-0420.2010.01420.x (weights).
    Nocedal J (1980) Math Comp 35:773-782, doi:10.1090/S0025-5718-1980-0572855-7 (the ascent).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr, ndtri

from transat.cohorts.survival_table import SurvivalTable
from transat.statistics import grid_counts
from transat.statistics.design_matrix import decomposed, gram

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Numbers = tuple[float, ...]

_LEAST = 1e-150
_LARGEST = 300.0  # of x'b: a step too long is then seen as a loss, not as an infinite number
_HALVINGS = 20
_BLOCK = 2**16
_STILL, _STILL_MOVING = 1e-6, 0.05  # gain of l; standard deviations a step, as in `newton`


@dataclass(frozen=True, slots=True)
class Parameters:
    """columns: of the survival table. grid: edges, rising, above 0. event: the kind. level: of the
    intervals; tolerance: expected gain of log-likelihood under which the ascent ends.

    Sent by the coordinator, empty in the first question: stage, what is asked; edges, those that
    every site kept; center: (p,) what the columns are measured from; free: (K,) G(t-), unless each
    site has its own;
    coefficients: (p,); steps: (K,) d/S0; means, pull, drift: (K p,) S1/S0, and how a censoring at
    an edge, and all those up to it, move the scores.
    """

    columns: tuple[str, ...]
    grid: Numbers
    event: int = 1
    convention: Literal["cmprsk", "survival"] = "cmprsk"
    censoring: Literal["pooled", "site"] = "pooled"
    level: float = 0.95
    tolerance: float = 1e-18
    most_rounds: int = 60
    stage: Literal["counts", "risk", "score", "means", "spread"] = "counts"
    edges: Numbers = ()
    center: Numbers = ()
    free: Numbers = ()
    coefficients: Numbers = ()
    steps: Numbers = ()
    means: Numbers = ()
    pull: Numbers = ()
    drift: Numbers = ()

    def start(self) -> Parameters:
        """The first question of the same fit."""
        return Parameters(
            self.columns, self.grid, self.event, self.convention, self.censoring,
            self.level, self.tolerance, self.most_rounds,
        )  # fmt: skip


def _none(*shape: int) -> Callable[[], Floats]:
    return lambda: np.zeros(shape)


@dataclass(frozen=True, slots=True)
class Release:
    """What leaves a site at one stage; the fields of other stages are empty."""

    edges: Floats  # (K,)
    persons: int
    # counts: heads by interval, and sums of the columns over everybody
    events: Integers = field(default_factory=lambda: np.zeros((2, 0), dtype=np.int64))
    censored: Integers = field(default_factory=lambda: np.zeros(0, dtype=np.int64))
    totals: Floats = field(default_factory=_none(0))  # (p,); at stage risk over the events
    # risk: S0. means: S0 and its part of other events; then likewise S1
    risk: Floats = field(default_factory=_none(0, 0))  # (1 or 2, K)
    columns_at_risk: Floats = field(default_factory=_none(0, 0, 0))  # (2, K, p)
    # score: gradient and its matrix. spread: sum of squares of the scores
    gradient: Floats = field(default_factory=_none(0))  # (p,)
    squares: Floats = field(default_factory=_none(0, 0))  # (p, p)

    def counts(self) -> dict[str, Integers]:
        """Every head count stated, with those whom the grid leaves under observation."""
        persons = np.array([self.persons], dtype=np.int64)
        if not self.censored.size:
            return {"persons": persons}
        remaining = persons - self.events.sum() - self.censored.sum()
        return {
            "persons": persons,
            "events": self.events,
            "censored": self.censored,
            "remaining": remaining,
        }

    def merged(self, kept: NDArray[np.bool_]) -> Release:
        """Of counts, a copy on the edges where `kept` (K,) is True; those after stay observed."""
        return replace(
            self, edges=self.edges[kept], events=grid_counts.merged(self.events, kept),
            censored=grid_counts.merged(self.censored, kept),
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Result:
    """One entry per term, (p,); NaN for a monotone term. standard_errors: robust, as crr's;
    model_errors: of the Hessian alone. edges, baseline: (K,) the cumulated subdistribution hazard
    of somebody whose columns are all 0."""

    terms: tuple[str, ...]
    persons: int
    events: int
    competing: int
    coefficients: Floats
    standard_errors: Floats
    model_errors: Floats
    covariance: Floats  # (p, p), robust
    hazard_ratios: Floats  # of subdistributions
    low: Floats
    high: Floats
    p: Floats  # two-sided, Wald
    log_likelihood_null: float
    log_likelihood: float
    rounds: int
    converged: bool
    monotone: tuple[str, ...]
    edges: Floats
    baseline: Floats


Ask = Callable[[Sequence[Parameters]], Sequence[Release]]


@dataclass(frozen=True, slots=True)
class _Rows:
    """place: (n,) interval of the end, K beyond the grid; own, other: rows with the kind, with
    another; x: (n, p) from the center; w: (n,) exp(x'b); edges: (K,); free: (K,) G(t-)."""

    edges: Floats
    place: NDArray[np.intp]
    own: NDArray[np.intp]
    other: NDArray[np.intp]
    x: Floats
    w: Floats
    free: Floats

    def at_risk(self, values: Floats) -> tuple[Floats, Floats]:
        """(K,) sums of w times the values over S0's rows, and the part of those after another
        event, not yet times G(t-)."""
        size = self.edges.size
        own = np.bincount(self.place, self.w * values, size + 1)
        other, place = self.other, self.place[self.other]
        spared = self.w[other] * values[other] / np.maximum(self.free[place], _LEAST)
        past = np.append(0.0, np.cumsum(np.bincount(place, spared, size))[:-1])
        there = np.cumsum(own[::-1])[::-1][:size]
        return np.asarray(there + self.free * past), np.asarray(past, dtype=np.float64)

    def cumulated(self, steps: Floats) -> Floats:
        """(n, ...) the sum of steps (K, ...) over the edges at which each row is at risk, those
        after another event less by G."""
        none = np.zeros((1, *steps.shape[1:]))
        so_far = np.concatenate([none, np.cumsum(steps, axis=0)])
        shrunk = steps * self.free.reshape(-1, *[1] * (steps.ndim - 1))
        after = np.concatenate([np.cumsum(shrunk[::-1], axis=0)[::-1], none])
        total = so_far[np.minimum(self.place + 1, self.edges.size)]
        place = self.place[self.other]
        free = np.maximum(self.free[place], _LEAST).reshape(-1, *[1] * (steps.ndim - 1))
        total[self.other] += after[place + 1] / free
        return np.asarray(total, dtype=np.float64)

    def blocks(self) -> Iterator[_Rows]:
        """The same rows, some at a time: arrays of rows x columns are made of no more of them."""
        for start in range(0, len(self.x), _BLOCK):
            end = start + _BLOCK
            own, other = (
                at[np.searchsorted(at, start) : np.searchsorted(at, end)] - start
                for at in (self.own, self.other)
            )
            yield replace(
                self, place=self.place[start:end], own=own, other=other,
                x=self.x[start:end], w=self.w[start:end],
            )  # fmt: skip


def at_site(table: SurvivalTable, parameters: Parameters) -> Release:
    """The sums of one site at the stage asked for.

    Raises
    ------
    StudyError : a column that the table does not hold; values missing or infinite.
    ValueError : a grid that does not rise from above 0, late entries, weighted rows.
    """
    grid_counts.unweighted(table)
    if table.entry.any():
        raise ValueError("entry: Fine and Gray's model is for people who all enter at 0")
    rows = _rows(table, parameters)
    stage = {
        "counts": _count, "risk": _risk, "score": _score, "means": _means, "spread": _spread,
    }[parameters.stage]  # fmt: skip
    return stage(table, rows, parameters)


def combine(ask: Ask, parameters: Parameters) -> Result:
    """The ascent: `ask` sends one `Parameters` to every site and brings their releases back.

    Raises
    ------
    StudyError : no event of the kind; columns that say the same thing.
    ValueError : no column.
    """
    if not parameters.columns:
        raise ValueError("columns: none, and so nothing to estimate")
    fit = _Fit(ask, parameters)
    fit.begin()
    converged, moving = fit.climb()
    return fit.end(converged, moving)


def pooled(table: SurvivalTable, parameters: Parameters) -> Result:
    """To the day, for rows that lie in one place: no time is rounded, whatever `grid` says."""
    exact = replace(parameters, grid=grid_counts.daily(table))
    return combine(lambda asked: [at_site(table, asked[0])], exact)


def incidence(result: Result, columns: Sequence[float]) -> Floats:
    """(K,) the cumulative incidence at `edges` of somebody with these columns (p,)."""
    log_ratio = float(np.asarray(columns, dtype=np.float64) @ result.coefficients)
    with np.errstate(divide="ignore", over="ignore"):
        return np.asarray(-np.expm1(-np.exp(np.log(result.baseline) + log_ratio)))


def _rows(table: SurvivalTable, parameters: Parameters) -> _Rows:
    edges = grid_counts.edges_of(parameters.edges or parameters.grid)
    _, last = grid_counts.intervals(table, edges)
    x = grid_counts.columns(table, parameters.columns) - np.asarray(parameters.center or 0.0)
    own = (table.event == parameters.event) & (last < edges.size)
    other = (table.event > 0) & (table.event != parameters.event) & (last < edges.size)
    eta = x @ np.asarray(parameters.coefficients or np.zeros(x.shape[1]))
    w = np.exp(np.clip(eta, -_LARGEST, _LARGEST))
    free = np.asarray(parameters.free or np.ones(edges.size))
    rows = _Rows(edges, last, np.flatnonzero(own), np.flatnonzero(other), x, w, free)
    if parameters.censoring == "pooled" or parameters.stage == "counts":
        return rows
    return replace(rows, free=_spared(*_heads(table, rows), table.n, parameters.convention)[0])


def _heads(table: SurvivalTable, rows: _Rows) -> tuple[Integers, Integers]:
    """Events of the kind and of the others (2, K), and censorings (K,), by interval."""
    cell = np.zeros(table.n, dtype=np.int64)
    cell[rows.own], cell[rows.other] = 1, 2
    counted = grid_counts.counted(cell, 3, rows.place, rows.edges.size)
    return counted[1:], counted[0]


def _spared(
    events: Integers, censored: Integers, persons: int, convention: str
) -> tuple[Floats, Floats]:
    """(K,) G(t-), and how many are at risk of being censored at each edge."""
    left = events.sum(axis=0) + censored
    early = events.sum(axis=0) if convention == "survival" else 0
    exposed = np.maximum(persons - (np.cumsum(left) - left) - early, 1).astype(np.float64)
    kept = np.cumprod(1 - censored / exposed, dtype=np.float64)
    return np.append(1.0, kept[:-1]), exposed


def _lent(
    sums: tuple[Floats, Floats], means: Floats, steps: Floats, censored: Integers, exposed: Floats
) -> tuple[Floats, Floats]:
    """(K, p) q/n at each edge, q(u) the sum over t >= u of S1 - m S0 of those after another event
    before u (sums: the latter (K,), then the former (K, p)), times steps G(t-) d/S0 (K,); and its
    drift over the censorings."""
    later = np.cumsum(steps[::-1])[::-1]
    later_means = np.cumsum((steps[:, None] * means)[::-1], axis=0)[::-1]
    pull = (later[:, None] * sums[1] - sums[0][:, None] * later_means) / exposed[:, None]
    return pull, np.cumsum(pull * (censored / exposed)[:, None], axis=0)


def _count(table: SurvivalTable, rows: _Rows, parameters: Parameters) -> Release:
    events, censored = _heads(table, rows)
    totals = rows.x.sum(axis=0)
    return Release(rows.edges, table.n, events=events, censored=censored, totals=totals)


def _risk(table: SurvivalTable, rows: _Rows, parameters: Parameters) -> Release:
    whole, _ = rows.at_risk(np.ones(table.n))
    totals = rows.x[rows.own].sum(axis=0)
    return Release(edges=rows.edges, persons=table.n, totals=totals, risk=whole[None, :])


def _score(table: SurvivalTable, rows: _Rows, parameters: Parameters) -> Release:
    v = rows.w * rows.cumulated(np.asarray(parameters.steps))
    first = v @ rows.x
    squares = np.block([[gram(rows.x, v), first[:, None]], [first[None, :], v.sum()]])
    gradient = rows.x[rows.own].sum(axis=0) - first
    return Release(edges=rows.edges, persons=table.n, gradient=gradient, squares=squares)


def _means(table: SurvivalTable, rows: _Rows, parameters: Parameters) -> Release:
    told = slice(0, 1 if parameters.censoring == "site" else 2)
    risk = np.stack(rows.at_risk(np.ones(table.n)))
    each = np.stack([np.stack(rows.at_risk(column)) for column in rows.x.T], axis=2)
    v = rows.w * rows.cumulated(np.asarray(parameters.steps))
    return Release(
        edges=rows.edges, persons=table.n, risk=risk[told], columns_at_risk=each[told],
        squares=gram(rows.x, v),
    )  # fmt: skip


def _spread(table: SurvivalTable, rows: _Rows, parameters: Parameters) -> Release:
    """The scores of Fine and Gray (1999), section 3, each with what it lends to G, squared."""
    size, p = rows.edges.size, rows.x.shape[1]
    steps = np.asarray(parameters.steps)
    means = np.asarray(parameters.means).reshape(size, p)
    if parameters.censoring == "site":
        _, censored = heads = _heads(table, rows)
        exposed = _spared(*heads, table.n, parameters.convention)[1]
        past = np.column_stack([rows.at_risk(c)[1] for c in (np.ones(table.n), *rows.x.T)])
        pull, drift = _lent((past[:, 0], past[:, 1:]), means, rows.free * steps, censored, exposed)
    else:
        pull, drift = (
            np.asarray(told).reshape(size, p) for told in (parameters.pull, parameters.drift)
        )
    squares, gone = np.zeros((p, p)), rows.place < size
    gone[rows.own] = gone[rows.other] = False
    for at, block in enumerate(rows.blocks()):
        v = block.w * block.cumulated(steps)
        scores = block.w[:, None] * block.cumulated(steps[:, None] * means) - v[:, None] * block.x
        scores[block.own] += block.x[block.own] - means[block.place[block.own]]
        scores -= drift[np.minimum(block.place, size - 1)]
        ended = np.flatnonzero(gone[at * _BLOCK : (at + 1) * _BLOCK])
        scores[ended] += pull[block.place[ended]]
        squares += gram(scores, np.ones(len(scores)))
    return Release(edges=rows.edges, persons=table.n, squares=squares)


class _Fit:
    """The coordinator's side: where the ascent is, and what it knows of the counts."""

    def __init__(self, ask: Ask, parameters: Parameters) -> None:
        self._ask, self._asked, self._rounds = ask, parameters.start(), 0
        self._p = len(parameters.columns)
        self._pairs: list[tuple[Floats, Floats]] = []

    def begin(self) -> None:
        """The counts, the center of the columns, G."""
        releases = self._all(self._asked)
        shared = grid_counts.common([r.edges for r in releases])
        if not shared.size:
            raise grid_counts.no_event()
        on_shared = [r.merged(np.isin(r.edges, shared)) for r in releases]
        self._events = np.sum([r.events for r in on_shared], axis=0)
        censored = np.sum([r.censored for r in on_shared], axis=0)
        self._persons = sum(r.persons for r in releases)
        self._d = self._events[0]
        if not self._d.any():
            raise grid_counts.no_event()
        center = np.sum([r.totals for r in releases], axis=0) / self._persons
        self._censored = censored
        free, self._exposed = _spared(self._events, censored, self._persons, self._asked.convention)
        own = self._asked.censoring == "site"
        self._asked = replace(
            self._asked, edges=_plain(shared), center=_plain(center),
            free=() if own else _plain(free),
        )  # fmt: skip

    def climb(self) -> tuple[bool, NDArray[np.bool_]]:
        """Up to where no gain is expected; which terms then still moved."""
        beta = np.zeros(self._p)
        self._null = self._l = self._look(beta)
        gradient, hessian = self._slope()
        moving = np.zeros(self._p, dtype=np.bool_)
        scale = np.sqrt(np.diag(hessian) / self._d.sum())
        while self._rounds < self._asked.most_rounds:
            step, straight = self._steps(gradient, hessian)
            gain = float(step @ gradient) / 2
            moving = np.maximum(np.abs(step), np.abs(straight)) * scale > _STILL_MOVING
            still = gain < self._asked.tolerance or (gain < _STILL and moving.any())
            before = beta
            beta = beta if still else self._forward(beta, step)
            if (beta == before).all():  # or no gain left that sums can tell
                return not moving.any(), moving
            last, (gradient, hessian) = gradient, self._slope()
            self._pairs.append((beta - before, last - gradient))
        return False, moving

    def end(self, converged: bool, moving: NDArray[np.bool_]) -> Result:
        """Hessian, variance of the scores, and what follows."""
        told = self._summed(replace(self._asked, stage="means"))
        risk = np.maximum(told.risk[0], _LEAST)
        means = told.columns_at_risk[0] / risk[:, None]
        hessian = told.squares - gram(means, self._d.astype(np.float64))
        asked = replace(self._asked, stage="spread", means=_plain(means))
        if asked.censoring == "pooled":
            pull, drift = _lent(
                (told.risk[1], told.columns_at_risk[1]), means,
                np.asarray(asked.free) * self._d / risk, self._censored, self._exposed,
            )  # fmt: skip
            asked = replace(asked, pull=_plain(pull), drift=_plain(drift))
        spread = self._summed(asked).squares
        inverse: Floats = np.asarray(np.linalg.pinv(hessian, hermitian=True), dtype=np.float64)
        covariance = inverse @ spread @ inverse
        return self._result(inverse, (covariance + covariance.T) / 2, converged, moving)

    def _all(self, parameters: Parameters) -> Sequence[Release]:
        self._rounds += 1
        return self._ask([parameters])

    def _summed(self, parameters: Parameters) -> Release:
        releases = self._all(parameters)
        names = ("totals", "risk", "columns_at_risk", "gradient", "squares")
        sums = {name: np.sum([getattr(r, name) for r in releases], axis=0) for name in names}
        return replace(releases[0], **sums)

    def _look(self, beta: Floats) -> float:
        """The log-likelihood at these coefficients; what is asked next is asked there."""
        asked = replace(self._asked, coefficients=_plain(beta), steps=())
        told = self._summed(replace(asked, stage="risk"))
        risk = np.maximum(told.risk[0], _LEAST)
        self._asked = replace(asked, steps=_plain(self._d / risk))
        return float(told.totals @ beta - self._d @ np.log(risk))

    def _slope(self) -> tuple[Floats, Floats]:
        """Gradient, and the Hessian were S1/S0 the same at all times: larger, never smaller."""
        told = self._summed(replace(self._asked, stage="score"))
        first, total = told.squares[:-1, -1], max(float(told.squares[-1, -1]), _LEAST)
        hessian = told.squares[:-1, :-1] - np.outer(first, first) / total
        np.fill_diagonal(hessian, np.maximum(np.diag(hessian), 0.0))  # 0 but for rounding
        return told.gradient, hessian

    def _steps(self, gradient: Floats, hessian: Floats) -> tuple[Floats, Floats]:
        """Nocedal's two loops over the changes of gradient seen so far; and the step without."""
        size, values, vectors = decomposed(hessian, self._asked.columns)

        def solved(right: Floats) -> Floats:
            return np.asarray(vectors @ ((vectors.T @ (right / size)) / values) / size)

        pairs = [(s, y, float(s @ y)) for s, y in self._pairs if s @ y > 0]
        q, parts = gradient.copy(), []
        for s, y, product in reversed(pairs):
            parts.append(float(s @ q) / product)
            q -= parts[-1] * y
        r = solved(q)
        for (s, y, product), part in zip(pairs, reversed(parts), strict=True):
            r += (part - float(y @ r) / product) * s
        return r, solved(gradient)

    def _forward(self, beta: Floats, step: Floats) -> Floats:
        slack = 1e-13 * max(abs(self._l), 1.0)
        here = self._asked
        for _ in range(_HALVINGS):
            there = self._look(beta + step)
            if there >= self._l - slack:
                self._l = there
                return beta + step
            step = step / 2
        self._asked = here
        return beta

    def _result(
        self, inverse: Floats, covariance: Floats, converged: bool, moving: NDArray[np.bool_]
    ) -> Result:
        beta, terms = np.asarray(self._asked.coefficients), self._asked.columns
        coefficients = np.where(moving, np.nan, beta)
        errors, model = (
            np.where(moving, np.nan, np.sqrt(np.maximum(np.diag(v), 0.0)))
            for v in (covariance, inverse)
        )
        z = float(ndtri(0.5 + self._asked.level / 2))
        at_zero = float(np.asarray(self._asked.center) @ beta)
        with np.errstate(over="ignore", divide="ignore", invalid="ignore"):
            steps = np.exp(np.log(np.asarray(self._asked.steps)) - at_zero)
            return Result(
                terms=terms,
                persons=self._persons,
                events=int(self._d.sum()),
                competing=int(self._events[1].sum()),
                coefficients=coefficients,
                standard_errors=errors,
                model_errors=model,
                covariance=covariance,
                hazard_ratios=np.exp(coefficients),
                low=np.exp(coefficients - z * errors),
                high=np.exp(coefficients + z * errors),
                p=2 * ndtr(-np.abs(coefficients / errors)),
                log_likelihood_null=self._null,
                log_likelihood=self._l,
                rounds=self._rounds,
                converged=converged,
                monotone=tuple(t for t, m in zip(terms, moving, strict=True) if m),
                edges=np.asarray(self._asked.edges),
                baseline=np.cumsum(steps),
            )


def _plain(values: Floats) -> Numbers:
    return tuple(float(v) for v in values.reshape(-1))
