"""Two releases never differ by a handful of people: a journal of the counts that already left.

Keys name what is counted ('exposed_cases N03AG01 spina_bifida'), whatever the population was. The
same key may leave again unchanged, or far away, never 1 to threshold-1 away from what left before;
nor may a total (rows, attrition steps) lie that near another total. The journal holds only counts
that left, so it may be kept beside the register; it must be, for studies run twice.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from transat.core.errors import DataQualityError
from transat.core.languages import Text

TOTALS = ("persons", "attrition_pregnancies", "attrition_persons")
#: Derived cells follow from the others; they are checked by `cells`, not journalled.
DERIVED = ("others", "unexposed", "exposed_others", "unexposed_cases", "unexposed_others")


class Journal:
    """What left a site so far, in every study; kept in a file when a path is given."""

    def __init__(self, path: Path | None = None) -> None:
        """Read the journal at `path`, if there is one.

        Raises
        ------
        DataQualityError: the file is not a journal.
        """
        self._path = path
        self._left: dict[str, list[int]] = {}
        if path is not None and path.exists():
            self._left = _read(path)

    def too_near(self, counts: Mapping[str, int], threshold: int) -> tuple[str, ...]:
        """Names of the kinds of counts that lie too near what already left."""
        near = set()
        totals = {v for key, vs in self._left.items() if key.split(" ")[0] in TOTALS for v in vs}
        totals |= {v for key, v in counts.items() if key.split(" ")[0] in TOTALS}
        for key, value in counts.items():
            kind = key.split(" ")[0]
            others = totals if kind in TOTALS else self._left.get(key, [])
            if any(0 < abs(value - other) < threshold for other in others):
                near.add(kind)
        return tuple(sorted(near))

    def record(self, counts: Mapping[str, int]) -> None:
        """Remember what is about to leave."""
        new = False
        for key, value in sorted(counts.items()):
            values = self._left.setdefault(key, [])
            if value not in values:
                values.append(value)
                new = True
        if new and self._path is not None:
            partial = self._path.with_name(self._path.name + ".partial")
            partial.write_text(json.dumps(self._left, sort_keys=True), encoding="utf-8")
            os.replace(partial, self._path)


def keyed(
    counts: Mapping[str, NDArray[np.int64]], names: Mapping[str, tuple[tuple[str, ...], ...]]
) -> dict[str, int]:
    """Counts by key; `names[kind]` gives the names along each axis of `counts[kind]`.

    Withheld counts (-1) and derived kinds are left out.
    """
    result: dict[str, int] = {}
    for kind, values in counts.items():
        if kind in DERIVED:
            continue
        axes = names.get(kind, ())
        for index in zip(*np.nonzero(values >= 0), strict=True):
            labels = [axis[int(i)] for axis, i in zip(axes, index, strict=False)]
            result[" ".join([kind, *labels])] = int(values[index])
    return result


def _read(path: Path) -> dict[str, list[int]]:
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
        if all(type(v) is int for values in data.values() for v in values):
            return {str(key): list(values) for key, values in data.items()}
    except (ValueError, AttributeError, TypeError):
        pass
    raise DataQualityError(
        Text("le journal des sorties est illisible.", "the journal of releases cannot be read."),
        str(path),
        Text("Demandez sa copie au détenteur.", "Ask the holder for its copy."),
    )
