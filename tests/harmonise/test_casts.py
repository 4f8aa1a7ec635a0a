"""Every written form of a value, and what is not one."""

from __future__ import annotations

from datetime import date
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from transat.engines.duckdb import DuckDB
from transat.harmonise.casts import Cast, cast_sql


def cast(kind: Cast, *texts: str | None) -> list[Any]:
    with DuckDB(threads=1) as engine:
        table = pa.table({"i": range(len(texts)), "x": pa.array(texts, pa.string())})
        engine.register("t", table)
        return [v for (v,) in engine.rows(f"SELECT {cast_sql('x', kind)} FROM t ORDER BY i")]


@pytest.mark.parametrize(
    "text",
    [
        "05/03/2015", "2015-03-05", "05032015", "20150305", "05MAR2015:00:00:00",
        "2015-03-05 00:00:00", "2015-03-05T10:11:12", "05/03/2015 08:00:00", " 05/03/2015 ",
        "05-03-2015", "2015/03/05", "05mar2015",
    ],
)  # fmt: skip
def test_written_forms_of_a_date(text: str) -> None:
    assert cast("date", text) == [date(2015, 3, 5)]


def test_what_is_not_a_date() -> None:
    texts = ("30/02/2015", "31122015x", "2015-13-01", "", "00000000", "5", "201503", None)
    assert cast("date", *texts) == [None] * 8


@settings(max_examples=50, deadline=None)
@given(st.dates(date(1600, 1, 1), date(2100, 12, 31)))
def test_eight_digits_are_never_two_dates(day: date) -> None:
    assert cast("date", f"{day:%d%m%Y}", f"{day:%Y%m%d}", f"{day:%d/%m/%Y}") == [day] * 3


def test_numbers() -> None:
    assert cast("integer", "12", "-1", "12.0", "12,00", " 7 ", "1e2", "1.5", "x", "", None) == [
        12, -1, 12, 12, 7, 100, None, None, None, None,
    ]  # fmt: skip
    assert cast("number", "1,5", "-0.25", "3", "1.2.3", "") == [1.5, -0.25, 3.0, None, None]


def test_codes_and_text() -> None:
    assert cast("code", " q05.4 ", "3400935418487.0", "", "  ", None) == [
        "Q05.4", "3400935418487", None, None, None,
    ]  # fmt: skip
    assert cast("text", " aB ", "  ") == ["aB", None]
