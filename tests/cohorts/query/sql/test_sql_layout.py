"""Pieces of SQL text."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from transat.cohorts.query.sql.layout import comment, literal, plus, remark
from transat.core.languages import Text
from transat.engines.duckdb import DuckDB


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (18.0, "18"),
        (-3, "-3"),
        (6.5, "6.5"),
        (1e-7, "1e-07"),
        (1e22, "10000000000000000000000"),
        (date(2020, 2, 29), "DATE '2020-02-29'"),
        ("l'été", "'l''été'"),
    ],
)
def test_literals(value: float | str | date, written: str) -> None:
    assert literal(value) == written


@pytest.mark.parametrize(
    ("days", "written"), [(0, "a.day"), (30, "a.day + 30"), (-365, "a.day - 365")]
)
def test_moved_days(days: int, written: str) -> None:
    assert plus("a.day", days) == written


def test_a_comment_says_both_languages_once() -> None:
    assert comment(Text("a\nb", "c"), None, "") == "-- a\n-- b\n-- c\n"
    assert comment(Text("same", "same")) == "-- same\n"


@pytest.fixture(scope="module")
def duckdb() -> Iterator[DuckDB]:
    with DuckDB("1GB", 1) as engine:
        yield engine


@settings(deadline=None)
@given(said=st.lists(st.text(), min_size=1, max_size=20))
def test_no_text_leaves_its_comment(duckdb: DuckDB, said: list[str]) -> None:
    assert duckdb.rows(f"{comment(*said)}SELECT 1{''.join(map(remark, said))}, 2") == [(1, 2)]


def test_what_is_no_character_is_left_out() -> None:
    assert comment("a\x00b", "\ud800") == "-- ab\n-- ?\n"
