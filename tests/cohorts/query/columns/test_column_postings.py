"""The rows of concepts: those that a look at every row finds, in order."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from transat.cohorts.query.columns.postings import Postings

CONCEPTS = st.lists(st.none() | st.integers(0, 12), max_size=60)


@given(CONCEPTS, st.sets(st.integers(0, 14)), st.randoms(use_true_random=False))
def test_rows_as_a_look_at_each(
    concepts: list[int | None], wanted: set[int], chance: object
) -> None:
    order = list(range(len(concepts)))
    chance.shuffle(order)  # type: ignore[attr-defined]
    postings = Postings(pa.chunked_array([pa.array(concepts, pa.int64())]), np.array(order, int))
    rows = postings.rows(np.array(sorted(wanted), np.int64))
    assert rows.tolist() == [n for n, at in enumerate(order) if concepts[at] in wanted]


@pytest.mark.parametrize("kind", [pa.int32(), pa.int64(), pa.float64()])
def test_a_concept_id_is_the_same_in_any_type(kind: pa.DataType) -> None:
    column = pa.chunked_array([pa.array([7, None], kind), pa.array([2_000_000_001, 7], kind)])
    postings = Postings(column, np.arange(4))
    assert postings.rows(np.array([7])).tolist() == [0, 3]
    assert postings.rows(np.array([7, 2_000_000_001])).tolist() == [0, 2, 3]


def test_more_concepts_than_sixteen_bits_number() -> None:
    many = np.arange(70_000)
    postings = Postings(
        pa.chunked_array([pa.array(np.concatenate((many, many)))]), np.arange(140_000)
    )
    assert postings.rows(np.array([3, 69_999])).tolist() == [3, 69_999, 70_003, 139_999]
