"""Which dispensings cover which days of which pregnancy."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from transat.simulate.exposures import Exposures
from transat.simulate.pregnancies import MOST, Pregnancies


@dataclass(frozen=True, slots=True)
class Coverage:
    """One row per dispensing and pregnancy of the same woman, ordered by drug.

    pregnancy: row. first, last: covered days from the LMP, closed-open. tier: dose tier.
    bounds: row where each drug begins, and the number of rows last.
    """

    pregnancy: NDArray[np.int64]
    first: NDArray[np.int32]
    last: NDArray[np.int32]
    tier: NDArray[np.int8]
    bounds: NDArray[np.int64]

    def exposed(
        self, drugs: Iterable[int], window: tuple[int, int]
    ) -> tuple[NDArray[np.int64], NDArray[np.int8]]:
        """Pregnancies with any covered day in [start, end) of the window, and their highest tier;
        each pregnancy once, in order."""
        parts = [slice(self.bounds[d], self.bounds[d + 1]) for d in drugs]
        if not parts:
            return np.zeros(0, np.int64), np.zeros(0, np.int8)
        first = np.concatenate([self.first[p] for p in parts])
        last = np.concatenate([self.last[p] for p in parts])
        inside = (first < window[1]) & (last > window[0])
        pregnancy = np.concatenate([self.pregnancy[p] for p in parts])[inside]
        tier = np.concatenate([self.tier[p] for p in parts])[inside]
        unique, where = np.unique(pregnancy, return_inverse=True)
        highest = np.zeros(len(unique), np.int8)
        np.maximum.at(highest, where, tier)
        return unique, highest


def cover(exposures: Exposures, pregnancies: Pregnancies, women: int, drugs: int) -> Coverage:
    """Pairs every dispensing with the pregnancies of its woman that it falls near (-400..+330)."""
    begin = np.searchsorted(pregnancies.woman, np.arange(women))
    count = np.bincount(pregnancies.woman, minlength=women)
    found: list[tuple[NDArray[np.int64], NDArray[np.int64]]] = []
    for rank in range(MOST):
        row = np.flatnonzero(count[exposures.woman] > rank)
        pregnancy = begin[exposures.woman[row]] + rank
        rel = exposures.date[row] - pregnancies.start[pregnancy]
        near = (rel > -400) & (rel < 330)
        found.append((row[near], pregnancy[near]))
    row = np.concatenate([r for r, _ in found])
    pregnancy = np.concatenate([p for _, p in found])
    order = np.lexsort((row, pregnancy, exposures.drug[row]))
    row, pregnancy = row[order], pregnancy[order]
    first = exposures.date[row] - pregnancies.start[pregnancy]
    return Coverage(
        pregnancy=pregnancy,
        first=first.astype(np.int32),
        last=(first + exposures.days[row]).astype(np.int32),
        tier=exposures.tier[row],
        bounds=np.searchsorted(exposures.drug[row], np.arange(drugs + 1)),
    )
