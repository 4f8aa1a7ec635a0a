"""Asks for curves on grids of its own choice: very fine ones, and several that differ by little.

Two grids tell how many people had the event or left between any edge of one and any of the other.
Source: risk-set differencing, measured in programme.md (1,363 of 3,000 patients with daily times).
"""

from __future__ import annotations

from collections import defaultdict
from itertools import pairwise

from transat.core.languages import Text
from transat.federation.attacks.attack import Ask, Attack, Found, Public
from transat.statistics import kaplan_meier

#: Intervals of the coarse grids, and how many of them are moved against one another.
COARSE, MOVES = 5, 12


def run(ask: Ask, public: Public) -> Found:
    """Claim who had the event, and who was censored, between all edges that the answers tell."""
    found = Found()
    if public.times <= 0:
        return found
    fine = [_edges(public.times, 1.0, 0.0)]
    wide = public.times / COARSE
    moved = [_edges(public.times, wide, wide * k / MOVES) for k in range(MOVES)]
    for grids in (fine, moved):
        for by in ("", *public.survival):
            _difference(ask, found, by, grids)
    return found


def _edges(end: float, step: float, first: float) -> tuple[float, ...]:
    """Whole steps of the study's time unit, as every grid must be."""
    found = {float(round(first + step * k)) for k in range(int(end / step) + 1)}
    return tuple(sorted(edge for edge in found if 0 < edge <= end))


def _difference(ask: Ask, found: Found, by: str, grids: list[tuple[float, ...]]) -> None:
    """Sums from the start up to every edge, then what lies between two neighbours."""
    sums: dict[tuple[int, str], dict[float, int]] = defaultdict(lambda: {0.0: 0})
    for grid in grids:
        answer = ask("kaplan_meier", kaplan_meier.Parameters(grid, by=by))
        if not isinstance(answer, kaplan_meier.Release):
            continue
        for kind, counts in (("event", answer.events), ("!event", answer.censored)):
            for group, row in enumerate(counts):
                total = 0
                for edge, count in zip(answer.edges, row, strict=True):
                    if count < 0:
                        break  # withheld: from here on the sums are not known
                    total += int(count)
                    sums[group, kind][float(edge)] = total
    for (group, kind), told in sums.items():
        whose = () if not by else (by,) if group else (f"!{by}",)
        for one, other in pairwise(sorted(told)):
            found.count(told[other] - told[one], kind, f"time>{one}", f"!time>{other}", *whose)


ATTACK = Attack(
    "grids",
    Text(
        "demander des courbes sur des grilles de temps de son choix",
        "ask for curves on grids of time of one's own choice",
    ),
    "programme.md, measured 2026-11 (risk-set differencing)",
    ("time_grid",),
    ("kaplan_meier",),
    run,
)
