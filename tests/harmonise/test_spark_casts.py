"""The five casts give the same values on Spark as on DuckDB, on texts close to the usual ones."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pyarrow as pa
import pytest

pytest.importorskip("pyspark", reason="the Spark part is not installed")

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from test_cast_shortcuts import _texts

from transat.core.errors import ConfigError
from transat.engines.duckdb import DuckDB
from transat.engines.spark import Spark
from transat.harmonise.casts import SQL_TYPES, cast_sql

pytestmark = pytest.mark.slow

_CASTS = ", ".join(f'{cast_sql("x", c)} AS "{c}_"' for c in SQL_TYPES)
_QUERY = (
    "SELECT x, text_, code_, integer_, number_, CASE WHEN year(date_) >= 10 THEN date_ END AS day "
    f"FROM (SELECT x, {_CASTS} FROM texts)"
)

#: A text of any letters, digits and signs that a native file may hold.
_TEXTS = st.text(st.sampled_from("0123456789.,-/: eEdTJANfé\u00a0\t_+'\"\\%ß\u2019"), max_size=20)
_BATCHES = st.lists(_TEXTS | st.dates().map(str), min_size=200, max_size=400)


@pytest.fixture(scope="module")
def engines(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[DuckDB, Spark]]:
    try:
        spark = Spark("1GB", 2, tmp_path_factory.mktemp("spark"))
    except ConfigError as error:
        pytest.skip(str(error))
    with spark, DuckDB("1GB", 2) as duckdb:
        yield duckdb, spark


def _unlike(engines: tuple[DuckDB, Spark], texts: list[str | None]) -> dict[object, object]:
    """Texts that the two engines read differently, but for years that have one digit."""
    told = []
    for engine in engines:
        engine.register("texts", pa.table({"x": pa.array(texts, pa.string())}))
        told.append({row[0]: repr(row[1:]) for row in engine.rows(_QUERY)})
    return {x: (e, told[1][x]) for x, e in told[0].items() if e != told[1][x]}


def test_usual_texts_with_an_edit_or_two(engines: tuple[DuckDB, Spark]) -> None:
    assert _unlike(engines, _texts(1)) == {}


@settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
@given(batch=_BATCHES)
def test_any_text(engines: tuple[DuckDB, Spark], batch: list[str]) -> None:
    assert _unlike(engines, [t for t in set(batch) if not re.search(r"[eE][+-]?\s*$", t)]) == {}
