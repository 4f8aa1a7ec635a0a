"""The quick forms of the casts give what the whole rules give, on texts close to the usual ones."""

from __future__ import annotations

import random

import pyarrow as pa
import pytest

from transat.engines.duckdb import DuckDB
from transat.harmonise.casts import Cast, _any_date, cast_sql

_SEEDS = (
    "01/02/2015",
    "31/12/1600",
    "2015-03-01",
    "2015-3-1",
    "05MAR2015:00:00:00",
    "01032015",
    "20150301",
    "2015-03-01 10:20:30",
    "2015/03/01",
    "20150-1-01",
    "1.0",
    "1.5",
    "1e2",
    "1,5",
    "9007199254740993.0",
    "3400935418487.0",
    " a\u00a0",
    "\u00e9t\u00e9",
)
_LETTERS = "0123456789 -/:.,eEMAR\u00a0\t\u00e9"

_WHOLE: dict[Cast, str] = {
    "text": "nullif(trim(x), '')",
    "code": "CASE WHEN suffix(x, '.0') THEN regexp_replace(upper(trim(x)), '\\.0$', '') "
    "ELSE nullif(upper(trim(x)), '') END",
    "number": "try_cast(replace(trim(x), ',', '.') AS DOUBLE)",
    "integer": "CASE WHEN regexp_matches(x, '[.,eE]') THEN CASE WHEN "
    "try_cast(replace(trim(x), ',', '.') AS DOUBLE) = "
    "floor(try_cast(replace(trim(x), ',', '.') AS DOUBLE)) THEN "
    "try_cast(try_cast(replace(trim(x), ',', '.') AS DOUBLE) AS BIGINT) END "
    "ELSE try_cast(trim(x) AS BIGINT) END",
    "date": _any_date('"x"'),
}


def _texts(seed: int) -> list[str | None]:
    """Texts one to three edits away from the usual forms, and NULL."""
    draw = random.Random(seed)
    texts: set[str] = set(_SEEDS)
    for start in _SEEDS * 200:
        text = list(start)
        for _ in range(draw.randint(1, 3)):
            place = draw.randrange(len(text) + 1)
            text[place : place + draw.randint(0, 1)] = draw.choice((draw.choice(_LETTERS), ""))
        texts.add("".join(text))
    return [*sorted(texts), None]


@pytest.mark.parametrize("cast", ["text", "code", "number", "integer", "date"])
def test_shortcuts_change_nothing(cast: Cast) -> None:
    with DuckDB(threads=1) as engine:
        engine.register("texts", pa.table({"x": pa.array(_texts(7), pa.string())}))
        different = engine.rows(
            f"SELECT x FROM texts WHERE {cast_sql('x', cast)} IS DISTINCT FROM {_WHOLE[cast]}"
        )
    assert different == []
