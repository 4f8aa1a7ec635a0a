"""Grows honest forests on many choices of edges and subtracts their histograms.

Every level tells how many rows of each node lie in each bin of each feature: head counts in boxes.
The first tree tells the cases too, all rows having the same risk. Two boxes that differ by one
bound only tell what lies between. The coordinator chooses nothing but which of the agreed edges
each forest uses, which outcome, and how many rows are kept apart. Source: measured in programme.md
(60,395 cells of 1 to 10 patients in 20 trees).
"""

from __future__ import annotations

import contextlib
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Any, Final

import numpy as np

from transat.core.errors import TransatError
from transat.core.languages import Text
from transat.federation.attacks.attack import Ask, Attack, Found, Public
from transat.federation.attacks.models import PATIENCE
from transat.federation.wire import Refusal
from transat.learners import bins, boosted_trees
from transat.learners.trees import Bins, Tree

#: Candidate edges of the first grid: a wide net.
GRID: Final = (0.0, *(float(k) for k in range(10, 120, 3)))
FORESTS: Final = 4
DEPTH: Final = 2
OUTCOMES: Final = 2
FEATURES: Final = 3
EDGES: Final = 5
SHARE: Final = 0.6

#: By feature, over which edge and up to which one.
Box = frozenset[tuple[str, float, float]]
#: What is counted ('' for rows, or the outcome), in which box.
Counts = dict[tuple[str, Box], int]


class _End(Exception):
    """A forest was refused on its way."""


def run(ask: Ask, public: Public) -> Found:
    """Claim the boxes that the histograms tell, and the differences of neighbouring ones."""
    found, counts = Found(), Counts()
    agreed = _agreed(ask, (*public.exposures, *public.covariates))
    if agreed is None:
        return found
    for edges in _choices(agreed):
        for outcome in public.outcomes[:OUTCOMES]:
            _grow(ask, counts, outcome, edges)
    for (what, box), count in counts.items():
        found.count(count, *_said(what, box))
    _between(found, counts)
    return found


def _agreed(ask: Ask, features: tuple[str, ...]) -> Bins | None:
    """Every edge of the grid that the site lets be used, of the features that it lets be used."""
    for _ in range(PATIENCE):
        grid = Bins(features, tuple(GRID for _ in features))
        answer = ask("bins", bins.Parameters(grid, parts=1000))
        refused = set(answer.columns) if isinstance(answer, Refusal) else set()
        if not refused & set(features):
            break
        features = tuple(name for name in features if name not in refused)
    if not isinstance(answer, bins.Release):
        return None
    names, edges = [], []
    for name, candidates, kept in zip(grid.names, grid.edges, answer.kept, strict=True):
        told = tuple(e for e, k in zip(candidates, kept, strict=False) if k)
        if told:
            names.append(name)
            edges.append(told)
    return Bins(tuple(names), tuple(edges)) if names else None


def _choices(agreed: Bins) -> Iterator[Bins]:
    """All edges, and parts of them; then a few edges of a few features, which cost less."""
    yield agreed
    rng = np.random.default_rng(0)
    for few in (False, True):
        for _ in range(FORESTS):
            kept = (
                rng.permutation(len(agreed.names))[:FEATURES] if few else range(len(agreed.names))
            )
            yield _some(agreed, sorted(int(k) for k in kept), rng, few)


