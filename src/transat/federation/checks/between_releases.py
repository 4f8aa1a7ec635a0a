"""G8, first part. Two releases never differ by a handful of people: the counts that already left.

Rule: a count of one name ('exposed_cases N03AG01 spina_bifida'), whatever the population was, may
leave again unchanged, or far away, never 1 to threshold-1 away from what left before under that
name; nor may a total (rows, attrition steps) lie that near another total. The counts that a
regression implies (G3) are among them. What it stops: two populations, asked about one after the
other, whose counts tell of the few people by whom they differ.

Source: reference/federation.md §4.3 (the same score with and without one patient), G8; no published
text gives this rule. `overlap` looks at the populations themselves.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from transat.federation.checks import implied_tables
from transat.federation.checks.check import Asked, Remembered
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
        self._left: dict[str, set[int]] = {}
        self._data: SiteData | None = None
        self._implied: OrderedDict[str, dict[str, int]] = OrderedDict()

    def before(self, asked: Asked) -> None:
        """Nothing: what a release states is seen when it is there."""

    def after(self, asked: Asked, release: Any) -> Any:
        """The release as it is. Raises Refused: between_releases, with the kinds of counts."""
        near = too_near(self._left, self._counts(asked, release), asked.policy.threshold)
        if near:
            raise Refused("between_releases", near)
        return release

    def left(self, asked: Asked, release: Any) -> Remembered | None:
        """The counts not remembered yet, by name."""
        new = {
            key: value
            for key, value in self._counts(asked, release).items()
            if value not in self._left.get(key, ())
        }
        return new or None

    def recall(self, remembered: Remembered) -> None:
        """Remember counts that left."""
        for key, value in remembered.items():
            self._left.setdefault(str(key), set()).add(int(value))

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
    near = set()
    totals = {v for key, vs in left.items() if key.split(" ")[0] in TOTALS for v in vs}
    totals |= {v for key, v in counts.items() if key.split(" ")[0] in TOTALS}
    for key, value in counts.items():
        kind = key.split(" ")[0]
        others = totals if kind in TOTALS else left.get(key, set())
        if any(0 < abs(value - other) < threshold for other in others):
            near.add(kind)
    return tuple(sorted(near))
