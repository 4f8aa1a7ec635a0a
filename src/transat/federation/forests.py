"""Forests as the gate sees them: which of the questions about bins and trees are not answered."""

from __future__ import annotations

import numpy as np

from transat.federation.data import SiteData
from transat.learners import bins, boosted_trees, tree_review
from transat.learners.trees import Bins, Forest, Tree

#: Edges of a feature, levels of a tree, trees of a forest; and the share that may be kept apart.
EDGES, LEVELS, TREES, APART = 1000, 6, 1000, 0.5


def unfit_bins(data: SiteData, parameters: bins.Parameters) -> tuple[str, ...]:
    """Fields of a question about bins that are not answered so."""
    return _bins(data, parameters.grid)


def unfit_trees(data: SiteData, parameters: boosted_trees.Parameters) -> tuple[str, ...]:
    """Fields of a question about a level of a tree that are not answered so."""
    forest = Forest(parameters.outcome, parameters.bins, parameters.base, parameters.grown)
    wrong = _forest(data, forest)
    if not _sound(parameters.growing, len(parameters.bins.names)):
        wrong += ("growing",)
    if not (1 <= parameters.number <= TREES and 1 <= parameters.depth <= LEVELS):
        wrong += ("depth",)
    if not (0 < parameters.rate <= 1 and parameters.penalty >= 0):
        wrong += ("rate",)
    return wrong if 0 <= parameters.hold_out <= APART else (*wrong, "hold_out")


def unfit_review(data: SiteData, parameters: tree_review.Parameters) -> tuple[str, ...]:
    """Fields of a question about a whole forest that are not answered so."""
    wrong = _forest(data, parameters.forest)
    return wrong if 0 < parameters.hold_out <= APART else (*wrong, "hold_out")


def _forest(data: SiteData, forest: Forest) -> tuple[str, ...]:
    wrong = _bins(data, forest.bins)
    if forest.outcome not in data.table.outcome_codes:
        wrong += ("outcome",)
    sound = all(_sound(tree, len(forest.bins.names)) for tree in forest.trees)
    return wrong if sound and len(forest.trees) <= TREES else (*wrong, "trees")


def _bins(data: SiteData, asked: Bins) -> tuple[str, ...]:
    held = {*data.table.exposure_codes, *data.table.covariate_names}
    names = set(asked.names)
    if not names or not names <= held or len(names) != len(asked.names):
        return ("features",)
    rising = all(
        0 < len(edges) <= EDGES and bool((np.diff(edges) > 0).all()) for edges in asked.edges
    )
    return () if rising and len(asked.edges) == len(asked.names) else ("edges",)


def _sound(tree: Tree, features: int) -> bool:
    """Whether a tree is a heap of at most `LEVELS` levels on these features."""
    nodes = len(tree.feature)
    if nodes + 1 not in {2**level for level in range(LEVELS + 1)}:
        return False
    if len(tree.cut) != nodes or len(tree.value) != 2 * nodes + 1:
        return False
    return all(
        -1 <= f < features and -1 <= c < EDGES for f, c in zip(tree.feature, tree.cut, strict=True)
    )
