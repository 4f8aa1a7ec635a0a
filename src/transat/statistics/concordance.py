"""Of two people, does the one with the higher score have the event first? (Harrell, Uno)

Question
    The share of comparable pairs that a score puts in the right order, equal scores counting half.

Formula
    A pair is person i with the event at t_i and person j of the same stratum and site still
    observed then (later event, or censored at t_i or later; entered before t_i):
        C = sum of a_i w_j (1{x_i > x_j} + 1/2 1{x_i = x_j}) / sum of a_i w_j
    w: the table's weights. a_i = w_i (Harrell), or w_i / G(t_i-)² (Uno), G the curve of censoring
    of the stratum at the site, and no event after `tau` counts. Events of other kinds are
    censorings; with competing = "never", whoever had one is comparable with everybody whose event
    comes later, since theirs never will (weight 1/(G(t_i-) G(t_j-)) in Uno's).
    Standard error, with N_k and D_k the parts of both sums in which person k is (G as known):
        variance of C = sum over persons of (N_k - C D_k)² / D²
    Pairs are counted in O(n log n): rows in order of the score are split again and again into
    earlier and later halves, and at each split earlier ones are counted against later ones.

What leaves
    Sums over pairs within the site, and sums of N_k², N_k D_k and D_k². Sums over sites are those
    of all rows in which no pair is of two sites (strata of R's `concordance`): exact for that
    question, whatever the score. Pairs of two sites are in nobody's hands: for them see
    `risk_histogram`.

Assumptions
    Harrell's C depends on censoring; Uno's does not, where censoring is independent.

References
    Harrell FE et al. (1982) JAMA 247:2543-2546, doi:10.1001/jama.1982.03320430047030.
    Uno H et al. (2011) Stat Med 30:1105-1117, doi:10.1002/sim.4154.
    Wolbers M et al. (2014) Biostatistics 15:526-539, doi:10.1093/biostatistics/kxt059.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

from transat.cohorts.survival_table import SurvivalTable
from transat.statistics.censoring import censoring
from transat.statistics.grid_counts import columns
from transat.statistics.risk_sets import check

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Parameters:
    """score: a column of the table, higher where the event is expected sooner. event: the kind
    that counts. tau: the last time that counts, None for all. level: of the interval."""

    score: str
    event: int = 1
    weighting: Literal["harrell", "uno"] = "harrell"
    competing: Literal["censored", "never"] = "censored"
    tau: float | None = None
    level: float = 0.95


@dataclass(frozen=True, slots=True)
class Release:
    """What leaves a site: head counts, weights of pairs, and sums over persons of the squares and
    products of their parts (N and D of the docstring)."""

    persons: int
    events: int
    event_free: int
    concordant: float
    discordant: float
    tied: float
    squares: float
    products: float
    totals: float

    def counts(self) -> dict[str, Integers]:
        """Every head count stated."""
        stated = {"persons": self.persons, "events": self.events, "event_free": self.event_free}
        return {name: np.array([value], dtype=np.int64) for name, value in stated.items()}


@dataclass(frozen=True, slots=True)
class Estimate:
    """C of some rows; NaN where no pair is comparable."""

    concordance: float
    standard_error: float
    low: float
    high: float
    concordant: float
    discordant: float
    tied: float
    persons: int
    events: int


@dataclass(frozen=True, slots=True)
class Result:
    """C over all sites (pairs within a site), and at each."""

    together: Estimate
    sites: tuple[Estimate, ...]


@dataclass(frozen=True, slots=True, eq=False)
class _Parts:
    """Sums of pairs by row (n,): agreeing (ties for half), tied, and all."""

    agreeing: Floats
    tied: Floats
    total: Floats

    def by(self, person: Integers) -> _Parts:
        """The sums by person, of whom some have several rows."""
        held = (self.agreeing, self.tied, self.total)
        return _Parts(*(np.bincount(person, values).astype(np.float64) for values in held))

    def __add__(self, other: _Parts) -> _Parts:
        return _Parts(*(getattr(self, f.name) + getattr(other, f.name) for f in fields(self)))

    def __sub__(self, other: _Parts) -> _Parts:
        return _Parts(*(getattr(self, f.name) - getattr(other, f.name) for f in fields(self)))


def at_site(table: SurvivalTable, parameters: Parameters) -> Release:
    """The pairs of one site.

    Raises
    ------
    StudyError : a column that the table does not hold, a missing score, impossible times.
    ValueError : late entries with Uno's weights or with competing events that never end, for which
        no estimator is known here.
    """
    check(table)
    score = columns(table, (parameters.score,))[:, 0]
    ours = parameters.weighting == "uno" or parameters.competing == "never"
    if ours and (table.entry > 0).any():
        raise ValueError("entry: late entries have Harrell's pairs only, others censored")
    parts = _Parts(*(np.zeros(table.n) for _ in range(3)))
    for stratum in np.flatnonzero(np.bincount(table.strata)):
        rows = np.flatnonzero(table.strata == stratum)
        here = _pairs(table, score, rows, parameters)
        for field in fields(_Parts):
            getattr(parts, field.name)[rows] = getattr(here, field.name)
    failed = table.event == parameters.event
    persons, with_event = table.n, int(failed.sum())
    if _distinct(table.people).size < table.n:  # several rows of one person
        people, person = np.unique(table.people, return_inverse=True)
        parts = parts.by(person)
        persons, with_event = people.size, _distinct(person[failed]).size
    total, tied = parts.total.sum() / 2, parts.tied.sum() / 2
    concordant = parts.agreeing.sum() / 2 - tied / 2
    return Release(
        persons=persons,
        events=int(failed.sum()),
        event_free=persons - with_event,
        concordant=float(concordant),
        discordant=float(total - concordant - tied),
        tied=float(tied),
        squares=float(parts.agreeing @ parts.agreeing),
        products=float(parts.agreeing @ parts.total),
        totals=float(parts.total @ parts.total),
    )


def combine(releases: Sequence[Release], parameters: Parameters) -> Result:
    """C over the sites and at each. Raises ValueError where there is no release."""
    if not releases:
        raise ValueError("concordance needs a release")
    names = [field.name for field in fields(Release)]
    total = Release(**{name: sum(getattr(r, name) for r in releases) for name in names})
    return Result(_estimate(total, parameters), tuple(_estimate(r, parameters) for r in releases))


def _estimate(release: Release, parameters: Parameters) -> Estimate:
    c = error = float("nan")
    pairs = release.concordant + release.discordant + release.tied
    if pairs > 0:
        c = (release.concordant + release.tied / 2) / pairs
        spread = release.squares - 2 * c * release.products + c * c * release.totals
        error = float(np.sqrt(max(spread, 0.0))) / pairs
    z = float(ndtri(0.5 + parameters.level / 2))
    low, high = np.clip([c - z * error, c + z * error], 0.0, 1.0)
    return Estimate(
        c, error, float(low), float(high), release.concordant, release.discordant, release.tied,
        release.persons, release.events,
    )  # fmt: skip


def _pairs(table: SurvivalTable, score: Floats, rows: Integers, parameters: Parameters) -> _Parts:
    """The pairs among some rows, by row."""
    time, event, x = table.time[rows], table.event[rows], score[rows]
    failed = event == parameters.event
    weight = np.ones(rows.size) if table.weights is None else table.weights[rows]
    never = parameters.competing == "never"
    inverse = np.ones(rows.size)
    if parameters.weighting == "uno":
        lost = event == 0 if never else ~failed
        inverse = 1 / np.maximum(censoring(time, lost, weight).before_own_time(), 1e-300)
    counted = failed if parameters.tau is None else failed & (time <= parameters.tau)
    first = np.where(counted, weight * inverse**2, 0.0)
    instants = _distinct(time[failed])
    # An event counts before its own time is over; a censoring of that time comes after it.
    key = np.searchsorted(instants, time, "right") - failed
    found = _compared(key, x, first, weight)
    late = np.flatnonzero(table.entry[rows] >= instants[0]) if instants.size else rows[:0]
    if late.size:
        found = found - _entering_later(key, x, first, weight, late, instants, table.entry[rows])
    if never:
        other = (event != 0) & ~failed
        found = found + _compared(
            instants.size - key - failed, x, np.where(counted, weight * inverse, 0.0),
            np.where(other, weight * inverse, 0.0),
        )  # fmt: skip
    return found


def _entering_later(
    key: Integers,
    x: Floats,
    first: Floats,
    weight: Floats,
    late: Integers,
    instants: Floats,
    entry: Floats,
) -> _Parts:
    """Pairs of an event with those who had not entered yet (entry at the event's time or later)."""
    n = key.size
    entered = np.searchsorted(instants, entry[late], "right")
    parts = _compared(
        np.concatenate([key, entered]),
        np.concatenate([x, x[late]]),
        np.concatenate([first, np.zeros(late.size)]),
        np.concatenate([np.zeros(n), weight[late]]),
    )

    def by_row(values: Floats) -> Floats:
        found = values[:n].copy()
        found[late] += values[n:]
        return found

    return _Parts(by_row(parts.agreeing), by_row(parts.tied), by_row(parts.total))


def _compared(key: Integers, x: Floats, first: Floats, second: Floats) -> _Parts:
    """Sums over pairs (i, j) with key_i < key_j of first_i second_j, given to i and to j."""
    order = np.argsort(x)
    group = np.cumsum(np.append(False, np.diff(x[order]) != 0))
    if group.size and group[-1] < group.size - 1:
        order = order[np.argsort(group * (int(key.max()) + 1) + key[order])]
    key, first, second = key[order], first[order], second[order]
    higher = _higher_scores(key, first, second)
    tied = _same_score(group, key, first, second)
    total = _everybody(key, first, second)

    def in_order(values: Floats) -> Floats:
        back = np.empty(values.size)
        back[order] = values
        return back

    return _Parts(in_order(higher + tied / 2), in_order(tied), in_order(total))


def _everybody(key: Integers, first: Floats, second: Floats) -> Floats:
    """The sums over all pairs."""
    a, b = np.bincount(key, first), np.bincount(key, second)
    found: Floats = first * (b.sum() - np.cumsum(b))[key] + second * (np.cumsum(a) - a)[key]
    return found


def _same_score(group: Integers, key: Integers, first: Floats, second: Floats) -> Floats:
    """The sums over pairs of one score; rows are in order of the score, then of the key."""
    if not group.size or group[-1] == group.size - 1:
        return np.zeros(group.size)  # no two scores are equal
    cell = np.cumsum(np.append(False, (np.diff(group) != 0) | (np.diff(key) != 0)))
    owner = group[np.flatnonzero(np.append(True, np.diff(cell) != 0))]
    a, b = np.bincount(cell, first), np.bincount(cell, second)
    start, end = np.searchsorted(owner, owner, "left"), np.searchsorted(owner, owner, "right")
    so_far, up_to = np.append(0.0, np.cumsum(a)), np.append(0.0, np.cumsum(b))
    before = so_far[:-1] - so_far[start]
    after = up_to[end] - up_to[1:]
    found: Floats = first * after[cell] + second * before[cell]
    return found


def _distinct(values: NDArray[Any]) -> NDArray[Any]:
    """Rising, each once. By sorting: of a million values, faster than numpy's hashes."""
    ordered: NDArray[Any] = np.sort(values)
    first = np.append(True, ordered[1:] != ordered[:-1])[: ordered.size]
    return np.asarray(ordered[first])


def _higher_scores(key: Integers, first: Floats, second: Floats) -> Floats:
    """The sums over pairs in which j comes before i; rows are in order of the score.

    Equal scores are in order of the key, so that such a j never comes before its i.
    """
    held: Floats = np.zeros(key.size)
    place: Integers = np.arange(key.size)
    for bit in range(int(key.max(initial=0)).bit_length() - 1, -1, -1):
        # Rows lie side by side whose keys are the same above this bit; those with it come later.
        later = (key >> bit) & 1 == 1
        starts = np.flatnonzero(np.append(True, np.diff(key >> (bit + 1)) != 0))
        sizes = np.diff(np.append(starts, key.size))
        lower = np.cumsum(np.where(later, second, 0.0))
        higher = np.cumsum(np.where(later, 0.0, first))
        lower -= np.repeat(np.append(0.0, lower)[starts], sizes)
        higher = np.repeat(higher[starts + sizes - 1], sizes) - higher
        held += np.where(later, second * higher, first * lower)
        order = np.concatenate([np.flatnonzero(~later), np.flatnonzero(later)])
        key, place = key.take(order), place.take(order)
        first, second, held = first.take(order), second.take(order), held.take(order)
    found = np.empty(key.size)
    found[place] = held
    return found
