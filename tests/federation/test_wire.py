"""Bytes of a Release: exact both ways, and nothing else is accepted."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from numpy.typing import NDArray

from transat.federation.wire import Registry, WireError


@dataclass(frozen=True, slots=True)
class Sums:
    n: int
    score: NDArray[np.float64]
    counts: NDArray[np.int64]
    names: tuple[str, ...]
    deviance: float | None


REGISTRY = Registry({"sums": Sums})


def _sums(**change: Any) -> Sums:
    fields: dict[str, Any] = {
        "n": 12, "score": np.array([1.5, np.nan]), "counts": np.zeros((2, 2), np.int64),
        "names": ("N03AG01",), "deviance": None,
    }  # fmt: skip
    return Sums(**(fields | change))


@given(
    score=hnp.arrays(np.float64, st.integers(0, 5), elements=st.floats(allow_infinity=False)),
    counts=hnp.arrays(np.int64, (2, 3), elements=st.integers(-(2**53) + 1, 2**53 - 1)),
    n=st.integers(0, 2**53 - 1),
)
def test_round_trip_keeps_every_bit(
    score: NDArray[np.float64], counts: NDArray[np.int64], n: int
) -> None:
    sent = _sums(score=score + 0.0, counts=counts, n=n)  # + 0.0: JSON has no negative zero
    payload = REGISTRY.encode(sent)
    back = REGISTRY.decode(payload)
    assert np.array_equal(back.score, sent.score, equal_nan=True)
    assert np.array_equal(back.counts, counts)
    assert (back.n, back.names, back.deviance) == (n, ("N03AG01",), None)
    assert REGISTRY.encode(back) == payload


@pytest.mark.parametrize(
    "change",
    [
        {"score": np.array([np.inf])},
        {"score": np.array(["x"], dtype=object)},
        {"names": ("x" * 81,)},
        {"names": ("Née en 1987",)},
        {"n": {"a": 1}},
        {"names": (b"raw",)},
    ],
)
def test_what_may_not_travel_is_refused(change: dict[str, Any]) -> None:
    with pytest.raises(WireError):
        REGISTRY.encode(_sums(**change))


def test_an_unregistered_release_is_refused() -> None:
    @dataclass(frozen=True)
    class Other:
        n: int

    with pytest.raises(WireError):
        REGISTRY.encode(Other(1))


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("release",), "other"),
        (("extra",), 1),
        (("fields", "extra"), 1),
        (("fields", "n"), 1.5),
        (("fields", "n"), True),
        (("fields", "n"), None),
        (("fields", "names"), ["a", 1]),
        (("fields", "names"), "a"),
        (("fields", "deviance"), "0"),
        (("fields", "counts", "shape"), [3, 3]),
        (("fields", "counts", "shape"), [-1]),
        (("fields", "counts", "kind"), "object"),
        (("fields", "counts", "kind"), "float64"),
        (("fields", "counts", "data"), [1, 2, 3, 0.5]),
    ],
)
def test_decoding_is_strict(path: tuple[str, ...], value: object) -> None:
    data = json.loads(REGISTRY.encode(_sums()))
    place = data
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = value
    with pytest.raises(WireError):
        REGISTRY.decode(json.dumps(data, separators=(",", ":"), sort_keys=True).encode())


@pytest.mark.parametrize("payload", [b"", b"[]", b"\xff", b'{"a":NaN}', b"[" * 100_000])
def test_noise_is_refused(payload: bytes) -> None:
    with pytest.raises(WireError):
        REGISTRY.decode(payload)


def test_only_the_canonical_writing_is_accepted() -> None:
    payload = REGISTRY.encode(_sums())
    with pytest.raises(WireError):
        REGISTRY.decode(payload.replace(b",", b", ", 1))


def test_a_symmetric_matrix_travels_as_its_triangle() -> None:
    whole = np.array([[2.0, 0.5, -1.0], [0.5, 3.0, 0.25], [-1.0, 0.25, 1e-7]])
    payload = REGISTRY.encode(_sums(score=whole))
    told = json.loads(payload)["fields"]["score"]
    assert told["shape"] == [3, 3]
    assert told["data"] == [2.0, 0.5, -1.0, 3.0, 0.25, 1e-7]
    np.testing.assert_array_equal(REGISTRY.decode(payload).score, whole)
    twice = json.loads(payload)
    twice["fields"]["score"]["data"] = whole.reshape(-1).tolist()
    with pytest.raises(WireError):  # the other writing of the same
        REGISTRY.decode(json.dumps(twice, separators=(",", ":"), sort_keys=True).encode())


@given(
    hnp.arrays(
        np.float64,
        st.tuples(st.integers(0, 4), st.integers(0, 4)),
        elements=st.floats(-1e9, 1e9) | st.just(np.nan),
    )
)
def test_any_matrix_comes_back(matrix: NDArray[np.float64]) -> None:
    for one in (matrix, matrix @ matrix.T):
        np.testing.assert_array_equal(REGISTRY.decode(REGISTRY.encode(_sums(score=one))).score, one)
