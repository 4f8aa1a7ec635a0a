"""What share has had each kind of event at each step of an agreed grid, when one precludes others?

Question
    Cumulative incidence of each of M kinds of event at the edges of the permit's grid of time (for
    instance valve replacement, and death without it), over all sites and at each, by group of one
    0/1 column if wanted, with intervals. The Kaplan-Meier estimate that takes the other kinds for
    censorings overstates it.

Formula
    Times are rounded up to the next edge; n at risk there, d_k events of kind k, d of any.
        S(t) = product of (1 - d/n),   F_k(t) = sum over edges u <= t of S(u-) d_k(u)/n(u)
    so that S and the F_k add up to 1 (Aalen and Johansen). Variance of F_k(t), with
    g(u) = F_k(t) - F_k(u), summed over u <= t:
        delta   g² d/(n (n-d)) + S(u-)² d_k (n-d_k)/n³ - 2 g S(u-) d_k/n²       Marubini, Valsecchi;
                for people who all enter at 0, R survival's (the infinitesimal jackknife)
        aalen   sum over k and the other kinds together, with e events, of
                c² e (n-e)/(n² (n-1)),  c = S(u-) for k or 0, less g n/(n-d)    R cmprsk's cuminc
    Intervals on log F, as R survival's, or on log(-log F), as Pintilie's.

What leaves
    Per interval and group: who entered, had each kind of event, was censored. A site's gate may
    merge intervals; `combine` uses the edges that every site kept, so that sums over sites are
    those of the pooled rows on the same edges. `pooled` is exact to the day, for rows in one place.

Assumptions
    Censoring independent of the events within a group. Late entry is `SurvivalTable.entry`.

References
    Aalen OO, Johansen S (1978) Scand J Stat 5:141-150. Aalen O (1978) Ann Stat 6:534-545,
    doi:10.1214/aos/1176344198. Marubini E, Valsecchi MG (1995), as SAS/STAT's LIFETEST gives both
    variances. Pintilie M (2006), doi:10.1002/9780470870709 (log(-log) interval).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

from transat.cohorts.survival_table import SurvivalTable
from transat.statistics import grid_counts

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Parameters:
    """grid: edges, rising, above 0, in the table's unit. kinds: M, the kinds of event are 1..M, the
    same on every shore. by: a 0/1 column whose two groups are told apart; empty: everybody.
    variance, level, interval: of the cumulative incidences."""

    grid: tuple[float, ...]
    kinds: int = 2
    by: str = ""
    variance: Literal["delta", "aalen"] = "delta"
    level: float = 0.95
    interval: Literal["log", "log-log"] = "log-log"


@dataclass(frozen=True, slots=True)
class Release:
    """What leaves a site: head counts of G groups (rows of spells are not people: one each) in the
    K intervals that end at `edges`."""

    edges: Floats  # (K,)
    entered: Integers  # (G, K) under observation from the beginning of the interval
    events: Integers  # (G, M, K)
    censored: Integers  # (G, K)

    def counts(self) -> dict[str, Integers]:
        """Every head count stated, with those whom the grid leaves under observation."""
        left = self.events.sum(axis=1) + self.censored
        return {
            "persons": self.entered.sum(axis=1),
            "entered": self.entered,
            "events": self.events,
            "censored": self.censored,
            "remaining": self.entered.sum(axis=1) - left.sum(axis=1),
        }

    def merged(self, kept: NDArray[np.bool_]) -> Release:
        """A copy on the edges where `kept` (K,) is True; those after the last stay observed.

        Exact where everybody enters at 0; with late entries ask again for the coarser grid.
        """
        return Release(
            edges=self.edges[kept],
            entered=grid_counts.merged(self.entered, kept),
            events=grid_counts.merged(self.events, kept),
            censored=grid_counts.merged(self.censored, kept),
        )


@dataclass(frozen=True, slots=True)
class Curves:
    """One group, at the K edges. free: (K,) S, the share without any event; incidence: (M, K) F;
    standard_errors, low, high: (M, K) of F, NaN where nobody is left at risk."""

    edges: Floats
    at_risk: Integers
    events: Integers  # (M, K)
    free: Floats
    incidence: Floats
    standard_errors: Floats
    low: Floats
    high: Floats


@dataclass(frozen=True, slots=True)
class Result:
    """Curves by group: over all sites, and at each, on the edges that all of them kept."""

    by: str
    together: tuple[Curves, ...]
    sites: tuple[tuple[Curves, ...], ...]


@dataclass(frozen=True, slots=True)
class Incidence:
    """Cumulative incidence of one kind at some horizons; all (H,)."""

    horizons: Floats
    estimates: Floats
    standard_errors: Floats
    low: Floats
    high: Floats


def at_site(table: SurvivalTable, parameters: Parameters) -> Release:
    """The counts of one site on the whole grid.

    Raises
    ------
    StudyError : a column that the table does not hold.
    ValueError : a grid that does not rise from above 0, kinds of event beyond M, weighted rows.
    """
    grid_counts.unweighted(table)
    edges, kinds = grid_counts.edges_of(parameters.grid), parameters.kinds
    if kinds < 1 or (table.event > kinds).any():
        raise ValueError("kinds: the table holds other kinds of event")
    first, last = grid_counts.intervals(table, edges)
    group, count = grid_counts.groups(table, parameters.by)
    seen = first <= last
    cell = group * (kinds + 1) + table.event
    left = grid_counts.counted(cell[seen], count * (kinds + 1), last[seen], edges.size)
    left = left.reshape(count, kinds + 1, edges.size)
    entered = grid_counts.counted(group[seen], count, first[seen], edges.size)
    return Release(edges=edges, entered=entered, events=left[:, 1:], censored=left[:, 0])


def combine(releases: Sequence[Release], parameters: Parameters) -> Result:
    """Curves over the sites and at each, on the edges that every site kept.

    Raises
    ------
    ValueError : no release, or releases about different groups or kinds.
    """
    if not releases or len({r.events.shape[:2] for r in releases}) != 1:
        raise ValueError("aalen_johansen needs releases about the same groups and kinds")
    shared = grid_counts.common([r.edges for r in releases])
    on_shared = [r.merged(np.isin(r.edges, shared)) for r in releases]
    total = replace(
        on_shared[0],
        entered=np.sum([r.entered for r in on_shared], axis=0),
        events=np.sum([r.events for r in on_shared], axis=0),
        censored=np.sum([r.censored for r in on_shared], axis=0),
    )
    return Result(
        by=parameters.by,
        together=_by_group(total, parameters),
        sites=tuple(_by_group(r, parameters) for r in on_shared),
    )


def pooled(table: SurvivalTable, parameters: Parameters) -> Result:
    """To the day, for rows that lie in one place: no time is rounded, whatever `grid` says."""
    exact = replace(parameters, grid=grid_counts.daily(table))
    return combine([at_site(table, exact)], exact)


def cumulative_incidence(curves: Curves, kind: int, horizons: Sequence[float]) -> Incidence:
    """The incidence of one kind (1..M) at each horizon: that of the last edge not after it.

    Raises
    ------
    ValueError : a kind that the curves do not hold.
    """
    if not 1 <= kind <= len(curves.incidence):
        raise ValueError("kind: not among those of these curves")
    at = np.searchsorted(curves.edges, np.asarray(horizons, dtype=np.float64), "right")

    def read(values: Floats) -> Floats:
        return np.append(0.0, values[kind - 1])[at]

    return Incidence(
        np.asarray(horizons, dtype=np.float64), read(curves.incidence),
        read(curves.standard_errors), read(curves.low), read(curves.high),
    )  # fmt: skip


def _by_group(release: Release, parameters: Parameters) -> tuple[Curves, ...]:
    rows = zip(release.entered, release.events, release.censored, strict=True)
    return tuple(_curves(release.edges, *row, parameters) for row in rows)


def _curves(
    edges: Floats, entered: Integers, events: Integers, censored: Integers, parameters: Parameters
) -> Curves:
    at_risk = grid_counts.at_risk(entered, events.sum(axis=0) + censored)
    n, any_kind = np.maximum(at_risk, 1).astype(np.float64), events.sum(axis=0)
    free = np.cumprod(1 - any_kind / n)
    before = np.append(1.0, free[:-1])
    incidence = np.cumsum(before * events / n, axis=1)
    spread = _hypergeometric if parameters.variance == "aalen" else _multinomial
    variance = np.stack([spread(n, any_kind, d, before, f)
                         for d, f in zip(events, incidence, strict=True)])  # fmt: skip
    errors = np.sqrt(np.maximum(variance, 0.0))
    low, high = _limits(incidence, errors, parameters)
    return Curves(edges, at_risk, events, free, incidence, errors, low, high)


def _multinomial(n: Floats, every: Integers, d: Integers, before: Floats, f: Floats) -> Floats:
    """(K,) variance of F, `delta`; every: events of any kind."""
    here = before**2 * d * (n - d) / n**3
    left = np.maximum(n - every, 1)
    a = np.where(n > every, every / (n * left), 0.0)
    c = np.where(n > every, before * d / n**2, 0.0)
    return _summed(f, a, c, here)


def _hypergeometric(n: Floats, every: Integers, d: Integers, before: Floats, f: Floats) -> Floats:
    """(K,) variance of F, `aalen`."""
    once = np.maximum(n - 1, 1)
    own, other = d * (n - d) / once, (every - d) * (n - every + d) / once
    left = np.maximum(n - every, 1)
    a = np.where(n > every, (own + other) / left**2, 0.0)
    c = np.where(n > every, before * own / (n * left), 0.0)
    return _summed(f, a, c, before**2 * own / n**2)


def _summed(f: Floats, a: Floats, c: Floats, here: Floats) -> Floats:
    """(K,) sums over u <= t of g(u)² a + here - 2 g(u) c with g(u) = F(t) - F(u), from running sums
    of a, a F, a F², c, c F: no array of edges x edges."""
    squares = f**2 * np.cumsum(a) - 2 * f * np.cumsum(a * f) + np.cumsum(a * f**2)
    products = f * np.cumsum(c) - np.cumsum(c * f)
    return np.asarray(squares + np.cumsum(here) - 2 * products)


def _limits(f: Floats, errors: Floats, parameters: Parameters) -> tuple[Floats, Floats]:
    """Intervals of F; (0, 0) before the first event, (1, 1) where F is 1."""
    z = float(ndtri(0.5 + parameters.level / 2))
    told = (f > 0) & (f < 1)
    inner = np.where(told, f, 0.5)
    log = np.log(inner)
    if parameters.interval == "log":
        low, high = (inner * np.exp(sign * z * errors / inner) for sign in (-1, 1))
    else:
        spread = np.minimum(z * errors / np.abs(inner * log), 50.0)  # all that a limit can say
        low, high = np.exp(log * np.exp(spread)), np.exp(log * np.exp(-spread))
    return np.where(told, low, f), np.where(told, np.minimum(high, 1.0), f)
