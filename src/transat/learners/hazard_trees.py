"""When does it come, and to whom: boosted trees for a hazard in discrete time, over all sites.

Question
    The probability, interval by interval of an agreed grid, that one kind of event comes to those
    still at risk, from columns and from time itself, with interactions and hazards that need not
    be proportional, none of which is written beforehand.

Formula
    Log odds of the hazard F(x, t) = base + sum of trees on the columns and on the feature `time`
    (the end of the interval). A row at risk in m intervals of a stretch where F is constant, with d
    events (0 or 1), gives g = m p - d and h = m p (1 - p): the derivatives of the likelihood of
    its m person-periods (Prentice and Gloeckler 1978, here with the logit), which are not laid out.
    Sums by node, feature and bin leave a site; `growth` splits on their totals. Other kinds of
    event end the follow-up in their interval, as a censoring does: a cause-specific hazard, of
    which `hazards` makes incidences.

What leaves
    Of a column: sums and rows in each bin, among the rows that are at risk within the node. Of
    `time`: sums, and rows by the bin of their last interval in the node, so that both children of
    a cut in time are told by whole groups; a cut needs `least_rows` who leave before it, and as
    many who stay.

Federated is pooled
    g and h of each row and stretch are rounded to 2^-26 and leaf values to 2^-30: sums of up to
    2^26 of them are exact in binary whatever their order, so the trees are those of the pooled rows
    bit for bit, as long as no site had to merge bins.

References
    Friedman JH (2001) Ann Stat 29:1189-1232, doi:10.1214/aos/1013203451.
    Prentice RL, Gloeckler LA (1978) Biometrics 34:57-67, doi:10.2307/2529588.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from transat.cohorts.folds import Part
from transat.cohorts.survival_table import SurvivalTable
from transat.learners import growth, time_trees, trees
from transat.learners.packing import histograms
from transat.learners.time_trees import Place, Seen, places, values
from transat.learners.trees import Bins, Forest, Tree

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Flags = NDArray[np.bool_]

_EXACT = 2.0**26  # parts of one in which g and h are counted
_GRAIN = 2.0**-30  # leaf values are multiples of it


@dataclass(frozen=True, slots=True)
class Parameters:
    """grid: edges of time, rising from above 0. bins: features, `time` among them unless the hazard
    is constant, and their agreed edges. kind: of event. part: the people who take part. base: log
    odds where trees start; grown: the whole trees; growing: the tree in progress. The rest is for
    `combine`: number of trees, levels of each, rate, penalty k, least_rows and least_gain of a
    split."""

    grid: tuple[float, ...]
    bins: Bins
    kind: int = 1
    part: Part = field(default_factory=Part)
    base: float = 0.0
    grown: tuple[Tree, ...] = ()
    growing: Tree = field(default_factory=Tree)
    started: bool = False
    number: int = 100
    depth: int = 3
    rate: float = 0.1
    penalty: float = 1.0
    least_rows: int = 50
    least_gain: float = 1e-6

    def start(self) -> Parameters:
        """The question with which its fit begins."""
        return replace(self, base=0.0, grown=(), growing=Tree(), started=False)


@dataclass(frozen=True, slots=True)
class Release:
    """What leaves a site for one level: by node of the level, feature and bin, (N, F, B).

    persons, events, event_free: of the part, at risk on the grid. kept: whether a bin ends a group
    that leaves. gradient, hessian, rows: sums of the group, 0 where not kept.
    """

    persons: int
    events: int
    event_free: int
    kept: Flags
    gradient: Floats
    hessian: Floats
    rows: Integers

    def counts(self) -> dict[str, Integers]:
        """Every head count stated."""
        totals = {"persons": self.persons, "events": self.events, "event_free": self.event_free}
        stated = {name: np.array([count], dtype=np.int64) for name, count in totals.items()}
        return {**stated, "rows": self.rows}

    def merged(self, kept: Flags) -> Release:
        """A copy with fewer groups; `kept` (N, F, B) holds the last bin of every feature."""
        both = kept & self.kept
        return replace(
            self, kept=both, gradient=trees.grouped(self.gradient, both),
            hessian=trees.grouped(self.hessian, both), rows=trees.grouped(self.rows, both),
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Result:
    """The forest, whose outcome is the kind of event; gain: (features,) summed over its splits;
    rounds: questions to each site."""

    forest: Forest
    grid: tuple[float, ...]
    gain: Floats
    persons: int
    events: int
    rounds: int


Ask = Callable[[Sequence[Parameters]], Sequence[Release]]


def at_site(table: SurvivalTable, parameters: Parameters) -> Release:
    """The sums of one site for the level asked for.

    Raises
    ------
    StudyError : a feature that the table does not hold.
    ValueError : a grid that does not rise, edges of time that are not of the grid.
    """
    made = _made(table, parameters)
    seen, slopes = made.seen, _slopes(made, parameters)
    shape = (2**parameters.growing.depth, len(parameters.bins.names), parameters.bins.most)
    sums = np.zeros((3, *shape))
    for node, place in places(seen, parameters.growing).items():
        at = node + 1 - shape[0]  # negative above the level that grows
        if at >= 0:
            sums[:, at] = _histogram(seen, slopes, place, shape[1:])
    events = int(seen.rows.event.sum())
    return Release(
        persons=seen.rows.persons,
        events=events,
        event_free=seen.rows.persons - events,
        kept=np.broadcast_to(trees.real(parameters.bins), shape).copy(),
        gradient=sums[0],
        hessian=sums[1],
        rows=sums[2].astype(np.int64),
    )


def cells(table: SurvivalTable, parameters: Parameters) -> Integers:
    """(4, N, F, B) head counts behind the sums of a level, for a gate: rows; those with the event
    in the node, and without; and rows by the first interval that they have in the node where the
    feature is `time` (late entries), else rows again.

    Raises
    ------
    As `at_site`.
    """
    seen = _made(table, parameters).seen
    shape = (2**parameters.growing.depth, len(parameters.bins.names), parameters.bins.most)
    counts = np.zeros((4, *shape), dtype=np.int64)
    for node, place in places(seen, parameters.growing).items():
        at = node + 1 - shape[0]
        if at >= 0:
            counts[:, at] = _heads(seen, place, shape[1:])
    return counts


def combine(ask: Ask, parameters: Parameters) -> Result:
    """Grow the forest: `ask` sends one `Parameters` to every site and brings their releases back.

    Raises
    ------
    ValueError : no event of the kind, or one in every interval at risk.
    """
    asked, gain, rounds = parameters, np.zeros(len(parameters.bins.names)), 0
    while True:
        releases = ask([asked])
        rounds += 1
        following, gained = advance(asked, releases)
        gain += gained
        asked = following.asked
        if following.finished:
            break
    forest = Forest(str(asked.kind), asked.bins, asked.base, asked.grown)
    persons, events = sum(r.persons for r in releases), sum(r.events for r in releases)
    return Result(forest, asked.grid, gain, persons, events, rounds)


@dataclass(frozen=True, slots=True)
class Following:
    """What comes after a round: the next question, or the last one's trees when finished."""

    asked: Parameters
    finished: bool = False


