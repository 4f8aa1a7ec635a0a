"""Assignment of reviewers: both shores, caps, conflicts, the same answer every time."""

from __future__ import annotations

import random
from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from transat.portal.domain.reviews.assignment import FixedPairRefused, Reviewer, assign

WANTED = {"france": 1, "quebec": 1}


def people(each: int, cap: int = 5) -> list[Reviewer]:
    shores = ("france", "quebec")
    return [Reviewer(f"{shore[0]}{i}", shore, cap) for shore in shores for i in range(each)]


DOSSIERS = [f"d{i}" for i in range(12)]


def test_one_reviewer_of_each_shore_and_loads_even() -> None:
    told = assign(DOSSIERS, people(4), wanted=WANTED)
    shores = {dossier: sorted(k[0] for d, k in told.pairs if d == dossier) for dossier in DOSSIERS}
    assert set(map(tuple, shores.values())) == {("f", "q")}
    assert set(told.loads.values()) == {3}
    assert told.empty == ()


def test_order_of_the_lists_changes_nothing_and_the_seed_does() -> None:
    reviewers, dossiers = people(4), list(DOSSIERS)
    first = assign(dossiers, reviewers, wanted=WANTED, seed="a")
    random.Random(2).shuffle(reviewers)
    random.Random(3).shuffle(dossiers)
    assert assign(dossiers, reviewers, wanted=WANTED, seed="a") == first
    assert assign(dossiers, reviewers, wanted=WANTED, seed="b").pairs != first.pairs


def test_an_empty_place_is_named_and_not_filled_by_the_other_shore() -> None:
    barred = [("d0", "q0"), ("d0", "q1")]
    told = assign(DOSSIERS[:3], people(2), wanted=WANTED, conflicts=barred)
    assert told.empty == (("d0", "quebec", 1),)
    assert not set(barred) & set(told.pairs)


def test_a_better_fit_is_taken_when_loads_are_equal() -> None:
    fit = {("d0", "f1"): 1.0, ("d1", "f0"): 1.0, ("d0", "q0"): 1.0, ("d1", "q1"): 1.0}
    told = assign(["d0", "d1"], people(2), wanted=WANTED, fit=fit)
    assert set(told.pairs) == set(fit)


def test_a_pair_fixed_by_hand_stays() -> None:
    told = assign(DOSSIERS, people(4), wanted=WANTED, fixed=[("d3", "f2"), ("d4", "f2")])
    assert {("d3", "f2"), ("d4", "f2")} <= set(told.pairs)


@pytest.mark.parametrize(
    ("fixed", "reason"),
    [
        ([("d0", "f0")], "conflict"),
        ([("d9", "f0")], "unknown"),
        ([("d1", "f0"), ("d2", "f0")], "cap"),
        ([("d1", "f0"), ("d1", "f1")], "shore_full"),
    ],
)
def test_a_pair_that_cannot_stand_is_refused(fixed: list[tuple[str, str]], reason: str) -> None:
    with pytest.raises(FixedPairRefused, match=reason):
        assign(
            DOSSIERS[:3],
            people(2, cap=1),
            wanted=WANTED,
            conflicts=[("d0", "f0")],
            fixed=fixed,
        )


def test_nobody_at_all() -> None:
    told = assign(["d0"], [], wanted=WANTED)
    assert told.empty == (("d0", "france", 1), ("d0", "quebec", 1))


@settings(max_examples=40, deadline=None)
@given(
    st.integers(1, 8),
    st.lists(st.integers(0, 4), min_size=2, max_size=6),
    st.sets(st.tuples(st.integers(0, 7), st.integers(0, 5)), max_size=20),
)
def test_caps_and_conflicts_always_hold(
    dossiers: int, caps: list[int], barred: set[tuple[int, int]]
) -> None:
    reviewers = [Reviewer(f"r{j}", ("france", "quebec")[j % 2], cap) for j, cap in enumerate(caps)]
    out = {(f"d{i}", f"r{j}") for i, j in barred}
    told = assign([f"d{i}" for i in range(dossiers)], reviewers, wanted=WANTED, conflicts=out)
    loads = Counter(key for _, key in told.pairs)
    assert all(loads[person.key] <= person.cap for person in reviewers)
    assert not out & set(told.pairs)
    assert len(told.pairs) + sum(n for *_, n in told.empty) == 2 * dossiers
    shore_of = {person.key: person.shore for person in reviewers}
    taken = set(told.pairs)
    # a place stays empty only where no permitted reviewer has room left
    for dossier, shore, _ in told.empty:
        for person in reviewers:
            if person.shore == shore and (dossier, person.key) not in out | taken:
                assert loads[person.key] == person.cap
    assert all(
        Counter(shore_of[k] for d, k in taken if d == f"d{i}").most_common(1)[:1]
        in ([], [("france", 1)], [("quebec", 1)])
        for i in range(dossiers)
    )
