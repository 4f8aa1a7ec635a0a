"""Hazard ratios by Cox regression with one baseline over all sites, from sums of risk by time.

Question
    As `cox`, but sites share one baseline hazard, so that differences between sites (a country as a
    column, columns of different means) count. Ties after Breslow, times on an agreed grid.

Formula
    With w = exp(x'b) and S0_j the sum of w over those at risk at edge j, over all sites:
        l = sum over events of x'b - sum of d_j log S0_j        L(t) = sum up to t of d_j / S0_j
        gradient = sum over events of x - sum over rows of v x,  v = w L(end of follow-up)
    so a site sends S0 (K numbers), is told d/S0 back (K), and sends one vector (p). Hessian:
        sum of v x x' - sum of d_j S1_j S1_j' / S0_j²
    The ascent starts where the sites' own fits meet, weighed by their information, with the sum of
    these informations, plus what the sites' means of x under v differ by, as Hessian; each round
    corrects it (BFGS) and halves the step while l falls. At the end S1 (K, p) and sum of v x x' (p,
    p) are sent once, for exact errors and a last exact step. Without `errors` they are not, and the
    errors are those of the corrected Hessian (approximate: a few per cent).

What leaves
    First: head counts by interval, the site's own estimate and information (p, p), sums of columns.
    A round: K + 2p + 1 numbers. Last: K p + p (p + 1)/2. With a gate that merges intervals, the
    next rounds use the edges that every site kept.

Assumptions
    Hazards proportional between sites too. Times are rounded up to the grid: exact where every time
    is one of its edges (`daily`: whole days), else Breslow's likelihood of the rounded times.

References
    Breslow N (1974) Biometrics 30:89-99, doi:10.2307/2529620.
    Lu CL et al. (2015) WebDISCO, J Am Med Inform Assoc 22:1212-1219, doi:10.1093/jamia/ocv083 (the
    protocol that sends S1 and S2 of every time at every round). S0 alone: the founders' note.
    Nocedal J, Wright SJ (2006), doi:10.1007/978-0-387-40065-5, section 6.1 (BFGS).
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import chdtrc, ndtr, ndtri

from transat.cohorts.survival_table import SurvivalTable
from transat.core.errors import StudyError
from transat.core.languages import Text
from transat.statistics import cox_sums, newton
from transat.statistics.design_matrix import decomposed, gram
from transat.statistics.risk_sets import RiskSets, grid_sets, risk_sets

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

_HALVINGS = 20
_STILL_MOVING = 0.05  # as of `newton`
_MOST = (
    300.0  # no person's log hazard ratio to the centre is taken larger, so that sums stay finite
)
_LEAST = 1e-150


@dataclass(frozen=True, slots=True)
class Parameters:
    """columns, event: of the model. grid: edges, rising, above 0, in the table's unit; or daily:
    the edges are 1, 2, ... daily. errors: whether S1 is sent at the end. tolerance: expected gain
    of log-likelihood, in parts of it, under which the ascent stops. Sent down: coefficients (empty:
    the first question), centre (the columns' common zero), edges (those that all sites kept; empty:
    all), hazard (d/S0; empty: S0 is asked for), told (the last question)."""

    columns: tuple[str, ...]
    grid: tuple[float, ...] = ()
    daily: int = 0
    event: int = 1
    errors: bool = True
    level: float = 0.95
    tolerance: float = 1e-13
    most_rounds: int = 40
    coefficients: tuple[float, ...] = ()
    centre: tuple[float, ...] = ()
    edges: tuple[float, ...] = ()
    hazard: tuple[float, ...] = ()
    told: bool = False

    def first(self) -> Parameters:
        """The first question of the fit to which this one belongs."""
        return replace(self, coefficients=(), centre=(), edges=(), hazard=(), told=False)


@dataclass(frozen=True, slots=True)
class Release:
    """What leaves a site; empty arrays are not of this round.

    First question: edges (K,); failed, left, entered (K,) who had the event, left otherwise, and
    came under observation in the interval; rows and sums (p,) of the columns; weights (K,) of the
    events where rows have them; own (p,) information times the site's own estimate, information (p,
    p). Rounds: risk (K,) S0 and failed_sums (p,) of the columns of those with the event; or score
    (p,) and mass, sums of v x and v. Last: means (K, p) S1 and square (p, p)."""

    terms: tuple[str, ...]
    persons: int
    events: int
    event_free: int
    edges: Floats
    failed: Integers
    left: Integers
    entered: Integers
    rows: float
    sums: Floats
    failed_sums: Floats
    weights: Floats
    own: Floats
    information: Floats
    risk: Floats
    score: Floats
    mass: float
    means: Floats
    square: Floats

    def counts(self) -> dict[str, Integers]:
        """The head counts stated as such."""
        stated = {"persons": self.persons, "events": self.events, "event_free": self.event_free}
        found = {name: np.array([value], dtype=np.int64) for name, value in stated.items()}
        told = {"failed": self.failed, "left": self.left, "entered": self.entered}
        return found | (told if self.failed.size else {})

    def merged(self, kept: NDArray[np.bool_]) -> Release:
        """A copy on the edges where `kept` (K,) is True; what comes after the last is not seen.

        Exact where everybody enters at 0; with late entries ask again for the coarser grid.
        """
        starts = np.flatnonzero(np.append(True, kept[:-1]))[: int(kept.sum())]
        end = int(np.flatnonzero(kept)[-1]) + 1 if starts.size else 0

        def summed(values: Any) -> Any:
            if not len(values) or not starts.size:
                return values[:0]
            return np.add.reduceat(values[:end], starts)

        sums: dict[str, Any] = {
            name: summed(getattr(self, name)) for name in ("failed", "left", "entered", "weights")
        }
        firsts: dict[str, Any] = {
            name: value[starts] if len(value := getattr(self, name)) else value
            for name in ("risk", "means")
        }
        return replace(self, edges=self.edges[kept], **sums, **firsts)


@dataclass(frozen=True, slots=True)
class Result:
    """One entry per term, (p,). hazard: (K,) added to the baseline hazard of `centre` (p,) at
    `edges`. exact_errors: whether the covariance is the inverse of the exact Hessian. rounds: times
    that S0 was asked for, with the first and last questions."""

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
    wald: float
    wald_p: float
    log_likelihood: float
    edges: Floats
    hazard: Floats
    centre: Floats
    exact_errors: bool
    rounds: int
    converged: bool
    monotone: tuple[str, ...]


Ask = Callable[[Sequence[Parameters]], Sequence[Release]]


class _Last(threading.local):
    """The risk sets made last, in each thread: every round of a fit looks at the same ones."""

    asked: tuple[SurvivalTable, tuple[str, ...], int] | None = None
    edges: Floats | None = None
    made: RiskSets | None = None


_last = _Last()


def at_site(table: SurvivalTable, parameters: Parameters) -> Release:
    """What one site answers: to the first question, to a round's two, or to the last.

    Raises
    ------
    StudyError : a column that the table does not hold; impossible times.
    ValueError : edges that do not rise from above 0; a hazard of another length.
    """
    edges = _edges(parameters)
    sets = _sets(table, parameters, edges)
    empty, size = np.zeros(0), len(parameters.columns)
    none = np.zeros(0, dtype=np.int64)
    blank = Release(
        parameters.columns, sets.persons, sets.events, sets.event_free, empty, none, none, none,
        0.0, empty, empty, empty, empty, np.zeros((0, 0)), empty, empty, 0.0, np.zeros((0, size)),
        np.zeros((0, 0)),
    )  # fmt: skip
    if not parameters.coefficients:
        return _begun(table, sets, parameters, replace(blank, edges=edges))
    relative, away = _relative(sets, parameters)
    if not parameters.hazard:
        return replace(blank, risk=sets.at_risk(relative), failed_sums=_failed_sums(sets))
    if len(parameters.hazard) != len(edges):
        raise ValueError("hazard: one number for each edge")
    shares = relative * sets.cumulated(np.asarray(parameters.hazard, dtype=np.float64))
    if parameters.told:
        return _ended(sets, shares, relative, away, blank)
    mass = float(shares.sum())
    return replace(blank, score=shares @ sets.x + mass * away, mass=mass)


def weights(table: SurvivalTable, parameters: Parameters) -> Floats:
    """(n,) how much each row weighs in an answer: w in S0, v in the score; for a gate."""
    sets = _sets(table, parameters, _edges(parameters))
    found = np.zeros(table.n)
    asked = replace(parameters, coefficients=parameters.coefficients or (0.0,) * sets.x.shape[1])
    relative, _ = _relative(sets, asked)
    if parameters.hazard:
        relative = relative * sets.cumulated(np.asarray(parameters.hazard, dtype=np.float64))
    found[sets.row] = relative
    return found


def combine(ask: Ask, parameters: Parameters) -> Result:
    """The ascent: `ask` sends one `Parameters` to every site and brings their releases back.

    Raises
    ------
    StudyError : no event; no common edge; columns that say the same thing.
    """
    ascent = _Ascent(ask, parameters)
    ascent.begin()
    ascent.climb()
    return ascent.end()


@dataclass(slots=True)
class _Point:
    """Where the ascent is: b, l, the gradient (p,), d/S0 and S0 (K,)."""

    beta: Floats
    log_likelihood: float
    gradient: Floats
    hazard: Floats
    risk: Floats


class _Ascent:
    """The coordinator's side of a fit."""

    def __init__(self, ask: Ask, parameters: Parameters) -> None:
        self.ask, self.asked = ask, parameters.first()
        self.rounds, self.converged = 0, False
        self.step = np.zeros(len(parameters.columns))

    def begin(self) -> None:
        """The first question: edges, counts, the start and the Hessian there."""
        releases = list(self.ask([self.asked]))
        common = releases[0].edges
        for release in releases[1:]:
            common = np.intersect1d(common, release.edges)
        if not common.size:
            raise _refused("grid", "Aucune borne commune.", "No edge that all sites kept.")
        releases = [r.merged(np.isin(r.edges, common)) for r in releases]
        self.persons, self.events = (sum(getattr(r, f) for r in releases) for f in _HEADS)
        deaths = [r.weights if r.weights.size else r.failed for r in releases]
        self.deaths: Floats = np.sum(deaths, axis=0, dtype=np.float64)
        if not self.deaths.any():
            raise _refused("event", "Aucun événement de cette sorte.", "No event of this kind.")
        self.edges = common
        whole = common.size == _edges(self.asked).size
        self.centre = np.sum([r.sums for r in releases], axis=0) / sum(r.rows for r in releases)
        self.asked = replace(
            self.asked, centre=_plain(self.centre), edges=() if whole else _plain(common)
        )
        self.hessian = np.sum([r.information for r in releases], axis=0)
        own = np.sum([r.own for r in releases], axis=0)
        self.start = np.linalg.pinv(self.hessian, rcond=1e-10, hermitian=True) @ own

    def climb(self) -> None:
        """Rounds until the step would gain nothing."""
        self.here = self._score(self._risk(self.start), apart=True)
        self.size = np.sqrt(np.diag(self.hessian) / self.deaths.sum())
        while not self.converged and self.rounds < self.asked.most_rounds:
            self.step = self._solved(self.hessian, self.here.gradient)
            gain = float(self.step @ self.here.gradient) / 2
            if gain < self.asked.tolerance * max(abs(self.here.log_likelihood), 1.0):
                self.converged = True
                break
            there = self._forward()
            if there is None:
                break
            moved, bent = there.beta - self.here.beta, self.here.gradient - there.gradient
            if bent @ moved > 0:
                pushed = self.hessian @ moved
                self.hessian = self.hessian + np.outer(bent, bent) / (bent @ moved)
                self.hessian -= np.outer(pushed, pushed) / (moved @ pushed)
            self.here = there

    def end(self) -> Result:
        """The last question, the last step and what follows from both."""
        here, terms = self.here, self.asked.columns
        hessian = self._exact() if self.asked.errors else self.hessian
        last = self._solved(hessian, here.gradient)
        moving = np.abs(last) * self.size > _STILL_MOVING  # where it ought to stand still
        self.converged = self.converged and not moving.any()
        beta = np.where(moving, np.nan, here.beta + (0.0 if moving.any() else last))
        covariance = np.linalg.pinv(hessian, hermitian=True)
        errors = np.where(moving, np.nan, np.sqrt(np.maximum(np.diag(covariance), 0.0)))
        z = float(ndtri(0.5 + self.asked.level / 2))
        wald = max(float(np.nan_to_num(beta) @ hessian @ np.nan_to_num(beta)), 0.0)
        with np.errstate(over="ignore"):
            return Result(
                terms, self.persons, self.events, beta, errors, covariance, np.exp(beta),
                np.exp(beta - z * errors), np.exp(beta + z * errors),
                2 * ndtr(-np.abs(beta / errors)), wald, float(chdtrc(len(terms), wald)),
                here.log_likelihood + float(last @ here.gradient) / 2, self.edges, here.hazard,
                self.centre, self.asked.errors, self.rounds + 1 + self.asked.errors,
                self.converged, tuple(t for t, m in zip(terms, moving, strict=True) if m),
            )  # fmt: skip

    def _forward(self) -> _Point | None:
        slack = 1e-12 * max(abs(self.here.log_likelihood), 1.0)
        for _ in range(_HALVINGS):
            there = self._risk(self.here.beta + self.step)
            if there.log_likelihood >= self.here.log_likelihood - slack:
                return self._score(there)
            self.step = self.step / 2
        return None

    def _risk(self, beta: Floats) -> _Point:
        """First half of a round: S0, so l and d/S0."""
        self.rounds += 1
        asked = replace(self.asked, coefficients=_plain(beta))
        releases = list(self.ask([asked]))
        # not of the first question: a gate may have taken the last intervals off since
        ends = np.sum([r.failed_sums for r in releases], axis=0)
        self.ends = ends - self.centre * self.deaths.sum()
        risk: Floats = np.sum([r.risk for r in releases], axis=0)
        risk = np.asarray(np.maximum(risk, _LEAST), dtype=np.float64)
        at = self.deaths > 0
        log_likelihood = float(self.ends @ beta - (self.deaths[at] * np.log(risk[at])).sum())
        hazard = np.zeros_like(risk)
        hazard[at] = self.deaths[at] / risk[at]
        return _Point(beta, log_likelihood, np.zeros_like(beta), hazard, risk)

    def _score(self, point: _Point, apart: bool = False) -> _Point:
        """Second half: the gradient. apart: the sites' means enter the Hessian."""
        asked = replace(self.asked, coefficients=_plain(point.beta), hazard=_plain(point.hazard))
        releases = list(self.ask([asked]))
        point.gradient = self.ends - np.sum([r.score for r in releases], axis=0)
        if apart:
            masses: Floats = np.array([r.mass for r in releases], dtype=np.float64)
            scores = np.array([r.score for r, mass in zip(releases, masses, strict=True) if mass])
            masses = masses[masses != 0]
            means = scores / masses[:, None] - np.sum(scores, axis=0) / masses.sum()
            self.hessian = self.hessian + (means * masses[:, None]).T @ means
        return point

    def _exact(self) -> Floats:
        here = self.here
        asked = replace(self.asked, coefficients=_plain(here.beta), hazard=_plain(here.hazard))
        releases = list(self.ask([replace(asked, told=True)]))
        means = np.sum([r.means for r in releases], axis=0)
        square: Floats = np.sum([r.square for r in releases], axis=0)
        hessian = square - gram(means, here.hazard / here.risk)
        return (hessian + hessian.T) / 2

    def _solved(self, hessian: Floats, gradient: Floats) -> Floats:
        size, values, vectors = decomposed(hessian, self.asked.columns)
        step: Floats = vectors @ ((vectors.T @ (gradient / size)) / values) / size
        return step


