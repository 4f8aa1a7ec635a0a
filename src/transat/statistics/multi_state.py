"""Disease, replacement, death: who is in which state at each step of a grid, and if we wait?

Question
    Shares alive without replacement, alive after it, and dead, at the edges of the permit's grid,
    over all sites and at each, by group of one 0/1 column if wanted. And: had everybody still alive
    been replaced after w months, how many would have died before, and after, by each month?

Formula
    Times are rounded up to the next edge; n and d count those at risk and those who move there.
        p(t) = p(t-) (I + dA(t)),  dA of state h to state k = d_hk/n_h         (Aalen, Johansen)
        V(t) = (I + dA)' V (I + dA) + sum over h of p_h(t-)² Cov(dA_h)               (Greenwood)
    Waiting w: with S(t) the product of 1 - d/n over deaths before replacement (replacements are
    censorings) and R(u) that over deaths after it, u counted from the replacement itself,
        dead before: 1 - S(min(t, w)),  dead after: S(w) (1 - R(t-w)),  alive: S(w) R(t-w)
    Errors by the delta method, S and R independent; intervals on log(-log) of the share alive; and
    the difference of that share from replacing at once.

What leaves
    Per interval and group, of each state: who entered, moved, was censored; and of those replaced,
    by interval since then: who died, was censored. A site's gate may merge intervals; `combine`
    uses the edges that every site kept. Waiting needs no more than two curves that aalen_johansen
    or kaplan_meier released: see `waiting`. `pooled` is exact to the day, for rows in one place.

How it is read
    The curves of waiting say what the hazards of the data imply, no more: they are those of a trial
    only if, within a group, those replaced at a time were like those still waiting, and if dying
    after replacement depends on the time since then alone. For a trial emulated with confounders,
    see clone_censor_weight.

Assumptions
    Censoring independent within a group. The first row after replacement begins with it.

References
    Aalen OO, Johansen S (1978) Scand J Stat 5:141-150. Andersen PK, Borgan O, Gill RD, Keiding N
    (1993), doi:10.1007/978-1-4612-4348-9, section IV.4. Putter H, Fiocco M, Geskus RB (2007) Stat
    Med 26:2389-2430, doi:10.1002/sim.2712.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

from transat.cohorts.survival_table import SurvivalTable
from transat.statistics import grid_counts
from transat.statistics.risk_sets import check

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

_FIELDS = (
    "entered", "replaced", "died", "censored", "entered_after", "died_after", "censored_after",
    "died_since", "censored_since",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Parameters:
    """grid: edges, rising, above 0, in the table's unit. after: the 0/1 column that is 1 in a
    person's rows after replacement. replacement, death: their kinds of event, death 0 for any other
    than replacement (the curves are then of being free of all). by: a 0/1 column whose
    two groups are told apart; empty: everybody. waits: times until replacement that are asked
    about, 0 or edges of the grid. level: of the intervals."""

    grid: tuple[float, ...]
    after: str
    replacement: int = 1
    death: int = 2
    by: str = ""
    waits: tuple[float, ...] = ()
    level: float = 0.95


@dataclass(frozen=True, slots=True)
class Release:
    """What leaves a site: head counts of G groups in the K intervals that end at `edges`, all
    (G, K). Before replacement: entered, replaced, died, censored. After it, on the same clock; and
    by interval since it. persons: (G,) of each group; persons_since: (G,) of those replaced."""

    edges: Floats  # (K,)
    persons: Integers
    persons_since: Integers
    entered: Integers
    replaced: Integers
    died: Integers
    censored: Integers
    entered_after: Integers
    died_after: Integers
    censored_after: Integers
    died_since: Integers
    censored_since: Integers

    def counts(self) -> dict[str, Integers]:
        """Every head count stated, with those whom the grid leaves under observation."""
        before = self.entered - self.replaced - self.died - self.censored
        after = self.entered_after - self.died_after - self.censored_after
        since = self.persons_since - (self.died_since + self.censored_since).sum(axis=1)
        return {
            "persons": self.persons,
            "persons_since": self.persons_since,
            **{name: getattr(self, name) for name in _FIELDS},
            "remaining": before.sum(axis=1),
            "remaining_after": after.sum(axis=1),
            "remaining_since": since,
        }

    def merged(self, kept: NDArray[np.bool_]) -> Release:
        """A copy on the edges where `kept` (K,) is True; those after the last stay observed.

        Exact before replacement and since it where everybody enters at 0; after it, ask again for
        the coarser grid, which counts those replaced from the next of its intervals.
        """
        counts = {name: grid_counts.merged(getattr(self, name), kept) for name in _FIELDS}
        return replace(self, edges=self.edges[kept], **counts)


@dataclass(frozen=True, slots=True)
class Waiting:
    """Had everybody alive been replaced at `wait`: (K,) shares dead before, dead after and alive at
    `edges`; errors and limits of the share alive; gain: that share less the one of replacing at
    once, with its error. behind: how many were at risk there, or as long after replacement."""

    wait: float
    edges: Floats
    behind: Integers
    dead_before: Floats
    dead_after: Floats
    alive: Floats
    standard_errors: Floats
    low: Floats
    high: Floats
    gain: Floats
    gain_errors: Floats


@dataclass(frozen=True, slots=True)
class Deaths:
    """(K,) who is at risk at each edge, and who dies in the interval that it ends."""

    edges: Floats
    at_risk: Integers
    died: Integers


@dataclass(frozen=True, slots=True)
class Course:
    """One group. shares: (3, K) alive without replacement, alive after it, dead, as things went,
    with errors and limits; waiting: by each of the waits asked."""

    edges: Floats
    at_risk: Integers  # (2, K) before and after replacement
    shares: Floats
    standard_errors: Floats
    low: Floats
    high: Floats
    waiting: tuple[Waiting, ...]


@dataclass(frozen=True, slots=True)
class Result:
    """Courses by group: over all sites, and at each, on the edges that all of them kept."""

    by: str
    together: tuple[Course, ...]
    sites: tuple[tuple[Course, ...], ...]


def at_site(table: SurvivalTable, parameters: Parameters) -> Release:
    """The counts of one site on the whole grid.

    Raises
    ------
    StudyError : a column that the table does not hold; impossible times.
    ValueError : a grid that does not rise from above 0, weighted rows, a wait that is no edge, a
    replacement after one.
    """
    grid_counts.unweighted(table)
    check(table)
    edges = grid_counts.edges_of(parameters.grid)
    table = _stays(table, grid_counts.groups(table, parameters.after)[0])
    if not set(parameters.waits) <= {0.0, *parameters.grid}:
        raise ValueError("waits: not edges of the grid")
    after = grid_counts.groups(table, parameters.after)[0] == 1
    if (after & (table.event == parameters.replacement)).any():
        raise ValueError("after: a replacement after a replacement")
    group, size = grid_counts.groups(table, parameters.by)
    first, last = grid_counts.intervals(table, edges)
    last = np.where(after, np.maximum(first, last), last)  # one interval at least in each state
    since = np.searchsorted(edges, table.time - table.entry, "left")

    def counted(rows: NDArray[np.bool_], at: grid_counts.Places) -> Integers:
        return grid_counts.counted(group[rows], size, at[rows], edges.size)

    replaced, seen = table.event == parameters.replacement, first <= last
    died = table.event == parameters.death if parameters.death else (table.event > 0) & ~replaced
    censored, before = ~died & ~replaced, ~after & seen
    return Release(
        edges=edges,
        persons=np.bincount(group[~after], minlength=size).astype(np.int64),
        persons_since=np.bincount(group[after], minlength=size).astype(np.int64),
        entered=counted(before, first),
        replaced=counted(before & replaced, last),
        died=counted(before & died, last),
        censored=counted(before & censored, last),
        entered_after=counted(after, first),
        died_after=counted(after & died, last),
        censored_after=counted(after & censored, last),
        died_since=counted(after & died, since),
        censored_since=counted(after & censored, since),
    )


def combine(releases: Sequence[Release], parameters: Parameters) -> Result:
    """Courses over the sites and at each, on the edges that every site kept.

    Raises
    ------
    ValueError : no release, or releases about different groups.
    """
    if not releases or len({len(r.persons) for r in releases}) != 1:
        raise ValueError("multi_state needs releases about the same groups")
    shared = grid_counts.common([r.edges for r in releases])
    on_shared = [r.merged(np.isin(r.edges, shared)) for r in releases]
    names = ("persons", "persons_since", *_FIELDS)
    sums = {name: np.sum([getattr(r, name) for r in on_shared], axis=0) for name in names}
    return Result(
        by=parameters.by,
        together=_by_group(replace(on_shared[0], **sums), parameters),
        sites=tuple(_by_group(r, parameters) for r in on_shared),
    )


def pooled(table: SurvivalTable, parameters: Parameters) -> Result:
    """To the day, for rows that lie in one place: no time is rounded; waits are days as well."""
    times = {*grid_counts.daily(table), *np.unique(table.time - table.entry).tolist()}
    exact = replace(parameters, grid=tuple(sorted({*times, *parameters.waits} - {0.0})))
    return combine([at_site(table, exact)], exact)


def waiting(
    before: Deaths, since: Deaths, waits: Sequence[float], level: float = 0.95
) -> tuple[Waiting, ...]:
    """The same curves from two releases of another statistic, each of a population of its own:
    deaths before replacement on the clock of the disease, replacements being censorings, and
    deaths after it on the clock of the replacement. Told at the edges of `before`.

    Raises
    ------
    ValueError : a wait that is below 0 or beyond the edges of `before`.
    """
    if any(not 0 <= wait <= before.edges[-1] for wait in waits):
        raise ValueError("waits: below 0 or beyond the grid")
    z = float(ndtri(0.5 + level / 2))
    one, two = (_Survival.of(d.edges, d.at_risk, d.died) for d in (before, since))
    return tuple(_waiting(wait, one, two, z) for wait in waits)


def _stays(table: SurvivalTable, after: Integers) -> SurvivalTable:
    """One row per person and state: rows that go on where another ended, without an event, are its
    continuation (columns may change in time)."""
    if not table.n:
        return table
    order = np.lexsort((table.entry, after, table.people))
    same = (np.diff(table.people[order]) == 0) & (np.diff(after[order]) == 0)
    open_end = (table.event[order] == 0)[:-1] & (table.time[order][:-1] == table.entry[order][1:])
    goes_on = same & open_end
    begin, end = order[np.append(True, ~goes_on)], order[np.append(~goes_on, True)]
    if begin.size == table.n:
        return table
    return replace(
        table, n=begin.size, time=table.time[end], entry=table.entry[begin],
        event=table.event[end], columns=table.columns[begin], strata=table.strata[begin],
        people=table.people[begin],
    )  # fmt: skip


def _by_group(release: Release, parameters: Parameters) -> tuple[Course, ...]:
    return tuple(_course(release, g, parameters) for g in range(len(release.persons)))


def _course(release: Release, g: int, parameters: Parameters) -> Course:
    told = {name: getattr(release, name)[g] for name in _FIELDS}
    left = told["replaced"] + told["died"] + told["censored"]
    left_after = told["died_after"] + told["censored_after"]
    n = np.stack([
        grid_counts.at_risk(told["entered"], left),
        grid_counts.at_risk(told["entered_after"], left_after),
    ])  # fmt: skip
    moves = np.zeros((release.edges.size, 2, 3))
    moves[:, 0, 1], moves[:, 0, 2] = told["replaced"], told["died"]
    moves[:, 1, 2] = told["died_after"]
    shares, variances = _aalen_johansen(n, moves)
    errors = np.sqrt(np.maximum(variances, 0.0))
    z = float(ndtri(0.5 + parameters.level / 2))
    low, high = _limits(shares, errors, z)
    gone = told["died_since"] + told["censored_since"]
    since = int(release.persons_since[g]) - (np.cumsum(gone) - gone)
    waits = [w for w in parameters.waits if w == 0 or w in release.edges]
    waited = waiting(
        Deaths(release.edges, n[0], told["died"]),
        Deaths(release.edges, since, told["died_since"]),
        waits, parameters.level,
    )  # fmt: skip
    return Course(release.edges, n, shares, errors, low, high, waited)


def _aalen_johansen(n: Integers, moves: Floats) -> tuple[Floats, Floats]:
    """(3, K) shares and their variances; moves: (K, 2, 3) from state to state."""
    p, v = np.array([1.0, 0.0, 0.0]), np.zeros((3, 3))
    shares, variances = np.empty((3, len(moves))), np.empty((3, len(moves)))
    for j, moved in enumerate(moves):
        step, noise = np.eye(3), np.zeros((3, 3))
        for h in (0, 1):
            if moved[h].any():
                dA = moved[h] / n[h, j]
                spread = (np.diag(dA) - np.outer(dA, dA)) / n[h, j]
                out = np.eye(3)
                out[:, h] -= 1  # what reaches a state leaves h
                step[h] += dA @ out
                noise += p[h] ** 2 * out.T @ spread @ out
        v = step.T @ v @ step + noise
        p = p @ step
        shares[:, j], variances[:, j] = p, np.diag(v)
    return shares, variances


@dataclass(frozen=True, slots=True)
class _Survival:
    """A product of 1 - d/n with 1 at 0 before it, and the variances of its logarithm."""

    edges: Floats
    n: Integers  # (K,)
    values: Floats  # (K + 1,)
    spread: Floats  # (K + 1,)

    @classmethod
    def of(cls, edges: Floats, n: Integers, d: Integers) -> _Survival:
        many, left = np.maximum(n, 1).astype(np.float64), np.maximum(n - d, 1)
        values = np.append(1.0, np.cumprod(1 - d / many))
        spread = np.where(n > d, d / (many * left), 0.0)
        return cls(edges, n, values, np.append(0.0, np.cumsum(spread)))

    def at(self, times: Floats) -> tuple[Floats, Floats]:
        """Value and spread at the last edge that is not after each time."""
        at = self._place(times)
        return self.values[at], self.spread[at]

    def behind(self, times: Floats) -> Integers:
        """How many were at risk at that edge; at 0, at the first."""
        return np.asarray(self.n[np.maximum(self._place(times) - 1, 0)], dtype=np.int64)

    def _place(self, times: Floats) -> NDArray[np.intp]:
        return np.searchsorted(self.edges, times + 1e-9, "right")


def _waiting(wait: float, before: _Survival, after: _Survival, z: float) -> Waiting:
    edges = before.edges
    s, s_spread = before.at(np.minimum(edges, wait))
    passed = np.maximum(edges - wait, 0.0)
    r, r_spread = after.at(passed)
    at_once, at_once_spread = after.at(edges)
    alive = s * r
    errors = alive * np.sqrt(s_spread + r_spread)
    shared = alive * at_once * r_spread  # both lean on R up to the earlier of their times
    variance = alive**2 * (s_spread + r_spread) + at_once**2 * at_once_spread - 2 * shared
    low, high = _limits(alive, errors, z)
    behind = np.where(edges > wait, after.behind(passed), before.behind(edges))
    return Waiting(
        wait, edges, behind, 1 - s, s * (1 - r), alive, errors, low, high, alive - at_once,
        np.sqrt(np.maximum(variance, 0.0)),
    )  # fmt: skip


def _limits(shares: Floats, errors: Floats, z: float) -> tuple[Floats, Floats]:
    """On log(-log); (0, 0) and (1, 1) where a share is 0 or 1."""
    told = (shares > 1e-12) & (shares < 1 - 1e-12)
    log = np.log(np.where(told, shares, 0.5))
    spread = z * errors / np.abs(np.where(told, shares, 0.5) * log)
    spread = np.minimum(spread, 50.0)  # all that a limit can say
    low, high = np.exp(log * np.exp(spread)), np.exp(log * np.exp(-spread))
    return np.where(told, low, shares), np.where(told, high, shares)
