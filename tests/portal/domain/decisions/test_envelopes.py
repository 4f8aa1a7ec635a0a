"""Which sets fit both envelopes: against brute force, and never a total of two currencies."""

from __future__ import annotations

from decimal import Decimal
from itertools import combinations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from transat.portal.domain.decisions.envelopes import (
    ENUMERATED,
    Demand,
    best_set,
    down_the_ranking,
    maximal_sets,
    reserve,
)


def demand(name: str, eur: int | str, cad: int | str) -> Demand:
    return Demand(name, {"EUR": Decimal(eur), "CAD": Decimal(cad)})


def purse(eur: int, cad: int) -> dict[str, Decimal]:
    return {"EUR": Decimal(eur), "CAD": Decimal(cad)}


RANKED = [
    demand("a", 100_000, 75_000),
    demand("b", 100_000, 100_000),
    demand("c", 60_000, 40_000),
    demand("d", 40_000, 30_000),
]


def test_the_first_that_does_not_fit_ends_the_list_or_is_passed_over() -> None:
    envelopes = purse(200_000, 150_000)
    assert down_the_ranking(RANKED, envelopes).dossiers == ("a",)
    taken = down_the_ranking(RANKED, envelopes, pass_over=True)
    assert taken.dossiers == ("a", "c", "d")
    assert taken.left == purse(0, 5_000)
    assert reserve(RANKED, taken) == ("b",)


def test_one_envelope_that_is_empty_stops_although_the_other_is_full() -> None:
    assert best_set(RANKED, purse(1_000_000, 0)).dossiers == ()


def test_hundredths_count() -> None:
    pair = [demand("a", "0.10", 0), demand("b", "0.20", 0)]
    assert best_set(pair, {"EUR": Decimal("0.30"), "CAD": Decimal(0)}).dossiers == ("a", "b")
    assert best_set(pair, {"EUR": Decimal("0.29"), "CAD": Decimal(0)}).dossiers == ("a",)


amounts = st.integers(0, 40)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(amounts, amounts), max_size=7), amounts, amounts)
def test_maximal_sets_are_those_of_brute_force(
    asked: list[tuple[int, int]], eur: int, cad: int
) -> None:
    ranked = [demand(f"d{i}", a, b) for i, (a, b) in enumerate(asked)]
    fitting = {
        frozenset(chosen)
        for size in range(len(asked) + 1)
        for chosen in combinations(range(len(asked)), size)
        if sum(asked[i][0] for i in chosen) <= eur and sum(asked[i][1] for i in chosen) <= cad
    }
    maximal = {s for s in fitting if not any(s < other for other in fitting)}
    found = maximal_sets(ranked, purse(eur, cad), at_most=1000)
    assert {frozenset(int(d[1:]) for d in one.dossiers) for one in found} == maximal
    assert found[0] == best_set(ranked, purse(eur, cad))
    order = [[d.dossier in one.dossiers for d in ranked] for one in found]
    assert order == sorted(order, reverse=True)


def test_refusals() -> None:
    with pytest.raises(ValueError, match="no envelope in NIS"):
        best_set([Demand("a", {"NIS": Decimal(1)})], purse(1, 1))
    with pytest.raises(ValueError, match="twice"):
        best_set([RANKED[0], RANKED[0]], purse(1, 1))
    with pytest.raises(ValueError, match="hundredth"):
        best_set([demand("a", "0.001", 0)], purse(1, 1))
    with pytest.raises(ValueError, match="enumerated"):
        maximal_sets([demand(f"d{i}", 1, 1) for i in range(ENUMERATED + 1)], purse(1, 1))
