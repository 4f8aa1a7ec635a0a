"""Cells of exposures by outcomes: masked when they, or what can be subtracted from them, are small.

Row D and column M stand for everybody, so one rule says all of these: a cell; the rest of its
margins (exposed non-cases, unexposed cases, unexposed non-cases); a cell less one nested in it
along either tree; and both at once (people of a class but not of its medicine, with a group of
malformations but not its sub-group). A value in 1..threshold-1 that shown cells give away masks the
finest cell it was made of; repeated until none is left. A zero is never masked while another cell
can be.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from transat.federation.checks.cell_floor import Flags, Integers, too_small
from transat.federation.checks.containment import Family, Relations

Indices = NDArray[np.intp]


@dataclass(frozen=True, slots=True)
class CellTable:
    """True counts of one site: a (D, M), n (D,), m (M,), everybody; and what is nested in what."""

    cells: Integers
    exposed: Integers
    cases: Integers
    total: int
    exposures: Relations
    outcomes: Relations
    exposure_families: tuple[Family, ...]
    outcome_families: tuple[Family, ...]


@dataclass(frozen=True, slots=True)
class _Differences:
    """Differences along one axis: from index `whole`, less index `part` (K+1: less nothing)."""

    whole: Indices
    part: Indices


def mask(table: CellTable, no_exposed: Flags, no_cases: Flags, threshold: int) -> Flags:
    """Which cells stay inside, given which margins do; shape (D, M)."""
    grid = _extended(table)
    rows, columns = _differences(table.exposures), _differences(table.outcomes)
    shown = _shown(table, no_exposed, no_cases, threshold)
    while True:
        before = int(shown.sum())
        _hide_differences(grid, shown, rows, columns, threshold)
        _hide_families(grid, shown, table.exposure_families, columns, threshold)
        _hide_families(grid.T, shown.T, table.outcome_families, rows, threshold)
        if int(shown.sum()) == before:
            return np.asarray(~shown[:-2, :-2], dtype=np.bool_)


def _extended(table: CellTable) -> Integers:
    """(D+2, M+2): the cells, everybody's row and column, and a row and column of nothing."""
    rows, columns = table.cells.shape
    grid = np.zeros((rows + 2, columns + 2), dtype=np.int64)
    grid[:rows, :columns] = table.cells
    grid[:rows, columns] = table.exposed
    grid[rows, :columns] = table.cases
    grid[rows, columns] = table.total
    return grid


def _shown(table: CellTable, no_exposed: Flags, no_cases: Flags, threshold: int) -> Flags:
    shown = np.ones((table.cells.shape[0] + 2, table.cells.shape[1] + 2), dtype=np.bool_)
    hidden = no_exposed[:, None] | no_cases[None, :] | too_small(table.cells, threshold)
    shown[:-2, :-2] = ~hidden & (table.cells >= 0)
    shown[:-2, -2] = ~no_exposed
    shown[-2, :-2] = ~no_cases
    return shown


def _differences(groups: Relations) -> _Differences:
    size = groups.sizes.size
    parts, wholes = np.nonzero(groups.inside)
    every = np.arange(size)
    return _Differences(
        whole=np.concatenate([np.arange(size + 1), wholes, np.full(size, size)]),
        part=np.concatenate([np.full(size + 1, size + 1), parts, every]),
    )


def _hide_differences(
    grid: Integers, shown: Flags, rows: _Differences, columns: _Differences, threshold: int
) -> None:
    corners = [(r, c) for r in (rows.part, rows.whole) for c in (columns.part, columns.whole)]
    pp, pw, wp, ww = (grid[np.ix_(r, c)] for r, c in corners)
    known = np.logical_and.reduce([shown[np.ix_(r, c)] for r, c in corners])
    left = ww - wp - pw + pp
    bad = known & (left > 0) & (left < threshold)
    for at in np.argwhere(bad):
        _hide_one(grid, shown, [(int(r[at[0]]), int(c[at[1]])) for r, c in corners])


def _hide_one(grid: Integers, shown: Flags, corners: list[tuple[int, int]]) -> None:
    """Mask the finest true cell among the corners, preferring one that is not zero."""
    cells = [(r, c) for r, c in corners if r < grid.shape[0] - 2 and c < grid.shape[1] - 2]
    if not all(shown[corner] for corner in corners) or not cells:
        return  # one of them is already masked, or only margins are involved
    chosen = next((cell for cell in cells if grid[cell] > 0), cells[0])
    shown[chosen] = False


def _hide_families(
    grid: Integers,
    shown: Flags,
    families: tuple[Family, ...],
    columns: _Differences,
    threshold: int,
) -> None:
    for family in families:
        parts = np.array(family.parts)
        part_known = shown[parts][:, columns.whole] & shown[parts][:, columns.part]
        values = grid[:, columns.whole] - grid[:, columns.part]
        whole_known = shown[family.whole, columns.whole] & shown[family.whole, columns.part]
        left = values[family.whole] - (values[parts] * part_known).sum(axis=0)
        bad = whole_known & (left > 0) & (left < threshold) & part_known.any(axis=0)
        for at in np.flatnonzero(bad):
            used = parts[part_known[:, at]]
            cells = [(int(r), int(c)) for r in used for c in (columns.part[at], columns.whole[at])]
            real = [
                (r, c)
                for r, c in cells
                if r < grid.shape[0] - 2 and c < grid.shape[1] - 2 and grid[r, c] > 0
            ]
            if real and all(shown[cell] for cell in real):
                shown[min(real, key=lambda cell: (int(grid[cell]), cell))] = False
