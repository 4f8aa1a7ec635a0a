"""How many pregnancies each rule left, as far as they may be told.

Question
    Of all pregnancies of a site, how many does each rule of the protocol leave?

What leaves
    Keys and counts; a count is withheld (-1) when it is small, or when it differs by 1 to
    threshold-1 from another count that leaves, the number of rows of the analysis table included:
    a rule that removed three women would otherwise tell so by subtraction.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from transat.cohorts.attrition import Attrition

Integers = NDArray[np.int64]
WITHHELD = -1


@dataclass(frozen=True, slots=True)
class Parameters:
    """Nothing to choose."""


@dataclass(frozen=True, slots=True)
class Release:
    """Step keys in order; pregnancies and women left after each (S,), -1 where withheld."""

    keys: tuple[str, ...]
    rows: int
    pregnancies: Integers
    persons: Integers

    def counts(self) -> dict[str, Integers]:
        """Every head count stated."""
        return {
            "persons": np.array([self.rows], dtype=np.int64),
            "attrition_pregnancies": self.pregnancies,
            "attrition_persons": self.persons,
        }

    def withhold(self, pregnancies: NDArray[np.bool_], persons: NDArray[np.bool_]) -> Release:
        """A copy without the counts where a flag (S,) is True."""
        return replace(
            self,
            pregnancies=np.where(pregnancies, WITHHELD, self.pregnancies),
            persons=np.where(persons, WITHHELD, self.persons),
        )


def at_site(attrition: Attrition, rows: int) -> Release:
    """The steps of one site, nothing withheld yet; `rows` of the analysis table."""
    return Release(
        keys=tuple(step.key for step in attrition),
        rows=rows,
        pregnancies=np.array([step.pregnancies for step in attrition], dtype=np.int64),
        persons=np.array([step.persons for step in attrition], dtype=np.int64),
    )


def mask(release: Release, threshold: int) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Flags (S,) of the pregnancies and of the women to withhold: last steps are kept first."""
    kept = [release.rows]
    flags = []
    for counts in (release.pregnancies, release.persons):
        hidden = np.zeros(counts.shape, dtype=np.bool_)
        for step in range(counts.size - 1, -1, -1):
            hidden[step] = not _tellable(int(counts[step]), kept, threshold)
            if not hidden[step]:
                kept.append(int(counts[step]))
        flags.append(hidden)
    return flags[0], flags[1]


def _tellable(count: int, kept: Sequence[int], threshold: int) -> bool:
    if count == WITHHELD or 0 < count < threshold:
        return False
    return all(not 0 < abs(count - other) < threshold for other in kept)
