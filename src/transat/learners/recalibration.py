"""A model made for one shore, set right for another: by its level, its slope or its baseline.

Question
    At a site where the model was not made, its scores F (`hazards`) may order people well and yet
    say too much or too little. Which shift, slope, or baseline by stretch of time makes what it
    says what happens there, without a row leaving?

Formula
    Person-periods on the model's grid, the model's link, F as it stands:
        large     F + a                       calibration in the large: one shift
        slope     F + a + b F                 and one slope, 1 + b
        baseline  F + a_g                     a shift for each group of intervals; slope kept
        both      F + a_g + b F
    The likelihood is binomial in every interval at risk (log-log link: exact for proportional
    hazards in grouped time). A site sends its log-likelihood and derivatives summed over its rows
    and intervals; Newton over the sums, each step halved while the likelihood falls. Sums over
    sites are those of the pooled rows. Other kinds of event end the follow-up, as censorings.

Uses
    A new site alone, or several together; and, from a flat baseline, the baseline of a Cox
    regression whose coefficients were fitted by a statistic (`penalised_cox`).

Assumptions
    Censoring independent of the event given the columns. Few parameters on many rows: with fewer
    than about 10 events a parameter, prefer `large`.

References
    Steyerberg EW et al. (2004) Stat Med 23:2567-2586, doi:10.1002/sim.1844 (methods of updating).
    Prentice RL, Gloeckler LA (1978) Biometrics 34:57-67, doi:10.2307/2529588.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, log_expit

from transat.cohorts.folds import Part
from transat.cohorts.survival_table import SurvivalTable
from transat.core.errors import StudyError
from transat.core.languages import Text
from transat.learners import hazards
from transat.learners.follow_up import FollowUp, follow_up
from transat.learners.hazards import Model, Proportional

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
What = Literal["large", "slope", "baseline", "both"]

_HALVINGS = 30


@dataclass(frozen=True, slots=True)
class Parameters:
    """before: the model as it stands. kind: whose hazard is set right. what: see the module.
    groups: edges of the model's grid, rising to its last, that end the groups of `baseline` and
    `both`. part: the people. coefficients: where the sums are taken (empty: all zero, the model as
    it stands)."""

    before: Model
    kind: int = 1
    what: What = "large"
    groups: tuple[float, ...] = ()
    part: Part = field(default_factory=Part)
    coefficients: tuple[float, ...] = ()
    tolerance: float = 1e-9
    most_rounds: int = 60

    @property
    def grid(self) -> tuple[float, ...]:
        """Edges by which counts are told."""
        return self.groups or self.before.grid[-1:]

    @property
    def columns(self) -> tuple[str, ...]:
        """Names of its terms."""
        shifts = tuple(f"to_{edge:g}" for edge in self.groups) or ("shift",)
        return (*shifts, "slope") if _sloped(self) else shifts


@dataclass(frozen=True, slots=True)
class Release:
    """What leaves a site at one round; q terms: the shift, or one by group; then the slope.

    edges: (G,) that end the groups, the model's last one where there are none. events, leavers:
    rows with the event, and rows whose follow-up ends within the group or, in the last, goes on
    beyond it. expected: events that the model expects, as asked, by group.
    """

    persons: int
    edges: Floats
    events: Integers
    leavers: Integers
    expected: Floats
    log_likelihood: float
    gradient: Floats  # (q,)
    hessian: Floats  # (q, q)

    def counts(self) -> dict[str, Integers]:
        """Every head count stated."""
        return {
            "persons": np.array([self.persons], dtype=np.int64),
            "events": self.events,
            "event_free": self.leavers - self.events,
        }

    def merged(self, kept: NDArray[np.bool_]) -> Release:
        """A copy on the edges where `kept` (G,) is True; the last edge stays, whatever it says."""
        ends = np.flatnonzero(np.append(kept[:-1], True))
        starts = np.append(0, ends[:-1] + 1)
        groups = len(self.edges)
        # A slope, if there is one, is the term after the shifts: a group of its own.
        terms = np.append(starts, np.arange(groups, len(self.gradient)))

        def summed(values: NDArray[Any]) -> NDArray[Any]:
            return np.asarray(np.add.reduceat(values, starts))

        return replace(
            self, edges=self.edges[ends], events=summed(self.events), leavers=summed(self.leavers),
            expected=summed(self.expected), gradient=np.add.reduceat(self.gradient, terms),
            hessian=np.add.reduceat(np.add.reduceat(self.hessian, terms, axis=0), terms, axis=1),
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Result:
    """groups: edges of those told in the end. slope: 1 + b; shifts: of each group, at the model's
    own slope; errors: standard errors of the shifts, then of the slope where it is fitted.
    observed, expected: of the model as it stood."""

    model: Model
    groups: tuple[float, ...]
    slope: float
    shifts: Floats
    errors: Floats
    covariance: Floats
    persons: int
    observed: int
    expected: float
    rounds: int


Ask = Callable[[Sequence[Parameters]], Sequence[Release]]


def at_site(table: SurvivalTable, parameters: Parameters) -> Release:
    """The sums of one site at the coefficients asked for.

    Raises
    ------
    StudyError : a column that the table does not hold.
    ValueError : groups that are not of the grid, a kind that the model has not.
    """
    rows, group = _made(table, parameters), _group_of(parameters)
    groups = int(group[-1]) + 1
    seen, f, at = rows.seen, rows.scores, group[rows.seen.stretch]
    shift, b = _parted(parameters, groups)
    score = shift[at]
    score += f if b == 0 else (1 + b) * f
    each = _derivatives(score, seen.ends[seen.event], rows.proportional)
    if not (seen.weight == 1).all():
        each *= np.repeat(seen.weight, seen.many)
    chance, likelihood, first, second = each
    gradient = np.bincount(at, first, groups).astype(np.float64)
    hessian: Floats = np.diag(np.bincount(at, second, groups).astype(np.float64))
    if _sloped(parameters):
        gradient = np.append(gradient, first @ f)
        second *= f
        beside, corner = np.bincount(at, second, groups), np.array([[second @ f]])
        hessian = np.block([[hessian, beside[:, None]], [beside[None], corner]])
    return Release(
        persons=seen.persons,
        edges=np.asarray(parameters.grid),
        events=np.bincount(group[seen.last[seen.event]], minlength=groups).astype(np.int64),
        leavers=np.bincount(group[seen.last], minlength=groups).astype(np.int64),
        expected=np.bincount(at, chance, groups).astype(np.float64),
        log_likelihood=float(likelihood.sum()),
        gradient=gradient,
        hessian=hessian,
    )


def combine(ask: Ask, parameters: Parameters) -> Result:
    """Newton: `ask` sends one `Parameters` to every site and brings their releases back.

    Raises
    ------
    StudyError : a group of intervals in which nobody had the event; scores that do not vary, so
        that they have no slope.
    """

    def look(at: Floats) -> Release:
        return _sum(ask([replace(parameters, coefficients=tuple(float(v) for v in at))]))

    start, rounds = look(np.zeros(len(parameters.columns))), 1
    if parameters.groups and len(start.edges) < len(parameters.groups):
        # A gate told fewer groups: those that every site tells are the groups of the fit.
        parameters = replace(parameters, groups=tuple(float(edge) for edge in start.edges))
        start, rounds = look(np.zeros(len(parameters.columns))), 2
    here, groups = start, len(start.edges)
    at = np.zeros(groups + _sloped(parameters))
    if (start.events == 0).any():
        raise _no_event()
    while rounds < parameters.most_rounds:
        step = _step(here)
        gain = float(step @ here.gradient) / 2
        at, here, used = _forward(look, at, step, here)
        rounds += used
        if gain < parameters.tolerance:
            break
    shift, b = at[:groups], float(at[groups]) if _sloped(parameters) else 0.0
    covariance = np.linalg.pinv(here.hessian, hermitian=True)
    return Result(
        model=_applied(parameters, shift, b),
        groups=tuple(float(edge) for edge in start.edges),
        slope=1 + b,
        shifts=shift,
        errors=np.sqrt(np.maximum(np.diag(covariance), 0.0)),
        covariance=np.asarray(covariance, dtype=np.float64),
        persons=start.persons,
        observed=int(start.events.sum()),
        expected=float(start.expected.sum()),
        rounds=rounds,
    )


def groups_with(
    edges: Sequence[float], events: Sequence[int] | Integers, least: int
) -> tuple[float, ...]:
    """Edges of groups of intervals, each with at least so many events: neighbours are laid
    together, the last ones with the group before them. edges, events: of a released curve.

    Raises
    ------
    ValueError : fewer events than that in all.
    """
    kept: list[float] = []
    since = 0
    for edge, count in zip(edges, events, strict=True):
        since += int(count)
        if since >= least:
            kept.append(float(edge))
            since = 0
    if not kept:
        raise ValueError("least: fewer events than one group needs")
    return (*kept[:-1], float(edges[-1]))


def _group_of(parameters: Parameters) -> Integers:
    """(K,) the group of each interval."""
    grid, groups = parameters.before.grid, parameters.groups
    if parameters.what in ("large", "slope"):
        if groups:
            raise ValueError("groups: only a baseline has any")
        return np.zeros(len(grid), dtype=np.int64)
    rising = bool(groups) and bool((np.diff(groups) > 0).all())
    if not rising or groups[-1] != grid[-1] or not set(groups) <= set(grid):
        raise ValueError("groups: edges that do not rise, or that are not of the grid to its last")
    return np.searchsorted(np.asarray(groups), np.asarray(grid), "left").astype(np.int64)


def _sloped(parameters: Parameters) -> bool:
    return parameters.what in ("slope", "both")


def _parted(parameters: Parameters, groups: int) -> tuple[Floats, float]:
    wanted = groups + _sloped(parameters)
    at = np.asarray(parameters.coefficients or np.zeros(wanted), dtype=np.float64)
    if at.size != wanted:
        raise ValueError("coefficients: not as many as there are terms")
    return at[:groups], float(at[groups]) if _sloped(parameters) else 0.0


@dataclass(frozen=True, slots=True, eq=False)
class _Rows:
    """scores: (s,) F as it stands, of each row and interval at risk."""

    seen: FollowUp
    scores: Floats
    proportional: bool


class _Last(threading.local):
    """The scores made last, in each thread: every round of a fit looks at the same ones."""

    asked: tuple[SurvivalTable, Model, int, Part] | None = None
    made: _Rows | None = None


_last = _Last()


def _made(table: SurvivalTable, parameters: Parameters) -> _Rows:
    model, kind, part = parameters.before, parameters.kind, parameters.part
    if _last.asked is not None and _last.made is not None:
        same_table, *same = _last.asked
        if same_table is table and same == [model, kind, part]:
            return _last.made
    _last.asked = _last.made = None  # frees the memory before more is taken
    hazard = hazards.of(model, kind)
    seen = follow_up(table, model.grid, kind, np.arange(len(model.grid)), part)
    scores = hazards.scores(hazard, model.grid, table)
    scores = scores[np.repeat(seen.row, seen.many), seen.stretch]
    made = _Rows(seen, scores, isinstance(hazard.form, Proportional))
    _last.asked, _last.made = (table, model, kind, part), made
    return made


def _derivatives(score: Floats, events: Integers, proportional: bool) -> Floats:
    """(4, s) the chance, the log-likelihood, its first derivative, its second one negated; events:
    places of those with the event, the others have none."""
    each = np.empty((4, score.size))
    if not proportional:
        expit(score, out=each[0])
        np.log1p(-each[0], out=each[1], where=score < 30)
        each[1, score >= 30] = -score[score >= 30]
        np.multiply(each[0], 1 - each[0], out=each[3])
        np.negative(each[0], out=each[2])
        each[1, events] = log_expit(score[events])
        each[2, events] += 1
        return each
    hazard = np.exp(np.clip(score, -500, 500))
    np.negative(np.expm1(-hazard), out=each[0])
    each[1] = each[2] = -hazard
    each[3] = hazard
    h, chance = hazard[events], np.maximum(each[0, events], 1e-300)
    ratio = h * np.exp(-h) / chance  # H / (e^H - 1)
    each[1, events], each[2, events] = np.log(chance), ratio
    each[3, events] = ratio * (h + ratio - 1)
    return each


def _step(here: Release) -> Floats:
    size = np.sqrt(np.maximum(np.diag(here.hessian), 1e-300))
    scaled = here.hessian / np.outer(size, size)
    if np.linalg.eigvalsh(scaled)[0] < 1e-9:
        raise StudyError(
            Text(
                "les scores du modèle ne varient pas assez pour qu'une pente s'estime.",
                "the model's scores vary too little for a slope to be estimated.",
            ),
            "recalibration",
            Text("Recalibrez le seul niveau (large).", "Recalibrate the level alone (large)."),
        )
    return np.asarray(np.linalg.solve(scaled, here.gradient / size) / size)


def _forward(
    look: Callable[[Floats], Release], at: Floats, step: Floats, here: Release
) -> tuple[Floats, Release, int]:
    slack = 1e-9 * max(abs(here.log_likelihood), 1.0)
    for used in range(1, _HALVINGS + 1):
        there = look(at + step)
        if there.log_likelihood >= here.log_likelihood - slack:
            return at + step, there, used
        step = step / 2
    return at, here, _HALVINGS


def _sum(releases: Sequence[Release]) -> Release:
    common = releases[0].edges
    for release in releases[1:]:
        common = np.intersect1d(common, release.edges)
    releases = [r.merged(np.isin(r.edges, common)) for r in releases]
    return Release(
        persons=sum(r.persons for r in releases),
        edges=common,
        events=np.sum([r.events for r in releases], axis=0),
        leavers=np.sum([r.leavers for r in releases], axis=0),
        expected=np.sum([r.expected for r in releases], axis=0),
        log_likelihood=sum(r.log_likelihood for r in releases),
        gradient=np.sum([r.gradient for r in releases], axis=0),
        hessian=np.sum([r.hessian for r in releases], axis=0),
    )


def _applied(parameters: Parameters, shift: Floats, b: float) -> Model:
    """The model with F replaced by F + shift + b F."""
    model, by_interval = parameters.before, shift[_group_of(parameters)]

    def changed(hazard: hazards.Hazard) -> hazards.Hazard:
        if hazard.kind != parameters.kind:
            return hazard
        before = np.asarray(hazard.shift) if hazard.shift else np.zeros(len(model.grid))
        after = tuple(float(v) for v in (1 + b) * before + by_interval)
        return replace(hazard, slope=hazard.slope * (1 + b), shift=after)

    return replace(model, hazards=tuple(changed(hazard) for hazard in model.hazards))


def _no_event() -> StudyError:
    return StudyError(
        Text(
            "un groupe d'intervalles ne compte aucun événement : sa part n'a pas d'estimation.",
            "a group of intervals has no event: its share has no estimate.",
        ),
        "recalibration",
        Text(
            "Réunissez des intervalles voisins, ou recalibrez le seul niveau (large).",
            "Lay neighbouring intervals together, or recalibrate the level alone (large).",
        ),
    )
