"""G8: no two populations, and no few populations together, tell of 1..10 people by subtraction."""

from __future__ import annotations

import json
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from made_sites import draw
from numpy.typing import NDArray
from one_question import answered, asked, data, refusal

from transat.federation.checks.overlap import Overlap, packed, too_near, unpacked
from transat.federation.refusals import Refused
from transat.statistics import prevalence

People = NDArray[np.int64]
ROWS = draw(1, 1000)


def about(check: Overlap, people: People, cohort: str = "b" * 64) -> Refused | None:
    held = data(ROWS.take(np.arange(len(people))), people)
    return refusal(check, asked(held, "prevalence", prevalence.Parameters(), cohort=cohort))


@pytest.mark.parametrize(("fewer", "refused"), [(0, False), (1, True), (10, True), (11, False)])
def test_a_population_that_differs_by_few(fewer: int, refused: bool) -> None:
    check = Overlap()
    assert about(check, np.arange(500)) is None
    no = about(check, np.arange(fewer, 500), cohort="c" * 64)
    assert (no is not None) == refused
    assert no is None or no.code == "overlap"


def test_an_exchange_of_people_is_a_difference_too() -> None:
    check = Overlap()
    assert about(check, np.arange(500)) is None
    assert about(check, np.arange(5, 505)) is not None
    assert about(check, np.arange(6, 506)) is None


def test_parts_that_leave_three_of_a_whole_are_refused() -> None:
    check = Overlap()
    for part in (np.arange(500), np.arange(200), np.arange(200, 400)):
        assert about(check, part) is None
    assert about(check, np.arange(400, 497)) is not None
    assert about(check, np.arange(400, 489)) is None


def test_a_whole_is_refused_after_its_parts() -> None:
    check = Overlap()
    assert about(check, np.arange(200)) is None
    assert about(check, np.arange(200, 400)) is None
    assert about(check, np.arange(404)) is not None
    assert about(check, np.arange(400)) is None


def test_what_it_remembers_survives_a_restart() -> None:
    check = Overlap()
    question = asked(data(ROWS), "prevalence")
    left = check.left(question, None)
    answered(check, question)
    assert check.left(question, None) is None  # once is enough
    again = Overlap()
    again.recall(json.loads(json.dumps(left)))
    assert about(again, np.arange(995)) is not None
    assert about(Overlap(), np.arange(995)) is None


def test_several_rows_of_one_person_are_one_person() -> None:
    check = Overlap()
    assert about(check, np.repeat(np.arange(100), 2)) is None
    assert about(check, np.arange(100)) is None
    assert about(check, np.arange(101)) is not None


@given(people=st.sets(st.integers(-(2**40), 2**62), max_size=50))
def test_people_are_written_and_read_back(people: set[int]) -> None:
    ordered = np.array(sorted(people), dtype=np.int64)
    assert np.array_equal(unpacked(packed(ordered)), ordered)


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), k=st.integers(1, 4))
def test_what_passes_leaves_nobody_alone(seed: int, k: int) -> None:
    """Every union of up to three disjoint earlier populations in a whole, found by enumeration."""
    rng = np.random.default_rng(seed)
    sets: list[People] = []
    for _ in range(k + 1):
        cut = np.sort(rng.integers(0, 80, 2))
        new = np.arange(cut[0], cut[1] + 1)
        if not too_near(new, tuple(sets), 11):
            sets.append(new)
    for whole in sets:
        for size in (1, 2, 3):
            for parts in combinations(sets, size):
                together = np.concatenate(parts)
                if len(np.unique(together)) < len(together) or not np.isin(together, whole).all():
                    continue
                assert not 0 < len(whole) - len(together) < 11
