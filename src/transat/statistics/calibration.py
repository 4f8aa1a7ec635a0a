"""Do predicted risks happen as often as predicted: on average, in spread, and at each level?

Formula
    At a horizon t, with the weights W of `scored_rows`, y = 1 for a case, r the predicted risk:
    in the large   observed O = mean of W y (the Aalen-Johansen risk at t), expected E = mean of r;
                   O/E with an interval on its logarithm
    events         events seen over the sum of the predicted cumulative hazards at each one's own
                   time, with Poisson's exact interval; log(O/E) is the intercept of Cox's and
                   Poisson's calibration
    slope          coefficient of the linear predictor in a Cox regression: 1 where the spread of
                   the predictions is right, less where they are too extreme (over sites: `cox` on
                   that column, exact)
    weak           y on c = log(-log(1 - r)): 1 - P = exp(-exp(a + b c)), weighted; intercept a
                   where b = 1, and slope b. For one horizon and with competing events
    curve          observed risk as a smooth function of r by a restricted cubic spline of c with
                   knots at its 10th, 50th and 90th percentiles: in a Cox regression (Efron, with
                   its baseline at t) or, where other events compete, of Fine and Gray
                   (cmprsk's convention). Over people, ICI is the mean |observed - r|, E50 and E90
                   its quantiles
    Standard errors of the first and of "weak" from the influence; those of the curve's indices by
    resampling people (`resampled`).

What is chosen
    The curve depends on the regression: of the same predictions ICI is 0.0411 by the Cox spline and
    0.0288 by `hazard_regression` (as by R's `hare`), so an ICI is read with its curve's name. The
    spline is the rule; "hazard" is asked for by name, without competing events (in Austin's
    simulations the first was slightly better of right models, the second of wrong ones). Where
    percentiles of c are equal the spline is a line; where c is one value, the curve is a point.

Federation
    From `risk_histogram`: exactly those of the pooled rows on the agreed bins and edges; the slope
    and the events from sums.

References
    Austin PC, Harrell FE, van Klaveren D (2020) Stat Med 39:2714-2742, doi:10.1002/sim.8570.
    Austin PC et al. (2022) Diagn Progn Res 6:2, doi:10.1186/s41512-021-00114-6 (competing events).
    Efron B (1987) J Am Stat Assoc 82:171-185 (percentiles moved for bias).
    van Geloven N et al. (2022) BMJ 377:e069249, doi:10.1136/bmj-2021-069249.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from scipy.special import gammaincinv, ndtr, ndtri

from transat.cohorts.survival_table import SurvivalTable
from transat.core.errors import StudyError
from transat.core.languages import Text
from transat.statistics import cox, cox_sums, fine_gray
from transat.statistics.hazard_regression import hazard_regression
from transat.statistics.risk_sets import risk_sets
from transat.statistics.scored_rows import (
    AtHorizon,
    Estimate,
    Floats,
    ScoredRows,
    as_table,
    at_horizon,
    checked,
    estimate,
)

Method = Literal["cox", "fine_gray", "hazard"]

_EDGE = 1e-12  # risks are taken no nearer to 0 and 1 than this
_STEEPEST = 30.0  # nor are hazards fitted beyond exp(-30) and 30
_MOST_STEPS, _SMALL_STEP = 50, 1e-10


@dataclass(frozen=True, slots=True, eq=False)
class Large:
    """Observed and expected risk at the horizon, and their ratio."""

    observed: Estimate
    expected: float
    ratio: Estimate


@dataclass(frozen=True, slots=True, eq=False)
class Weak:
    """Intercept (0 is right) and slope (1 is right) on the scale log(-log(1 - risk))."""

    intercept: Estimate
    slope: Estimate


@dataclass(frozen=True, slots=True, eq=False)
class Curve:
    """method: the regression. knots: of its bends in log(-log), none for a line. predicted,
    observed: (n,) at each row. ici, e50, e90, largest: of |observed - predicted|."""

    method: Method
    knots: tuple[float, ...]
    predicted: Floats
    observed: Floats
    ici: float
    e50: float
    e90: float
    largest: float


@dataclass(frozen=True, slots=True, eq=False)
class Level:
    """One group of people of neighbouring risk: mean predicted and observed risk."""

    persons: int
    predicted: float
    observed: Estimate


def in_the_large(rows: ScoredRows, horizon: float, event: int = 1, level: float = 0.95) -> Large:
    """Observed over expected risk at a horizon.

    Raises
    ------
    StudyError : a risk outside 0 to 1, nobody followed to the horizon, no risk above 0.
    """
    at = at_horizon(checked(rows), horizon, event)
    observed, influence = at.mean(at.weights * at.cases)
    expected = float(rows.risk.mean())
    if not expected > 0:
        raise _nothing("risk")
    ratio = observed / expected
    of_ratio = influence / expected - ratio / expected * (rows.risk - expected)
    return Large(
        estimate(observed, influence, level), expected, _on_log(estimate(ratio, of_ratio, level))
    )


def events_over_expected(observed: int, expected: float, level: float = 0.95) -> Estimate:
    """Events seen over the sum of predicted cumulative hazards; both may be sums over sites.

    Raises ValueError for a negative count, or nothing expected.
    """
    if observed < 0 or not expected > 0:
        raise ValueError("expected: events need a sum of hazards above 0")
    tail = (1 - level) / 2
    low = float(gammaincinv(observed, tail)) if observed else 0.0
    high = float(gammaincinv(observed + 1, 1 - tail))
    error = float(np.sqrt(observed)) / expected
    return Estimate(observed / expected, error, low / expected, high / expected, np.zeros(0))


def cox_slope(rows: ScoredRows, predictor: Floats, event: int = 1) -> cox.Result:
    """Cox regression of these rows on a linear predictor (n,); its one coefficient is the slope.

    Raises
    ------
    StudyError : no event, or the same predictor for everybody.
    """
    return _fitted(as_table(rows, predictor[:, None]), event)


def weak(rows: ScoredRows, horizon: float, event: int = 1, level: float = 0.95) -> Weak:
    """Intercept and slope at one horizon, with competing events.

    Raises
    ------
    StudyError : as `in_the_large`; all or none with the event; the same risk for everybody.
    """
    at = at_horizon(checked(rows), horizon, event)
    c = _log_log(rows.risk)
    ones = np.ones((rows.n, 1))
    if np.ptp(c) == 0:
        raise _nothing("risk")
    intercept = _last_coefficient(at, ones, c, level)
    slope = _last_coefficient(at, np.column_stack([ones, c]), np.zeros(rows.n), level)
    return Weak(intercept, slope)


def curve(
    rows: ScoredRows, horizon: float, event: int = 1, method: Literal["spline", "hazard"] = "spline"
) -> Curve:
    """The smooth calibration curve at a horizon, ICI, E50 and E90.

    Raises
    ------
    StudyError : a risk outside 0 to 1, nobody followed to the horizon, no event by then.
    ValueError : "hazard" with competing events.
    """
    at = at_horizon(checked(rows), horizon, event)
    if not at.cases.any():
        raise _nothing("event")
    c = _log_log(rows.risk)
    competing = bool(((rows.event != 0) & (rows.event != event)).any())
    if method == "hazard" and competing:
        raise ValueError("method: hazard regression knows no competing events")
    name: Method = "hazard" if method == "hazard" else "fine_gray" if competing else "cox"
    knots: tuple[float, ...] = ()
    if np.ptp(c) == 0:
        observed = np.full(rows.n, float((at.weights * at.cases).mean()))
    elif name == "hazard":
        fit = hazard_regression(rows.time, rows.event == event, c, horizon)
        knots, observed = fit.knots, fit.risk
    else:
        knots = _knots(c)
        by = _by_fine_gray if competing else _by_cox
        observed = _observed(by, rows, at, _spline(c, knots), event)
    gap = np.abs(observed - rows.risk)
    e50, e90 = np.quantile(gap, (0.5, 0.9))
    return Curve(
        name, knots, rows.risk, observed, float(gap.mean()), float(e50), float(e90),
        float(gap.max()),
    )  # fmt: skip


def levels(
    rows: ScoredRows, horizon: float, groups: int = 10, event: int = 1, level: float = 0.95
) -> tuple[Level, ...]:
    """Mean predicted and observed risk in quantile groups of the predicted risk.

    Groups in which nobody was followed to the horizon are left out; equal risks stay together.
    """
    if not rows.n:
        return ()
    cuts = np.unique(np.quantile(checked(rows).risk, np.arange(1, groups) / groups))
    place = np.searchsorted(cuts, rows.risk, "left")
    found = []
    for group in np.unique(place):
        here = rows.take(place == group)
        try:
            observed = in_the_large(here, horizon, event, level).observed
        except StudyError:
            continue
        found.append(Level(here.n, float(here.risk.mean()), observed))
    return tuple(found)


def resampled(
    measure: Callable[[ScoredRows], float],
    rows: ScoredRows,
    draws: int = 200,
    seed: int = 0,
    level: float = 0.95,
) -> Estimate:
    """A measure of the rows with the interval of samples of people drawn from them.

    Percentiles, moved for the bias of the samples (a mean distance grows when people are drawn
    twice). It takes `draws` times as long as the measure. Rows are put in an order of their own
    first, so that theirs is of no matter; draws on which the measure does not exist (StudyError)
    are drawn again no more than `draws` times.
    """
    order = np.lexsort((rows.risk, rows.event, rows.time))
    held, rng, values = rows.take(order), np.random.default_rng(seed), list[float]()
    for _ in range(2 * draws):
        if len(values) == draws:
            break
        try:
            values.append(measure(held.take(rng.integers(0, rows.n, rows.n))))
        except StudyError:
            continue
    if len(values) < draws:
        raise _nothing("event")
    value, z = measure(held), float(ndtri(0.5 + level / 2))
    below = np.clip(np.mean(np.array(values) < value), 0.5 / draws, 1 - 0.5 / draws)
    low, high = np.quantile(values, ndtr(2 * ndtri(below) + np.array([-z, z])))
    low, high = min(float(low), value), max(float(high), value)
    return Estimate(value, float(np.std(values)), low, high, np.zeros(0))


def _on_log(ratio: Estimate) -> Estimate:
    """The interval of a ratio on its logarithm; from 0 where it is 0."""
    if not ratio.value > 0:
        return replace(ratio, low=0.0)
    factor = np.exp((ratio.high - ratio.value) / ratio.value)
    return replace(ratio, low=float(ratio.value / factor), high=float(ratio.value * factor))


def _log_log(risk: Floats) -> Floats:
    return np.asarray(np.log(-np.log1p(-np.clip(risk, _EDGE, 1 - _EDGE))), dtype=np.float64)


def _knots(c: Floats) -> tuple[float, ...]:
    """Of the spline: three percentiles, or none where two of them are equal."""
    knots = tuple(float(k) for k in np.quantile(c, (0.1, 0.5, 0.9)))
    return knots if len(set(knots)) == 3 else ()


def _spline(c: Floats, knots: tuple[float, ...]) -> Floats:
    """(n, 1 or 2) the restricted cubic spline: c and, with knots, its one bend."""
    if not knots:
        return c[:, None]
    low, middle, high = knots

    def cubed(knot: float) -> Floats:
        return np.asarray(np.maximum(c - knot, 0.0) ** 3, dtype=np.float64)

    bend = cubed(low) - cubed(middle) * (high - low) / (high - middle)
    bend += cubed(high) * (middle - low) / (high - middle)
    return np.column_stack([c, bend / (high - low) ** 2])


def _observed(
    hazard: Callable[[ScoredRows, AtHorizon, Floats, int], Floats],
    rows: ScoredRows,
    at: AtHorizon,
    spline: Floats,
    event: int,
) -> Floats:
    """Smoothed risks from a regression's cumulative hazards. Raises StudyError where, as in a few
    rows, the event is at one end of the risks alone, so that these are no numbers."""
    with np.errstate(over="ignore", invalid="ignore"):
        found = -np.expm1(-hazard(rows, at, spline - spline.mean(axis=0), event))
    if not np.isfinite(found).all():
        raise _nothing("risk")
    return np.asarray(found, dtype=np.float64)


def _fitted(table: SurvivalTable, event: int) -> cox.Result:
    asked = cox.Parameters(table.column_names, event=event)
    return cox.combine(lambda questions: [cox.at_site(table, q) for q in questions], asked)


def _by_cox(rows: ScoredRows, at: AtHorizon, spline: Floats, event: int) -> Floats:
    table = as_table(rows, spline)
    fit = _fitted(table, event)
    if fit.monotone:
        raise _nothing("risk")
    sets = risk_sets(table, table.column_names, event)
    weighed = cox_sums.weighed(sets, tuple(float(b) for b in fit.coefficients), "efron")
    steps = weighed.inverse * np.exp(-weighed.factor[sets.tie])
    baseline = steps[sets.instants[sets.tie] <= at.horizon].sum()
    return np.asarray(baseline * np.exp((spline - sets.means) @ fit.coefficients))


def _by_fine_gray(rows: ScoredRows, at: AtHorizon, spline: Floats, event: int) -> Floats:
    table = as_table(rows, spline)
    asked = fine_gray.Parameters(table.column_names, grid=(at.horizon,), event=event)
    fit = fine_gray.pooled(table, asked)
    if fit.monotone:
        raise _nothing("risk")
    baseline = fit.baseline[np.searchsorted(fit.edges, at.horizon, "right") - 1]
    return np.asarray(baseline * np.exp(spline @ fit.coefficients))


def _last_coefficient(at: AtHorizon, design: Floats, offset: Floats, level: float) -> Estimate:
    """Of the weighted regression of "weak" on a design (n, p) whose first column is 1.

    Fisher's scoring from the observed risk, each step halved while the likelihood falls.
    """
    share = float((at.weights * at.cases).sum() / at.weights.sum())
    if not 0 < share < 1:
        raise _nothing("event")
    beta = np.zeros(design.shape[1])
    beta[0] = np.log(-np.log1p(-share)) - float(np.average(offset, weights=at.weights))
    here = _scored(at, design, offset, beta)
    if np.linalg.matrix_rank(design[at.weights > 0]) < design.shape[1]:
        raise _nothing("risk")
    for _ in range(_MOST_STEPS):
        step = np.linalg.lstsq(here.information, here.scores.sum(axis=0))[0]
        there = _scored(at, design, offset, beta + step)
        while there.likelihood < here.likelihood - 1e-9 * abs(here.likelihood):
            step = step / 2
            there = _scored(at, design, offset, beta + step)
        beta, here = beta + step, there
        if np.abs(step).max() < _SMALL_STEP:
            break
    else:
        raise _nothing("risk")  # the event comes above one risk alone: no slope
    inverse = np.linalg.pinv(here.curvature / len(offset), hermitian=True)
    moved = [at.censoring.influence(column, at.horizon) for column in here.scores.T]
    return estimate(float(beta[-1]), np.column_stack(moved) @ inverse[:, -1], level)


@dataclass(frozen=True, slots=True, eq=False)
class _Scored:
    """The likelihood of some coefficients (p,), its scores (n, p), information (p, p) as expected,
    for the steps, and curvature as seen, for the errors."""

    likelihood: float
    scores: Floats
    information: Floats
    curvature: Floats


def _scored(at: AtHorizon, design: Floats, offset: Floats, beta: Floats) -> _Scored:
    hazard = np.exp(np.clip(offset + design @ beta, -_STEEPEST, np.log(_STEEPEST)))
    risk = np.asarray(-np.expm1(-hazard), dtype=np.float64)
    outcome = at.cases.astype(np.float64)
    likelihood = at.weights @ (outcome * np.log(risk) - (1 - outcome) * hazard)
    scores = (at.weights * (outcome * hazard / risk - hazard))[:, None] * design
    expected = at.weights * hazard**2 * (1 - risk) / risk
    seen = at.weights * (hazard - outcome * (hazard / risk - hazard**2 * (1 - risk) / risk**2))
    information, curvature = ((design * w[:, None]).T @ design for w in (expected, seen))
    return _Scored(float(likelihood), scores, information, curvature)


def _nothing(where: str) -> StudyError:
    return StudyError(
        Text(
            "Rien à caler : tous ou personne avec l'événement, ou le même risque pour tous.",
            "Nothing to calibrate: all or none with the event, or the same risk for everybody.",
        ),
        where,
        Text("Choisir un autre horizon ou groupe.", "Choose another horizon or group."),
    )
