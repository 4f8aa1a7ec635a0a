"""Who is at risk, by trees that each correct those before, grown on all sites at once.

Question
    The probability of a 0/1 outcome from exposures and covariates, with their interactions, none of
    which is written beforehand.

Formula
    Log odds F = base + sum of trees. With p = 1/(1 + exp(-F)), g = p - y, h = p (1-p), a site sends
    for every node of the level that grows, every feature and every bin the sums G, H of its rows
    and their number n; `growth` splits on their totals over all sites.

Federated is pooled
    g and h of each row are rounded to 2^-26, so that sums of up to 2^26 rows are exact in binary
    whatever their order: the trees are those of the pooled rows, bit for bit, as long as no site
    had to merge bins. Edges that one site merged are split by none.

Rows kept apart
    A share of the clusters (`hold_out`), drawn by their number, takes no part; `tree_review` uses
    it. Where bins come from: `bins`, never from a site's own values.

References
    Friedman JH (2001) Ann Stat 29:1189-1232, doi:10.1214/aos/1013203451.
    Chen T, Guestrin C (2016) KDD 785-794, doi:10.1145/2939672.2939785 (second order, histograms).
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from transat.cohorts.analysis_table import AnalysisTable
from transat.learners import growth, trees
from transat.learners.trees import Bins, Forest, Small, Tree

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Flags = NDArray[np.bool_]

_EXACT = 2.0**26  # parts of one in which g and h are counted


@dataclass(frozen=True, slots=True)
class Parameters:
    """outcome: one outcome code. bins: features and their agreed edges. base: log odds where trees
    start; grown: the whole trees; growing: the tree in progress. The rest is for `combine`: number
    of trees, levels of each, rate, penalty k, least_rows and least_gain of a split.
    hold_out: share of clusters kept apart."""

    outcome: str
    bins: Bins
    base: float = 0.0
    grown: tuple[Tree, ...] = ()
    growing: Tree = field(default_factory=Tree)
    started: bool = False
    number: int = 50
    depth: int = 3
    rate: float = 0.1
    penalty: float = 1.0
    least_rows: int = 50
    least_gain: float = 1e-6
    hold_out: float = 0.0

    def start(self) -> Parameters:
        """The question with which its fit begins."""
        return replace(self, base=0.0, grown=(), growing=Tree(), started=False)


@dataclass(frozen=True, slots=True)
class Release:
    """What leaves a site for one level: by node of the level, feature and bin, (N, F, B).

    kept: whether a bin ends a group that leaves; what the others hold is in the next one kept.
    gradient, hessian, rows: sums of the group, 0 where not kept.
    """

    persons: int
    cases: int
    kept: Flags
    gradient: Floats
    hessian: Floats
    rows: Integers

    def counts(self) -> dict[str, Integers]:
        """Every head count stated."""
        totals = {"persons": self.persons, "cases": self.cases, "others": self.persons - self.cases}
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
    """The forest; gain: (features,) summed over its splits; rounds: questions to each site."""

    forest: Forest
    gain: Floats
    persons: int
    cases: int
    rounds: int


Ask = Callable[[Sequence[Parameters]], Sequence[Release]]


def at_site(table: AnalysisTable, parameters: Parameters) -> Release:
    """The sums of one site for the level asked for.

    Raises
    ------
    StudyError : a feature that the table does not hold.
    """
    bins = trees.binned(table, parameters.bins)
    used, y = rows_used(table, parameters)
    p = expit(_margins(table, parameters, bins))
    node, shape = places(parameters, bins)
    each = _rounded(p - y), _rounded(p * (1 - p))
    rows, gradient, hessian = tally(node, bins, used, shape, *each)
    return Release(
        persons=int(used.sum()),
        cases=int(y[used].sum()),
        kept=np.broadcast_to(trees.real(parameters.bins), shape).copy(),
        gradient=gradient,
        hessian=hessian,
        rows=rows.astype(np.int64),
    )


def combine(ask: Ask, parameters: Parameters) -> Result:
    """Grow the forest: `ask` sends one `Parameters` to every site and brings their releases back.

    Raises
    ------
    ValueError : no case, or nothing but cases.
    """
    asked, gain, rounds = parameters, np.zeros(len(parameters.bins.names)), 0
    while True:
        releases = ask([asked])
        rounds += 1
        following, gained = advance(asked, releases)
        gain += gained
        if following.finished:
            break
        asked = following.asked
    after = following.asked
    forest = Forest(after.outcome, after.bins, after.base, after.grown)
    persons, cases = sum(r.persons for r in releases), sum(r.cases for r in releases)
    return Result(forest, gain, persons, cases, rounds)


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
    nothing = np.zeros(len(asked.bins.names))
    persons, cases = sum(r.persons for r in releases), sum(r.cases for r in releases)
    if not 0 < cases < persons:
        raise ValueError("boosted_trees needs people with the outcome and people without")
    if not asked.started:
        base = round(float(np.log(cases / (persons - cases))), 6)
        return Following(replace(asked, base=base, started=True)), nothing
    then = growth.step(asked, releases)
    after = replace(asked, grown=then.grown, growing=then.growing)
    return Following(after, then.finished), then.gain


def rows_used(table: AnalysisTable, parameters: Parameters) -> tuple[Flags, Floats]:
    """(n,) the rows not kept apart, and the outcome, 0 or 1.

    Raises ValueError for an outcome that the table does not hold.
    """
    y = table.outcome(parameters.outcome).astype(np.float64)
    return ~trees.apart(table.cluster, parameters.hold_out), y


def places(parameters: Parameters, bins: Small) -> tuple[Integers, tuple[int, int, int]]:
    """(n,) the node of the level that grows, from 0, negative for rows in a leaf of an earlier
    level; and the shape (nodes, features, bins) of the level."""
    tree = parameters.growing
    node = trees.nodes(tree, bins).astype(np.int64) - (2**tree.depth - 1)
    return node, (2**tree.depth, len(parameters.bins.names), parameters.bins.most)


def tally(
    node: Integers, bins: Small, used: Flags, shape: tuple[int, int, int], *weights: Floats
) -> Floats:
    """Of the rows used, by node, feature and bin (`shape`): their number, then the sum of each of
    the weights (n,); one array after another."""
    rows = np.flatnonzero(used & (node >= 0))
    first, wanted = node[rows] * shape[2], [None, *(w[rows] for w in weights)]
    total = np.zeros((len(wanted), shape[1], shape[0] * shape[2]))
    for k in range(shape[1]):
        cell = first + bins[k, rows]
        for at, weight in enumerate(wanted):
            total[at, k] = np.bincount(cell, weight, shape[0] * shape[2])
    by_feature = total.reshape(len(wanted), shape[1], shape[0], shape[2])
    return np.ascontiguousarray(by_feature.swapaxes(1, 2))


class _Last(threading.local):
    """The log odds made last, in each thread: a forest is asked about as it grows."""

    asked: tuple[AnalysisTable, Forest] | None = None
    made: Floats | None = None


_last = _Last()


def _margins(table: AnalysisTable, parameters: Parameters, bins: Small) -> Floats:
    """(n,) log odds of the whole trees; only those that are new since the last time are added."""
    forest = Forest(parameters.outcome, parameters.bins, parameters.base, parameters.grown)
    total, known = np.full(table.n, forest.base), 0
    if _last.asked is not None and _last.made is not None:
        same_table, before = _last.asked
        count = len(before.trees)
        if same_table is table and replace(forest, trees=forest.trees[:count]) == before:
            total, known = _last.made.copy(), count
    for tree in forest.trees[known:]:
        total += np.asarray(tree.value)[trees.nodes(tree, bins)]
    _last.asked, _last.made = (table, forest), total
    return total


def _rounded(values: Floats) -> Floats:
    return np.round(values * _EXACT) / _EXACT
