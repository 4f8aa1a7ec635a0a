"""How many people of each predicted risk had which event when? From these counts, every metric.

Question
    What a site must tell so that discrimination, calibration and net benefit of a model can be
    computed over all sites, and in each, by groups of people.

Formula
    People are counted by group, bin of predicted risk, kind of event (0 censored) and interval of
    time in which they leave; times are rounded up to the next edge (`kaplan_meier`). Over sites,
    counts and sums of risk add up; each person then stands at the mean risk of their bin and at
    the end of their interval, and the metrics (`time_auc`, `brier`, `net_benefit`, `calibration`,
    `concordance`) are computed from these rows as from any others.

What leaves
    Head counts, and per group and bin the sum of risks. A site's gate may merge intervals
    (`merged`) and bins (`coarser`); `combine` uses the edges and bins that every site kept.

What is exact
    Over sites it is what the pooled rows give on the same bins and edges, for every metric. A bin's
    width costs a metric the differences of risk within it; on bins and edges that hold every value
    apart nothing is lost (for one place only: such a release tells single people). Metrics of all
    sites together take one curve of censoring for all; where sites end their follow-up differently
    and their risks differ too, those of each site (`rows(site)`) are the ones to read.

References
    Hung H, Chiang CT (2010) Can J Stat 38:8-26, doi:10.1002/cjs.10046 (metrics at a horizon as
    functions of counts by risk and time).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from transat.cohorts.survival_table import SurvivalTable
from transat.core.errors import StudyError
from transat.core.languages import Text
from transat.statistics import grid_counts
from transat.statistics.scored_rows import ScoredRows, scored_rows

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Flags = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Parameters:
    """risk: the column that holds the predicted risk, 0 to 1. bins: where bins end, rising, inside
    0 to 1 (a risk equal to an end is in the bin above). grid: edges of time, rising, above 0.
    kinds: kinds of event told apart, 1 to `kinds`. by: 0/1 columns; groups are their combinations,
    so that nobody is in two."""

    risk: str
    bins: tuple[float, ...]
    grid: tuple[float, ...]
    kinds: int = 1
    by: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Release:
    """What leaves a site: of G groups, B bins, kinds 0..E and K intervals that end at `edges`."""

    edges: Floats  # (K,)
    bins: Floats  # (B-1,) where bins end
    left: Integers  # (G, B, E+1, K) those whose follow-up ended there so
    remaining: Integers  # (G, B) still observed after the last edge
    risks: Floats  # (G, B) sum of the predicted risks

    def counts(self) -> dict[str, Integers]:
        """Every head count stated, (..., K) where it is by time, and the people of each bin."""
        return {
            "left": self.left.reshape(-1, len(self.edges)),
            "remaining": self.remaining,
            "persons": self.persons(),
        }

    def persons(self) -> Integers:
        """(G, B) how many people."""
        return np.asarray(self.left.sum(axis=(2, 3)) + self.remaining, dtype=np.int64)

    def merged(self, kept: Flags) -> Release:
        """A copy on the edges where `kept` (K,) is True; those after the last stay observed."""
        left = grid_counts.merged(self.left, kept)
        gone = self.left.sum(axis=(2, 3)) - left.sum(axis=(2, 3))
        return replace(self, edges=self.edges[kept], left=left, remaining=self.remaining + gone)

    def coarser(self, kept: Flags) -> Release:
        """A copy with the ends of bins where `kept` (B-1,) is True."""
        starts = np.flatnonzero(np.append(True, kept))
        return replace(
            self,
            bins=self.bins[kept],
            left=np.add.reduceat(self.left, starts, axis=1),
            remaining=np.add.reduceat(self.remaining, starts, axis=1),
            risks=np.add.reduceat(self.risks, starts, axis=1),
        )


@dataclass(frozen=True, slots=True)
class Result:
    """The releases on what all sites kept. groups: for each, the value (0 or 1) of each `by`."""

    by: tuple[str, ...]
    groups: tuple[tuple[int, ...], ...]
    sites: tuple[Release, ...]

    def rows(self, site: int | None = None, **values: int) -> ScoredRows:
        """The people of one site, or of all, in the groups with these values of the columns.

        Each stands at the mean risk of their bin among the people chosen, and at the end of their
        interval; those still observed after the last edge are censored just after it. A metric has
        its meaning at horizons that are edges: see `told`.
        """
        chosen = self._in(values)
        held = self.sites if site is None else (self.sites[site],)
        left = sum(r.left[chosen].sum(axis=0) for r in held)
        remaining = sum(r.remaining[chosen].sum(axis=0) for r in held)
        risks = sum(r.risks[chosen].sum(axis=0) for r in held)
        return _people(self.sites[0].edges, np.asarray(left), np.asarray(remaining), risks)

    def told(self, horizon: float) -> float:
        """The horizon. Raises StudyError where it is no edge that every site kept: what had come
        by then is not known."""
        if horizon not in self.sites[0].edges:
            raise StudyError(
                Text(
                    "Cet horizon n'est pas une borne de temps que tous les sites ont gardée.",
                    "This horizon is not an edge of time that every site kept.",
                ),
                f"horizon {horizon:g}",
                Text("Choisir un autre horizon.", "Choose another horizon."),
            )
        return horizon

    def _in(self, values: dict[str, int]) -> Flags:
        if not set(values) <= set(self.by):
            raise ValueError("by: a column that tells no groups apart")
        place = {name: at for at, name in enumerate(self.by)}
        return np.array([all(g[place[name]] == v for name, v in values.items())
                         for g in self.groups])  # fmt: skip


def at_site(table: SurvivalTable, parameters: Parameters) -> Release:
    """The counts of one site.

    Raises
    ------
    StudyError : a column that the table does not hold, a risk outside 0 to 1, impossible times.
    ValueError : bins or edges that do not rise, a kind above `kinds`, columns of `by` that are not
        0/1, weighted rows, late entries, several rows of one person.
    """
    edges, bins = grid_counts.edges_of(parameters.grid), _bins_of(parameters.bins)
    rows = scored_rows(table, parameters.risk)
    if parameters.kinds < 1 or (rows.event > parameters.kinds).any():
        raise ValueError("kinds: an event of a kind that is not told apart")
    group, groups = np.zeros(table.n, dtype=np.int64), 2 ** len(parameters.by)
    for name in parameters.by:
        group = 2 * group + grid_counts.groups(table, name)[0]
    _, interval = grid_counts.intervals(table, edges)
    cell = group * (bins.size + 1) + np.searchsorted(bins, rows.risk, "right")
    cells, kinds, beyond = groups * (bins.size + 1), parameters.kinds + 1, interval == edges.size
    left = grid_counts.counted(cell * kinds + rows.event, cells * kinds, interval, edges.size)
    shape = (groups, bins.size + 1)
    return Release(
        edges=edges,
        bins=bins,
        left=left.reshape(*shape, kinds, edges.size),
        remaining=np.bincount(cell[beyond], minlength=cells).astype(np.int64).reshape(shape),
        risks=np.bincount(cell, rows.risk, cells).astype(np.float64).reshape(shape),
    )


def combine(releases: Sequence[Release], parameters: Parameters) -> Result:
    """The counts of all sites on the edges and bins that each of them kept.

    Raises ValueError where there is no release, or they tell other groups or kinds apart.
    """
    if not releases or len({(r.left.shape[0], r.left.shape[2]) for r in releases}) != 1:
        raise ValueError("risk_histogram needs releases about the same groups and kinds")
    edges = grid_counts.common([r.edges for r in releases])
    bins = grid_counts.common([r.bins for r in releases])
    held = [r.merged(np.isin(r.edges, edges)).coarser(np.isin(r.bins, bins)) for r in releases]
    width = len(parameters.by)
    groups = [tuple((g >> (width - 1 - k)) & 1 for k in range(width)) for g in range(2**width)]
    return Result(parameters.by, tuple(groups), tuple(held))


def _bins_of(bins: tuple[float, ...]) -> Floats:
    ends = np.asarray(bins, dtype=np.float64)
    if not ((ends > 0) & (ends < 1)).all() or (np.diff(ends) <= 0).any():
        raise ValueError("bins: ends that do not rise between 0 and 1")
    return ends


def _people(edges: Floats, left: Integers, remaining: Integers, risks: Floats) -> ScoredRows:
    """Rows from counts (B, E+1, K), (B,) and sums of risk (B,)."""
    _, kinds, size = left.shape
    persons = left.sum(axis=(1, 2)) + remaining
    mean = np.clip(risks / np.maximum(persons, 1), 0.0, 1.0)
    last = float(edges[-1]) if size else 0.0
    times = np.broadcast_to(edges, left.shape).ravel()
    events = np.broadcast_to(np.arange(kinds)[:, None], left.shape).ravel()
    counts, after = left.ravel(), np.nextafter(last, np.inf)
    return ScoredRows(
        time=np.append(np.repeat(times, counts), np.full(int(remaining.sum()), after)),
        event=np.append(np.repeat(events, counts), np.zeros(int(remaining.sum()))).astype(np.int8),
        risk=np.append(
            np.repeat(np.repeat(mean, kinds * size), counts), np.repeat(mean, remaining)
        ),
    )  # fmt: skip
