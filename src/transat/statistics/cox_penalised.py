"""Hazard ratios by Cox regression with a ridge, lasso or elastic-net penalty: a path, over sites.

Question
    Which columns tell who has the event, and by how much, when there are many of them, or they say
    nearly the same; also with more columns than events, where plain Cox has no answer.

Formula
    With l the log partial likelihood of the rows (`cox_sums`, sites are strata), n their number
    (the sum of their weights), s_j the standard deviation of column j (1 unless `standardise`), for
    each penalty L of the path, from the largest:
        b minimises  -l(b)/n + L sum of [ mixture |s_j b_j| + (1 - mixture)/2 (s_j b_j)² ]
    Each round: the quadratic approximation of l at b, from gradient and Hessian summed over sites,
    is minimised with the penalty at the coordinator (coordinates one by one, then the equations of
    those that are not 0 exactly), the step halved while the objective rises. The largest L of a
    path made here is the least at which all are 0 (with `mixture` taken as 0.001 or more), the
    others fall evenly in logarithm to `smallest` of it. A constant column has coefficient 0.

    Choice of L: people are dealt in folds; the path is fitted without each fold in turn, and judged
    by l of all rows less l of the rows fitted, at that b, over n: the mean over folds, largest
    where the model foresees best. Everything is a sum over sites.

What leaves
    Per round what a Cox regression sends, and l of the rows judged; at the first question the sums
    and sums of squares of the columns.

References
    Tibshirani R (1997) Stat Med 16:385-395,
    doi:10.1002/(SICI)1097-0258(19970228)16:4<385::AID-SIM380>3.0.CO;2-3.
    Simon N, Friedman J, Hastie T, Tibshirani R (2011) J Stat Softw 39(5),
    doi:10.18637/jss.v039.i05.
    Verweij PJM, van Houwelingen HC (1993) Stat Med 12:2305-2314, doi:10.1002/sim.4780122407
    (cross-validated partial likelihood).
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from transat.cohorts.folds import Part
from transat.cohorts.survival_table import SurvivalTable
from transat.core.errors import StudyError
from transat.core.languages import Text
from transat.statistics import cox_sums
from transat.statistics.cox_sums import Ties
from transat.statistics.risk_sets import RiskSets, risk_sets

Floats = NDArray[np.float64]

EVERYBODY: Final = Part()

_HALVINGS = 20
_SWEEPS = 2_000
_TRY = 5  # sweeps between two attempts at the exact equations


@dataclass(frozen=True, slots=True)
class Parameters:
    """columns, event, ties: of the Cox model. mixture: 1 lasso, 0 ridge. penalties: the path, above
    0, falling; empty: `count` of them down to `smallest` of the first. standardise: whether columns
    are penalised by their spread. part: the people fitted. judged: those of `part` and others,
    whose likelihood is told too. coefficients: where the sums are taken (empty: zero, the first
    question). tolerance: fall of the objective, in parts of the likelihood, under which a fit stops
    with the step that would bring it."""

    columns: tuple[str, ...]
    event: int = 1
    ties: Ties = "efron"
    mixture: float = 1.0
    penalties: tuple[float, ...] = ()
    count: int = 20
    smallest: float = 0.01
    standardise: bool = True
    part: Part = EVERYBODY
    judged: Part = EVERYBODY
    coefficients: tuple[float, ...] = ()
    tolerance: float = 1e-11
    most_rounds: int = 400


@dataclass(frozen=True, slots=True)
class Release:
    """What leaves a site at one round: sums over its rows, p terms. rows: (the sum of the weights
    of) the rows fitted. judged: the log-likelihood of those judged. sums, squares: (p,) of the
    columns, at the first question only."""

    terms: tuple[str, ...]
    persons: int
    events: int
    event_free: int
    rows: float
    log_likelihood: float
    judged: float
    gradient: Floats  # (p,)
    hessian: Floats  # (p, p)
    sums: Floats
    squares: Floats

    def counts(self) -> dict[str, NDArray[np.int64]]:
        """The head counts stated as such."""
        stated = {"persons": self.persons, "events": self.events, "event_free": self.event_free}
        return {name: np.array([value], dtype=np.int64) for name, value in stated.items()}


@dataclass(frozen=True, slots=True)
class Result:
    """One row per penalty, (L,) and (L, p). degrees: of freedom, the trace of the fit's hat matrix;
    residual: the largest gap in the conditions of a minimum, per row and standard deviation;
    spreads: (p,) the columns' standard deviations; means: (p,) their means; judged: l of the rows
    judged less l of those fitted."""

    terms: tuple[str, ...]
    persons: int
    events: int
    rows: float
    penalties: Floats
    coefficients: Floats
    log_likelihood: Floats
    log_likelihood_null: float
    degrees: Floats
    judged: Floats
    residual: Floats
    means: Floats
    spreads: Floats
    rounds: int
    converged: bool


@dataclass(frozen=True, slots=True)
class Choice:
    """The path on all people, and what the folds say of it: scores and errors (L,) of the mean, per
    row; best: the penalty with the largest score; simplest: the largest within one error of it."""

    path: Result
    scores: Floats
    errors: Floats
    best: int
    simplest: int


Ask = Callable[[Sequence[Parameters]], Sequence[Release]]


class _Last(threading.local):
    """The risk sets made last, of the rows fitted and judged, in each thread."""

    asked: tuple[SurvivalTable, tuple[str, ...], int, Part, Part] | None = None
    made: tuple[RiskSets, RiskSets] | None = None


_last = _Last()


def at_site(table: SurvivalTable, parameters: Parameters) -> Release:
    """The sums of one site at the coefficients asked for.

    Raises
    ------
    StudyError : a column that the table does not hold; impossible times.
    ValueError : folds that do not exist.
    """
    fitted, judged = _sets(table, parameters)
    here = cox_sums.sums(fitted, parameters.coefficients, parameters.ties)
    other = here.log_likelihood
    if judged is not fitted:
        asked = parameters.coefficients, parameters.ties
        other = cox_sums.weighed(judged, *asked).log_likelihood
    rows = parameters.part.rows(table.people)
    often = np.ones(int(rows.sum())) if table.weights is None else table.weights[rows]
    sums = squares = np.zeros(0)
    if not parameters.coefficients:
        x = table.columns[rows][:, [table.column_names.index(c) for c in parameters.columns]]
        sums, squares = often @ x, often @ x**2
    return Release(
        parameters.columns, fitted.persons, fitted.events, fitted.event_free, float(often.sum()),
        here.log_likelihood, other, here.gradient, here.hessian, sums, squares,
    )  # fmt: skip


def combine(ask: Ask, parameters: Parameters) -> Result:
    """The path: `ask` sends one `Parameters` to every site and brings their releases back.

    Raises
    ------
    StudyError : no event.
    ValueError : a mixture out of 0 to 1; penalties that are not above 0 and falling.
    """
    given = np.asarray(parameters.penalties, dtype=np.float64)
    if not 0 <= parameters.mixture <= 1 or (given <= 0).any() or (np.diff(given) >= 0).any():
        raise ValueError("penalties: a mixture out of 0 to 1, or a path that does not fall")
    path = _Path(ask, replace(parameters, coefficients=()))
    for penalty in given if given.size else path.made():
        path.descend(float(penalty))
    return path.result()


def choose(ask: Ask, parameters: Parameters) -> Choice:
    """The path on the people of `part`, judged by the folds of `part`, each left out in turn.

    Raises
    ------
    StudyError : no event, in all or without one of the folds.
    ValueError : a part of fewer than two folds; else as `combine`.
    """
    whole = replace(parameters, judged=parameters.part)
    if len(whole.part.taken) < 2:
        raise ValueError("part: two folds or more are needed to judge a path")
    path = combine(ask, whole)
    asked = replace(whole, penalties=tuple(float(v) for v in path.penalties))
    folds = [
        combine(ask, replace(asked, part=whole.part.without(fold))).judged
        for fold in whole.part.taken
    ]
    scores = np.sum(folds, axis=0) / path.rows
    errors = np.std(folds, axis=0, ddof=1) * np.sqrt(len(folds)) / path.rows
    best = int(np.argmax(scores))
    simplest = int(np.flatnonzero(scores >= scores[best] - errors[best])[0])
    return Choice(path, scores, errors, best, simplest)


class _Path:
    """The coordinator's side: where the descent is, and the solutions so far."""

    def __init__(self, ask: Ask, asked: Parameters) -> None:
        self.ask, self.asked, self.rounds, self.converged = ask, asked, 1, True
        self.here = self.null = _sum(ask([asked]))
        if not self.null.events:
            raise _no_event()
        means = self.null.sums / self.null.rows
        variances = np.maximum(self.null.squares / self.null.rows - means**2, 0.0)
        self.means, self.spreads = means, np.sqrt(variances)
        self.free = np.diag(self.null.hessian) > 0  # the others are constant, and stay at 0
        self.free &= self.spreads > 1e-10 * np.maximum(np.abs(means), 1e-300)
        scale = self.spreads if asked.standardise else np.ones_like(means)
        self.scale = np.where(self.free, scale, 1.0)
        self.u = np.zeros_like(means)  # coefficients times scale
        self.found: list[tuple[float, Floats, float, float, float, float]] = []

    def made(self) -> Floats:
        """The path of penalties from the first answer."""
        slope = np.abs(self._gradient())[self.free]
        first = float(slope.max(initial=0.0)) / max(self.asked.mixture, 1e-3)
        falls = np.geomspace(1.0, self.asked.smallest, self.asked.count)
        return np.asarray(max(first, 1e-12) * falls, dtype=np.float64)

    def descend(self, penalty: float) -> None:
        """To the minimum at this penalty, from the last one's."""
        done = False
        while not done and self.rounds < self.asked.most_rounds:
            there = self._minimum(penalty)
            done = self._fall(there, penalty) < self.asked.tolerance * self._size()
            done = not self._forward(there, penalty) or done
        self.converged = self.converged and done
        here = self.here
        self.found.append((
            penalty, self.u / self.scale, here.log_likelihood, self._degrees(penalty),
            here.judged - here.log_likelihood, self._residual(penalty),
        ))  # fmt: skip

    def result(self) -> Result:
        """What was found."""
        null = self.null
        penalties, coefficients, likelihoods, degrees, judged, residual = (
            np.array(column) for column in zip(*self.found, strict=True)
        )
        return Result(
            null.terms, null.persons, null.events, null.rows, penalties, coefficients, likelihoods,
            null.log_likelihood, degrees, judged, residual, self.means, self.spreads, self.rounds,
            self.converged,
        )  # fmt: skip

    def _forward(self, there: Floats, penalty: float) -> bool:
        """Whether the objective falls on the way there; halves the way until it does."""
        objective = self._objective(self.here, self.u, penalty)
        slack = 1e-13 * self._size()
        for _ in range(_HALVINGS):
            release = self._look(tuple(float(b) for b in there / self.scale))
            if self._objective(release, there, penalty) <= objective + slack:
                self.here, self.u = release, there
                return True
            there = (self.u + there) / 2
        return False

    def _look(self, at: tuple[float, ...]) -> Release:
        if not any(at):
            return self.null  # the first question's answer
        self.rounds += 1
        return _sum(self.ask([replace(self.asked, coefficients=at)]))

    def _minimum(self, penalty: float) -> Floats:
        """Of the quadratic approximation with the penalty."""
        return _quadratic(
            self._gradient(), self._hessian(), self.u, penalty * self.asked.mixture,
            penalty * (1 - self.asked.mixture), self.free,
        )  # fmt: skip

    def _fall(self, there: Floats, penalty: float) -> float:
        """By how much the approximation falls on the way there."""
        step = there - self.u
        bend = float(step @ self._hessian() @ step) / 2 - float(self._gradient() @ step)
        return self._penalised(self.u, penalty) - self._penalised(there, penalty) - bend

    def _gradient(self) -> Floats:
        """Of l/n in u."""
        return self.here.gradient / self.scale / self.null.rows

    def _hessian(self) -> Floats:
        hessian: Floats = self.here.hessian / np.outer(self.scale, self.scale) / self.null.rows
        return hessian

    def _size(self) -> float:
        return max(abs(self.here.log_likelihood), 1.0) / self.null.rows

    def _objective(self, release: Release, u: Floats, penalty: float) -> float:
        return self._penalised(u, penalty) - release.log_likelihood / self.null.rows

    def _penalised(self, u: Floats, penalty: float) -> float:
        mixture = self.asked.mixture
        return penalty * float(mixture * np.abs(u).sum() + (1 - mixture) / 2 * (u**2).sum())

    def _degrees(self, penalty: float) -> float:
        used = np.flatnonzero(self.u)
        hessian = self._hessian()[np.ix_(used, used)]
        ridge = penalty * (1 - self.asked.mixture) * np.eye(used.size)
        return float(np.trace(np.linalg.pinv(hessian + ridge, hermitian=True) @ hessian))

    def _residual(self, penalty: float) -> float:
        """Largest gap: of the slope of what is not 0, and of what is 0 over its threshold."""
        soft, mixture = penalty * self.asked.mixture, self.asked.mixture
        slope = self._gradient() - penalty * (1 - mixture) * self.u
        gap = np.where(
            self.u != 0, np.abs(slope - soft * np.sign(self.u)), np.maximum(np.abs(slope) - soft, 0)
        )
        return float(gap[self.free].max(initial=0.0))