def advance(asked: Parameters, releases: Sequence[Release]) -> tuple[Following, Floats]:
    """What `combine` does after a round, and the gain (features,) of its splits.

    A site can do it again with the answers to see that the next question is the fit's own.

    Raises
    ------
    ValueError : as `combine`.
    """
    if not asked.started:
        # At log odds 0 every interval at risk gives h = 1/4 and g = 1/2 less its event.
        periods = 4 * sum(float(r.hessian[0, 0].sum()) for r in releases)
        events = periods / 2 - sum(float(r.gradient[0, 0].sum()) for r in releases)
        if not 0 < events < periods:
            raise ValueError("hazard_trees needs intervals with the event and others without")
        base = round(float(np.log(events / (periods - events))) * 2**20) / 2**20
        nothing = np.zeros(len(asked.bins.names))
        return Following(replace(asked, base=base, started=True)), nothing
    then = growth.step(asked, releases, _GRAIN)
    after = replace(asked, grown=then.grown, growing=then.growing)
    return Following(after, then.finished), then.gain


@dataclass(frozen=True, slots=True, eq=False)
class Slopes:
    """g and h: each: (2, s) by stretch, in whole parts; before: (2, s + 1) their sums over all
    stretches before each place, so that a span's sum is a difference, exactly."""

    each: Floats
    before: Floats


