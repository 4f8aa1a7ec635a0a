"""The bytes are those of the library, whatever the numbers, texts and nesting."""

from __future__ import annotations

import math
from typing import Any

import pytest
import rfc8785
from hypothesis import given, settings
from hypothesis import strategies as st

from transat.federation import canonical

NUMBERS = st.one_of(
    st.floats(allow_nan=False, allow_infinity=False),
    st.integers(-(2**53) + 1, 2**53 - 1),
    st.integers(-(10**15), 10**15).map(float),
    st.integers(0, 400).map(lambda k: 10.0 ** (k - 200)),
)
JSON = st.recursive(
    st.one_of(st.none(), st.booleans(), NUMBERS, st.text()),
    lambda inner: st.one_of(st.lists(inner), st.dictionaries(st.text(), inner)),
    max_leaves=20,
)


@settings(max_examples=500)
@given(JSON)
def test_any_data_is_written_as_the_library_writes_it(data: Any) -> None:
    assert canonical.dumps(data) == rfc8785.dumps(data)


@given(st.lists(NUMBERS, max_size=200))
def test_many_numbers_are_too(numbers: list[float]) -> None:
    data = {"data": numbers, "kind": "float64", "shape": [len(numbers)]}
    assert canonical.dumps(data) == rfc8785.dumps(data)


@pytest.mark.parametrize("value", [0.0, -0.0, 1e21, 1e-7, 1e16, 123456789012345680.0, 5e-324])
def test_the_edges_of_notation(value: float) -> None:
    assert canonical.dumps([value]) == rfc8785.dumps([value])


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf, 2**53, -(2**53)])
def test_what_json_cannot_carry_is_refused(value: float) -> None:
    with pytest.raises(rfc8785.CanonicalizationError):
        canonical.dumps([value])
