"""Pairs whose people hardly ever share a stratum say nothing at all, not even their margins' sums.

The scan tells E, V and K of a pair whose exposed cases are masked. K bounds them (K = sum min(n, m)
over strata), and when it is 1 so do E and V, V = E(1-E): a masked count, which is not zero, is then
exactly 1; when V is 0, it is exactly E. So a pair with 0 < K < LEAST, or V = 0, is withheld whole,
shown or not: for a reason that does not look at its cases, which is what keeps the test of the
other pairs valid. Withheld whole, its count may be any of 0..K. K = 0 leaves nothing to hide.
"""

from __future__ import annotations

from dataclasses import fields, replace
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from transat.statistics import mantel_haenszel
from transat.statistics.mantel_haenszel import WITHHELD

#: Fewest trials with which a pair may be spoken of: its count is then one of five values or more.
LEAST: Final = 5
#: Below this a variance is zero: strata have whole numbers of people.
NO_VARIANCE: Final = 1e-9


def withhold(release: mantel_haenszel.Release) -> mantel_haenszel.Release:
    """A copy without anything about the pairs with too little overlap.

    Its `floor` stays: these pairs leave the test whole, so it does not speak of them.
    """
    few = narrow(release.trials, release.variance)
    changes: dict[str, Any] = {
        field.name: np.where(few, np.nan, value)
        for field in fields(release)
        if isinstance(value := getattr(release, field.name), np.ndarray)
        and value.shape == few.shape
        and value.dtype == np.float64
    }
    changes["shown"] = release.shown & ~few
    changes["exposed_cases"] = np.where(few, WITHHELD, release.exposed_cases)
    return replace(release, **changes)


def narrow(trials: NDArray[np.float64], variance: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Where K and V leave a count too few values; False where they are withheld already."""
    known = np.nan_to_num(trials)
    fixed = np.nan_to_num(variance) < NO_VARIANCE
    return np.asarray((known > 0) & ((known < LEAST) | fixed), dtype=np.bool_)
