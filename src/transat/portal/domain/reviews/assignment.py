"""Who reviews what: one reviewer or more of each shore, nobody over their load, no conflict.

Two programmes (`scipy.optimize.milp`, HiGHS) over every permitted pair (dossier, reviewer). Both
are flows from reviewers to places, so that with whole caps their best vertex is whole:

- each dossier has the number of reviewers asked of each shore; a place that nobody can take stays
  empty and is named, it is never filled by the other shore or by someone in conflict;
- no reviewer has more than their cap;
- first as few empty places as can be, then the highest load as low as can be, then the pairs that
  fit best (`fit`, 0..1, by the reviewer's fields; 0 where nothing is known).

Between equal answers a number drawn from SHA-256 of the call's seed and the pair decides, so the
same call gives the same answer whatever the order of its lists. Pairs already `fixed` by hand stay.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import Bounds, LinearConstraint, milp
from scipy.sparse import coo_array

Pair = tuple[str, str]
"""(dossier, reviewer)"""


@dataclass(frozen=True, slots=True)
class Reviewer:
    """Who may be asked: their shore and the most dossiers they take (≥ 0)."""

    key: str
    shore: str
    cap: int


@dataclass(frozen=True, slots=True)
class Assignment:
    """The pairs, in order; places left empty as (dossier, shore, how many); loads by reviewer."""

    pairs: tuple[Pair, ...]
    empty: tuple[tuple[str, str, int], ...]
    loads: Mapping[str, int]


class FixedPairRefused(ValueError):
    """A pair fixed by hand cannot stand; `args[0]` says why, `pair` which it is."""

    def __init__(self, reason: str, pair: Pair) -> None:
        super().__init__(reason)
        self.pair = pair


def assign(
    dossiers: Collection[str],
    reviewers: Sequence[Reviewer],
    *,
    wanted: Mapping[str, int],
    conflicts: Collection[Pair] = (),
    fixed: Collection[Pair] = (),
    fit: Mapping[Pair, float] | None = None,
    seed: str = "",
) -> Assignment:
    """Assign reviewers to dossiers; `wanted` is the number of reviewers per dossier by shore.

    Raises FixedPairRefused (`unknown`, `conflict`, `cap`, `shore_full`) for a pair of `fixed`.
    """
    names, people = sorted(set(dossiers)), sorted(reviewers, key=lambda r: r.key)
    barred = set(conflicts)
    _fixed_stand(set(names), people, wanted, barred, fixed)
    pairs = [
        (name, person)
        for name in names
        for person in people
        if (name, person.key) not in barred and wanted.get(person.shore, 0) > 0 and person.cap > 0
    ]
    if not pairs:
        return _told(names, people, wanted, [])
    taken = _solved(names, people, pairs, wanted, set(fixed), fit or {}, seed)
    return _told(names, people, wanted, taken)


def _fixed_stand(
    names: set[str],
    people: Sequence[Reviewer],
    wanted: Mapping[str, int],
    barred: set[Pair],
    fixed: Collection[Pair],
) -> None:
    known = {person.key: person for person in people}
    loads: dict[str, int] = {}
    seats: dict[Pair, int] = {}
    for dossier, key in sorted(set(fixed)):
        if dossier not in names or key not in known:
            raise FixedPairRefused("unknown", (dossier, key))
        if (dossier, key) in barred:
            raise FixedPairRefused("conflict", (dossier, key))
        loads[key] = loads.get(key, 0) + 1
        seat = (dossier, known[key].shore)
        seats[seat] = seats.get(seat, 0) + 1
        if loads[key] > known[key].cap:
            raise FixedPairRefused("cap", (dossier, key))
        if seats[seat] > wanted.get(known[key].shore, 0):
            raise FixedPairRefused("shore_full", (dossier, key))


def _solved(
    names: Sequence[str],
    people: Sequence[Reviewer],
    pairs: Sequence[tuple[str, Reviewer]],
    wanted: Mapping[str, int],
    fixed: set[Pair],
    fit: Mapping[Pair, float],
    seed: str,
) -> list[Pair]:
    """First the fewest empty places and the highest load that they need, then the best pairs."""
    flow = _Flow.of(names, people, pairs, wanted, fixed)
    places = float(flow.needs.sum()) + 1.0
    costs = np.concatenate([np.zeros(len(pairs)), np.full(flow.needs.size, places), [1.0]])
    least = flow.solved(costs, float(flow.caps.max()), whole=False)
    # a load that whole pairs can have: the flow with this cap on everyone is feasible, thus whole
    load = float(np.ceil(least[-1] - 1e-6))
    own = [1.0 - fit.get(key, 0.0) + 1e-3 * _drawn(seed, key) for key in flow.keys]
    costs = np.concatenate([own, np.full(flow.needs.size, 4.0 * places), [0.0]])
    best = flow.solved(costs, load, whole=True)
    return [key for key, x in zip(flow.keys, best, strict=False) if x > 0.5]


@dataclass(frozen=True, slots=True)
class _Flow:
    """Variables: one per pair (0..1), one per seat (places left empty), the highest load."""

    keys: tuple[Pair, ...]
    needs: NDArray[np.float64]
    """(seats,) reviewers wanted by each dossier and shore."""
    caps: NDArray[np.float64]
    """(reviewers,)"""
    seats: coo_array
    loads: coo_array
    lower: NDArray[np.float64]

    @classmethod
    def of(
        cls,
        names: Sequence[str],
        people: Sequence[Reviewer],
        pairs: Sequence[tuple[str, Reviewer]],
        wanted: Mapping[str, int],
        fixed: set[Pair],
    ) -> _Flow:
        seats = [(name, shore) for name in names for shore in sorted(wanted)]
        seat_at = {seat: i for i, seat in enumerate(seats)}
        person_at = {person.key: j for j, person in enumerate(people)}
        of_seat = np.array([seat_at[name, person.shore] for name, person in pairs])
        of_person = np.array([person_at[person.key] for _, person in pairs])
        free, every, everyone = (np.arange(n) for n in (len(pairs), len(seats), len(people)))
        last = len(pairs) + len(seats)
        keys = tuple((name, person.key) for name, person in pairs)
        return cls(
            keys,
            np.array([wanted[shore] for _, shore in seats], dtype=np.float64),
            np.array([person.cap for person in people], dtype=np.float64),
            _matrix(
                [(of_seat, free, 1.0), (every, len(pairs) + every, 1.0)], (len(seats), last + 1)
            ),
            _matrix(
                [(of_person, free, 1.0), (everyone, np.full(len(people), last), -1.0)],
                (len(people), last + 1),
            ),
            np.array([float(key in fixed) for key in keys] + [0.0] * (len(seats) + 1)),
        )

    def solved(
        self, costs: NDArray[np.float64], load: float, *, whole: bool
    ) -> NDArray[np.float64]:
        """The cheapest flow with no load above `load` (or a reviewer's cap)."""
        pairs = len(self.keys)
        upper = np.concatenate([np.ones(pairs), self.needs, [load]])
        found = milp(
            costs,
            integrality=np.full(costs.size, int(whole), dtype=np.int64),
            bounds=Bounds(self.lower, upper),
            constraints=[
                LinearConstraint(self.seats, self.needs, self.needs),
                LinearConstraint(self.loads, -np.inf, 0.0),
                LinearConstraint(self._own(), -np.inf, self.caps),
            ],
            options={"mip_rel_gap": 0.0},
        )
        if found.x is None:
            raise RuntimeError(f"the solver gave no assignment: {found.message}")
        return np.asarray(found.x, dtype=np.float64)

    def _own(self) -> coo_array:
        """Rows of the reviewers' loads alone, without the highest load."""
        kept = self.loads.col < self.loads.shape[1] - 1
        row, col = self.loads.row[kept], self.loads.col[kept]
        return coo_array((self.loads.data[kept], (row, col)), shape=self.loads.shape)


def _drawn(seed: str, pair: Pair) -> float:
    """A number in [0, 1) that only the seed and the pair decide."""
    digest = hashlib.sha256("\x1f".join((seed, *pair)).encode()).digest()
    return int.from_bytes(digest[:6], "big") / 2.0**48


def _matrix(
    parts: Sequence[tuple[NDArray[np.int64], NDArray[np.int64], float]], shape: tuple[int, int]
) -> coo_array:
    rows = np.concatenate([row for row, _, _ in parts])
    columns = np.concatenate([column for _, column, _ in parts])
    values = np.concatenate([np.full(row.size, value) for row, _, value in parts])
    return coo_array((values, (rows, columns)), shape=shape)


def _told(
    names: Sequence[str],
    people: Sequence[Reviewer],
    wanted: Mapping[str, int],
    taken: Sequence[Pair],
) -> Assignment:
    shore_of = {person.key: person.shore for person in people}
    filled = Counter((dossier, shore_of[key]) for dossier, key in taken)
    empty = [
        (name, shore, missing)
        for name in names
        for shore in sorted(wanted)
        if (missing := wanted[shore] - filled[name, shore]) > 0
    ]
    counts = Counter(key for _, key in taken)
    loads = {person.key: counts[person.key] for person in people}
    return Assignment(tuple(sorted(taken)), tuple(empty), loads)