def _quadratic(
    gradient: Floats, hessian: Floats, start: Floats, soft: float, ridge: float,
    free: NDArray[np.bool_],
) -> Floats:  # fmt: skip
    """u that minimises -g'(u - start) + (u - start)'H(u - start)/2 + soft |u| + ridge u²/2, where
    `free`, 0 elsewhere: one coordinate after another until the exact equations have an answer."""
    bend, right = np.diag(hessian), gradient + hessian @ start
    movable = np.flatnonzero(free & (bend + ridge > 0))
    u = np.where(free, start, 0.0)
    slope = right - hessian @ u  # of the smooth part but the ridge's, negated
    if not soft:
        return _exact(right, hessian, movable, np.zeros(len(u)), ridge)
    for sweep in range(1, _SWEEPS + 1):
        moved = 0.0
        for j in movable:
            wanted = slope[j] + bend[j] * u[j]
            new = float(np.sign(wanted)) * max(abs(wanted) - soft, 0.0) / (bend[j] + ridge)
            if new != u[j]:
                moved = max(moved, abs(new - u[j]) * float(np.sqrt(bend[j] + ridge)))
                slope -= hessian[:, j] * (new - u[j])
                u[j] = new
        if sweep % _TRY == 0 or moved < 1e-12:
            used = np.flatnonzero(u)
            exact = _exact(right, hessian, used, soft * np.sign(u), ridge)
            rest = np.abs(right - hessian @ exact)[movable][u[movable] == 0]
            if (np.sign(exact) == np.sign(u)).all() and (rest <= soft * (1 + 1e-9)).all():
                return exact
        if moved < 1e-12:
            break
    return u


