"""Predicted curves of a Cox model: the baseline hazard of each site and stratum, with its errors.

Question
    What share of people of a given profile is still free of the event at each edge of a grid?

Formula
    With S0, phi_k and m_k = S1_k/phi_k of each event time at the fitted coefficients b (`cox_sums`;
    Efron's or Breslow's, as the fit), and a reference profile x0 in place of zero:
        H0(t) = exp(x0'b) sum of ā/phi     V0 = exp(2 x0'b) sum of ā/phi²
        M0 = exp(x0'b) sum of (m_k - x0) ā/phi
    each up to t. For a person x, r = exp((x - x0)'b), q = (x - x0) H0 - M0:
        H = r H0      S = exp(-H)      variance of H: r² (V0 + q' V q)
    V the variance of b. Interval of S from H ± z se, or from log H (log-log).

What leaves
    At each round of the fit what a Cox regression sends; at the last, per interval of the grid and
    stratum: head counts, and the sums of H0, V0 and (where intervals are wanted) M0 over the event
    times in it. H0 at an edge is that of the unrounded times.

Assumptions
    Those of the Cox model; each site, and each stratum of it, has a baseline of its own.

References
    Breslow N (1972) J R Stat Soc B 34:216-217 (discussion of Cox).
    Tsiatis AA (1981) Ann Stat 9:93-108, doi:10.1214/aos/1176345335.
    Therneau TM, Grambsch PM (2000), doi:10.1007/978-1-4757-3294-8, section 10.2.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

from transat.cohorts.survival_table import SurvivalTable
from transat.core.errors import StudyError
from transat.core.languages import Text
from transat.statistics import cox_sums, newton
from transat.statistics.cox_sums import Ties
from transat.statistics.design_matrix import decomposed
from transat.statistics.risk_sets import RiskSets, risk_sets

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

_FAR = 1e100  # hazards of a reference profile beyond this, or its inverse, are no numbers to go by
_MOST = 300.0  # no log hazard ratio to that profile is taken larger: survival is 0 long before


@dataclass(frozen=True, slots=True)
class Parameters:
    """columns, event, ties: of the Cox model. grid: edges, rising, above 0, in the table's unit.
    profile: x0, one number per column (empty: zeros). intervals: whether M0 is wanted.
    coefficients: where the sums are taken (empty: zero). told: whether the hazards are wanted,
    which is at the last round. tolerance: as of `cox`."""

    columns: tuple[str, ...]
    grid: tuple[float, ...]
    event: int = 1
    ties: Ties = "efron"
    profile: tuple[float, ...] = ()
    intervals: bool = True
    coefficients: tuple[float, ...] = ()
    told: bool = False
    tolerance: float = 1e-9
    most_rounds: int = 60

    def first(self) -> Parameters:
        """The first question of the fit to which this one belongs."""
        return replace(self, coefficients=(), told=False)


@dataclass(frozen=True, slots=True)
class Release:
    """What leaves a site at one round. From `edges` on, of K intervals and S strata of the site,
    empty until the last round; means: (S, K, p), or (S, 0, p) without intervals."""

    terms: tuple[str, ...]
    persons: int
    events: int
    event_free: int
    log_likelihood: float
    gradient: Floats  # (p,)
    hessian: Floats  # (p, p)
    edges: Floats  # (K,)
    failed: Integers  # (S, K) events in the interval
    left: Integers  # (S, K) other ends of follow-up in the interval
    hazard: Floats  # (S, K) added to H0
    variance: Floats  # (S, K) added to V0
    means: Floats

    def counts(self) -> dict[str, Integers]:
        """The head counts stated as such."""
        stated = {"persons": self.persons, "events": self.events, "event_free": self.event_free}
        told = {"failed": self.failed, "left": self.left} if self.edges.size else {}
        return {name: np.array([value], dtype=np.int64) for name, value in stated.items()} | told

    def merged(self, kept: NDArray[np.bool_]) -> Release:
        """A copy on the edges where `kept` (K,) is True; what comes after the last is left out."""
        starts = np.flatnonzero(np.append(True, kept[:-1]))[: int(kept.sum())]
        end = int(np.flatnonzero(kept)[-1]) + 1 if starts.size else 0

        def summed(values: Floats) -> Floats:
            if not starts.size or not values.shape[1]:
                return values[:, :0]
            return np.asarray(np.add.reduceat(values[:, :end], starts, axis=1), values.dtype)

        names = ("failed", "left", "hazard", "variance", "means")
        merged: dict[str, Any] = {name: summed(getattr(self, name)) for name in names}
        return replace(self, edges=self.edges[kept], **merged)


@dataclass(frozen=True, slots=True)
class Baseline:
    """One stratum of one site; at the edges: H0 and V0 (K,), M0 (K, p)."""

    edges: Floats
    hazard: Floats
    variance: Floats
    means: Floats


@dataclass(frozen=True, slots=True)
class Result:
    """baselines: by site, then by the site's own strata. covariance: (p, p) of the coefficients."""

    terms: tuple[str, ...]
    profile: Floats
    coefficients: Floats
    covariance: Floats
    baselines: tuple[tuple[Baseline, ...], ...]
    rounds: int


