"""Folds of people: which rows of a table take part in a fit, and which are kept to judge it.

A person's fold comes from their number alone, scrambled, so that every site draws by itself, all
rows of a person fall together, and the draw is the same in every run and order of rows. A fit
inside a fold and its judgement outside are two `Part`s of the same partition: all that a
coordinator can choose is which whole folds take part.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

#: The most folds of one partition: finer ones would be groups too small to tell apart.
MOST = 10


@dataclass(frozen=True, slots=True)
class Part:
    """folds: how many the people are dealt in, 1 to `MOST`. taken: those that take part, rising.

    Everybody: `Part()`.
    """

    folds: int = 1
    taken: tuple[int, ...] = (0,)

    def without(self, fold: int) -> Part:
        """The part less one of its folds. Raises ValueError for a fold that it has not."""
        if fold not in self.taken:
            raise ValueError("folds: a fold that is not in the part")
        return Part(self.folds, tuple(f for f in self.taken if f != fold))

    def rows(self, people: NDArray[np.int64]) -> NDArray[np.bool_]:
        """(n,) the rows, by the person of each, that take part.

        Raises ValueError for folds that do not exist.
        """
        if not sound(self):
            raise ValueError("folds: not 1 to 10, or a fold that does not exist")
        if len(self.taken) == self.folds:
            return np.ones(len(people), dtype=np.bool_)
        return np.isin(fold_of(people, self.folds), self.taken)


def every(folds: int) -> Part:
    """All people, dealt in this many folds."""
    return Part(folds, tuple(range(folds)))


def sound(part: Part) -> bool:
    """Whether the folds exist, each named once, rising."""
    rising = all(a < b for a, b in zip(part.taken, part.taken[1:], strict=False))
    inside = all(0 <= fold < part.folds for fold in part.taken)
    return 1 <= part.folds <= MOST and bool(part.taken) and rising and inside


def fold_of(people: NDArray[np.int64], folds: int) -> NDArray[np.int64]:
    """(n,) the fold of each row, 0 to folds - 1."""
    return np.floor(scrambled(people) * folds).astype(np.int64)


def scrambled(people: NDArray[np.int64] | NDArray[np.int32]) -> NDArray[np.float64]:
    """(n,) a number in [0, 1) from each person's number, as good as drawn.

    Source: the finaliser of SplitMix64, Steele GL, Lea D, Flood CH (2014) OOPSLA 453-472,
    doi:10.1145/2660193.2660195.
    """
    z = people.astype(np.uint64) + np.uint64(0x9E3779B97F4A7C15)
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return np.asarray(((z ^ (z >> np.uint64(31))) >> np.uint64(11)) * 2.0**-53, dtype=np.float64)