def _exact(right: Floats, hessian: Floats, used: NDArray[np.intp], pull: Floats, ridge: float) -> (
    Floats
):  # fmt: skip
    """The equations of those `used`, whose signs are those of `pull`; the others are 0."""
    found: Floats = np.zeros(len(right))
    left = hessian[np.ix_(used, used)] + ridge * np.eye(used.size)
    found[used] = np.linalg.lstsq(left, (right - pull)[used], rcond=None)[0]
    return found


def _sets(table: SurvivalTable, parameters: Parameters) -> tuple[RiskSets, RiskSets]:
    columns, event = parameters.columns, parameters.event
    part, judged = parameters.part, parameters.judged
    if _last.asked is not None and _last.made is not None:
        same_table, *same = _last.asked
        if same_table is table and same == [columns, event, part, judged]:
            return _last.made
    _last.asked = _last.made = None  # frees the memory before more is taken
    fitted = risk_sets(_taken(table, part), columns, event)
    whole = len(judged.taken) == judged.folds and len(part.taken) == part.folds
    other = fitted if part == judged or whole else risk_sets(_taken(table, judged), columns, event)
    _last.asked, _last.made = (table, columns, event, part, judged), (fitted, other)
    return fitted, other


def _taken(table: SurvivalTable, part: Part) -> SurvivalTable:
    """The rows of the people of a part."""
    rows = part.rows(table.people)
    if rows.all():
        return table
    return replace(
        table, n=int(rows.sum()), time=table.time[rows], entry=table.entry[rows],
        event=table.event[rows], columns=table.columns[rows], strata=table.strata[rows],
        people=table.people[rows],
        weights=None if table.weights is None else table.weights[rows],
    )  # fmt: skip


def _sum(releases: Sequence[Release]) -> Release:
    added = {
        name: sum(getattr(r, name) for r in releases)
        for name in (
            "persons", "events", "event_free", "rows", "log_likelihood", "judged", "gradient",
            "hessian", "sums", "squares",
        )
    }  # fmt: skip
    return replace(releases[0], **added)


def _no_event() -> StudyError:
    return StudyError(
        Text(
            "Aucun événement de cette sorte : rien n'est à estimer.",
            "No event of this kind: there is nothing to estimate.",
        ),
        "event",
        Text(
            "Choisir une autre sorte d'événement ou un suivi plus long.",
            "Choose another kind of event or a longer follow-up.",
        ),
    )
