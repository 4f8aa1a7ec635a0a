"""Where features may be cut: edges agreed between sites, at quantiles of a grid written beforehand.

Question
    Which edges cut the rows of all sites in about equal parts, without any site's own values?

Formula
    The protocol gives each feature a grid of candidate edges (ages, years, 0 for a 0/1 column). A
    site sends the number of rows between neighbouring candidates, merged by its gate where few.
    An edge is taken at the candidate nearest to each of the quantiles 1/q, ..., (q-1)/q of the
    summed rows, among the candidates that every site kept.

Assumptions
    None; edges are public numbers of the protocol, never a value of a row.

Reference
    Chen T, Guestrin C (2016) KDD 785-794, doi:10.1145/2939672.2939785 (approximate splits).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from transat.cohorts.analysis_table import AnalysisTable
from transat.learners import trees
from transat.learners.trees import Bins

Flags = NDArray[np.bool_]
Integers = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Parameters:
    """grid: the features and the candidates for their edges. parts: q, most bins of a feature."""

    grid: Bins
    parts: int = 16


@dataclass(frozen=True, slots=True)
class Release:
    """What leaves a site, (F, B) by feature and interval of the grid.

    kept: whether an interval ends a group that leaves; rows: of the group, 0 where not kept.
    """

    persons: int
    kept: Flags
    rows: Integers

    def counts(self) -> dict[str, Integers]:
        """Every head count stated."""
        return {"persons": np.array([self.persons], dtype=np.int64), "rows": self.rows}

    def merged(self, kept: Flags) -> Release:
        """A copy with fewer groups; `kept` (F, B) holds the last interval of every feature."""
        both = kept & self.kept
        return replace(self, kept=both, rows=trees.grouped(self.rows, both))


def at_site(table: AnalysisTable, parameters: Parameters) -> Release:
    """The rows of one site on the grid.

    Raises
    ------
    StudyError : a feature that the table does not hold.
    ValueError : edges that do not rise.
    """
    found = trees.binned(table, parameters.grid)
    most = parameters.grid.most
    rows = np.array([np.bincount(row, minlength=most) for row in found], dtype=np.int64)
    return Release(table.n, trees.real(parameters.grid), rows.reshape(-1, most))


def combine(releases: Sequence[Release], parameters: Parameters) -> Bins:
    """The agreed bins; a feature of which no edge is left is left out.

    Raises
    ------
    ValueError : no release, or releases about different features.
    """
    if not releases or len({r.kept.shape for r in releases}) != 1:
        raise ValueError("bins needs releases about the same features")
    kept = np.logical_and.reduce([r.kept for r in releases])
    below = np.cumsum(np.sum([r.rows for r in releases], axis=0), axis=1)
    names, edges = [], []
    for k, (name, grid) in enumerate(
        zip(parameters.grid.names, parameters.grid.edges, strict=True)
    ):
        candidates = np.flatnonzero(kept[k, : len(grid)])
        here = below[k, candidates]
        candidates = candidates[(here > 0) & (here < below[k, -1])]
        if candidates.size:
            wanted = below[k, -1] * np.arange(1, parameters.parts) / parameters.parts
            nearest = np.abs(below[k, candidates][None, :] - wanted[:, None]).argmin(axis=1)
            names.append(name)
            edges.append(tuple(grid[int(c)] for c in np.unique(candidates[nearest])))
    return Bins(tuple(names), tuple(edges))