@dataclass(frozen=True, slots=True)
class Curve:
    """One person; (K,) at the edges. standard_errors: of the survival."""

    edges: Floats
    cumulative_hazard: Floats
    survival: Floats
    standard_errors: Floats
    low: Floats
    high: Floats


Ask = Callable[[Sequence[Parameters]], Sequence[Release]]


def at_site(table: SurvivalTable, parameters: Parameters) -> Release:
    """The sums of one site at the coefficients asked for.

    Raises
    ------
    StudyError : a column that the table does not hold; a profile too far from the people.
    ValueError : a grid that does not rise from above 0.
    """
    edges = np.asarray(parameters.grid, dtype=np.float64)
    if not edges.size or edges[0] <= 0 or (np.diff(edges) <= 0).any():
        raise ValueError("grid: edges that do not rise from above 0")
    sets = risk_sets(table, parameters.columns, parameters.event)
    here = cox_sums.sums(sets, parameters.coefficients, parameters.ties)
    strata, size = len(table.stratum_labels), len(parameters.columns)
    empty, none = np.zeros((strata, 0)), np.zeros((strata, 0), dtype=np.int64)
    release = Release(
        parameters.columns, sets.persons, sets.events, sets.event_free, here.log_likelihood,
        here.gradient, here.hessian, np.zeros(0), none, none, empty, empty,
        np.zeros((strata, 0, size)),
    )  # fmt: skip
    return _told(table, sets, parameters, release, edges) if parameters.told else release


def combine(ask: Ask, parameters: Parameters) -> Result:
    """The fit, then the hazards: `ask` sends one `Parameters` to every site.

    Raises
    ------
    StudyError : no event; redundant columns; a column without a finite coefficient.
    """

    def look(beta: Floats) -> tuple[Release, ...]:
        return tuple(ask([replace(parameters, coefficients=tuple(float(b) for b in beta))]))

    def scale(null: Release) -> Floats:
        if not null.events:
            raise _refused("event", "Aucun événement de cette sorte.", "No event of this kind.")
        return np.sqrt(np.diag(null.hessian) / null.events)

    terms, most = parameters.columns, parameters.most_rounds
    summit = newton.climb(
        lambda beta: _sum(look(beta)), terms, scale, parameters.tolerance, most, relative=True
    )
    if summit.moving.any():
        name = terms[int(np.argmax(summit.moving))]
        raise _refused(name, "Ce coefficient n'est pas fini.", "This coefficient is not finite.")
    at = tuple(float(b) for b in summit.beta)
    last = ask([replace(parameters, coefficients=at, told=True)])
    size, values, vectors = decomposed(summit.point.hessian, terms)
    covariance = (vectors / values) @ vectors.T / np.outer(size, size)
    profile = np.asarray(parameters.profile or np.zeros(len(terms)), dtype=np.float64)
    baselines = tuple(_baselines(release) for release in last)
    return Result(terms, profile, summit.beta, covariance, baselines, summit.rounds + 1)


