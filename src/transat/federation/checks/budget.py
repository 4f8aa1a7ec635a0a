"""How many rounds of one regression may be answered before small groups could be solved for.

A step at new coefficients weighs the same rows anew. The rows of a model fall into patterns (equal
columns and outcome); p(p+1)/2 + p + 1 numbers leave per round, each a weighted sum over patterns.
As long as fewer numbers left than there are patterns, the patterns' sizes cannot be solved for;
beyond that they can, so rounds stop there unless every pattern is itself large enough to be shown.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

#: Most rounds in any case.
ROUNDS: Final = 400


@dataclass(frozen=True, slots=True)
class Patterns:
    """Distinct rows of a model: how many, and how many people share the rarest."""

    number: int
    rarest: int


def patterns(x: NDArray[np.float64], y: NDArray[np.float64]) -> Patterns:
    """Patterns of the rows of (n, p) columns and (n,) outcome.

    Rows are told apart by two fixed projections, so the work is that of two sorts.
    """
    if not len(y):
        return Patterns(0, 0)
    rng = np.random.default_rng(20_260_101)
    weights = rng.normal(size=(x.shape[1] + 1, 2))
    # Each row is reduced in the same order of operations: equal rows give equal numbers.
    projected = np.zeros((len(y), 2))
    for column, weight in zip((*x.T, y), weights, strict=True):
        projected += column[:, None] * weight
    _, sizes = np.unique(projected[:, 0] + 1j * projected[:, 1], return_counts=True)
    return Patterns(int(sizes.size), int(sizes.min()))


def rounds(found: Patterns, terms: int, threshold: int) -> int:
    """Rounds that may be answered for a model of `terms` columns."""
    if found.rarest >= threshold or found.number == 0:
        return ROUNDS
    each = terms * (terms + 1) // 2 + terms + 1
    return min(ROUNDS, max(found.number - 1, 0) // each)
