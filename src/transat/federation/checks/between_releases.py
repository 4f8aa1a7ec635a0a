"""G8, first part. Two releases never differ by a handful of people: the counts that already left.

Rule: a count of one name ('exposed_cases N03AG01 spina_bifida') may leave again unchanged, or far
away, never 1 to threshold-1 away from what left before under that name, of the same people or of a
population of which one holds the other, but for fewer than the threshold; nor may a total (rows,
attrition steps) lie that near another total of theirs. The counts that a regression implies (G3)
are among them. What it stops: two populations, asked about one after the other, whose counts tell
of the few people by whom they differ. (Of two that each have many people whom the other has not,
a difference of counts is a count of nobody in particular.)

Source: reference/federation.md §4.3 (the same score with and without one patient), G8; no published
text gives this rule. `overlap` looks at the populations themselves.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from transat.cohorts.folds import Part
from transat.federation.checks import implied_tables
from transat.federation.checks.check import Asked, Remembered
from transat.federation.checks.overlap import (
    People,
    name_of,
    nested,
    packed,
    population,
    unpacked,
)
from transat.federation.data import SiteData
from transat.federation.questions import STEPS, fit_of
from transat.federation.refusals import Refused
from transat.federation.regression import Fit

TOTALS: Final = ("persons", "attrition_pregnancies", "attrition_persons")
#: Derived cells follow from the others; they are checked by `cells`, not remembered.
DERIVED: Final = ("others", "unexposed", "exposed_others", "unexposed_cases", "unexposed_others")


#: Models whose implied counts are kept from one round to the next.
KEPT: Final = 64


class BetweenReleases:
    """The second check of G8; it remembers every count that left, by name."""

    rule, key = "G8", "between_releases"

    def __init__(self) -> None:
        self._left: dict[str, dict[str, set[int]]] = {}
        self._people: dict[str, People] = {}
        self._data: SiteData | None = None
        self._implied: OrderedDict[str, dict[str, int]] = OrderedDict()

    def before(self, asked: Asked) -> None:
        """Nothing: what a release states is seen when it is there."""

    def after(self, asked: Asked, release: Any) -> Any:
        """The release as it is. Raises Refused: between_releases, with the kinds of counts."""
        name, people = whose(asked)
        threshold = asked.policy.threshold
        counts = self._counts(asked, release)
        for other in {name, *self._left}:
            if other == name or nested(people, self._people[other], threshold):
                keys = near(self._left.get(other, {}), counts, threshold)
                if keys:
                    columns = _columns(asked, keys)
                    kinds = tuple(sorted({key.split(" ")[0] for key in keys}))
                    merge = tuple(f"-{name}" for name in columns)
                    raise Refused("between_releases", (*kinds, *columns), merge)
        return release

    def left(self, asked: Asked, release: Any) -> Remembered | None:
        """The counts not remembered yet, by name."""
        name, people = whose(asked)
        left = self._left.get(name, {})
        new = {
            key: value
            for key, value in self._counts(asked, release).items()
            if value not in left.get(key, ())
        }
        if not new:
            return None
        who = {} if name in self._people else {"people": packed(people)}
        return {"population": name, "counts": new, **who}

    def recall(self, remembered: Remembered) -> None:
        """Remember counts that left."""
        name = str(remembered["population"])
        if "people" in remembered:
            self._people[name] = unpacked(str(remembered["people"]))
        left = self._left.setdefault(name, {})
        for key, value in remembered["counts"].items():
            left.setdefault(str(key), set()).add(int(value))

    def _counts(self, asked: Asked, release: Any) -> dict[str, int]:
        """Every count that a release states or implies, by name; withheld and derived left out."""
        step = STEPS[asked.step]
        found = keyed(step.kept(release), step.axes(asked.data, release))
        fit = fit_of(asked.data, asked.step, asked.parameters)
        return found if fit is None else found | self._told(asked.data, fit)

    def _told(self, data: SiteData, fit: Fit) -> dict[str, int]:
        """What a model implies, which is the same in every round."""
        if self._data is not data:
            self._data, self._implied = data, OrderedDict()
        if fit.model not in self._implied:
            told = implied_tables.implied(fit)
            self._implied[fit.model] = {f"implied {k}": v for k, v in told.items() if "!" not in k}
            while len(self._implied) > KEPT:
                self._implied.popitem(last=False)
        return self._implied[fit.model]


def whose(asked: Asked) -> tuple[str, People]:
    """Whom a question counts: the population, or a part of it dealt in folds; name and people."""
    name, people = population(asked.data)
    part = getattr(asked.parameters, "part", None)
    if not isinstance(part, Part):
        return name, people
    taken = people[part.rows(people)]
    return (name, people) if taken.size == people.size else (name_of(taken), taken)


def keyed(
    counts: Mapping[str, NDArray[np.int64]], names: Mapping[str, tuple[tuple[str, ...], ...]]
) -> dict[str, int]:
    """Counts by key; `names[kind]` gives the names along each axis of `counts[kind]`; where it
    gives none, places stand for names."""
    result: dict[str, int] = {}
    for kind, values in counts.items():
        if kind in DERIVED:
            continue
        axes = names.get(kind, ())
        for index in zip(*np.nonzero(values >= 0), strict=True):
            place = index if values.size > 1 or axes else ()
            labels = [axes[k][int(i)] if k < len(axes) else str(i) for k, i in enumerate(place)]
            result[" ".join([kind, *labels])] = int(values[index])
    return result


def too_near(
    left: Mapping[str, set[int]], counts: Mapping[str, int], threshold: int
) -> tuple[str, ...]:
    """Names of the kinds of counts that lie too near what already left."""
    return tuple(sorted({key.split(" ")[0] for key in near(left, counts, threshold)}))


def near(
    left: Mapping[str, set[int]], counts: Mapping[str, int], threshold: int
) -> tuple[str, ...]:
    """Keys of the counts that lie too near what already left."""
    found = set()
    totals = {v for key, vs in left.items() if key.split(" ")[0] in TOTALS for v in vs}
    totals |= {v for key, v in counts.items() if key.split(" ")[0] in TOTALS}
    for key, value in counts.items():
        others = totals if key.split(" ")[0] in TOTALS else left.get(key, set())
        if any(0 < abs(value - other) < threshold for other in others):
            found.add(key)
    return tuple(sorted(found))


def _columns(asked: Asked, keys: tuple[str, ...]) -> tuple[str, ...]:
    """Few columns of a model without which none of these counts would be implied; none where the
    outcome's own is among them. Of a pair, the one that is in most of the counts."""
    fit = fit_of(asked.data, asked.step, asked.parameters)
    if fit is None:
        return ()
    left = [set(key.removeprefix("implied ").split("&")) & set(fit.names) for key in keys]
    if not all(left):
        return ()
    found: set[str] = set()
    for names in sorted(left, key=len):
        if not names & found:
            found.add(max(sorted(names), key=lambda name: sum(name in other for other in left)))
    return tuple(sorted(found))
