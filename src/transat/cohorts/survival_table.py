"""What a survival statistic sees of a site: arrays, one row per person and spell; it stays inside.

NumPy only: statistics import this module and must never meet a database.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True, eq=False)
class SurvivalTable:
    """One row per person, or per spell of one where columns change in time.

    n: number of rows; rows have no order. time: (n,) end of follow-up, in the permit's time unit
    (grid steps, e.g. months), > entry. entry: (n,) start, 0 without left truncation. event: (n,)
    0 censored, 1.. the kind of event. columns: (n, p) finite numbers; column_names: p names, the
    same on every shore. strata: (n,) index into stratum_labels. people: (n,) int64, equal where two
    rows are one person's. weights: (n,) > 0, how often each row counts (inverse probability of
    censoring, an emulated trial); None where each counts once.
    """

    n: int
    time: NDArray[np.float64]
    entry: NDArray[np.float64]
    event: NDArray[np.int8]
    columns: NDArray[np.float64]
    column_names: tuple[str, ...]
    strata: NDArray[np.int32]
    stratum_labels: tuple[str, ...]
    people: NDArray[np.int64]
    weights: NDArray[np.float64] | None = None
