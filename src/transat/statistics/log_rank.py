"""Do groups have the event at the same rate (log-rank), or the same cumulative incidence (Gray)?

Question
    One test over all sites of G groups: those in none of some 0/1 columns, and those in each.

Formula
    log_rank: over the event times, d events among n at risk, d_g and n_g in group g,
        O - E = sum of W (d_g - d n_g/n),   V = sum of W² d (n-d)/(n-1) (n_g/n) (I - n_h/n)
    W = S(t-)^rho, S the Kaplan-Meier estimate of the stratum (rho 0: the log-rank test itself;
    1: Peto and Peto's). Other kinds of event are censorings: cause-specific hazards are compared.
    gray: n_g is replaced by R_g = n_g (1 - F_g(t-))/S_g(t-), F_g the cumulative incidence of the
    kind and S_g the share without any event, so that subdistributions are compared; W = (1-F)^rho,
    F over all groups. The variance is that of the score as a sum over the martingales of the kind
    and of the others in each group, ties treated as R cmprsk's cuminc does:
        V = sum over groups r and times u of  e e' v,   e_g = a_g + (1 - q) c_g for the kind,
        -q c_g for the others, q = (1 - F(u))/S_r(u), a_g = W (h_r I(g=r) - h_g h_r/h),
        h_r = n_r/S_r(u-), h their sum, c_g the sum after u of a_g dF/(1 - F).
    Chi-square: (O-E)' V⁻ (O-E), as many degrees of freedom as V has ranks.

What leaves
    Sums only: O, O - E and V of the groups. Every site is a stratum, inside which the table's
    strata are others: sums over sites are the stratified test of the pooled rows. A test without
    strata is `of_counts`, of the counts that aalen_johansen or kaplan_meier released by time.

Assumptions
    Censoring independent of the event within a group.

References
    Peto R, Peto J (1972) J R Stat Soc A 135:185-207, doi:10.2307/2344317. Harrington DP, Fleming
    TR (1982) Biometrika 69:553-566, doi:10.1093/biomet/69.3.553. Gray RJ (1988) Ann Stat
    16:1141-1154, doi:10.1214/aos/1176350951.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy.special import chdtrc

from transat.cohorts.survival_table import SurvivalTable
from transat.core.errors import StudyError
from transat.core.languages import Text
from transat.statistics import grid_counts, risk_sets

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Test = Literal["log_rank", "gray"]


@dataclass(frozen=True, slots=True)
class Parameters:
    """groups: 0/1 columns, one per group but the first, whose people are in none of them. event:
    the kind compared. rho: of the weights."""

    groups: tuple[str, ...]
    event: int = 1
    test: Test = "log_rank"
    rho: float = 0.0


@dataclass(frozen=True, slots=True)
class Release:
    """What leaves a site: sums over its strata and times, G groups; nothing per time."""

    groups: tuple[str, ...]
    persons: Integers  # (G,) rows of spells are not people: one each
    events: Integers  # (G,)
    score: Floats  # (G,) O - E, weighted
    variance: Floats  # (G, G)

    def counts(self) -> dict[str, Integers]:
        """The head counts stated."""
        return {
            "persons": self.persons,
            "events": self.events,
            "event_free": self.persons - self.events,
        }


@dataclass(frozen=True, slots=True)
class Result:
    """score: (G,) O - E over all sites and strata, weighted; variance: (G, G)."""

    groups: tuple[str, ...]
    persons: Integers
    observed: Integers
    score: Floats
    variance: Floats
    chi_square: float
    degrees: int
    p: float


def at_site(table: SurvivalTable, parameters: Parameters) -> Release:
    """The sums of one site.

    Raises
    ------
    StudyError : a column that the table does not hold, or people in two groups.
    ValueError : weighted rows; late entries for Gray's test.
    """
    grid_counts.unweighted(table)
    if parameters.test == "gray" and table.entry.any():
        raise ValueError("entry: Gray's test is for people who all enter at 0")
    group, size = _groups(table, parameters.groups), len(parameters.groups) + 1
    score, variance = np.zeros(size), np.zeros((size, size))
    for counts in _by_stratum(table, group, size, parameters.event):
        test = _sums(*counts, parameters)
        score, variance = score + test[0], variance + test[1]
    failed = table.event == parameters.event
    return Release(
        groups=parameters.groups,
        persons=np.bincount(group, minlength=size).astype(np.int64),
        events=np.bincount(group[failed], minlength=size).astype(np.int64),
        score=score,
        variance=(variance + variance.T) / 2,
    )


def combine(releases: Sequence[Release], parameters: Parameters) -> Result:
    """The test over all sites, each a stratum.

    Raises
    ------
    ValueError : no release, or releases about different groups.
    """
    if not releases or len({r.groups for r in releases}) != 1:
        raise ValueError("log_rank needs releases about the same groups")
    return _result(
        parameters.groups,
        np.sum([r.persons for r in releases], axis=0),
        np.sum([r.events for r in releases], axis=0),
        np.sum([r.score for r in releases], axis=0),
        np.sum([r.variance for r in releases], axis=0),
    )


def of_counts(at_risk: Integers, events: Integers, parameters: Parameters) -> Result:
    """The test without strata, from counts by time: at_risk (G, K), events (G, M, K) of kinds 1..M,
    as the curves of aalen_johansen hold them."""
    own = events[:, parameters.event - 1]
    score, variance = _sums(at_risk, own, events.sum(axis=1) - own, parameters)
    return _result(parameters.groups, at_risk.max(axis=1), own.sum(axis=1), score, variance)


def _groups(table: SurvivalTable, columns: tuple[str, ...]) -> Integers:
    chosen = table.columns[:, risk_sets.positions(table, columns)]
    if not np.isin(chosen, (0.0, 1.0)).all() or (chosen.sum(axis=1) > 1).any():
        raise StudyError(
            Text(
                "Les groupes doivent être des colonnes de 0 et de 1 qui s'excluent.",
                "Groups must be columns of 0 and 1 that exclude one another.",
            ),
            ", ".join(columns),
            Text("Redéfinir ces colonnes.", "Define these columns again."),
        )
    return np.asarray(chosen @ np.arange(1, len(columns) + 1), dtype=np.int64)


def _by_stratum(
    table: SurvivalTable, group: Integers, size: int, event: int
) -> Iterator[tuple[Integers, Integers, Integers]]:
    """Of each stratum, (G, K) at risk, with the event, with another, at the times of either."""
    edges = np.asarray(grid_counts.daily(table))
    first, last = grid_counts.intervals(table, edges)
    kind = np.where(table.event == event, 1, np.where(table.event > 0, 2, 0))
    for stratum in range(len(table.stratum_labels)):
        rows = np.flatnonzero(table.strata == stratum)
        cell = 3 * group[rows] + kind[rows]
        left = grid_counts.counted(cell, 3 * size, last[rows], edges.size)
        left = left.reshape(size, 3, edges.size)
        entered = grid_counts.counted(group[rows], size, first[rows], edges.size)
        at_risk = grid_counts.at_risk(entered, left.sum(axis=1))
        told = left[:, 1:].any(axis=(0, 1))
        yield at_risk[:, told], left[:, 1, told], left[:, 2, told]


def _sums(
    at_risk: Integers, own: Integers, other: Integers, parameters: Parameters
) -> tuple[Floats, Floats]:
    if not own.any():  # nothing to compare
        return np.zeros(len(own)), np.zeros((len(own), len(own)))
    test = _gray if parameters.test == "gray" else _log_rank
    return test(at_risk.astype(np.float64), own, other, parameters.rho)


def _log_rank(n: Floats, own: Integers, other: Integers, rho: float) -> tuple[Floats, Floats]:
    """O - E (G,) and V (G, G) of one stratum."""
    d, whole = own.sum(axis=0), np.maximum(n.sum(axis=0), 1)
    survival = np.cumprod(1 - d / whole)
    weight = np.append(1.0, survival[:-1])[: d.size] ** rho
    share = n / whole
    spread = weight**2 * d * (whole - d) / np.maximum(whole - 1, 1)
    variance = np.diag(share @ spread) - (share * spread) @ share.T
    return (own - d * share) @ weight, variance


def _gray(n: Floats, own: Integers, other: Integers, rho: float) -> tuple[Floats, Floats]:
    """Score (G,) and its variance (G, G) of one stratum, of everybody's own martingales."""
    here, least = n > 0, np.maximum(n, 1)
    survival = np.cumprod(1 - (own + other) / least, axis=1, dtype=np.float64)
    survival_before = _before(survival, 1.0)
    incidence = _before(np.cumsum(survival_before * own / least, axis=1, dtype=np.float64), 0.0)
    with np.errstate(divide="ignore", invalid="ignore"):
        h = np.where(here, n / survival_before, 0.0)
    d, every = own.sum(axis=0), np.maximum(h.sum(axis=0), 1e-150)
    step = d / every
    pooled = np.cumsum(step, dtype=np.float64)
    pooled_before = _before(pooled[None, :], 0.0)[0]
    weight = (1 - pooled_before) ** rho
    corrected = h * (1 - incidence)
    share = corrected / np.maximum(corrected.sum(axis=0), 1e-150)
    score = (own - d * share) @ weight
    a = weight * (np.eye(len(n))[:, :, None] * h - h[:, None] * h / every)  # (G, G, K)
    later = np.cumsum(a * step / np.maximum(1 - pooled_before, 1e-150), axis=2)
    c = later[:, :, -1:] - later
    with np.errstate(divide="ignore", invalid="ignore"):
        q = np.where(survival > 0, (1 - pooled) / survival, 0.0)
    own_spread, other_spread = _spreads(least, d, every, survival, survival_before, other)
    of_own = a + (1 - q) * c
    of_other = q * c
    return score, np.asarray(
        np.einsum("grk,hrk,rk->gh", of_own, of_own, np.where(here, own_spread, 0.0))
        + np.einsum("grk,hrk,rk->gh", of_other, of_other, np.where(here, other_spread, 0.0))
    )


