"""G7. Trees: bins and nodes are made one until each is large, and only the fit's own trees grow.

Rule: edges of features are of the protocol's grid, agreed by `bins`, whose intervals with few rows
are made one; no other edge may be asked for later. The sums of a level of a tree leave by groups of
bins such that in each of them, for both children of a split alike, rows are 0 or at least
`leaf_patients`, rows with the outcome and rows without 0 or at least the threshold (the first tree
tells these counts exactly; so this is more than `node_class`). Children are grouped no finer than
their parent, so that a parent less one child tells no small count of the other; and an edge is not
offered where a child would hold, or be held by, a node of an earlier tree that differs from it by a
small count; where outcomes of two forests hold one another, those in between count as a cell too,
and so do the rows kept apart, which all rows less those used tell.
The forests of a population differ by their outcome alone: edges, share kept apart, sizes and
penalty are those of the first, since a cut that they move tells, by subtraction, who lies between
(attack `histograms`). A forest begins only if all the groups that it may tell, with those of the
forests begun before, are at most `functionals_share` of the population's rows (rule G9; people whom
the CDM says are simulated are not counted so). Trees and leaf values are not the coordinator's
choice: the site makes the next question of the fit again from its own answer and the other sites'
(`boosted_trees.advance`), and answers that one alone. What it stops: reading small cells of
features crossed with one another and with the outcome out of histograms (60,395 cells of 1 to 10
patients in 20 trees), trees and values chosen to isolate people, cut points that are a patient's
own value.

Source: reference/federation.md §4.3–4.4, G7; no published text gives this rule.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import fields, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from transat.federation import messages
from transat.federation.checks import groups
from transat.federation.checks.check import Asked, Remembered
from transat.federation.checks.near_nodes import Earlier
from transat.federation.checks.overlap import population
from transat.federation.questions import PARAMETERS, RELEASES
from transat.federation.refusals import Refused
from transat.federation.wire import WireError
from transat.learners import bins, boosted_trees, trees
from transat.learners.trees import Bins, Tree

Flags = NDArray[np.bool_]
Integers = NDArray[np.int64]


class Trees:
    """The check of G7; it remembers the grids of features, which of their edges left, the first
    forest of each population and the last round of each fit."""

    rule, key = "G7", "trees"

    def __init__(self) -> None:
        self._grids: dict[str, tuple[float, ...]] = {}
        self._edges: dict[str, frozenset[float]] = {}
        self._rounds: dict[str, tuple[boosted_trees.Parameters, boosted_trees.Release]] = {}
        self._first: dict[str, boosted_trees.Parameters] = {}
        self._of: dict[str, str] = {}
        self._earlier = Earlier()

    def before(self, asked: Asked) -> None:
        """Raises Refused: bins, for edges that are not agreed, or leaves too small; coefficients,
        for trees that are not the fit's."""
        if isinstance(asked.parameters, bins.Parameters):
            _only(asked, asked.parameters.grid, self._grids)
        if isinstance(asked.parameters, boosted_trees.Parameters):
            agreed = {name: self._edges.get(name, frozenset()) for name in self._edges}
            _only(asked, asked.parameters.bins, agreed, missing_fits=False)
            if asked.parameters.least_rows < asked.policy.limit("leaf_patients"):
                raise Refused("bins", ("least_rows",))
            self._as_the_first(asked, asked.parameters)
            self._within_budget(asked, asked.parameters)
            self._on_the_way(asked, asked.parameters)

    def _as_the_first(self, asked: Asked, wanted: boosted_trees.Parameters) -> None:
        first, start = self._first.get(population(asked.data)[0]), wanted.start()
        if first is None or replace(start, outcome=first.outcome) == first:
            return
        names = (f.name for f in fields(start) if f.name != "outcome")
        raise Refused("bins", tuple(n for n in names if getattr(start, n) != getattr(first, n)))

    def _within_budget(self, asked: Asked, wanted: boosted_trees.Parameters) -> None:
        """Raises Refused: rounds, before anything is spent on a forest too large."""
        people, mine = population(asked.data)[0], _fit(asked, wanted)
        begun = sum(
            functionals(before)
            for fit, (before, _) in self._rounds.items()
            if fit != mine and self._of[fit] == people
        )
        limit = asked.policy.limit("functionals_share") * asked.data.table.n
        if not asked.data.simulated and begun + functionals(wanted) > limit:
            raise Refused("rounds", ("number", "depth", "bins"))

    def _on_the_way(self, asked: Asked, wanted: boosted_trees.Parameters) -> None:
        if wanted == wanted.start():
            return
        last = self._rounds.get(_fit(asked, wanted))
        if last is None:
            raise Refused("coefficients")
        before, own = last
        try:
            following, _ = boosted_trees.advance(before, [own, *_others(asked, before)])
        except ValueError:
            raise Refused("coefficients") from None
        if following.finished or following.asked != wanted:
            raise Refused("coefficients")

    def after(self, asked: Asked, release: Any) -> Any:
        """The release in groups that are large enough. Raises Refused: bins, where none is."""
        if isinstance(release, bins.Release):
            return self._grouped(asked, release)
        if isinstance(release, boosted_trees.Release):
            merged = release.merged(self._kept(asked, release))
            if not groups.fits(merged.rows[None], _floors(asked)[:1]):
                raise Refused("bins", asked.parameters.bins.names)
            return merged
        return release

    def _grouped(self, asked: Asked, release: bins.Release) -> bins.Release:
        """Grouped on the first grid of each feature, so that later ones tell sums of its groups."""
        grid = asked.parameters.grid
        first = Bins(
            grid.names,
            tuple(
                self._grids.get(f"{population(asked.data)[0]} {n}", e)
                for n, e in zip(grid.names, grid.edges, strict=True)
            ),
        )
        whole = bins.at_site(asked.data.table, bins.Parameters(first))
        kept = np.zeros_like(release.kept)
        for k, (edges, all_edges) in enumerate(zip(grid.edges, first.edges, strict=True)):
            ends = groups.whole(whole.rows[k : k + 1], _floors(asked)[:1], whole.kept[k])
            large = {edge for edge, end in zip(all_edges, ends, strict=False) if end}
            kept[k, : len(edges)] = [edge in large for edge in edges]
            kept[k, len(edges)] = True
        merged = release.merged(kept)
        if not groups.fits(merged.rows[None], _floors(asked)[:1]):
            raise Refused("bins", grid.names)
        return merged

    def _kept(self, asked: Asked, release: boosted_trees.Release) -> Flags:
        parameters: boosted_trees.Parameters = asked.parameters
        cells, used = _cells(asked, self._others(asked))
        kept = release.kept.copy()
        nodes, features = kept.shape[:2]
        tree = parameters.growing
        if tree.depth:
            _, own = self._rounds[_fit(asked, parameters)]
            kept &= np.repeat(own.kept, 2, axis=0)
        step = 1 if nodes == 1 else 2  # both children of a split are grouped alike
        each = _floors(asked)
        apart = cells[-3:, 0, :1].sum(axis=2)
        if parameters.hold_out and nodes == 1 and not groups.fits(apart, each[-1:]):
            raise Refused("bins", ("hold_out",))
        floors = np.tile(np.append(each, np.full(len(cells) - 3, each[-1])), step)
        for node in range(0, nodes, step):
            for k in range(features):
                pair = np.concatenate(cells[:, node : node + step, k].transpose(1, 0, 2))
                kept[node : node + step, k] = groups.whole(pair, floors, kept[node, k])
        return self._earlier.far(asked, kept, cells[0], used, self._told(asked))

    def _told(self, asked: Asked) -> tuple[Tree, ...]:
        """Whole trees of this forest and of the others of the population."""
        mine = _fit(asked, asked.parameters)
        people = population(asked.data)[0]
        others = (
            tree
            for fit, (before, _) in self._rounds.items()
            if fit != mine and self._of.get(fit) == people
            for tree in before.grown
        )
        return tuple(dict.fromkeys((*asked.parameters.grown, *others)))

    def _others(self, asked: Asked) -> tuple[str, ...]:
        """Outcomes of the other forests of the population."""
        people = population(asked.data)[0]
        held = {p.outcome for fit, (p, _) in self._rounds.items() if self._of.get(fit) == people}
        return tuple(sorted(held - {asked.parameters.outcome}))

    def left(self, asked: Asked, release: Any) -> Remembered | None:
        """Edges that left, by feature; or the round of the fit."""
        if isinstance(release, bins.Release):
            grid = asked.parameters.grid
            return {
                "people": population(asked.data)[0],
                "grid": {n: list(e) for n, e in zip(grid.names, grid.edges, strict=True)},
                "kept": {
                    n: [edge for edge, end in zip(e, ends, strict=False) if end]
                    for n, e, ends in zip(grid.names, grid.edges, release.kept, strict=True)
                },
            }
        if isinstance(release, boosted_trees.Release):
            return {
                "people": population(asked.data)[0],
                "fit": _fit(asked, asked.parameters),
                "asked": PARAMETERS.encode(asked.parameters).decode(),
                "own": RELEASES.encode(release).decode(),
            }
        return None

    def recall(self, remembered: Remembered) -> None:
        """Remember edges, or a round."""
        if "fit" in remembered:
            asked = PARAMETERS.decode(remembered["asked"].encode())
            own = RELEASES.decode(remembered["own"].encode())
            self._rounds[str(remembered["fit"])] = asked, own
            self._of[str(remembered["fit"])] = str(remembered["people"])
            self._first.setdefault(str(remembered["people"]), asked.start())
            return
        for name, edges in remembered["grid"].items():
            self._grids.setdefault(f"{remembered['people']} {name}", tuple(edges))
        for name, edges in remembered["kept"].items():
            key = f"{remembered['people']} {name}"
            self._edges[key] = self._edges.get(key, frozenset()) | set(edges)


