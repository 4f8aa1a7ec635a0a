"""Do hazard ratios stay the same over time? Score test of a Cox model, over sites.

Question
    Would the model be better if a column's coefficient changed with a function g of time?

Formula
    Column j is given the coefficient b_j + c_j g(t). At the fitted b and c = 0, with the parts of
    the gradient and of the information of each event time (`cox_sums`) multiplied by g and g²:
        u = sum of g U(t)      C = sum of g V(t)      D = sum of g² V(t)      H = sum of V(t)
    For a group of columns k:  chi² = u_k' (D_kk - C_k' H⁻¹ C_k)⁻¹ u_k, as many degrees of freedom
    as columns; for all columns together likewise. g plus a constant gives the same test.
    g(t) = t, log t, or steps: g is `values[i]` after the edge before and up to `edges[i]`. `steps`
    makes those of R's cox.zph from counts by time: 1 - Kaplan-Meier just before t ("km"),
    or the mean rank of t among all ends of follow-up ("rank").

What leaves
    At each round of the fit what a Cox regression sends; at the last u (p), C and D (p, p). Sums
    over event times: identity and log are exact over sites as they are; km and rank need counts by
    time of all sites first, so over sites they are exact for times rounded up to the permit's grid.

Assumptions
    Those of the Cox model but for what is tested. Sites are strata.

References
    Grambsch PM, Therneau TM (1994) Biometrika 81:515-526, doi:10.1093/biomet/81.3.515.
    Therneau TM, `cox.zph` of R's survival since 3.0: the score test in place of its approximation.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy.special import chdtrc

from transat.cohorts.survival_table import SurvivalTable
from transat.core.errors import StudyError
from transat.core.languages import Text
from transat.statistics import cox_sums, newton
from transat.statistics.cox_sums import Ties
from transat.statistics.design_matrix import decomposed
from transat.statistics.risk_sets import RiskSets, risk_sets

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Parameters:
    """columns, event, ties: of the Cox model. transform: g; edges (rising) and values: of steps, g
    after the last edge being the last value. groups: columns tested together; empty: one by one.
    coefficients: where the sums are taken (empty: zero). tested: whether u, C and D are wanted,
    which is at the last round. tolerance: as of `cox`."""

    columns: tuple[str, ...]
    event: int = 1
    ties: Ties = "efron"
    transform: Literal["identity", "log", "steps"] = "identity"
    edges: tuple[float, ...] = ()
    values: tuple[float, ...] = ()
    groups: tuple[tuple[str, ...], ...] = ()
    coefficients: tuple[float, ...] = ()
    tested: bool = False
    tolerance: float = 1e-15
    most_rounds: int = 60

    def first(self) -> Parameters:
        """The first question of the fit to which this one belongs."""
        return replace(self, coefficients=(), tested=False)


@dataclass(frozen=True, slots=True)
class Release:
    """What leaves a site at one round; slope, cross, square: u, C and D, empty until the last."""

    terms: tuple[str, ...]
    persons: int
    events: int
    event_free: int
    log_likelihood: float
    gradient: Floats  # (p,)
    hessian: Floats  # (p, p)
    slope: Floats
    cross: Floats
    square: Floats

    def counts(self) -> dict[str, NDArray[np.int64]]:
        """The head counts stated as such."""
        stated = {"persons": self.persons, "events": self.events, "event_free": self.event_free}
        return {name: np.array([value], dtype=np.int64) for name, value in stated.items()}


@dataclass(frozen=True, slots=True)
class Result:
    """One entry per group, (G,), then of all columns together. coefficients: (p,) of the fit."""

    terms: tuple[str, ...]
    groups: tuple[tuple[str, ...], ...]
    chi_squared: Floats
    degrees: NDArray[np.int64]
    p: Floats
    chi_squared_together: float
    p_together: float
    coefficients: Floats
    rounds: int


Ask = Callable[[Sequence[Parameters]], Sequence[Release]]


def at_site(table: SurvivalTable, parameters: Parameters) -> Release:
    """The sums of one site at the coefficients asked for.

    Raises
    ------
    StudyError : a column that the table does not hold; log of a time 0.
    ValueError : steps whose edges do not rise, or without as many values.
    """
    sets = risk_sets(table, parameters.columns, parameters.event)
    here = cox_sums.sums(sets, parameters.coefficients, parameters.ties)
    slope, cross, square = np.zeros(0), np.zeros((0, 0)), np.zeros((0, 0))
    if parameters.tested:
        g = _of_time(sets, parameters)
        once, twice = cox_sums.scaled(sets, parameters.coefficients, parameters.ties, (g, g**2))
        slope, cross, square = once.gradient, once.hessian, twice.hessian
    return Release(
        parameters.columns, sets.persons, sets.events, sets.event_free, here.log_likelihood,
        here.gradient, here.hessian, slope, cross, square,
    )  # fmt: skip


def combine(ask: Ask, parameters: Parameters) -> Result:
    """The fit, then its tests: `ask` sends one `Parameters` to every site.

    Raises
    ------
    StudyError : no event; redundant columns; a group that names another column; a column without a
    finite coefficient, which cannot be tested.
    """
    groups = parameters.groups or tuple((name,) for name in parameters.columns)
    for name in (name for group in groups for name in group):
        if name not in parameters.columns:
            raise _refused(
                name, "Ce n'est pas une colonne du modèle.", "This is no column of the model."
            )

    def look(beta: Floats) -> Release:
        return _sum(ask([replace(parameters, coefficients=tuple(float(b) for b in beta))]))

    def scale(null: Release) -> Floats:
        if not null.events:
            raise _refused("event", "Aucun événement de cette sorte.", "No event of this kind.")
        return np.sqrt(np.diag(null.hessian) / null.events)

    terms, most = parameters.columns, parameters.most_rounds
    summit = newton.climb(look, terms, scale, parameters.tolerance, most, relative=True)
    if summit.moving.any():
        name = terms[int(np.argmax(summit.moving))]
        raise _refused(name, "Ce coefficient n'est pas fini.", "This coefficient is not finite.")
    at = tuple(float(b) for b in summit.beta)
    last = _sum(ask([replace(parameters, coefficients=at, tested=True)]))
    return _result(last, groups, summit.beta, summit.rounds + 1)


def steps(
    edges: Floats, entered: Floats, events: Floats, censored: Floats, of: Literal["km", "rank"]
) -> tuple[Floats, Floats]:
    """(edges, values) of g from counts (K,) by interval that ends at an edge: who entered as it
    began, had an event, was censored. Kaplan-Meier just before, or the mean rank of the ends."""
    left = np.asarray(events + censored, dtype=np.float64)
    if of == "rank":
        return edges, np.cumsum(left) - (left - 1) / 2
    at_risk = np.cumsum(entered) - (np.cumsum(left) - left)
    survival = np.cumprod(1 - events / np.maximum(at_risk, 1e-300))
    return edges, 1 - np.append(1.0, survival[:-1])


def _of_time(sets: RiskSets, parameters: Parameters) -> Floats:
    """g (J,) at the event times."""
    times = sets.instants
    if parameters.transform == "identity":
        return times
    if parameters.transform == "log":
        if (times <= 0).any():
            raise _refused(
                "time", "Un temps nul n'a pas de logarithme.", "Time 0 has no logarithm."
            )
        return np.log(times)
    edges, values = np.asarray(parameters.edges), np.asarray(parameters.values)
    if not edges.size or edges.shape != values.shape or (np.diff(edges) <= 0).any():
        raise ValueError("steps: edges that rise, and as many values")
    slack = 1e-9 * np.maximum(np.abs(times), 1.0)
    return values[np.minimum(np.searchsorted(edges, times - slack, "left"), edges.size - 1)]


def _sum(releases: Sequence[Release]) -> Release:
    first = releases[0]
    added = {
        name: np.sum([getattr(r, name) for r in releases], axis=0)
        for name in ("gradient", "hessian", "slope", "cross", "square")
    }
    stated = {
        name: sum(getattr(r, name) for r in releases)
        for name in ("persons", "events", "event_free", "log_likelihood")
    }
    return replace(first, **stated, **added)


def _result(
    last: Release, groups: tuple[tuple[str, ...], ...], beta: Floats, rounds: int
) -> Result:
    size, values, vectors = decomposed(last.hessian, last.terms)
    inverse = (vectors / values) @ vectors.T / np.outer(size, size)
    spread = last.square - last.cross @ inverse @ last.cross

    def test(names: tuple[str, ...]) -> float:
        at = [last.terms.index(name) for name in names]
        weight = np.linalg.pinv(spread[np.ix_(at, at)], hermitian=True)
        return max(float(last.slope[at] @ weight @ last.slope[at]), 0.0)

    chi_squared = np.array([test(group) for group in groups])
    degrees = np.array([len(group) for group in groups], dtype=np.int64)
    together = test(last.terms)
    return Result(
        last.terms, groups, chi_squared, degrees, np.asarray(chdtrc(degrees, chi_squared)),
        together, float(chdtrc(len(last.terms), together)), beta, rounds,
    )  # fmt: skip


def _refused(where: str, french: str, english: str) -> StudyError:
    return StudyError(
        Text(french, english),
        where,
        Text("Corriger le protocole.", "Correct the protocol."),
    )