_HEADS = ("persons", "events")


def _begun(table: SurvivalTable, sets: RiskSets, parameters: Parameters, blank: Release) -> Release:
    """Counts and sums, and the site's own fit."""
    width = blank.edges.size
    often = np.ones(len(sets.row)) if sets.often is None else sets.often
    ends = np.isin(np.arange(len(sets.row)), sets.failed)
    first = sets.before + 1
    failed_often = often[sets.failed]
    after = table.time[sets.row] > blank.edges[-1] if width else ends
    own, information = _own(table, parameters)

    def counted(at: Integers) -> Integers:
        return np.bincount(at, minlength=width).astype(np.int64)

    return replace(
        blank,
        failed=counted(sets.last[ends]),
        left=counted(sets.last[~ends & ~after]),
        entered=counted(first),
        rows=float(often.sum()),
        sums=often @ sets.x + often.sum() * sets.means,
        weights=np.zeros(0) if sets.often is None else sets.by_time(failed_often),
        own=own,
        information=information,
    )


def _failed_sums(sets: RiskSets) -> Floats:
    """(p,) sums of the columns over those with the event on the grid."""
    often = np.ones(len(sets.failed)) if sets.often is None else sets.often[sets.failed]
    return np.asarray(often @ sets.x[sets.failed] + often.sum() * sets.means, dtype=np.float64)


