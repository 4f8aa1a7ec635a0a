"""What share is still free of the event at each step of an agreed grid?

Question
    Survival at the edges of the permit's grid of time, over all sites and at each, by group of one
    0/1 column if wanted, with intervals and the median.

Formula
    Times are rounded up to the next edge of the grid: d events and c censorings fall in an interval
    ]edge before, edge], n are at risk as it begins (those who enter within it count from the next).
        S = product of (1 - d/n)                               Kaplan-Meier of the rounded times
        least = product of (1 - d/(n - c))   had every censoring of an interval come before its
    events: survival by the unrounded times lies between the two, and where the grid holds every
    time of the data S is the estimate of the data itself. Variance of S (Greenwood):
    S² sum of d/(n (n-d)). Intervals on log S, or on log(-log S). Median: first edge with S < 1/2,
    or the middle between it (or the end of the follow-up) and the edge from which S is 1/2.

What leaves
    Per interval and group: who entered, had the event, was censored. A site's gate may merge
    intervals: `edges` are those kept, and `combine` uses those that every site kept, so that sums
    over sites are those of the pooled rows on the same edges.

Assumptions
    Censoring independent of the event within a group.

References
    Kaplan EL, Meier P (1958) J Am Stat Assoc 53:457-481, doi:10.1080/01621459.1958.10501452.
    Greenwood M (1926) Reports on Public Health and Medical Subjects 33:1-26.
    Kalbfleisch JD, Prentice RL (2002), doi:10.1002/9781118032985, section 1.4 (log(-log) interval).
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
    """grid: edges, rising, above 0, in the table's unit. event: the kind that counts, 0 for any.
    by: a 0/1 column whose two groups are told apart; empty: everybody. level, interval: of S."""

    grid: tuple[float, ...]
    event: int = 0
    by: str = ""
    level: float = 0.95
    interval: Literal["log", "log-log"] = "log-log"


@dataclass(frozen=True, slots=True)
class Release:
    """What leaves a site: head counts of G groups (rows of spells are not people: one each) in the
    K intervals that end at `edges`."""

    edges: Floats  # (K,)
    entered: Integers  # (G, K) under observation from the beginning of the interval
    events: Integers  # (G, K)
    censored: Integers  # (G, K)

    def counts(self) -> dict[str, Integers]:
        """Every head count stated, with those whom the grid leaves under observation."""
        left = self.events + self.censored
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
class Curve:
    """One group; (K,) arrays at the edges; `median` NaN where S stays above 1/2."""

    edges: Floats
    at_risk: Integers
    events: Integers
    survival: Floats
    least: Floats
    standard_errors: Floats
    low: Floats
    high: Floats
    median: float


@dataclass(frozen=True, slots=True)
class Result:
    """Curves by group: over all sites, and at each, on the edges that all of them kept."""

    by: str
    together: tuple[Curve, ...]
    sites: tuple[tuple[Curve, ...], ...]


def at_site(table: SurvivalTable, parameters: Parameters) -> Release:
    """The counts of one site on the whole grid.

    Raises
    ------
    StudyError : a column that the table does not hold.
    ValueError : a grid that does not rise from above 0, weighted rows.
    """
    grid_counts.unweighted(table)
    edges = grid_counts.edges_of(parameters.grid)
    first, last = grid_counts.intervals(table, edges)
    group, count = grid_counts.groups(table, parameters.by)
    seen = first <= last
    failed = table.event == parameters.event if parameters.event else table.event > 0

    def counted(rows: NDArray[np.bool_], interval: NDArray[np.intp]) -> Integers:
        return grid_counts.counted(group[rows], count, interval[rows], edges.size)

    return Release(
        edges=edges,
        entered=counted(seen, first),
        events=counted(seen & failed, last),
        censored=counted(seen & ~failed, last),
    )


def combine(releases: Sequence[Release], parameters: Parameters) -> Result:
    """Curves over the sites and at each, on the edges that every site kept.

    Raises
    ------
    ValueError : no release, or releases about different groups.
    """
    if not releases or len({len(r.entered) for r in releases}) != 1:
        raise ValueError("kaplan_meier needs releases about the same groups")
    common = grid_counts.common([r.edges for r in releases])
    on_common = [r.merged(np.isin(r.edges, common)) for r in releases]
    first = on_common[0]
    entered, events, censored = (
        np.sum([getattr(r, name) for r in on_common], axis=0)
        for name in ("entered", "events", "censored")
    )
    total = replace(first, entered=entered, events=events, censored=censored)
    return Result(
        by=parameters.by,
        together=_curves(total, parameters),
        sites=tuple(_curves(r, parameters) for r in on_common),
    )


def _curves(release: Release, parameters: Parameters) -> tuple[Curve, ...]:
    rows = zip(release.entered, release.events, release.censored, strict=True)
    return tuple(_curve(release.edges, *row, parameters) for row in rows)


def _curve(
    edges: Floats, entered: Integers, events: Integers, censored: Integers, parameters: Parameters
) -> Curve:
    at_risk = grid_counts.at_risk(entered, events + censored)
    n, d = at_risk.astype(np.float64), events.astype(np.float64)
    survival = np.cumprod(1 - d / np.maximum(n, 1), dtype=np.float64)
    least = np.cumprod(1 - d / np.maximum(n - censored, 1), dtype=np.float64)
    with np.errstate(divide="ignore", invalid="ignore"):
        greenwood = np.sqrt(np.cumsum(np.where(d > 0, d / (n * (n - d)), 0.0)))
        low, high = _limits(survival, greenwood, parameters)
        errors = np.where(survival > 0, survival * greenwood, np.nan)
    return Curve(
        edges, at_risk, events, survival, least, errors, low, high,
        _median(edges, survival, at_risk),
    )  # fmt: skip


def _median(edges: Floats, survival: Floats, at_risk: Integers) -> float:
    half = np.flatnonzero(survival <= 0.5 + 1e-12)
    if not half.size:
        return float("nan")
    below = np.flatnonzero(survival < 0.5 - 1e-12)
    last = below[0] if below.size else np.flatnonzero(at_risk > 0)[-1]
    return float(edges[half[0]] + edges[max(last, half[0])]) / 2


def _limits(survival: Floats, greenwood: Floats, parameters: Parameters) -> tuple[Floats, Floats]:
    """Intervals of S; NaN at S = 0; (1, 1) before the first event."""
    z = float(ndtri(0.5 + parameters.level / 2))
    log = np.log(survival)
    if parameters.interval == "log":
        low, high = survival * np.exp(-z * greenwood), survival * np.exp(z * greenwood)
    else:
        spread = z * greenwood / np.abs(log)
        low, high = np.exp(log * np.exp(spread)), np.exp(log * np.exp(-spread))
    low, high = np.where(survival == 1, 1.0, low), np.where(survival == 1, 1.0, high)
    known = survival > 0
    return np.where(known, low, np.nan), np.where(known, np.minimum(high, 1.0), np.nan)
