"""Binary trees on agreed bins: their shape, which leaf a row falls in, what a forest predicts.

Value x of a feature with edges e_0 < e_1 < ... is in the first bin b with x <= e_b, and in a last
one when above them all. A tree is a heap: node 0, children of k at 2k+1 (bins up to the cut) and
2k+2 (the others), one level after another.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from transat.cohorts.analysis_table import AnalysisTable
from transat.cohorts.folds import scrambled
from transat.cohorts.survival_table import SurvivalTable, not_survival
from transat.core.errors import StudyError, close_match
from transat.core.languages import Text

Flags = NDArray[np.bool_]
Floats = NDArray[np.float64]
Small = NDArray[np.int16]
Table = AnalysisTable | SurvivalTable


@dataclass(frozen=True, slots=True)
class Bins:
    """Features (exposures and covariates of the analysis table) and the edges of each, rising."""

    names: tuple[str, ...]
    edges: tuple[tuple[float, ...], ...]

    @property
    def most(self) -> int:
        """The largest number of bins of a feature."""
        return 1 + max((len(e) for e in self.edges), default=0)


@dataclass(frozen=True, slots=True)
class Tree:
    """A tree, whole or growing. feature: (nodes of the levels that are split,) -1 where a node is
    not; cut: likewise, the last bin that goes left. value: (these nodes and the level below,) what
    a leaf adds to the log odds, 0 at a node that is split."""

    feature: tuple[int, ...] = ()
    cut: tuple[int, ...] = ()
    value: tuple[float, ...] = (0.0,)

    @property
    def depth(self) -> int:
        """Levels that are split."""
        return (len(self.feature) + 1).bit_length() - 1

    def live(self) -> NDArray[np.bool_]:
        """(2^depth,) whether each node of the level below hangs on a node that is split."""
        alive = np.ones(1, dtype=np.bool_)
        for level in range(self.depth):
            first = 2**level - 1
            split = np.array(self.feature[first : 2 * first + 1]) >= 0
            alive = np.repeat(alive & split, 2)
        return alive


@dataclass(frozen=True, slots=True)
class Forest:
    """A model: log odds = base + the values of its trees' leaves."""

    outcome: str
    bins: Bins
    base: float
    trees: tuple[Tree, ...]


def whole(tree: Tree, bins: Bins) -> bool:
    """Whether a tree is a heap whose cuts are edges of these bins."""
    nodes = len(tree.feature)
    if (nodes + 1) & nodes or len(tree.cut) != nodes or len(tree.value) != 2 * nodes + 1:
        return False
    return all(
        f == -1 or (0 <= f < len(bins.names) and 0 <= c < len(bins.edges[f]))
        for f, c in zip(tree.feature, tree.cut, strict=True)
    )


def grouped(values: NDArray[Any], kept: Flags) -> NDArray[Any]:
    """Sums over the groups of bins that end where `kept`, along the last axis; 0 elsewhere."""
    total = np.cumsum(values, axis=-1)
    place = np.where(kept, np.arange(kept.shape[-1]), -1)
    before = np.maximum.accumulate(place, axis=-1)
    before = np.concatenate([np.full_like(before[..., :1], -1), before[..., :-1]], axis=-1)
    earlier = np.take_along_axis(total, np.maximum(before, 0), axis=-1)
    return np.where(kept, total - np.where(before >= 0, earlier, 0), 0)


def real(bins: Bins) -> Flags:
    """(F, B) the bins that exist; a feature with fewer edges than another has fewer."""
    return np.arange(bins.most) <= np.array([[len(e)] for e in bins.edges])


class _Last(threading.local):
    """The bins made last, in each thread: a fit asks for the same ones every round."""

    asked: tuple[Table, Bins] | None = None
    made: Small | None = None


_last = _Last()


def binned(table: Table, bins: Bins) -> Small:
    """(features, n) the bin of each row; read-only.

    Raises
    ------
    StudyError : a feature that the table does not hold, or edges that do not rise.
    """
    if _last.asked is not None and _last.made is not None:
        same_table, same_bins = _last.asked
        if same_table is table and same_bins == bins:
            return _last.made
    _last.asked = _last.made = None  # frees the memory before more is taken
    made = np.zeros((len(bins.names), table.n), dtype=np.int16)
    for k, (name, edges) in enumerate(zip(bins.names, bins.edges, strict=True)):
        if (np.diff(edges) <= 0).any():
            raise ValueError("edges: they do not rise")
        made[k] = np.searchsorted(np.asarray(edges), column(table, name), "left")
    made.flags.writeable = False
    _last.asked, _last.made = (table, bins), made
    return made


def column(table: Table, name: str) -> Floats:
    """(n,) an exposure, a covariate or a column by its name.

    Raises
    ------
    StudyError : the table does not hold it, or holds values that are missing or infinite.
    """
    if isinstance(table, SurvivalTable):
        held: tuple[str, ...] = table.column_names
        if name in held:
            found = table.columns[:, held.index(name)]
            if not np.isfinite(found).all():
                raise not_survival(name)
            return found
    else:
        held = (*table.exposure_codes, *table.covariate_names)
        if name in table.exposure_codes:
            return table.exposure(name).astype(np.float64)
        if name in table.covariate_names:
            return table.covariates[:, table.covariate_names.index(name)]
    near = close_match(name, held)
    raise StudyError(
        Text(
            f"« {name} » n'est pas dans la table d'analyse.",
            f"'{name}' is not in the analysis table.",
        ),
        "features",
        Text(
            f"Vouliez-vous « {near} » ?" if near else "Corriger le protocole.",
            f"Did you mean '{near}'?" if near else "Correct the protocol.",
        ),
    )


def apart(cluster: NDArray[np.int32], share: float) -> Flags:
    """(n,) rows whose cluster is kept apart: a share of them, by a scrambling of their number."""
    if share <= 0:
        return np.zeros(len(cluster), dtype=np.bool_)
    return scrambled(cluster) < share


def nodes(tree: Tree, bins: Small) -> NDArray[np.int32]:
    """(n,) the node that each row ends in; 0 for a tree of one node."""
    at = np.zeros(bins.shape[1], dtype=np.int32)
    feature, cut = np.array(tree.feature, np.int32), np.array(tree.cut, np.int32)
    for level in range(tree.depth):
        first = 2**level - 1
        for node in range(first, 2 * first + 1):
            if feature[node] >= 0:
                rows = np.flatnonzero(at == node)
                right = bins[feature[node], rows] > cut[node]
                at[rows] = 2 * node + 1 + right
    return at


def margins(forest: Forest, bins: Small) -> Floats:
    """(n,) log odds, trees added in their order."""
    total = np.full(bins.shape[1], forest.base)
    for tree in forest.trees:
        total += np.asarray(tree.value)[nodes(tree, bins)]
    return total


def probabilities(forest: Forest, table: Table) -> Floats:
    """(n,) the predicted probability of the outcome.

    Raises
    ------
    StudyError : a feature that the table does not hold.
    """
    return np.asarray(expit(margins(forest, binned(table, forest.bins))), dtype=np.float64)
