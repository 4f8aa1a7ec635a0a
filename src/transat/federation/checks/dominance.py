"""G5. Dominance: no sum that leaves is almost all one or two people's.

Rule: of every sum of a continuous column that a regression tells (over everybody, over the cases
and the others, over each value of each 0/1 column), with its squares, and of every sum over people
who weigh differently (an emulated trial's): the two largest people's parts are under 90% of the
total; all but the two largest are at least 10% of the largest (p-ratio); and people with a part
other than zero are none or at least the threshold. No minimum or maximum leaves; quantiles only
from 1% to 99%, with the threshold of people on each side (`tellable`). What it stops: reading one
person's value in a sum that is nearly that value.

A person with several rows has the sum of their parts. Source: ACRO 1.0.2 default.yaml (n-k rule 2
and 0.90, p-ratio 0.10); Insee, manual of tabular secrecy (85% for one enterprise).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from transat.federation.checks.check import Asked, Remembered
from transat.federation.data import SiteData
from transat.federation.policy import Policy
from transat.federation.questions import STEPS, fit_of
from transat.federation.refusals import Refused
from transat.federation.regression import Fit, zero_one

Floats = NDArray[np.float64]
Indices = NDArray[np.intp]

#: Rows that are looked at at a time.
_BLOCK: Final = 65_536


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
        """The release as it is. Raises Refused: dominance, of weighted sums."""
        parts = STEPS[asked.step].parts
        if parts is not None:
            for added in parts(asked.data, asked.parameters, release):
                if not spread(added, asked.policy):
                    raise Refused("dominance", ("weights",))
        return release

    def left(self, asked: Asked, release: Any) -> Remembered | None:
        """Nothing."""
        return None

    def recall(self, remembered: Remembered) -> None:
        """Nothing."""


def dominated(fit: Fit, policy: Policy) -> tuple[str, ...]:
    """Columns of a model of which a sum is almost all one or two people's."""
    flags = zero_one(fit.x)
    others = np.flatnonzero(~flags)
    if not others.size:
        return ()
    people, index = np.unique(fit.people, return_inverse=True)
    whose = index if len(people) < len(fit.people) else None
    on = np.array([j for j in np.flatnonzero(flags) if not fit.x[:, j].all()], dtype=np.intp)
    groups = [fit.events, *(fit.x[:, j] for j in on)]
    doubtful = _doubtful(fit, others, on, whose, policy)
    found = []
    for j, sums in zip(others, doubtful.T, strict=True):
        size = np.abs(fit.x[:, j])
        for part in _parts(size, groups, np.flatnonzero(sums)):
            whole = part if whose is None else np.bincount(whose, weights=part).astype(np.float64)
            if not spread(whole, policy):
                found.append(fit.names[j])
                break
    return tuple(found)


def _doubtful(
    fit: Fit, others: Indices, on: Indices, whose: Indices | None, policy: Policy
) -> NDArray[np.bool_]:
    """Sums (everybody; then with and without each 0/1 column) by column that need a closer look.

    A sum, and that of squares, of many times the largest part of all passes whatever the others
    are. Shape (1 + 2 x groups, columns); rows are taken in blocks, so that little memory is used.
    """
    sums = np.zeros((2, len(on) + 2, len(others)))
    largest = np.zeros(len(others))
    for start in range(0, len(fit.events), _BLOCK):
        rows = slice(start, start + _BLOCK)
        size = np.abs(fit.x[rows][:, others])
        ones = np.ones((len(size), 1))
        groups = np.hstack([ones, fit.events[rows, None], fit.x[rows][:, on]])
        sums[0] += groups.T @ size
        sums[1] += groups.T @ size**2
        largest = np.maximum(largest, size.max(axis=0, initial=0.0))
    if whose is not None:
        parts = [np.bincount(whose, weights=np.abs(fit.x[:, j])) for j in others]
        largest = np.array([part.max(initial=0.0) for part in parts])
    share, ratio = policy.limit("top_two_share"), policy.limit("p_ratio")
    times = max(float(policy.threshold), 2 / max(share, 1e-9) + 1, 2 + ratio)
    enough = [
        np.vstack([total, total[:1] - total[1:]]) >= times * largest**power
        for power, total in ((1, sums[0]), (2, sums[1]))
    ]
    # Everybody, each group, then the rest of each group: put each group beside its rest.
    passes = enough[0] & enough[1]
    last = len(on) + 1
    order = [0, *(k for g in range(1, last + 1) for k in (g, g + last))]
    return np.asarray(~passes[order], dtype=np.bool_)


def _parts(size: Floats, groups: list[Floats], which: Indices) -> Iterator[Floats]:
    """What rows add to the sums named by their place: everybody, then each group and its rest."""
    for place in which:
        if place == 0:
            yield size
        else:
            flags = groups[(place - 1) // 2] == 1
            yield np.where(flags if place % 2 else ~flags, size, 0.0)


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
