"""G9. Budget: regressions stop before small groups could be solved for.

Rule, for one model: a step at new coefficients weighs the same rows anew. The rows of a model fall
into patterns (equal columns; the outcome enters a regression only through X'y, which the first
round tells); p(p+1)/2 + p + 1 numbers leave per round, less one for each 0/1 column, whose square
is itself, each a weighted sum over patterns. As long as fewer numbers left than there are patterns,
the patterns' sizes cannot be solved for; beyond that they can, so rounds stop there unless every
pattern is itself large enough to be shown. No model has more than 400 rounds in any case.

Source: reference/federation.md §4.4, G9; Dinur I, Nissim K (2003), doi:10.1145/773153.773173, for
the reconstruction of a table from many sums over it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from transat.federation.checks.check import Asked, Remembered
from transat.federation.data import SiteData
from transat.federation.questions import fit_of
from transat.federation.refusals import Refused
from transat.federation.regression import Fit


class Budget:
    """The check of G9; it remembers the rounds that left, by cohort and model."""

    rule, key = "G9", "budget"

    def __init__(self) -> None:
        self._points: dict[str, set[str]] = {}
        self._data: SiteData | None = None
        self._patterns: dict[str, Patterns] = {}

    def before(self, asked: Asked) -> None:
        """Raises Refused: rounds."""
        fit = fit_of(asked.data, asked.step, asked.parameters)
        if fit is None or fit.at_zero:
            return
        points = self._points.get(f"{asked.cohort} {fit.model}", set()) | {fit.point}
        most = int(asked.policy.limit("model_rounds"))
        found = self._found(asked.data, fit)
        if len(points) >= rounds(found, numbers(fit.x), asked.policy.threshold, most):
            raise Refused("rounds")

    def _found(self, data: SiteData, fit: Fit) -> Patterns:
        if self._data is not data:
            self._data, self._patterns = data, {}
        if fit.model not in self._patterns:
            self._patterns[fit.model] = patterns(_rows(fit))
        return self._patterns[fit.model]

    def after(self, asked: Asked, release: Any) -> Any:
        """The release as it is."""
        return release

    def left(self, asked: Asked, release: Any) -> Remembered | None:
        """The round, where it is a new one."""
        fit = fit_of(asked.data, asked.step, asked.parameters)
        if fit is None or fit.at_zero:
            return None
        key = f"{asked.cohort} {fit.model}"
        return {"model": key, "point": fit.point}

    def recall(self, remembered: Remembered) -> None:
        """Remember a round that left."""
        self._points.setdefault(str(remembered["model"]), set()).add(str(remembered["point"]))


@dataclass(frozen=True, slots=True)
class Patterns:
    """Distinct rows of a model: how many, and how many people share the rarest."""

    number: int
    rarest: int


def _rows(fit: Fit) -> NDArray[np.float64]:
    """What tells the rows of a model apart for the sums that leave: (n, p) or (n, p+1)."""
    return fit.x if fit.regressed is not None else np.column_stack([fit.x, fit.events])


def patterns(rows: NDArray[np.float64]) -> Patterns:
    """Patterns of (n, k) rows.

    Rows are told apart by two fixed projections, so the work is that of two sorts.
    """
    if not len(rows):
        return Patterns(0, 0)
    rng = np.random.default_rng(20_260_101)
    weights = rng.normal(size=(rows.shape[1], 2))
    # Each row is reduced in the same order of operations: equal rows give equal numbers.
    projected = np.zeros((len(rows), 2))
    for column, weight in zip(rows.T, weights, strict=True):
        projected += column[:, None] * weight
    _, sizes = np.unique(projected[:, 0] + 1j * projected[:, 1], return_counts=True)
    return Patterns(int(sizes.size), int(sizes.min()))


def numbers(x: NDArray[np.float64]) -> int:
    """Different numbers that one round tells of (n, p) columns."""
    terms = int(x.shape[1])
    flags = sum(bool(np.isin(column, (0.0, 1.0)).all()) for column in x.T) - 1  # not the intercept
    return terms * (terms + 1) // 2 + terms + 1 - max(flags, 0)


def rounds(found: Patterns, each: int, threshold: int, most: int) -> int:
    """Rounds of `each` numbers that may be answered of a model, the first, at 0, included."""
    if found.rarest >= threshold or found.number == 0:
        return most
    return min(most, max(found.number - 1, 0) // each)