def _own(table: SurvivalTable, parameters: Parameters) -> tuple[Floats, Floats]:
    """Information times estimate, and information, of the site alone (Breslow, its own times);
    where it has no finite estimate, one step from zero."""
    sets = risk_sets(replace(table, strata=np.zeros_like(table.strata)), parameters.columns,
                     parameters.event)  # fmt: skip

    def look(beta: Floats) -> cox_sums.Sums:
        return cox_sums.sums(sets, _plain(beta), "breslow")

    def scale(null: cox_sums.Sums) -> Floats:
        return np.sqrt(np.diag(null.hessian) / max(sets.events, 1))

    try:
        found = newton.climb(look, parameters.columns, scale, 1e-9, 30, relative=True)
    except StudyError:
        null = look(np.zeros(len(parameters.columns)))
        return null.gradient, null.hessian
    if not found.converged:
        return found.start.gradient, found.start.hessian
    return found.point.hessian @ found.beta, found.point.hessian


def _ended(
    sets: RiskSets, shares: Floats, relative: Floats, away: Floats, blank: Release
) -> Release:
    """S1 and the sum of v x x', both about the centre."""
    first, _ = sets.columns_summed(relative)
    means = first + sets.at_risk(relative)[:, None] * away
    cross = np.outer(shares @ sets.x, away)
    square = gram(sets.x, shares) + cross + cross.T + shares.sum() * np.outer(away, away)
    return replace(blank, means=means, square=(square + square.T) / 2)


