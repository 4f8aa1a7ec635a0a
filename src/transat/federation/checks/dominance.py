"""G5. Dominance: no sum that leaves is almost all one or two people's.

Rule: of every sum of a continuous column that a regression tells (over everybody, over the cases
and the others, over each value of each 0/1 column), with its squares: the two largest people's
parts are under 90% of the total; all but the two largest are at least 10% of the largest (p-ratio);
and people with a part other than zero are none or at least the threshold. No minimum or maximum
leaves; quantiles only from 1% to 99%, with the threshold of people on each side (`tellable`). What
it stops: reading one person's value in a sum that is nearly that value.

A person with several rows has the sum of their parts. Source: ACRO 1.0.2 default.yaml (n-k rule 2
and 0.90, p-ratio 0.10); Insee, manual of tabular secrecy (85% for one enterprise).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from transat.federation.checks.check import Asked, Remembered
from transat.federation.data import SiteData
from transat.federation.policy import Policy
from transat.federation.questions import fit_of
from transat.federation.refusals import Refused
from transat.federation.regression import Fit

Floats = NDArray[np.float64]


class Dominance:
    """The check of G5; it remembers nothing of what left, and each model that it has passed."""

    rule, key = "G5", "dominance"

    def __init__(self) -> None:
        self._data: SiteData | None = None
        self._passed: set[str] = set()

    def before(self, asked: Asked) -> None:
        """Raises Refused: dominance, with the columns."""
        fit = fit_of(asked.data, asked.step, asked.parameters)
        if fit is None:
            return
        if self._data is not asked.data:
            self._data, self._passed = asked.data, set()
        if fit.model in self._passed:
            return
        columns = dominated(fit, asked.policy)
        if columns:
            raise Refused("dominance", columns, tuple(f"-{name}" for name in columns))
        self._passed.add(fit.model)

    def after(self, asked: Asked, release: Any) -> Any:
        """The release as it is."""
        return release

    def left(self, asked: Asked, release: Any) -> Remembered | None:
        """Nothing."""
        return None

    def recall(self, remembered: Remembered) -> None:
        """Nothing."""


def dominated(fit: Fit, policy: Policy) -> tuple[str, ...]:
    """Columns of a model of which a sum is almost all one or two people's."""
    binary = [bool(np.isin(column, (0.0, 1.0)).all()) for column in fit.x.T]
    people, index = np.unique(fit.people, return_inverse=True)
    several = len(people) < len(fit.people)
    found = []
    for j, name in enumerate(fit.names):
        if binary[j]:
            continue
        size = np.abs(fit.x[:, j])
        groups = [fit.events, *(fit.x[:, k] for k, is_binary in enumerate(binary) if is_binary)]
        for part in _parts(size, groups, policy):
            whole = np.bincount(index, weights=part).astype(np.float64) if several else part
            if not spread(whole, policy):
                found.append(name)
                break
    return tuple(found)


def _parts(size: Floats, groups: list[Floats], policy: Policy) -> Iterator[Floats]:
    """What rows add to each sum: over everybody, then over both values of each 0/1 column."""
    yield size
    for flags in groups:
        inside = flags == 1
        for kept in (inside, ~inside):
            if kept.any():
                yield np.where(kept, size, 0.0)


def spread(parts: Floats, policy: Policy) -> bool:
    """Whether a sum of (n,) parts, none negative, and that of their squares, may leave."""
    contributors = np.count_nonzero(parts)
    if contributors == 0:
        return True
    if contributors < policy.threshold:
        return False
    at = int(parts.argmax())
    first = parts[at]
    second = max(parts[:at].max(initial=0.0), parts[at + 1 :].max(initial=0.0))
    for power in (1, 2):
        total = float((parts**power).sum())
        two, largest = float(first**power + second**power), float(first**power)
        if two >= policy.limit("top_two_share") * total:
            return False
        if total - two < policy.limit("p_ratio") * largest:
            return False
    return True


def tellable(share: float, people: int, policy: Policy) -> bool:
    """Whether the quantile at `share` (0 to 1) of so many people's values may be told."""
    tail = policy.limit("quantile_tail")
    beyond = min(share, 1 - share) * people
    return tail <= share <= 1 - tail and beyond >= policy.threshold
