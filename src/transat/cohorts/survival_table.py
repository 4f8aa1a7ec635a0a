"""What a survival statistic sees of a site: arrays, one row per person and spell; it stays inside.

NumPy only: statistics import this module and must never meet a database.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from transat.core.errors import StudyError
from transat.core.languages import Text


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

    def take(
        self, rows: NDArray[np.intp] | NDArray[np.int64] | NDArray[np.bool_] | slice
    ) -> SurvivalTable:
        """The table of the given rows: a mask, indices in that order, or a slice."""
        time = self.time[rows]
        return replace(
            self, n=len(time), time=time, entry=self.entry[rows], event=self.event[rows],
            columns=self.columns[rows], strata=self.strata[rows], people=self.people[rows],
            weights=None if self.weights is None else self.weights[rows],
        )  # fmt: skip


def check(table: SurvivalTable) -> None:
    """Raises StudyError, by name, for what is no survival data."""
    if not np.isfinite(table.time).all() or (table.time < 0).any():
        raise not_survival("time")
    late = table.entry > 0
    if not np.isfinite(table.entry).all() or (table.entry[late] >= table.time[late]).any():
        raise not_survival("entry")
    if table.weights is not None and not (np.isfinite(table.weights) & (table.weights > 0)).all():
        raise not_survival("weights")


def not_survival(where: str) -> StudyError:
    """The error for a value that no survival table holds; where: the field or column."""
    if where == "entry":
        what = Text(
            "Une entrée vient au moment de la sortie ou après elle.",
            "An entry comes at the time of the exit or after it.",
        )
    else:
        what = Text(
            "Une valeur manque, est infinie ou négative.",
            "A value is missing, infinite or negative.",
        )
    next_step = Text(
        "Retirer ces lignes ou compléter la colonne, puis recommencer.",
        "Take these rows out or fill the column, then try again.",
    )
    return StudyError(what, where, next_step)
