"""Folds of people: by person, even, the same whatever the order."""

from __future__ import annotations

import numpy as np
import pytest

from transat.cohorts import folds
from transat.cohorts.folds import Part


def test_every_person_is_in_one_fold_and_folds_are_even() -> None:
    people = np.arange(20_000, dtype=np.int64)
    found = np.bincount(folds.fold_of(people, 5), minlength=5)
    assert found.sum() == 20_000
    assert (np.abs(found - 4_000) < 250).all()


def test_all_rows_of_a_person_fall_together_in_any_order() -> None:
    rng = np.random.default_rng(1)
    people = rng.integers(-(2**60), 2**60, 300).repeat(3)
    shuffled = rng.permutation(people)
    by_person = dict(zip(people.tolist(), folds.fold_of(people, 7).tolist(), strict=True))
    assert [by_person[p] for p in shuffled.tolist()] == folds.fold_of(shuffled, 7).tolist()


def test_a_part_and_what_it_leaves_out_are_everybody() -> None:
    people = np.arange(1_000, dtype=np.int64)
    inside, outside = folds.every(4).without(2).rows(people), Part(4, (2,)).rows(people)
    assert (inside ^ outside).all()
    assert Part().rows(people).all()
    assert folds.every(4).without(2).without(0) == Part(4, (1, 3))


@pytest.mark.parametrize(
    "part", [Part(0, ()), Part(11, (0,)), Part(3, (3,)), Part(3, (1, 1)), Part(3, ())]
)
def test_folds_that_do_not_exist_are_refused(part: Part) -> None:
    with pytest.raises(ValueError, match="folds"):
        part.rows(np.arange(3, dtype=np.int64))
    with pytest.raises(ValueError, match="folds"):
        folds.every(3).without(5)
