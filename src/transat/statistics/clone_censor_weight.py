"""What would happen if everybody were treated early, or if everybody waited? An emulated trial.

Question
    Risk of an event under two strategies, from one time zero: treatment within a grace period, or
    no treatment before a trigger (`clones.Strategy`); their difference, and a ratio of hazards.

Formula
    Everybody is copied into both arms at time zero; a copy leaves when the person does otherwise
    than its strategy says. With f_j the probability, among the untreated at step j, of treatment in
    it (logistic in the columns named and in periods of time), the copies that stay weigh the
    product over the steps so far of
        early     (f*_j/f_j) if treated at j, (1-f*_j)/(1-f_j) if not yet,   j in the grace period,
                  f*_j = 1/(steps left) ("uniform"), or f_j and 1 in the last step ("natural")
        waiting   1/(1-f_j)   as long as treatment would be a deviation, f_j of a deviation.
    Summed over the sites, by arm and interval ]edge before, edge]: N weights as it begins, D of the
    event, O of other kinds. Risk R: sum of S D/N, S = product of (1 - (D+O)/N). Ratio of hazards:
    sum of v L_early over sum of v L_waiting, L = -log(1 - D/N), v = N_e N_w/(N_e+N_w).
    Each stratum of each site has a treatment model of its own, fitted and kept there.
    Variance: people of a stratum are drawn again with replacement, the model refitted, the sums
    made again; their covariance adds up over the sites, and the delta method does the rest.

What leaves
    Per arm and interval: copies that had the event, another kind, were lost, or left the arm; the
    weighted sums and their covariance. Draws come from the people's numbers, which nobody outside
    knows.

Assumptions
    At each step, treatment is as good as random given the columns; everybody could be treated and
    could not be (positivity; `cap` bounds the weights); loss to follow-up independent; short steps.

References
    Hernán MA, Sauer BC, Hernández-Díaz S, Platt R, Shrier I (2016) J Clin Epidemiol, PMC5124536.
    Cain LE, Robins JM, Lanoy E, Logan R, Costagliola D, Hernán MA (2010) Int J Biostat 6(2):18,
    doi:10.2202/1557-4679.1212. Maringe C, et al. (2020) Int J Epidemiol 49:1719-1729,
    doi:10.1093/ije/dyaa057.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

from transat.cohorts.survival_table import SurvivalTable
from transat.core.errors import StudyError
from transat.core.languages import Text
from transat.statistics.clone_weights import Models, Weights, models, weights
from transat.statistics.clones import Clones, Strategy, clones

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

ARMS = ("early", "waiting")


@dataclass(frozen=True, slots=True)
class Parameters:
    """strategy: the two arms. columns: of the treatment model. grid: edges, rising, whole steps.
    event: the kind that counts, 0 for any. periods: edges, in months, between which the chance of
    treatment does not change with time. penalty: of the squares of the model's coefficients, in
    standard deviations of their columns. cap: largest weight. draws: of the variance."""

    strategy: Strategy
    columns: tuple[str, ...]
    grid: tuple[float, ...]
    event: int = 0
    periods: tuple[float, ...] = (1.0, 3.0, 6.0, 12.0, 24.0, 36.0)
    penalty: float = 1e-3
    cap: float = 50.0
    draws: int = 200
    level: float = 0.95


@dataclass(frozen=True, slots=True)
class Release:
    """What leaves a site, on K edges: head counts of copies by arm, weighted sums by arm, and the
    covariance of those, flat: at_risk, events, others, arm by arm."""

    edges: Floats  # (K,)
    persons: int
    had_event: Integers  # (2, K)
    had_other: Integers  # (2, K)
    lost: Integers  # (2, K)
    left: Integers  # (2, K) whose person did otherwise than the arm
    at_risk: Floats  # (2, K)
    events: Floats  # (2, K)
    others: Floats  # (2, K)
    covariance: Floats  # (6K, 6K)

    def counts(self) -> dict[str, Integers]:
        """Every head count stated, with the copies that the grid leaves followed."""
        told = (self.had_event, self.had_other, self.lost, self.left)
        gone = np.sum([counts.sum(axis=1) for counts in told], axis=0)
        return {
            "persons": np.array([self.persons], dtype=np.int64),
            "had_event": self.had_event,
            "had_other": self.had_other,
            "lost": self.lost,
            "left": self.left,
            "remaining": np.asarray(self.persons - gone, dtype=np.int64),
        }

    def merged(self, kept: NDArray[np.bool_]) -> Release:
        """A copy on the edges where `kept` (K,) is True; those after the last stay followed."""
        ends = np.flatnonzero(kept)
        starts = np.append(0, ends[:-1] + 1)[: ends.size]
        first, summed = np.zeros((2, ends.size, kept.size))
        for row, (start, end) in enumerate(zip(starts, ends, strict=True)):
            first[row, start] = 1.0
            summed[row, start : end + 1] = 1.0
        whole = np.kron(np.diag([1.0, 1, 0, 0, 0, 0]), first)
        whole += np.kron(np.diag([0.0, 0, 1, 1, 1, 1]), summed)
        counts = summed.astype(np.int64).T
        return replace(
            self, edges=self.edges[kept], had_event=self.had_event @ counts,
            had_other=self.had_other @ counts, lost=self.lost @ counts, left=self.left @ counts,
            at_risk=self.at_risk @ first.T, events=self.events @ summed.T,
            others=self.others @ summed.T, covariance=_even(whole @ self.covariance @ whole.T),
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Arm:
    """One strategy; (K,) arrays at the edges. persons: copies at the start; had_event: of those who
    followed the strategy until then."""

    persons: int
    had_event: int
    risk: Floats
    standard_errors: Floats
    low: Floats
    high: Floats


@dataclass(frozen=True, slots=True)
class Result:
    """The two arms on the edges that every site kept; early less waiting. NaN nowhere; a ratio of
    hazards that the data do not determine is None."""

    edges: Floats
    early: Arm
    waiting: Arm
    difference: Floats
    difference_errors: Floats
    difference_low: Floats
    difference_high: Floats
    hazard_ratio: float | None
    hazard_ratio_low: float | None
    hazard_ratio_high: float | None


def at_site(table: SurvivalTable, parameters: Parameters) -> Release:
    """The copies of one site's people, weighed and summed.

    Raises
    ------
    StudyError : a column that the table does not hold, or that says what another says (penalty 0).
    ValueError : as `clones`; a grid that does not rise by whole steps; spells of several strata.
    """
    steps = _steps(parameters)
    made = clones(table, parameters.strategy, int(steps[-1]))
    parts = [_stratum(table, one, parameters) for one in _strata(made)]
    sums, covariance = np.zeros((6, len(steps))), np.zeros((6 * len(steps), 6 * len(steps)))
    for one, spread in parts:
        sums, covariance = sums + one, covariance + spread
    return Release(
        edges=np.asarray(parameters.grid, dtype=np.float64),
        persons=len(made.people), **_counted(made, parameters, steps),
        at_risk=sums[:2], events=sums[2:4], others=sums[4:], covariance=_even(covariance),
    )  # fmt: skip


def parts(table: SurvivalTable, parameters: Parameters, edges: Floats) -> Iterator[Floats]:
    """(n,) what each person adds to each of the weighted sums that end at these edges of the grid.

    For a gate that lets no sum leave which is almost one person's.
    """
    steps = _steps(parameters)
    kept = steps[np.isin(np.asarray(parameters.grid), edges)]
    strata = [
        _added(one, weights(_models(table, one, parameters), *_last(parameters)), kept, parameters)
        for one in _strata(clones(table, parameters.strategy, int(steps[-1])))
    ]
    for added in zip(*strata, strict=True):
        yield from np.concatenate(added).T


def cells(table: SurvivalTable, parameters: Parameters) -> tuple[Integers, Integers]:
    """(C, K) head counts that the release tells whatever the kind asked for, of the people whom an
    arm follows and of those whom it does not; (4, K) those followed after each edge, likewise. For
    a gate that makes small intervals one.

    Raises
    ------
    As `at_site`.
    """
    steps = _steps(parameters)
    made = clones(table, parameters.strategy, int(steps[-1]))
    lost = made.event == 0
    ends = [lost, *(made.event == kind for kind in np.unique(made.event[~lost]))]
    followed = [made.last < until for until in (made.early, made.waiting)]
    sides = [side for inside in followed for side in (inside, ~inside)]
    told = [_by_interval(made, steps, end & side) for end in ends for side in sides]
    after = [
        [(made.last >= step) & ((until >= step) == inside) for step in steps]
        for until in (made.early, made.waiting)
        for inside in (True, False)
    ]
    return np.array([*told, *_left(made, steps)]), np.array(after).sum(axis=2)


def combine(releases: Sequence[Release], parameters: Parameters) -> Result:
    """Both arms over all sites, on the edges that every site kept.

    Raises
    ------
    StudyError : nobody follows one of the strategies; no edge that every site kept.
    """
    common = releases[0].edges
    for release in releases[1:]:
        common = np.intersect1d(common, release.edges)
    told = [r.merged(np.isin(r.edges, common)) for r in releases]
    at_risk = np.sum([r.at_risk for r in told], axis=0)
    known = int(np.argmin(np.append((at_risk > 0).all(axis=0), False)))
    if not known:
        raise _nobody()
    told = [r.merged(np.arange(common.size) < known) for r in told]
    sums = np.sum([np.stack([*r.at_risk, *r.events, *r.others]) for r in told], axis=0)
    covariance = np.sum([r.covariance for r in told], axis=0)
    z = float(ndtri(0.5 + parameters.level / 2))
    risks = [_risk_of(arm, sums) for arm in (0, 1)]
    slopes = [_slope(partial(_risk_of, arm), sums) for arm in (0, 1)]
    arms = [
        _arm(told, arm, risk, _errors(slope, covariance), z)
        for arm, (risk, slope) in enumerate(zip(risks, slopes, strict=True))
    ]
    gap, errors = risks[0] - risks[1], _errors(slopes[0] - slopes[1], covariance)
    return Result(
        common[:known], arms[0], arms[1], gap, errors, gap - z * errors, gap + z * errors,
        *_hazards(sums, covariance, z),
    )  # fmt: skip


def _steps(parameters: Parameters) -> Integers:
    """(K,) the step at which each interval of the grid ends."""
    edges = np.asarray(parameters.grid, dtype=np.float64)
    steps = np.rint(edges / parameters.strategy.step).astype(np.int64)
    rising = edges.size and steps[0] > 0 and (np.diff(steps) > 0).all()
    if not rising or not np.allclose(steps * parameters.strategy.step, edges):
        raise ValueError("grid: edges that do not rise by whole steps")
    return steps


def _chosen(made: Clones, inside: NDArray[np.bool_]) -> Clones:
    """Some of the people, numbered anew."""
    rows = inside[made.person]
    number = np.cumsum(inside) - 1
    return Clones(
        made.people[inside], made.stratum[inside], made.last[inside], made.event[inside],
        made.early[inside], made.waiting[inside], number[made.person[rows]], made.step[rows],
        made.spell[rows], made.treated[rows], made.deviates[rows], made.bound[rows],
    )  # fmt: skip


def _strata(made: Clones) -> list[Clones]:
    return [_chosen(made, made.stratum == k) for k in np.unique(made.stratum)]


def _models(table: SurvivalTable, made: Clones, parameters: Parameters) -> Models:
    return models(table, made, parameters.strategy, parameters.columns, parameters.periods)


def _last(parameters: Parameters) -> tuple[int, float, float]:
    return int(_steps(parameters)[-1]), parameters.penalty, parameters.cap


def _stratum(table: SurvivalTable, made: Clones, parameters: Parameters) -> tuple[Floats, Floats]:
    """The sums (6, K) of one stratum, and their covariance (6K, 6K) over draws of its people."""
    steps, n = _steps(parameters), len(made.people)
    of, last = _models(table, made, parameters), _last(parameters)
    whole = weights(of, *last)
    sums = np.stack([added.sum(axis=0) for added in _added(made, whole, steps, parameters)])
    seed = hashlib.sha256(made.people.astype("<i8").tobytes()).digest()
    rng = np.random.default_rng(np.frombuffer(seed, dtype=np.uint32))
    drawn = np.empty((max(parameters.draws, 2), sums.size))
    for row in range(len(drawn)):
        times = np.bincount(rng.integers(0, n, n), minlength=n).astype(np.float64)
        again = _added(made, weights(of, *last, times, whole), steps, parameters)
        drawn[row] = np.stack([times @ added for added in again]).ravel()
    return sums, np.atleast_2d(np.cov(drawn, rowvar=False))


def _added(
    made: Clones, weighed: Weights, steps: Integers, parameters: Parameters
) -> Iterator[Floats]:
    """(n, K) what each person adds to at_risk early and waiting, then to events, then to others."""
    begin = np.append(0, steps[:-1])
    arms = ((weighed.early, made.early), (weighed.waiting, made.waiting))
    for weight, until in arms:
        here = (begin <= made.last[:, None]) & (begin < until[:, None])
        yield weight[:, begin] * here
    counts = made.event == parameters.event if parameters.event else made.event > 0
    for kind in (counts, (made.event > 0) & ~counts):
        for weight, until in arms:
            yield _at_end(made, weight, until, steps, kind)


def _at_end(
    made: Clones, weight: Floats, until: Integers, steps: Integers, kind: NDArray[np.bool_]
) -> Floats:
    """(n, K) the weight of those with this kind of end, in the interval where it is."""
    found = np.zeros((len(made.people), len(steps)))
    who = np.flatnonzero(kind & (made.last < steps[-1]) & (made.last < until))
    found[who, np.searchsorted(steps, made.last[who], "right")] = weight[who, made.last[who]]
    return found


def _counted(made: Clones, parameters: Parameters, steps: Integers) -> dict[str, Integers]:
    """The head counts of a release."""
    counts = made.event == parameters.event if parameters.event else made.event > 0
    ends = {"had_event": counts, "had_other": (made.event > 0) & ~counts, "lost": made.event == 0}
    arms = (made.early, made.waiting)
    return {
        "left": _left(made, steps),
        **{
            name: np.array([_by_interval(made, steps, who & (made.last < until)) for until in arms])
            for name, who in ends.items()
        },
    }


def _by_interval(made: Clones, steps: Integers, who: NDArray[np.bool_]) -> Integers:
    """(K,) how many of these people end their follow-up in each interval."""
    at = made.last[who & (made.last < steps[-1])]
    return np.bincount(np.searchsorted(steps, at, "right"), minlength=len(steps)).astype(np.int64)


def _left(made: Clones, steps: Integers) -> Integers:
    """(2, K) copies of each arm that leave it in each interval."""
    found = []
    for until in (made.early, made.waiting):
        at = until[(until <= made.last) & (until < steps[-1])]
        found.append(np.bincount(np.searchsorted(steps, at, "right"), minlength=len(steps)))
    return np.array(found, dtype=np.int64)


def _risk_of(arm: int, sums: Floats) -> Floats:
    return _risk(sums[arm::2])


def _risk(sums: Floats) -> Floats:
    """(K,) cumulative incidence from at_risk, events, others (3, K); also of complex numbers."""
    at_risk, events, others = sums
    before = np.cumprod(1 - (events + others) / at_risk)
    return np.asarray(np.cumsum(np.append(1.0, before[:-1]) * events / at_risk))


def _slope(of: Callable[[Floats], Floats], sums: Floats) -> Floats:
    """(M, 6K) derivatives of `of` (M numbers) by the sums, by a step in the imaginary direction."""
    flat, tiny = sums.ravel().astype(np.complex128), 1e-30
    found = []
    for k in range(flat.size):
        moved = flat.copy()
        moved[k] += 1j * tiny
        there: Any = moved.reshape(sums.shape)
        found.append(np.imag(np.atleast_1d(of(there))) / tiny)
    return np.array(found, dtype=np.float64).T


def _errors(slope: Floats, covariance: Floats) -> Floats:
    variances = np.einsum("mi,ij,mj->m", slope, covariance, slope)
    return np.asarray(np.sqrt(np.maximum(variances, 0.0)), dtype=np.float64)


def _arm(told: Sequence[Release], arm: int, risk: Floats, errors: Floats, z: float) -> Arm:
    """One arm; its interval on log(-log(1 - risk))."""
    inner = np.clip(risk, 1e-12, 1 - 1e-12)
    log = np.log1p(-inner)
    spread = z * errors / ((1 - inner) * np.abs(log))
    spread = np.minimum(spread, 30.0)
    none = risk <= 0
    return Arm(
        persons=sum(r.persons for r in told),
        had_event=int(sum(r.had_event[arm].sum() for r in told)),
        risk=risk,
        standard_errors=errors,
        low=np.where(none, 0.0, -np.expm1(log * np.exp(-spread))),
        high=np.where(none, 0.0, -np.expm1(log * np.exp(spread))),
    )


def _hazards(
    sums: Floats, covariance: Floats, z: float
) -> tuple[float | None, float | None, float | None]:
    """The ratio of hazards and its interval; None where an arm has no event."""

    def log_ratio(s: Floats) -> Floats:
        n, hazard = s[:2], -np.log(1 - s[2:4] / s[:2])
        weight = n[0] * n[1] / (n[0] + n[1])
        return np.asarray(np.log((weight * hazard[0]).sum() / (weight * hazard[1]).sum()))

    if not (sums[2:4].sum(axis=1) > 0).all() or (sums[2:4] >= sums[:2]).any():
        return None, None, None
    ratio, error = float(log_ratio(sums)), float(_errors(_slope(log_ratio, sums), covariance)[0])
    return tuple(float(np.exp(ratio + k * z * error)) for k in (0, -1, 1))  # type: ignore[return-value]


def _even(matrix: Floats) -> Floats:
    """The same matrix, symmetric to the last bit."""
    return np.asarray((matrix + matrix.T) / 2)


def _nobody() -> StudyError:
    return StudyError(
        Text(
            "personne ne suit l'une des deux stratégies.",
            "nobody follows one of the two strategies.",
        ),
        "strategy",
        Text(
            "Allonger le délai de grâce, ou élargir la population.",
            "Lengthen the grace period, or widen the population.",
        ),
    )
