"""G11. Rare vocabulary: a code that few people carry never becomes a column of a model.

Rule: every 0/1 column (a medicine, a diagnosis, a level) that a model is asked about is carried by
nobody or by at least `word_patients` people, people and not rows; else the model is refused, by
those columns. What it stops: a model that has learnt a code that a handful of people carry, and
says so to whoever has the model, whatever its later sums told. Transat has no learner with a
vocabulary or embeddings of its own; such a one has to come through here too.

Source: reference/federation.md §4.4, G11; no published text gives this rule.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from transat.federation.checks.check import Asked, Remembered
from transat.federation.checks.named import Names, columns, names
from transat.federation.data import SiteData
from transat.federation.refusals import Refused


class RareWords:
    """The check of G11; it remembers nothing of what left, and the columns that it has passed."""

    rule, key = "G11", "rare_words"

    def __init__(self) -> None:
        self._data: SiteData | None = None
        self._passed: set[tuple[Names, float]] = set()

    def before(self, asked: Asked) -> None:
        """Raises Refused: rare_words, with the columns, to be left out."""
        least = asked.policy.limit("word_patients")
        if self._data is not asked.data:
            self._data, self._passed = asked.data, set()
        named = names(asked.parameters), least
        if named in self._passed:
            return
        few = tuple(
            name
            for name, (column, people) in columns(asked).items()
            if 0 < carriers(column, people) < least
        )
        if few:
            raise Refused("rare_words", few, tuple(f"-{name}" for name in few))
        self._passed.add(named)

    def after(self, asked: Asked, release: Any) -> Any:
        """The release as it is."""
        return release

    def left(self, asked: Asked, release: Any) -> Remembered | None:
        """Nothing."""
        return None

    def recall(self, remembered: Remembered) -> None:
        """Nothing."""


def carriers(column: NDArray[np.float64], people: NDArray[np.int64]) -> int:
    """Distinct people with a 0/1 column (n,); of very many, as many as a thousand rows show."""
    return int(np.unique(people[np.flatnonzero(column == 1)[:1000]]).size)
