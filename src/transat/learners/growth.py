"""How a forest grows by one level, from histograms summed over sites; whatever its outcome.

A node is split where
    gain = (G_l²/(H_l + k) + G_r²/(H_r + k) - G²/(H + k)) / 2
is largest (first feature, then first edge, among equals) and above `least_gain`, with at least
`least_rows` rows on each side; a leaf adds -rate G/(H + k). G and H are sums of the first and
second derivatives of the loss. Edges that one site merged are split by none.

Source: Chen T, Guestrin C (2016) KDD 785-794, doi:10.1145/2939672.2939785.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from transat.learners.trees import Bins, Tree

Floats = NDArray[np.float64]


class Asked(Protocol):
    """What a question about a level says: the forest so far, and how it grows."""

    @property
    def bins(self) -> Bins: ...
    @property
    def grown(self) -> tuple[Tree, ...]: ...
    @property
    def growing(self) -> Tree: ...
    @property
    def number(self) -> int: ...
    @property
    def depth(self) -> int: ...
    @property
    def rate(self) -> float: ...
    @property
    def penalty(self) -> float: ...
    @property
    def least_rows(self) -> int: ...
    @property
    def least_gain(self) -> float: ...


class Histogram(Protocol):
    """What leaves a site for a level: by node of the level, feature and bin, (N, F, B)."""

    @property
    def kept(self) -> NDArray[np.bool_]: ...
    @property
    def gradient(self) -> Floats: ...
    @property
    def hessian(self) -> Floats: ...
    @property
    def rows(self) -> NDArray[np.int64]: ...


@dataclass(frozen=True, slots=True)
class Step:
    """The forest one level later. gain: (features,) of the splits of this level."""

    grown: tuple[Tree, ...]
    growing: Tree
    finished: bool
    gain: Floats


def step(asked: Asked, releases: Sequence[Histogram], grain: float = 0.0) -> Step:
    """Split the last level of the tree in progress. grain: leaf values are whole multiples of it;
    0 for none."""
    tree, gain = _split(asked, releases, grain)
    if not tree.live().any():  # nothing more to gain: where the tree stood before is its end
        whole, ended, gain = asked.growing, not asked.growing.feature, np.zeros_like(gain)
    elif tree.depth < asked.depth:
        return Step(asked.grown, tree, False, gain)
    else:
        whole, ended = tree, False
    forest = asked.grown if ended else (*asked.grown, whole)
    return Step(forest, Tree(), ended or len(forest) == asked.number, gain)


def _split(asked: Asked, releases: Sequence[Histogram], grain: float) -> tuple[Tree, Floats]:
    """The tree with one more level, and the gain of each feature."""
    kept = np.logical_and.reduce([r.kept for r in releases])
    left = [
        np.cumsum(np.sum([getattr(r, name) for r in releases], axis=0), axis=2)
        for name in ("gradient", "hessian", "rows")
    ]
    right = [total[:, :, -1:] - total for total in left]
    gain = (_score(asked, left) + _score(asked, right) - _score(asked, left, whole=True)) / 2
    fits = kept & (left[2] >= asked.least_rows) & (right[2] >= asked.least_rows)
    fits &= asked.growing.live()[:, None, None]
    gain = np.where(fits, gain, -np.inf).reshape(len(kept), -1)
    best = gain.argmax(axis=1)
    found = gain[np.arange(len(best)), best]
    split = found > asked.least_gain
    feature, cut = np.divmod(best, asked.bins.most)
    gained = np.bincount(feature[split], found[split], len(asked.bins.names)).astype(np.float64)
    at = np.arange(len(best)), feature, cut
    below = np.stack(
        [_leaf(asked, left[0][at], left[1][at]), _leaf(asked, right[0][at], right[1][at])]
    )
    below = np.where(split, below, 0.0).T.ravel()
    if grain:
        below = np.round(below / grain) * grain
    tree, first = asked.growing, 2**asked.growing.depth - 1
    last = np.where(split, 0.0, tree.value[first:])
    return Tree(
        (*tree.feature, *(int(f) for f in np.where(split, feature, -1))),
        (*tree.cut, *(int(c) for c in np.where(split, cut, -1))),
        (*tree.value[:first], *(float(v) for v in (*last, *below))),
    ), gained


def _score(asked: Asked, sums: list[Floats], whole: bool = False) -> Floats:
    gradient, hessian = (s[:, :, -1:] if whole else s for s in sums[:2])
    return np.asarray(gradient**2 / np.maximum(hessian + asked.penalty, 1e-300))


def _leaf(asked: Asked, gradient: Floats, hessian: Floats) -> Floats:
    return np.asarray(-asked.rate * gradient / np.maximum(hessian + asked.penalty, 1e-300))