def predicted(
    result: Result,
    profile: Floats,
    site: int = 0,
    stratum: int = 0,
    level: float = 0.95,
    interval: Literal["log", "log-log"] = "log",
) -> Curve:
    """The curve of one person; profile: (p,). Without M0 the errors and the interval are NaN."""
    base = result.baselines[site][stratum]
    away = np.asarray(profile, dtype=np.float64) - result.profile
    ratio = float(np.exp(min(float(away @ result.coefficients), _MOST)))
    hazard = ratio * base.hazard
    if len(base.means) == len(base.edges):
        spread = away * base.hazard[:, None] - base.means
        of_fit = np.einsum("kp,pq,kq->k", spread, result.covariance, spread)
        error = ratio * np.sqrt(np.maximum(base.variance + of_fit, 0.0))
    else:
        error = np.full_like(hazard, np.nan)
    z, survival = float(ndtri(0.5 + level / 2)), np.exp(-hazard)
    if interval == "log":
        low, high = np.exp(-hazard - z * error), np.exp(np.minimum(z * error - hazard, 0.0))
    else:
        part = np.exp(np.minimum(z * error / np.where(hazard > 0, hazard, 1.0), _MOST))
        low, high = np.exp(-hazard * part), np.exp(-hazard / part)
    return Curve(base.edges, hazard, survival, survival * error, low, high)


def _told(
    table: SurvivalTable, sets: RiskSets, parameters: Parameters, release: Release, edges: Floats
) -> Release:
    """The release with its hazards by interval."""
    strata, width = len(table.stratum_labels), edges.size + 1
    size = len(parameters.columns)
    profile = np.asarray(parameters.profile or np.zeros(size), dtype=np.float64)
    steps = cox_sums.increments(sets, parameters.coefficients, parameters.ties, profile)
    if ((steps.hazard < 1 / _FAR) | (steps.hazard > _FAR)).any():
        raise _refused(
            "profile",
            "Ce profil est si loin des personnes que son risque n'est pas un nombre.",
            "This profile is so far from the people that its hazard is no number.",
        )
    at = sets.stratum * width + np.searchsorted(edges, sets.instants, "left")

    def binned(values: Floats) -> Floats:
        summed = np.bincount(at, values, strata * width)
        return np.asarray(summed.reshape(strata, width)[:, :-1], dtype=np.float64)

    kept = [binned(column) for column in steps.means.T] if parameters.intervals else []
    failed = table.event == parameters.event
    end = table.strata * width + np.searchsorted(edges, table.time, "left")

    def counted(rows: NDArray[np.bool_]) -> Integers:
        found = np.bincount(end[rows], minlength=strata * width).reshape(strata, width)
        return found[:, :-1].astype(np.int64)

    return replace(
        release, edges=edges, failed=counted(failed), left=counted(~failed),
        hazard=binned(steps.hazard), variance=binned(steps.variance),
        means=np.stack(kept, axis=2) if kept else np.zeros((strata, 0, size)),
    )  # fmt: skip


def _sum(releases: Sequence[Release]) -> Release:
    stated = {
        name: sum(getattr(r, name) for r in releases)
        for name in ("persons", "events", "event_free", "log_likelihood", "gradient", "hessian")
    }
    return replace(releases[0], **stated)


def _baselines(release: Release) -> tuple[Baseline, ...]:
    return tuple(
        Baseline(release.edges, np.cumsum(h), np.cumsum(v), np.cumsum(m, axis=0))
        for h, v, m in zip(release.hazard, release.variance, release.means, strict=True)
    )


def _refused(where: str, french: str, english: str) -> StudyError:
    return StudyError(
        Text(french, english), where, Text("Corriger le protocole.", "Correct the protocol.")
    )
