"""Closes in on masked cells: a masked count lies between bounds that published numbers tighten.

It knows that a masked count is 1..10 or hides one, that it is no more than the cells that hold it,
than K (the most that the strata allow), and that it is E where V is 0. Where the bounds meet, the
count is known. Source: shuttle algorithm, Dobra and Fienberg 2000, doi:10.1073/pnas.97.22.11885.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from transat.core.languages import Text
from transat.federation.attacks.attack import Ask, Attack, Found, Public
from transat.statistics import mantel_haenszel
from transat.statistics.mantel_haenszel import WITHHELD

Floats = NDArray[np.float64]
_NO_VARIANCE = 1e-9


@dataclass(slots=True)
class _Bounds:
    low: Floats  # (D, M)
    high: Floats


def run(ask: Ask, public: Public) -> Found:
    """Claim every masked pair whose bounds meet, and those inside them."""
    found = Found()
    scan = ask("mantel_haenszel", mantel_haenszel.Parameters())
    if not isinstance(scan, mantel_haenszel.Release):
        return found
    bounds = _first(scan)
    while _tightened(bounds, public):
        pass
    for d, m in np.argwhere(scan.exposed_cases == WITHHELD):
        if bounds.low[d, m] == bounds.high[d, m]:
            name = f"outcome:{public.outcomes[m]}"
            found.count(float(bounds.low[d, m]), public.exposures[d], name)
    return found


def _first(scan: mantel_haenszel.Release) -> _Bounds:
    shown = scan.exposed_cases != WITHHELD
    exposed = np.where(scan.exposed == WITHHELD, scan.persons, scan.exposed)[:, None]
    cases = np.where(scan.cases == WITHHELD, scan.persons, scan.cases)[None, :]
    low = np.maximum(exposed + cases - scan.persons, 0.0)
    low = np.where(scan.exposed[:, None] == WITHHELD, 0.0, low)
    low = np.where(scan.cases[None, :] == WITHHELD, 0.0, low)
    high = np.minimum(exposed, cases).astype(np.float64)
    told = ~np.isnan(scan.trials)
    high = np.where(told, np.minimum(high, np.round(np.nan_to_num(scan.trials))), high)
    low = np.where(told & ~shown, np.maximum(low, scan.floor), low)
    fixed = told & (np.nan_to_num(scan.variance) < _NO_VARIANCE)
    exact = np.round(np.nan_to_num(scan.expected))
    low, high = np.where(fixed, exact, low), np.where(fixed, exact, high)
    low = np.where(shown, scan.exposed_cases, low)
    return _Bounds(low, np.where(shown, scan.exposed_cases, high))


def _tightened(bounds: _Bounds, public: Public) -> bool:
    """A child is no more than its parent, on both axes; whether anything moved."""
    before = bounds.low.sum(), bounds.high.sum()
    for child, parent in enumerate(public.exposure_parents):
        if parent >= 0:
            bounds.high[child] = np.minimum(bounds.high[child], bounds.high[parent])
            bounds.low[parent] = np.maximum(bounds.low[parent], bounds.low[child])
    for child, parent in enumerate(public.outcome_parents):
        if parent >= 0:
            bounds.high[:, child] = np.minimum(bounds.high[:, child], bounds.high[:, parent])
            bounds.low[:, parent] = np.maximum(bounds.low[:, parent], bounds.low[:, child])
    return (bounds.low.sum(), bounds.high.sum()) != before


ATTACK = Attack(
    "bounds",
    Text(
        "encadrer les effectifs masqués jusqu'à ce que les bornes se rejoignent",
        "close in on masked counts until the bounds meet",
    ),
    "Dobra, Fienberg 2000, doi:10.1073/pnas.97.22.11885",
    ("cell_floor",),
    ("mantel_haenszel",),
    run,
)
