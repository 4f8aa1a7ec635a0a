"""What a statistic sees of a site: arrays, one row per infant or pregnancy; it stays on its shore.

NumPy and SciPy only: statistics import this module and must never meet a database.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csc_array


@dataclass(frozen=True, slots=True, eq=False)
class AnalysisTable:
    """One row per infant (or per pregnancy: the population's `unit` says which).

    n: number of rows; a row is a statistical unit, rows have no order.
    exposures: (n, D) 0/1, `exposures[i, d]` = at least one day covered by drug d in the window.
    exposure_codes: D ATC codes, ATC class prefixes, or names given by the protocol.
    outcomes: (n, M) 0/1; outcome_codes: M group keys (EUROCAT) or pregnancy-outcome keys.
    strata: (n,) index into stratum_labels; only strata that hold a row are listed.
    covariates: (n, K) finite numbers; covariate_names: K names, the same on every shore.
    cluster: (n,) the pregnancy's number: rows of one pregnancy are not independent.
    exposure_parents: D; index of the nearest exposure that contains this one, -1 where none.
    outcome_parents: M; likewise for outcomes. A row positive for a child is positive for its
    parent.

    Raises ValueError when shapes, names or indices do not agree.
    """

    n: int
    exposures: csc_array[np.uint8]
    exposure_codes: tuple[str, ...]
    outcomes: csc_array[np.uint8]
    outcome_codes: tuple[str, ...]
    strata: NDArray[np.int32]
    stratum_labels: tuple[str, ...]
    covariates: NDArray[np.float64]
    covariate_names: tuple[str, ...]
    cluster: NDArray[np.int32]
    exposure_parents: tuple[int, ...]
    outcome_parents: tuple[int, ...]

    def __post_init__(self) -> None:
        n = self.n
        _same("exposures", self.exposures.shape, (n, len(self.exposure_codes)))
        _same("outcomes", self.outcomes.shape, (n, len(self.outcome_codes)))
        _same("strata", self.strata.shape, (n,))
        _same("covariates", self.covariates.shape, (n, len(self.covariate_names)))
        _same("cluster", self.cluster.shape, (n,))
        _unique("exposure_codes", self.exposure_codes)
        _unique("outcome_codes", self.outcome_codes)
        _unique("covariate_names", self.covariate_names)
        _unique("stratum_labels", self.stratum_labels)
        _parents("exposure_parents", self.exposure_parents, len(self.exposure_codes))
        _parents("outcome_parents", self.outcome_parents, len(self.outcome_codes))
        if n and (self.strata.min() < 0 or self.strata.max() >= len(self.stratum_labels)):
            raise ValueError("strata: an index without label")

    def take(self, rows: NDArray[np.intp] | NDArray[np.bool_]) -> AnalysisTable:
        """The table of the given rows (indices, in that order, or a mask)."""
        index = np.flatnonzero(rows) if rows.dtype == np.bool_ else np.asarray(rows, np.intp)
        return replace(
            self,
            n=len(index),
            exposures=csc_array(self.exposures.tocsr()[index]),
            outcomes=csc_array(self.outcomes.tocsr()[index]),
            strata=self.strata[index],
            covariates=self.covariates[index],
            cluster=self.cluster[index],
        )

    def exposure(self, code: str) -> NDArray[np.uint8]:
        """The (n,) 0/1 column of one exposure. Raises ValueError for an unknown code."""
        return _column(self.exposures, self.exposure_codes.index(code))

    def outcome(self, code: str) -> NDArray[np.uint8]:
        """The (n,) 0/1 column of one outcome. Raises ValueError for an unknown code."""
        return _column(self.outcomes, self.outcome_codes.index(code))


def _column(matrix: csc_array[np.uint8], index: int) -> NDArray[np.uint8]:
    column = np.zeros(matrix.shape[0], np.uint8)
    rows = slice(matrix.indptr[index], matrix.indptr[index + 1])
    column[matrix.indices[rows]] = matrix.data[rows]
    return column


def _same(name: str, found: tuple[int, ...], expected: tuple[int, ...]) -> None:
    if tuple(found) != expected:
        raise ValueError(f"{name}: shape {found}, expected {expected}")


def _unique(name: str, values: tuple[str, ...]) -> None:
    if len(set(values)) != len(values):
        raise ValueError(f"{name}: a name appears twice")


def _parents(name: str, parents: tuple[int, ...], size: int) -> None:
    if len(parents) != size or any(not -1 <= p < size or p == i for i, p in enumerate(parents)):
        raise ValueError(f"{name}: one index of another column, or -1, for each column")
