"""DuckDB's SQL in Spark's words: what is written, and what is refused; Spark is not needed."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

pytest.importorskip("sqlglot", reason="the Spark part is not installed")

from transat.engines.sql_kinds import Kind
from transat.engines.sql_spark import UntranslatableError, translated

VIEW: Mapping[str, Kind] = {
    "d": "date",
    "e": "date",
    "n": "integer",
    "x": "double",
    "c": "decimal",
    "s": "text",
    "b": "boolean",
}


def in_spark(query: str) -> str:
    return translated(query, lambda name: VIEW if name == "t" else None)


@pytest.mark.parametrize(
    ("duckdb", "spark"),
    [
        ("SELECT d - e FROM t", "DATEDIFF(`d`, `e`)"),
        ("SELECT d + 1 FROM t", "DATE_ADD(d, CAST(1 AS INT))"),
        ("SELECT n - 1 FROM t", "n - 1"),
        ("SELECT q.a - q.b FROM (SELECT d AS a, max(e) AS b FROM t GROUP BY d) AS q", "DATEDIFF"),
        ("WITH w AS (SELECT d FROM t) SELECT w.d - 3 FROM w", "DATE_SUB"),
        ("SELECT CAST(x AS INTEGER) FROM t", "RINT(x)"),
        ("SELECT CAST(c AS INTEGER) FROM t", "ROUND(c)"),
        ("SELECT CAST(n AS INTEGER) FROM t", "CAST(n AS INT)"),
        ("SELECT s[1:3] FROM t", "SUBSTRING(s, 1, GREATEST(3 - 1 + 1, 0))"),
        ("SELECT ['a', 'b'][n] FROM t", "TRY_ELEMENT_AT(ARRAY('a', 'b')"),
        ("SELECT * EXCLUDE (d) FROM t", "* EXCEPT (d)"),
        ("SELECT hash(s, n) FROM t", "XXHASH64(s, CAST(n AS BIGINT))"),
        ("SELECT n FROM t ORDER BY n", "NULLS LAST"),
        ("SELECT first(s ORDER BY n, d) FROM t", "MIN_BY(s, STRUCT(n IS NULL, n, d IS NULL, d))"),
        ("SELECT arg_min(s, n) FILTER (n > 1) FROM t", "FILTER (WHERE (n > 1) AND s IS NOT NULL)"),
        ("SELECT row_number() OVER (PARTITION BY s) FROM t", "PARTITION BY s ORDER BY 1"),
        ("SELECT n FROM t WHERE (n, s) NOT IN (SELECT (n, s) FROM t)", "row_of.k0 <=> n"),
        ("SELECT regexp_replace(s, '[^A-Z]', '', 'g') FROM t", "r'[^A-Z]'"),
        ("SELECT regexp_replace(s, '\\.0$', '') FROM t", r"r'\.0\z'"),
        ("SELECT n FROM t CROSS JOIN range(n)", "POSEXPLODE(ARRAY_REPEAT(0"),
        ("CREATE OR REPLACE VIEW v AS SELECT 1", "CREATE OR REPLACE TEMPORARY VIEW v"),
        ("SELECT concat(s, n) FROM t", "COALESCE(CAST(s AS STRING), '')"),
        (
            "SELECT file_row_number FROM read_parquet('/a/b.parquet', file_row_number = true)",
            "_metadata.row_index AS file_row_number FROM parquet.`/a/b.parquet`",
        ),
    ],
)
def test_what_means_another_thing_in_spark_is_rewritten(duckdb: str, spark: str) -> None:
    assert spark.replace("`", "") in in_spark(duckdb).replace("`", "")


@pytest.mark.parametrize(
    ("query", "named"),
    [
        ("SELECT jaro_similarity(s, 'a') FROM t", "jaro_similarity"),
        ("SELECT s[2] FROM t", "one character"),
        ("SELECT s[-3:-1] FROM t", "slice from the end"),
        ("SELECT first(s) FROM t", "first without an order"),
        ("SELECT regexp_replace(s, 'a', 'b') FROM t", "first match"),
        ("SELECT * FROM read_parquet('a.parquet', union_by_name = true)", "union_by_name"),
        ("CREATE TABLE u AS SELECT 1", "only views"),
        ("SET threads = 1", "SET threads"),
        ("SELECT FROM WHERE", "not parsed"),
    ],
)
def test_what_has_no_counterpart_is_refused_by_name(query: str, named: str) -> None:
    with pytest.raises(UntranslatableError, match=named):
        in_spark(query)


def test_a_text_constant_keeps_its_quotes_and_backslashes() -> None:
    assert r"'it\'s a \\d'" in in_spark("SELECT 'it''s a \\d' AS a")
