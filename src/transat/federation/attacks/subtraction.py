"""Subtracts published counts from one another: codes within codes, groups within groups, the rest.

Everything is public here: the counts that the scan and the prevalences state, and which code lies
in which. Source: secondary suppression (Hundepool et al. 2012, Statistical Disclosure Control,
doi:10.1002/9781118348239, chapter 4).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from transat.core.languages import Text
from transat.federation.attacks.attack import Ask, Attack, Found, Public
from transat.statistics import mantel_haenszel, prevalence
from transat.statistics.mantel_haenszel import WITHHELD


@dataclass(frozen=True, slots=True)
class _Axis:
    """Names of one axis and everybody's after them, and who lies in whom."""

    names: tuple[str, ...]
    parents: tuple[int, ...]

    def functionals(self) -> Iterator[tuple[dict[int, int], tuple[str, ...]]]:
        """Signed sums of columns that are groups of people: one; one less one in it."""
        everybody = len(self.names)
        yield {everybody: 1}, ()
        for i, name in enumerate(self.names):
            yield {i: 1}, (name,)
            yield {everybody: 1, i: -1}, (f"!{name}",)
            for above in self._above(i):
                yield {above: 1, i: -1}, (self.names[above], f"!{name}")

    def _above(self, i: int) -> Iterator[int]:
        at = self.parents[i]
        while at >= 0:
            yield at
            at = self.parents[at]


def run(ask: Ask, public: Public) -> Found:
    """Claim every count that is stated, and every difference of nested ones, on both axes."""
    found = Found()
    scan = ask("mantel_haenszel", mantel_haenszel.Parameters())
    if isinstance(scan, mantel_haenszel.Release):
        rows = _Axis(public.exposures, public.exposure_parents)
        columns = _Axis(tuple(f"outcome:{m}" for m in public.outcomes), public.outcome_parents)
        _subtract(found, _grid(scan), rows, columns)
    groups = ask("prevalence", prevalence.Parameters())
    if isinstance(groups, prevalence.Release):
        _siblings(found, groups, public)
    return found


def _grid(scan: mantel_haenszel.Release) -> NDArray[np.int64]:
    """(D+1, M+1): the pairs, the margins, everybody; -1 where masked."""
    d, m = scan.exposed_cases.shape
    grid = np.full((d + 1, m + 1), WITHHELD, dtype=np.int64)
    grid[:d, :m] = scan.exposed_cases
    grid[:d, m], grid[d, :m], grid[d, m] = scan.exposed, scan.cases, scan.persons
    return grid


def _subtract(found: Found, grid: NDArray[np.int64], rows: _Axis, columns: _Axis) -> None:
    across = list(columns.functionals())
    for down, first in rows.functionals():
        for over, second in across:
            cells = [(i, j, a * b) for i, a in down.items() for j, b in over.items()]
            if all(grid[i, j] != WITHHELD for i, j, _ in cells):
                value = sum(int(grid[i, j]) * sign for i, j, sign in cells)
                found.count(value, *first, *second)


def _siblings(found: Found, groups: prevalence.Release, public: Public) -> None:
    """Two children that together make up their parent: what is left of one is the other's."""
    names = tuple(f"outcome:{m}" for m in public.outcomes)
    for one, two in combinations(range(len(names)), 2):
        above = public.outcome_parents[one]
        if above < 0 or above != public.outcome_parents[two]:
            continue
        parts = [int(groups.cases[i]) for i in (above, one, two)]
        if WITHHELD not in parts:
            left = parts[0] - parts[1] - parts[2]
            found.count(left, names[above], f"!{names[one]}", f"!{names[two]}")


ATTACK = Attack(
    "subtraction",
    Text(
        "soustraire les effectifs publiés les uns des autres (codes et groupes emboîtés)",
        "subtract published counts from one another (nested codes and groups)",
    ),
    "Hundepool et al. 2012, Statistical Disclosure Control, doi:10.1002/9781118348239",
    ("cell_floor",),
    ("mantel_haenszel", "prevalence"),
    run,
)
