"""G8, second part. Two populations that are asked about never differ by a handful of people.

Rule: for each population about which something left, the site remembers who is in it. A population
that differs from an earlier one by 1 to threshold-1 people is refused; so is one where populations
inside another that never meet leave 1 to threshold-1 of it: their releases, subtracted, would be
those few people's. The same people again, under whatever name, are one population. What it stops:
asking the same score with and without one person, which gives that person's row exactly.

Cells of two populations are compared by `between_releases`. Source: reference/federation.md §4.3
(differencing), §4.4, G8; no published text gives this rule.
"""

from __future__ import annotations

import base64
import hashlib
import threading
import zlib
from typing import Any

import numpy as np
from numpy.typing import NDArray

from transat.federation.checks.check import Asked, Remembered
from transat.federation.checks.containment import Relations, families
from transat.federation.data import SiteData
from transat.federation.refusals import Refused

People = NDArray[np.int64]


class Overlap:
    """The first check of G8; it remembers the people of every population that something left of."""

    rule, key = "G8", "overlap"

    def __init__(self) -> None:
        self._known: dict[str, People] = {}

    def before(self, asked: Asked) -> None:
        """Raises Refused: overlap."""
        name, people = population(asked.data)
        if name not in self._known and too_near(
            people, tuple(self._known.values()), asked.policy.threshold
        ):
            raise Refused("overlap")

    def after(self, asked: Asked, release: Any) -> Any:
        """The release as it is."""
        return release

    def left(self, asked: Asked, release: Any) -> Remembered | None:
        """The people, the first time that something leaves of them; the site keeps them inside."""
        name, people = population(asked.data)
        return None if name in self._known else {"people": packed(people)}

    def recall(self, remembered: Remembered) -> None:
        """Remember a population."""
        people = unpacked(str(remembered["people"]))
        self._known[name_of(people)] = people


class _Last(threading.local):
    """The population looked at last, in each thread."""

    data: SiteData | None = None
    made: tuple[str, People] = ("", np.empty(0, np.int64))


_last = _Last()


def population(data: SiteData) -> tuple[str, People]:
    """Who is in a cohort: a name of them all (SHA-256), and each once, in order."""
    if _last.data is not data:
        people = np.sort(np.asarray(data.people, dtype=np.int64))
        new = np.ones(people.shape, dtype=np.bool_)
        new[1:] = people[1:] != people[:-1]
        people = people[new]
        _last.made = name_of(people), people
        _last.data = data
    return _last.made


def too_near(people: People, others: tuple[People, ...], threshold: int) -> bool:
    """Whether populations (sorted, each person once) tell of a few people by subtraction."""
    sets = [*(other for other in others if other.size), people]
    sizes = np.array([len(one) for one in sets], dtype=np.int64)
    both = np.diag(sizes)
    for i, one in enumerate(sets):
        for j in range(i):
            both[i, j] = both[j, i] = _both(one, sets[j])
    differ = sizes[-1] + sizes - 2 * both[-1]
    if bool(((differ > 0) & (differ < threshold)).any()):
        return True
    if len(sets) < 3:
        return False
    inside = (both == sizes[:, None]) & (sizes > 0)[:, None]
    np.fill_diagonal(inside, False)
    new = len(sets) - 1
    for family in families(Relations(sizes, inside, both == 0)):
        if family.whole == len(sets) or new not in (family.whole, *family.parts):
            continue
        left = int(sizes[family.whole] - sizes[list(family.parts)].sum())
        if 0 < left < threshold:
            return True
    return False


def nested(one: People, other: People, threshold: int) -> bool:
    """Whether one population holds the other but for 0 to threshold-1 people of it."""
    return min(one.size, other.size) - _both(one, other) < threshold


def _both(one: People, other: People) -> int:
    if not one.size or not other.size or one[-1] < other[0] or other[-1] < one[0]:
        return 0
    at = np.minimum(np.searchsorted(other, one), len(other) - 1)
    return int((other[at] == one).sum())


def name_of(people: People) -> str:
    """SHA-256 of a population, each of whose people is once, in order."""
    return hashlib.sha256(people.tobytes()).hexdigest()


def packed(people: People) -> str:
    """Sorted numbers as short text: their differences, compressed."""
    steps = np.diff(people, prepend=np.int64(0)).astype("<i8")
    return base64.b64encode(zlib.compress(steps.tobytes(), 6)).decode()


def unpacked(text: str) -> People:
    """The numbers that `packed` wrote."""
    steps = np.frombuffer(zlib.decompress(base64.b64decode(text)), dtype="<i8")
    return np.cumsum(steps, dtype=np.int64)
