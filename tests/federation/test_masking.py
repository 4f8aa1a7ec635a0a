"""No count of 1..10 can be read or subtracted out of what the masks leave: random tables."""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.optimize import linprog
from scipy.sparse import csc_array

from transat.federation.checks import cells, margins
from transat.federation.checks.containment import families, relations

T = 11


@dataclass(frozen=True)
class Masked:
    x: NDArray[np.int64]
    y: NDArray[np.int64]
    no_exposed: NDArray[np.bool_]
    no_cases: NDArray[np.bool_]
    pairs: NDArray[np.bool_]


def masked(x: NDArray[np.int64], y: NDArray[np.int64]) -> Masked:
    gx, gy = relations(csc_array(x)), relations(csc_array(y))
    fx, fy = families(gx), families(gy)
    no_x = margins.mask(gx.sizes, len(x), gx, fx, T)
    no_y = margins.mask(gy.sizes, len(x), gy, fy, T)
    table = cells.CellTable(x.T @ y, gx.sizes, gy.sizes, len(x), gx, gy, fx, fy)
    return Masked(x, y, no_x, no_y, cells.mask(table, no_x, no_y, T))


def nested(rng: np.random.Generator, n: int, k: int) -> NDArray[np.int64]:
    """Random groups, each a random part of an earlier group or of everybody."""
    columns = np.zeros((n, k), np.int64)
    for j in range(k):
        whole = columns[:, rng.integers(j)] if j and rng.random() < 0.7 else np.ones(n, np.int64)
        if j and rng.random() < 0.3:  # beside its siblings rather than across them
            whole = whole * (1 - columns[:, rng.integers(j)])
        columns[:, j] = whole * (rng.random(n) < rng.choice([0.05, 0.3, 0.7, 0.95]))
    return columns


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), n=st.integers(0, 200))
def test_nothing_small_is_shown_or_subtracted(seed: int, n: int) -> None:
    rng = np.random.default_rng(seed)
    m = masked(nested(rng, n, 4), nested(rng, n, 4))
    for small in attack(m):
        pytest.fail(f"derived {small}")


def attack(m: Masked) -> list[int]:
    """Every difference of nested shown counts, on one axis or on both; every disjoint sum."""
    n = len(m.x)
    x = np.column_stack([m.x, np.ones(n, np.int64)])
    y = np.column_stack([m.y, np.ones(n, np.int64)])
    shown = np.zeros((x.shape[1], y.shape[1]), np.bool_)
    shown[:-1, :-1] = ~(m.pairs | m.no_exposed[:, None] | m.no_cases[None, :])
    shown[:-1, -1], shown[-1, :-1] = ~m.no_exposed, ~m.no_cases
    shown[-1, -1] = n == 0 or n >= T
    found: list[int] = []
    for f, g in itertools.product(_functionals(x), _functionals(y)):
        if all(shown[i, j] for i in f for j in g):
            value = sum(f[i] * g[j] * int(x[:, i] @ y[:, j]) for i in f for j in g)
            if 0 < value < T:
                found.append(value)
    return found


def _functionals(x: NDArray[np.int64]) -> list[dict[int, int]]:
    """A group; a group less one in it; a group less two in it that never meet."""
    k = x.shape[1]
    inside = [
        [i for i in range(k) if i != j and x[:, i].any() and not (x[:, i] > x[:, j]).any()]
        for j in range(k)
    ]
    result = [{j: 1} for j in range(k)]
    result += [{j: 1, i: -1} for j in range(k) for i in inside[j]]
    result += [
        {j: 1, a: -1, b: -1}
        for j in range(k)
        for a, b in itertools.combinations(inside[j], 2)
        if not (x[:, a] & x[:, b]).any()
    ]
    return result


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 2**32 - 1))
def test_linear_programming_finds_no_masked_cell(seed: int) -> None:
    """The strongest attacker here: every shown count as an equation over all atoms of people."""
    rng = np.random.default_rng(seed)
    m = masked(nested(rng, 120, 2), nested(rng, 120, 2))
    low, high, true = _bounds(m)
    for a, b, value in zip(low, high, true, strict=True):
        assert not (0 < value < T and b - a < 0.5), "a masked small cell was solved exactly"


def _bounds(m: Masked) -> tuple[list[float], list[float], list[int]]:
    n, (dx, dy) = len(m.x), (m.x.shape[1], m.y.shape[1])
    rows = {tuple(r) for r in m.x}, {tuple(r) for r in m.y}
    atoms = [(a, b) for a in sorted(rows[0]) for b in sorted(rows[1])]
    cell = {
        (i, j): [float(_in(a, i) and _in(b, j)) for a, b in atoms]
        for i in range(dx + 1)
        for j in range(dy + 1)
    }
    x1 = np.column_stack([m.x, np.ones(n, np.int64)])
    y1 = np.column_stack([m.y, np.ones(n, np.int64)])
    hidden = np.zeros((dx + 1, dy + 1), np.bool_)
    hidden[:-1, :-1] = m.pairs | m.no_exposed[:, None] | m.no_cases[None, :]
    hidden[:-1, -1], hidden[-1, :-1] = m.no_exposed, m.no_cases
    value = x1.T @ y1
    known = [(i, j) for i, j in cell if not hidden[i, j]]
    equations = np.array([cell[c] for c in known])
    right = np.array([float(value[c]) for c in known])
    secret = [(i, j) for i, j in cell if hidden[i, j]]
    low, high = [], []
    for c in secret:
        for sign, into in ((1, low), (-1, high)):
            solved = linprog(sign * np.array(cell[c]), A_eq=equations, b_eq=right)
            into.append(sign * solved.fun)
    return low, high, [int(value[c]) for c in secret]


def _in(row: tuple[int, ...], group: int) -> bool:
    return group == len(row) or bool(row[group])


def test_masking_twice_masks_nothing_more() -> None:
    rng = np.random.default_rng(1)
    m = masked(nested(rng, 300, 6), nested(rng, 300, 6))
    gx, gy = relations(csc_array(m.x)), relations(csc_array(m.y))
    a = np.where(m.pairs, -1, m.x.T @ m.y)
    table = cells.CellTable(a, gx.sizes, gy.sizes, 300, gx, gy, families(gx), families(gy))
    assert np.array_equal(cells.mask(table, m.no_exposed, m.no_cases, T), m.pairs)


def test_large_nested_counts_far_apart_all_leave() -> None:
    x = np.zeros((400, 2), np.int64)
    x[:200, 0], x[:100, 1] = 1, 1
    y = np.zeros((400, 1), np.int64)
    y[::2, 0] = 1
    m = masked(x, y)
    assert not (m.pairs.any())
    assert not (m.no_exposed.any())
    assert not (m.no_cases.any())


def test_a_class_that_differs_from_its_medicine_by_five_masks_the_medicine() -> None:
    x = np.zeros((400, 2), np.int64)
    x[:105, 0], x[:100, 1] = 1, 1
    y = np.zeros((400, 1), np.int64)
    y[::2, 0] = 1
    m = masked(x, y)
    assert m.no_exposed.tolist() == [False, True]
    assert m.pairs.tolist() == [[False], [True]]


def test_exposed_others_below_the_threshold_mask_the_cell() -> None:
    x, y = np.zeros((400, 1), np.int64), np.zeros((400, 1), np.int64)
    x[:50, 0], y[:47, 0], y[100:200, 0] = 1, 1, 1
    m = masked(x, y)
    assert m.pairs.tolist() == [[True]]
    assert not m.no_exposed.any()