def _spreads(
    n: Floats, d: Integers, every: Floats, survival: Floats, before: Floats, other: Integers
) -> tuple[Floats, Floats]:
    """(G, K) variance of the increments in each group of the kind, whose rate is that of all groups
    together, and of the other kinds; ties as if drawn without replacement."""
    with np.errstate(divide="ignore", invalid="ignore"):
        ties = np.where(d > 1, 1 - (d - 1) / (every * before - 1), 1.0)
        other_ties = np.where(other > 1, 1 - (other - 1) / (n - 1), 1.0)
        own_spread = np.where(d > 0, ties * before * d / (every * n), 0.0)
    told = (survival > 0) & (other > 0)
    return own_spread, np.where(told, other_ties * before**2 * other / n**2, 0.0)


def _before(values: Floats, start: float) -> Floats:
    shifted = np.concatenate([np.full((len(values), 1), start), values], axis=1)
    return shifted[:, :-1]


def _result(
    groups: tuple[str, ...], persons: Integers, events: Integers, score: Floats, variance: Floats
) -> Result:
    """Groups without information weigh nothing; no degree of freedom: p is 1."""
    values, vectors = np.linalg.eigh(variance)
    kept = values > 1e-10 * max(float(values[-1]), 1e-150)
    turned = vectors[:, kept].T @ score
    chi_square, degrees = float((turned**2 / values[kept]).sum()), int(kept.sum())
    p = float(chdtrc(degrees, chi_square)) if degrees else 1.0
    return Result(groups, persons, events, score, variance, chi_square, degrees, p)