def functionals(parameters: boosted_trees.Parameters) -> int:
    """Sums over different rows that a forest may tell: a group of bins of a feature in a node."""
    nodes: int = 1 + parameters.number * (
        2**parameters.depth - 2
    )  # every tree begins with the same one
    return nodes * sum(len(edges) + 1 for edges in parameters.bins.edges)


def _only(asked: Asked, wanted: Bins, known: Any, missing_fits: bool = True) -> None:
    """Raises Refused: bins, with the features of which an edge is not a known one."""
    wrong = []
    for name, edges in zip(wanted.names, wanted.edges, strict=True):
        held = known.get(f"{population(asked.data)[0]} {name}")
        if (held is None and not missing_fits) or (
            held is not None and not set(edges) <= set(held)
        ):
            wrong.append(name)
    if wrong:
        raise Refused("bins", tuple(wrong))


def _floors(asked: Asked) -> Integers:
    """Of the rows of a group, of those with the outcome, of those without."""
    policy = asked.policy
    each = max(policy.threshold, int(policy.limit("node_class")))
    rows = max(each, int(policy.limit("node_patients")), int(policy.limit("leaf_patients")))
    return np.array([rows, each, each])


def _cells(asked: Asked, told: tuple[str, ...]) -> tuple[Integers, Flags]:
    """(3 or more, nodes, features, bins) rows, with the outcome, without; then, for each outcome
    told before that holds this one or lies in it, those in between; then the rows kept apart, if
    any are, with the outcome, without; and (n,) the rows used."""
    table, parameters = asked.data.table, asked.parameters
    found = trees.binned(table, parameters.bins)
    used, y = boosted_trees.rows_used(table, parameters)
    node, shape = boosted_trees.places(parameters, found)
    rows, cases = boosted_trees.tally(node, found, used, shape, y)
    cells = [rows, cases, rows - cases]
    for code in told:
        other = table.outcome(code)
        apart = used & (other != y)
        if apart.any() and len(np.unique(y[apart])) == 1:
            cells.append(boosted_trees.tally(node, found, apart, shape)[0])
    if parameters.hold_out:  # all rows are counted elsewhere: less those used, these are told
        for some in (~used, ~used & (y == 1), ~used & (y == 0)):
            cells.append(boosted_trees.tally(node, found, some, shape)[0])
    return np.stack(cells).astype(np.int64), used


def _fit(asked: Asked, parameters: boosted_trees.Parameters) -> str:
    body = PARAMETERS.encode(parameters.start())
    return hashlib.sha256(f"{asked.study} {asked.cohort} ".encode() + body).hexdigest()


def _others(asked: Asked, before: boosted_trees.Parameters) -> Sequence[boosted_trees.Release]:
    """The other sites' answers to the question of the round before."""
    body, found = PARAMETERS.encode(before), {}
    for answer in asked.evidence:
        if answer.asked == messages.asked(asked.study, asked.cohort, answer.site, body):
            try:
                release = RELEASES.decode(answer.body)
            except WireError:
                continue
            if isinstance(release, boosted_trees.Release):
                found[answer.site] = release
    return [found[site] for site in sorted(found)]
