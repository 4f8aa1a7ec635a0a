"""Periods joined over gaps, and cut at a study's dates, as a loop over each person's does it."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from transat.cohorts.query.columns import keys
from transat.cohorts.query.columns.collapse import cut, joined

SPELL = st.tuples(st.integers(0, 2), st.integers(0, 40), st.integers(0, 15)).map(
    lambda s: (s[0], 730_000 + s[1], 730_000 + s[1] + s[2])
)
SPELLS = st.lists(SPELL, max_size=20)
Spell = tuple[int, int, int]


def keyed(spells: list[Spell]) -> tuple[keys.Ints, keys.Ints]:
    starts = np.array([(who << keys.PERSON_BITS) + low for who, low, _ in spells], np.int64)
    return starts, np.array([(who << keys.PERSON_BITS) + high for who, _, high in spells], np.int64)


def unkeyed(start: keys.Ints, end: keys.Ints) -> list[Spell]:
    assert keys.person(start).tolist() == keys.person(end).tolist()
    columns = keys.person(start), keys.days(start), keys.days(end)
    return list(zip(*(c.tolist() for c in columns), strict=True))


def by_hand(spells: list[Spell], gap: int) -> list[Spell]:
    found: list[Spell] = []
    for who, low, high in sorted(spells):
        if found and found[-1][0] == who and low <= found[-1][2] + gap:
            found[-1] = (who, found[-1][1], max(high, found[-1][2]))
        else:
            found.append((who, low, high))
    return found


@given(SPELLS, st.integers(0, 6))
def test_joined_as_by_hand(spells: list[Spell], gap: int) -> None:
    ordered = sorted(spells, key=lambda s: s[:2])
    assert unkeyed(*joined(*keyed(ordered), gap)) == by_hand(spells, gap)


def test_what_a_gap_of_as_many_days_separates_is_one() -> None:
    spells = [(0, 730_000, 730_004), (0, 730_007, 730_009)]
    assert len(unkeyed(*joined(*keyed(spells), 2))) == 2
    assert unkeyed(*joined(*keyed(spells), 3)) == [(0, 730_000, 730_009)]


@given(SPELLS, st.integers(730_000, 730_050), st.integers(730_000, 730_050))
def test_cut_leaves_what_lies_inside(spells: list[Spell], first: int, last: int) -> None:
    apart = by_hand(spells, 0)
    expected = [
        (who, max(low, first), min(high, last))
        for who, low, high in apart
        if max(low, first) <= min(high, last)
    ]
    assert unkeyed(*cut(*keyed(apart), first, last)) == expected
