"""Eras: by hand, against a simple form in Python and in SQL, whatever the order of rows."""

from __future__ import annotations

from random import Random
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from transat.cohorts.eras.merging import Merged, merge
from transat.engines.duckdb import DuckDB


class Row(NamedTuple):
    person: int
    concept: int
    start: int
    end: int


class Era(NamedTuple):
    person: int
    concept: int
    start: int
    end: int
    count: int
    gap_days: int


def eras(rows: list[Row], gap: int) -> list[Era]:
    columns = [np.array(c, np.int32) for c in zip(*rows, strict=True)] or [
        np.empty(0, np.int32)
    ] * 4
    return told(merge(columns[:2], columns[2], columns[3], gap, gap_days=True))


def told(found: Merged) -> list[Era]:
    assert found.gap_days is not None
    arrays = (*found.keys, found.start, found.end, found.count, found.gap_days)
    return [Era(*map(int, values)) for values in zip(*arrays, strict=True)]


def plain(rows: list[Row], gap: int) -> list[Era]:
    """The definition, one row at a time."""
    found: list[Era] = []
    for row in sorted(rows):
        last = found[-1] if found else None
        if last is None or last[:2] != row[:2] or row.start - last.end > gap:
            found.append(Era(*row, 1, 0))
            continue
        hole = max(0, row.start - last.end)
        found[-1] = Era(*last[:3], max(last.end, row.end), last.count + 1, last.gap_days + hole)
    return found


def by_sql(rows: list[Row], gap: int) -> list[tuple[int, ...]]:
    """The form with two windows, its orders total by the row's number."""
    columns = [pa.array(c, pa.int32()) for c in zip(*rows, strict=True)]
    table = pa.table([*columns, pa.array(range(len(rows)))], ["p", "c", "s", "e", "id"])
    with DuckDB(threads=1) as engine:
        engine.register("rows", table)
        return engine.rows(f"""
            WITH seen AS (
                SELECT *, max(e) OVER (PARTITION BY p, c ORDER BY s, id
                                       ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS latest
                FROM rows),
            cut AS (
                SELECT *, sum((latest IS NULL OR s - latest > {gap})::INTEGER)
                          OVER (PARTITION BY p, c ORDER BY s, id) AS era
                FROM seen)
            SELECT p, c, min(s), max(e), count(*),
                   sum(CASE WHEN s - latest BETWEEN 1 AND {gap} THEN s - latest ELSE 0 END)
            FROM cut GROUP BY p, c, era ORDER BY ALL""")


def intervals(days: int = 60, longest: int = 20) -> st.SearchStrategy[list[Row]]:
    """Few persons, few concepts, few days: ties, nesting and chains abound."""
    row = st.builds(
        lambda p, c, s, n: Row(p, c, s, s + n),
        st.integers(1, 3), st.integers(5, 7), st.integers(-days, days), st.integers(0, longest),
    )  # fmt: skip
    return st.lists(row, max_size=40)


def test_a_long_interval_holds_what_starts_within_it() -> None:
    rows = [Row(1, 5, 0, 100), Row(1, 5, 10, 12), Row(1, 5, 120, 121), Row(1, 5, 152, 160)]
    assert eras(rows, 30) == [Era(1, 5, 0, 121, 3, 20), Era(1, 5, 152, 160, 1, 0)]


def test_the_gap_is_closed_and_the_day_after_it_is_out() -> None:
    rows = [Row(1, 5, 0, 10), Row(1, 5, 40, 41), Row(1, 5, 72, 72)]
    assert eras(rows, 30) == [Era(1, 5, 0, 41, 2, 30), Era(1, 5, 72, 72, 1, 0)]


def test_without_a_gap_only_what_overlaps_is_merged() -> None:
    rows = [Row(1, 5, 0, 10), Row(1, 5, 10, 12), Row(1, 5, 13, 14)]
    assert eras(rows, 0) == [Era(1, 5, 0, 12, 2, 0), Era(1, 5, 13, 14, 1, 0)]


def test_an_interval_of_one_key_never_prolongs_the_next_key() -> None:
    rows = [Row(1, 5, 0, 900), Row(1, 6, 1, 2), Row(2, 5, 3, 4), Row(2, 5, 60, 61)]
    assert [e.end for e in eras(rows, 30)] == [900, 2, 4, 61]


def test_nothing_gives_nothing() -> None:
    assert eras([], 30) == []


def test_three_keys_and_no_gap_days() -> None:
    keys = [np.array(k, np.int32) for k in ([1, 1, 1], [1, 1, 2], [7, 7, 7])]
    days = np.array([0, 1, 1], np.int32)
    found = merge(keys, days, days + 1, 0)
    assert found.gap_days is None
    assert [k.tolist() for k in found.keys] == [[1, 1], [1, 2], [7, 7]]
    assert found.count.tolist() == [2, 1]


@given(intervals(), st.integers(0, 40), st.randoms(use_true_random=False))
def test_any_order_of_rows_gives_the_definition(rows: list[Row], gap: int, random: Random) -> None:
    expected = plain(rows, gap)
    assert eras(sorted(rows), gap) == expected
    random.shuffle(rows)
    assert eras(rows, gap) == expected


def test_one_interval_over_all_that_follow() -> None:
    rows = [Row(1, 5, 0, 500), *(Row(1, 5, i, i) for i in range(1, 400)), Row(1, 6, 1, 1)]
    assert eras(rows, 0) == [Era(1, 5, 0, 500, 400, 0), Era(1, 6, 1, 1, 1, 0)]


@given(intervals(), st.integers(0, 40))
def test_merging_eras_again_changes_nothing(rows: list[Row], gap: int) -> None:
    once = eras(rows, gap)
    again = eras([Row(*era[:4]) for era in once], gap)
    assert [e[:4] for e in again] == [e[:4] for e in once]


@given(st.lists(st.tuples(st.integers(1, 4), st.integers(-(2**30), 2**30)), min_size=1, max_size=9))
def test_days_far_apart_need_wide_integers_and_have_them(drawn: list[tuple[int, int]]) -> None:
    rows = [Row(p, 5, s, s + 3) for p, s in drawn]
    wide = [Row(r.person * 500_000_000, 2_000_000_000 + r.concept, r.start, r.end) for r in rows]
    assert eras(wide, 30) == plain(wide, 30)


@pytest.mark.parametrize("seed", range(3))
def test_many_rows_agree_with_sql(seed: int) -> None:
    random = np.random.default_rng(seed)
    n = 20_000
    start = random.integers(0, 2000, n)
    drawn = (random.integers(1, 60, n), random.integers(1, 9, n), start,
             start + random.choice([0, 6, 29, 29, 89, 700], n))  # fmt: skip
    rows = [Row(*map(int, values)) for values in zip(*drawn, strict=True)]
    assert [tuple(e) for e in eras(rows, 30)] == by_sql(rows, 30)
