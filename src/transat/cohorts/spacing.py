"""Which dated outcomes of a woman are different pregnancies: least days between two of them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]


def accepted(
    person: Ints, day: Ints, term: Ints, tie: Ints, least_days: NDArray[np.int32]
) -> NDArray[np.bool_]:
    """Which candidates are pregnancies of their own; the others repeat one that is.

    The outcome pass of HIPPS (PMC10432357; DARWIN EU PregnancyIdentifier 3.3.0): terms are taken
    in order of priority, each by date, and one is kept when it lies far enough from all those
    kept before. Every round keeps the first undecided candidate of each woman and drops those too
    close to it, so there are as many rounds as the most pregnancies of one woman.

    person, day, term, tie: (n,); `term` is the row of `least_days` and the priority, `tie` makes
    the order total. least_days: (T, T) days from an outcome i to a later outcome j.
    Returns the (n,) mask of those kept, whatever the order of the rows.
    """
    kept = np.zeros(len(person), np.bool_)
    undecided = np.lexsort((tie, day, term, person))
    while undecided.size:
        owner = person[undecided]
        new = np.ones(len(undecided), np.bool_)
        new[1:] = owner[1:] != owner[:-1]
        kept[undecided[new]] = True
        chosen = undecided[new][np.cumsum(new) - 1]
        undecided = undecided[~_too_close(chosen, undecided, day, term, least_days)]
    return kept


def separate_starts(
    person: Ints, start: Ints, end: Ints, retry: Ints
) -> tuple[Ints, NDArray[np.bool_]]:
    """Starts moved where they would fall in the same woman's previous pregnancy.

    person, start, end, retry: (n,) in days, pregnancies sorted by (person, end); `retry` is the
    least number of days from this pregnancy's end to the next start.
    Returns the starts and the mask of those moved.
    """
    earliest = np.full(len(person), np.iinfo(np.int64).min)
    same = np.zeros(len(person), np.bool_)
    same[1:] = person[1:] == person[:-1]
    previous = np.flatnonzero(same) - 1
    earliest[same] = end[previous] + 1
    moved = start < earliest
    fixed = start.copy()
    index = np.flatnonzero(moved)
    fixed[index] = end[index - 1] + retry[index - 1]
    return fixed, moved


def _too_close(
    chosen: Ints, other: Ints, day: Ints, term: Ints, least_days: NDArray[np.int32]
) -> NDArray[np.bool_]:
    gap = day[other] - day[chosen]
    later = least_days[term[chosen], term[other]]
    earlier = least_days[term[other], term[chosen]]
    close: NDArray[np.bool_] = np.where(gap >= 0, gap < later, -gap < earlier)
    return close