@dataclass(slots=True)
class _Made:
    """What was made for an earlier question of the same fit at the same site."""

    table: SurvivalTable
    start: Parameters
    seen: Seen
    odds: Floats  # (s,) of the trees below
    trees: tuple[Tree, ...] = ()
    base: float = 0.0
    slopes: Slopes | None = None


class _Last(threading.local):
    """The fits asked about last, in each thread: a fit asks about the same rows every round."""

    made: tuple[_Made, ...] = ()


_last, _KEPT = _Last(), 3


def _made(table: SurvivalTable, parameters: Parameters) -> _Made:
    start = replace(parameters.start(), number=1, rate=1.0, least_rows=1)
    for made in _last.made:
        if made.table is table and made.start == start:
            return made
    _last.made = _last.made[: _KEPT - 1]  # frees memory before more is taken
    seen = time_trees.seen(
        table, parameters.grid, parameters.bins, parameters.kind, parameters.part
    )
    made = _Made(table, start, seen, np.zeros(seen.rows.stretch.size))
    _last.made = (made, *_last.made)
    return made


def _slopes(made: _Made, parameters: Parameters) -> Slopes:
    """g and h after the whole trees; only those that are new since the last time are added."""
    known = made.trees
    if made.base != parameters.base or parameters.grown[: len(known)] != known:
        known, made.slopes = (), None
        made.odds = np.full(made.seen.rows.stretch.size, parameters.base)
    for tree in parameters.grown[len(known) :]:
        made.odds += values(made.seen, tree)
    if made.slopes is None or parameters.grown != made.trees:
        made.slopes = _derivatives(made.seen, made.odds)
    made.trees, made.base = parameters.grown, parameters.base
    return made.slopes


def _derivatives(seen: Seen, odds: Floats) -> Slopes:
    rows, p = seen.rows, expit(odds)
    each = np.empty((2, p.size))
    np.multiply(rows.intervals, p, out=each[0])
    np.multiply(each[0], 1 - p, out=each[1])
    each[0, rows.ends[rows.event]] -= 1
    if not (rows.weight == 1).all():
        each *= np.repeat(rows.weight, rows.many)
    each *= _EXACT
    np.round(each, out=each)
    each /= _EXACT
    before = np.zeros((2, p.size + 1))
    np.cumsum(each, axis=1, out=before[:, 1:])
    return Slopes(each, before)


def _histogram(seen: Seen, slopes: Slopes, place: Place, shape: tuple[int, int]) -> Floats:
    """(3, F, B) sums of g, of h, and rows, of one node."""
    begin, end = seen.spans(place)
    gradient, hessian = slopes.before[:, end] - slopes.before[:, begin]
    rows = None if place.rows.size == seen.rows.row.size else place.rows
    sums = histograms(seen.tables, rows, (gradient, hessian), shape)
    if seen.time >= 0:
        sums[:, seen.time] = _by_time(seen, slopes, place, shape[1])
    return sums


def _by_time(seen: Seen, slopes: Slopes, place: Place, most: int) -> Floats:
    """(3, B) sums of g and of h by stretch, and rows by the last stretch that they have here."""
    begin, end = seen.spans(place)
    many = end - begin
    at = np.arange(many.sum()) + np.repeat(begin - (np.cumsum(many) - many), many)
    stretch = seen.rows.stretch[at]
    sums = [np.bincount(stretch, each[at], most) for each in slopes.each]
    last = np.minimum(seen.rows.last[place.rows], place.high)
    return np.stack([*sums, np.bincount(last, minlength=most)])


def _heads(seen: Seen, place: Place, shape: tuple[int, int]) -> Integers:
    first = np.maximum(seen.rows.first[place.rows], place.low)
    last = seen.rows.last[place.rows]
    events = (seen.rows.event[place.rows] & (last <= place.high)).astype(np.float64)
    events_by, rows_by = histograms(seen.tables, place.rows, (events,), shape)
    entered = rows_by.copy()
    if seen.time >= 0:
        last = np.minimum(last, place.high)
        rows_by[seen.time] = np.bincount(last, minlength=shape[1])
        events_by[seen.time] = np.bincount(last, events, shape[1])
        entered[seen.time] = np.bincount(first, minlength=shape[1])
    return np.stack([rows_by, events_by, rows_by - events_by, entered]).astype(np.int64)