def _some(agreed: Bins, features: Sequence[int], rng: np.random.Generator, few: bool) -> Bins:
    """Edges drawn of these features; at most `EDGES` of each where they must be few."""
    chosen = []
    for k in features:
        edges = [e for e in agreed.edges[k] if rng.random() < SHARE] or [agreed.edges[k][0]]
        spaced = edges[:: -(-len(edges) // EDGES)] if few else edges
        chosen.append(tuple(spaced))
    return Bins(tuple(agreed.names[k] for k in features), tuple(chosen))


def _grow(ask: Ask, counts: Counts, outcome: str, edges: Bins) -> None:
    start = boosted_trees.Parameters(outcome, edges, number=2, depth=DEPTH, least_rows=50)

    def asked(parameters: Sequence[Any]) -> list[Any]:
        answer = ask("boosted_trees", parameters[0])
        if not isinstance(answer, boosted_trees.Release):
            raise _End
        _read(counts, parameters[0], answer)
        return [answer]

    with contextlib.suppress(_End, TransatError, ValueError):
        boosted_trees.combine(asked, start)


def _read(counts: Counts, asked: boosted_trees.Parameters, answer: boosted_trees.Release) -> None:
    """Boxes of one level; of the first tree, the cases too: G = rows p - cases."""
    p = 1 / (1 + np.exp(-asked.base))
    for node, box in enumerate(_boxes(asked.growing, asked.bins)):
        for k, (name, edges) in enumerate(zip(asked.bins.names, asked.bins.edges, strict=True)):
            ends = [*edges, np.inf]
            low = -np.inf
            for at, end in enumerate(ends):
                if not answer.kept[node, k, at]:
                    continue
                inside = _narrowed(box, name, low, end)
                rows = int(answer.rows[node, k, at])
                counts["", inside] = rows
                if not asked.grown:
                    counts[asked.outcome, inside] = round(
                        rows * p - float(answer.gradient[node, k, at])
                    )
                low = end


def _boxes(tree: Tree, edges: Bins) -> list[Mapping[str, tuple[float, float]]]:
    """The box of each node of the level that grows."""
    level: list[Mapping[str, tuple[float, float]]] = [{}]
    for depth in range(tree.depth):
        below: list[Mapping[str, tuple[float, float]]] = []
        for place, box in enumerate(level):
            feature, cut = tree.feature[2**depth - 1 + place], tree.cut[2**depth - 1 + place]
            name, bounds = edges.names[feature], edges.edges[feature]
            end = bounds[cut] if 0 <= cut < len(bounds) else np.inf
            low, high = box.get(name, (-np.inf, np.inf))
            below += [{**box, name: (low, min(high, end))}, {**box, name: (max(low, end), high)}]
        level = below
    return level


def _narrowed(box: Mapping[str, tuple[float, float]], name: str, low: float, high: float) -> Box:
    held = box.get(name, (-np.inf, np.inf))
    both = {**box, name: (max(held[0], low), min(held[1], high))}
    return frozenset((n, a, b) for n, (a, b) in both.items() if (a, b) != (-np.inf, np.inf))


def _said(what: str, box: Box) -> tuple[str, ...]:
    """The box as literals of `attack.Group`."""
    over = [f"{name}>{low}" for name, low, _ in box if low > -np.inf]
    upto = [f"!{name}>{high}" for name, _, high in box if high < np.inf]
    return (*over, *upto, *((f"outcome:{what}",) if what else ()))


def _between(found: Found, counts: Counts) -> None:
    """Boxes alike but for one bound of one feature: those between are the difference."""
    alike: dict[tuple[Any, ...], dict[float, int]] = defaultdict(dict)
    for (what, box), count in counts.items():
        for name in {n for n, _, _ in box}:
            rest = frozenset(side for side in box if side[0] != name)
            ((_, low, high),) = (side for side in box if side[0] == name)
            alike[what, rest, name, "low", low][high] = count
            alike[what, rest, name, "high", high][low] = count
    for (what, rest, name, side, _), told in alike.items():
        for one, other in pairwise(sorted(told)):
            between = frozenset({*rest, (name, one, other)})
            more, less = (told[other], told[one]) if side == "low" else (told[one], told[other])
            found.count(more - less, *_said(what, between))


ATTACK = Attack(
    "histograms",
    Text(
        "faire pousser des forêts sur des bornes choisies et soustraire leurs histogrammes",
        "grow forests on chosen edges and subtract their histograms",
    ),
    "programme.md, measured 2026-11 (60,395 cells of 1 to 10 patients in 20 trees)",
    ("trees", "cell_floor", "rare_words"),
    ("bins", "boosted_trees"),
    run,
)