def _relative(sets: RiskSets, parameters: Parameters) -> tuple[Floats, Floats]:
    """w (n,) about the centre, and the site's means less the centre (p,)."""
    centre = np.asarray(parameters.centre or sets.means, dtype=np.float64)
    beta, away = np.asarray(parameters.coefficients, dtype=np.float64), sets.means - centre
    relative = np.exp(np.minimum(sets.x @ beta + away @ beta, _MOST))
    return (relative if sets.often is None else relative * sets.often), away


def _edges(parameters: Parameters) -> Floats:
    if parameters.edges:
        edges = np.asarray(parameters.edges, dtype=np.float64)
    elif parameters.grid:
        edges = np.asarray(parameters.grid, dtype=np.float64)
    else:
        edges = np.arange(1.0, parameters.daily + 1)
    if not edges.size or edges[0] < 0 or (np.diff(edges) <= 0).any():
        raise ValueError("grid: edges that do not rise from above 0")
    return edges


def _sets(table: SurvivalTable, parameters: Parameters, edges: Floats) -> RiskSets:
    if _last.asked is not None and _last.made is not None and _last.edges is not None:
        same_table, *same = _last.asked
        same_rows = same_table is table and same == [parameters.columns, parameters.event]
        if same_rows and np.array_equal(_last.edges, edges):
            return _last.made
    _last.asked = _last.made = _last.edges = None  # frees the memory before more is taken
    made = grid_sets(table, parameters.columns, parameters.event, edges)
    _last.asked, _last.edges = (table, parameters.columns, parameters.event), edges
    _last.made = made
    return made


def _plain(values: Floats) -> tuple[float, ...]:
    return tuple(float(v) for v in values)


def _refused(where: str, french: str, english: str) -> StudyError:
    return StudyError(
        Text(french, english), where, Text("Corriger le protocole.", "Correct the protocol.")
    )
