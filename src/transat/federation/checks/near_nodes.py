"""Nodes of earlier trees that differ from a possible child by a handful of people (part of G7).

A node is a set of rows. Where one holds another, the number of the one less that of the other tells
how many people lie between; so a cut is not offered when one of its two children would hold, or be
held by, a node told before, with a difference of 1 to threshold-1. Sizes are compared first, rows
only where the sizes are that near.
"""

from __future__ import annotations

from collections import OrderedDict

import numpy as np
from numpy.typing import NDArray

from transat.federation.checks.check import Asked
from transat.federation.data import SiteData
from transat.learners import boosted_trees, trees
from transat.learners.trees import Small, Tree

Flags = NDArray[np.bool_]
Integers = NDArray[np.int64]


class Earlier:
    """Sizes of the nodes of trees seen before, kept while the site's data are the same."""

    def __init__(self) -> None:
        self._data: SiteData | None = None
        self._sizes: OrderedDict[tuple[Tree, float], Integers] = OrderedDict()

    def far(
        self, asked: Asked, kept: Flags, rows: Integers, used: Flags, told: tuple[Tree, ...]
    ) -> Flags:
        """`kept` (N, F, B) without the cuts whose children are too near an earlier node; the two
        children of a split lose the same ones.

        rows: (N, F, B) head counts by node, feature and bin. used: (n,) the rows that take part.
        told: the trees, on the same bins, whose nodes are told already.
        """
        if not told:
            return kept
        found = trees.binned(asked.data.table, asked.parameters.bins)
        earlier = self._earlier(asked, found, used, told)
        left = np.cumsum(rows, axis=2)
        sizes = np.stack([left, left[:, :, -1:] - left])
        floor = asked.policy.threshold
        at = np.searchsorted(earlier, sizes)
        gap = np.minimum(
            np.abs(sizes - earlier[np.minimum(at, earlier.size - 1)]),
            np.abs(sizes - earlier[np.maximum(at - 1, 0)]),
        )
        near = kept & ((gap < floor) & (sizes > 0)).any(axis=0)
        near[:, :, -1] = False
        dropped = np.zeros_like(kept)
        for node, feature, cut in np.argwhere(near):
            child = node, feature, cut
            dropped[child] = self._too_near(asked, found, used, told, child)
        if len(dropped) > 1:
            dropped |= dropped.reshape(-1, 2, *dropped.shape[1:])[:, ::-1].reshape(dropped.shape)
        last = trees.real(asked.parameters.bins) & ~np.roll(
            trees.real(asked.parameters.bins), -1, 1
        )
        last[:, -1] |= trees.real(asked.parameters.bins)[:, -1]
        return kept & (~dropped | last[None])

    def _earlier(self, asked: Asked, found: Small, used: Flags, told: tuple[Tree, ...]) -> Integers:
        """Sizes of all nodes of these trees, rising."""
        if self._data is not asked.data:
            self._data, self._sizes = asked.data, OrderedDict()
        share = asked.parameters.hold_out
        for tree in told:
            if (tree, share) not in self._sizes:
                ended = trees.nodes(tree, found)[used]
                sizes = [int(_within(ended, node).sum()) for node in range(1, len(tree.value))]
                self._sizes[tree, share] = np.array(sizes, dtype=np.int64)
        sizes_told = [self._sizes[tree, share] for tree in told]
        return np.unique(np.concatenate([*sizes_told, [-(10**9)]]))

    def _too_near(
        self, asked: Asked, found: Small, used: Flags, told: tuple[Tree, ...],
        child_of: tuple[int, int, int],
    ) -> bool:  # fmt: skip
        node, feature, cut = child_of
        parameters: boosted_trees.Parameters = asked.parameters
        place, _ = boosted_trees.places(parameters, found)
        inside = used & (place == node)
        low = found[feature] <= cut
        floor = asked.policy.threshold
        for tree in told:
            ended, sizes = trees.nodes(tree, found), self._sizes[tree, parameters.hold_out]
            for child in (inside & low, inside & ~low):
                size = int(child.sum())
                for other in np.flatnonzero((np.abs(sizes - size) < floor) & (sizes != size)) + 1:
                    members = used & _within(ended, int(other))
                    both = int((members & child).sum())
                    if both == min(size, int(members.sum())):
                        return True
        return False


def _within(ended: NDArray[np.int32], node: int) -> Flags:
    """Rows that went through a node, by the node where they ended."""
    at = ended.copy()
    inside: Flags = at == node
    while (at > node).any():
        at = np.where(at > node, (at - 1) // 2, at)
        inside |= at == node
    return np.asarray(inside, dtype=np.bool_)
