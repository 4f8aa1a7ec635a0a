"""Spark gives what DuckDB gives: construct by construct, cast by cast, file by file."""

from __future__ import annotations

import datetime as dt
import random
import re
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

pytest.importorskip("pyspark", reason="the Spark part is not installed")

from transat.core.errors import ConfigError, InputError
from transat.engines.duckdb import DuckDB
from transat.engines.engine import Engine
from transat.engines.spark import Spark
from transat.engines.spark_faults import SparkFaultError
from transat.engines.sql_spark import UntranslatableError

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def spark(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    # Many short queries: compiling Java to the last costs more than it gives.
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("JAVA_TOOL_OPTIONS", "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC")
        try:
            engine = Spark("1GB", 2, tmp_path_factory.mktemp("spark"))
        except ConfigError as error:
            pytest.skip(str(error))
    with engine:
        yield engine


@pytest.fixture
def duckdb() -> Iterator[Engine]:
    with DuckDB("1GB", 2) as engine:
        yield engine


NUMBERS = pa.table(
    {
        "k": pa.array([1, 2, 3, 4, 5, 6], pa.int32()),
        "g": pa.array(["a", "a", "b", "b", None, None]),
        "n": pa.array([3, None, -7, 8, 0, 9007199254740993], pa.int64()),
        "x": pa.array([0.5, 1.5, -2.5, None, 12345678.9, 3400935418487.0]),
        "s": pa.array(["É1.0", " \u00a0a ", "", None, "Z\tz", "ß"]),
        "d": pa.array([dt.date(1600, 1, 1), dt.date(2020, 2, 29), None, dt.date(2020, 3, 1),
                       dt.date(1999, 12, 31), dt.date(2020, 2, 29)]),
    }
)  # fmt: skip

CONSTRUCTS = (
    "SELECT k, row_number() OVER (ORDER BY g, n DESC, k) AS r FROM t",
    "SELECT k FROM t ORDER BY n, k",
    "SELECT k FROM t ORDER BY s DESC, k",
    "SELECT g, sum(n) AS n, count(*) AS c, count(DISTINCT s) AS u, min(d) AS d FROM t GROUP BY ALL",
    "SELECT g, arg_min(s, k) AS a, arg_max(n, k) AS b, arg_min(n, k) FILTER (n < 5) AS c "
    "FROM t GROUP BY g",
    "SELECT g, first(n ORDER BY n, k) AS a, first(s ORDER BY d DESC, k) FILTER (s <> '') AS b "
    "FROM t GROUP BY g",
    "SELECT k, count(*) FILTER (n > 0) OVER (PARTITION BY g ORDER BY k ROWS UNBOUNDED PRECEDING) "
    "AS c FROM t",
    "SELECT k, d - DATE '2020-01-01' AS days, d + k AS later, d - 1 AS before FROM t",
    "SELECT q.k, q.a - q.b AS days FROM (SELECT k, d AS a, max(d) OVER () AS b FROM t) AS q",
    "SELECT k, CAST(x AS INTEGER) AS i, CAST(x AS VARCHAR) AS v, floor(x) AS f, x / k AS y, "
    "k // 2 AS h, k % 2 AS m, k / 0 AS z FROM t WHERE x < 1e9",
    "SELECT k, CAST(x AS VARCHAR) AS v FROM t",
    "SELECT k, CAST(CAST(n AS DECIMAL(18, 2)) / 4 AS DOUBLE) AS q FROM t WHERE k < 6",
    "SELECT k, trim(s) AS t, upper(s) AS u, length(s) AS l, strlen(s) AS b, s[1:2] AS p, "
    "s[2:] AS q, suffix(s, '.0') AS e, prefix(s, 'Z') AS f, contains(s, 'a') AS c FROM t",
    "SELECT k, lpad(g, 3, '0') AS a, ltrim('00' || g, '0') AS b, right(g, 2) AS c, "
    "nullif(g, 'a') AS e, concat(g, s) AS f, g || s AS h, repeat(g, k) AS r FROM t",
    "SELECT k, regexp_replace(s, '[^A-Z0-9]', '', 'g') AS a, regexp_full_match(s, '[a-z ]*') AS b "
    "FROM t",
    "SELECT k, ['x', 'y', 'z'][k] AS a, g IS DISTINCT FROM 'a' AS b, n NOTNULL AS c, "
    "greatest(n, k) AS e, coalesce(n, -1) AS f FROM t",
    "SELECT k FROM t WHERE (g, d) NOT IN (SELECT (g, d) FROM t WHERE k < 3)",
    "SELECT k FROM t WHERE hash(g) IN (SELECT hash(g) FROM t GROUP BY ALL HAVING count(*) > 1)",
    "SELECT k, range AS r FROM t CROSS JOIN range(k) WHERE k < 4",
    "SELECT * EXCLUDE (s, x) FROM t QUALIFY row_number() OVER (PARTITION BY g ORDER BY k) = 1",
    "SELECT k, year(d) AS y, month(d) AS m, make_date(year(d), 1, 1) AS f, "
    "d::TIMESTAMP AS i FROM t",
    "SELECT to_json(struct_pack(a := s, b := k, c := d)) AS j FROM t",
    "WITH w AS (SELECT g, bool_and(n > 0) AS p FROM t GROUP BY g) SELECT t.k, w.p FROM t "
    "LEFT JOIN w ON w.g = t.g",
    "SELECT a.k, b.k AS o FROM t AS a JOIN t AS b USING (g) WHERE a.d >= b.d - 1",
    "SELECT line.k AS k, (line).s AS s FROM (SELECT r AS line FROM (SELECT k, s FROM t) AS r)",
)


@pytest.mark.parametrize("query", CONSTRUCTS)
def test_a_construct_gives_the_same_rows(duckdb: Engine, spark: Engine, query: str) -> None:
    for engine in (duckdb, spark):
        engine.register("t", NUMBERS)
    expected, given = duckdb.rows(query), spark.rows(query)
    if " ORDER BY " not in query.rpartition(")")[2]:
        expected, given = sorted(expected, key=repr), sorted(given, key=repr)
    assert _plain(given) == _plain(expected)


def _plain(rows: list[tuple[object, ...]]) -> list[tuple[str, ...]]:
    """Numbers by their value: a sum of integers is a decimal on one engine."""
    return [tuple(str(float(v)) if type(v).__name__ in ("int", "float", "Decimal") else str(v)
                  for v in row) for row in rows]  # fmt: skip


SEEDS = ("01/02/2015", "31/12/1600", "2015-03-01", "2015-3-1", "05MAR2015:00:00:00", "01032015",
         "20150301", "2015-03-01 10:20:30", "2015-03-01T10:20:30", "2015/03/01", "1.0", "1.5",
         "1e2", "1,5", "-7", "+3", "9007199254740993.0", "3400935418487.0", " a\u00a0",
         "\u00e9t\u00e9", "inf", "nan", "12d", "ß1", "2015", "9223372036854775808")  # fmt: skip
LETTERS = "0123456789 -/:.,eEMARd_\u00a0\t\u00e9"
CASTS = {
    "integer": "try_cast(x AS BIGINT)",
    "short": "try_cast(x AS INTEGER)",
    "number": "try_cast(x AS DOUBLE)",
    # DuckDB has a day called infinity.
    "day": "CASE WHEN x <> 'inf' THEN CAST(try_cast(x AS DATE) AS VARCHAR) END",
    "instant": "try_strptime(x, ['%d/%m/%Y', '%d%b%Y:%H:%M:%S', '%Y-%m-%d %H:%M:%S', '%d%b%Y'])",
    "trimmed": "trim(x)",
    "capitals": "upper(x)",
    "plain": "CAST(try_cast(x AS DOUBLE) AS VARCHAR)",
}


def _hostile(seed: int) -> list[str]:
    """Texts one to three edits away from usual ones."""
    draw = random.Random(seed)
    texts = set(SEEDS)
    for start in SEEDS * 60:
        text = list(start)
        for _ in range(draw.randint(1, 3)):
            place = draw.randrange(len(text) + 1)
            text[place : place + draw.randint(0, 1)] = draw.choice((draw.choice(LETTERS), ""))
        texts.add("".join(text))
    # What sql_text says it leaves out: years of one digit or of five, an exponent without digits.
    return sorted(t for t in texts if not _left_out(t))


def _left_out(text: str) -> bool:
    short = re.search(r"(^|\D)\d(\D|$)", text) and re.search(
        r"[-/ :]|[a-z]{3}", text, re.IGNORECASE
    )
    return bool(short) or bool(re.search(r"[eE]\s*$|[eE]\d*\.|_|\d{5}-|\d{16}", text))


def test_hostile_texts_are_read_alike(duckdb: Engine, spark: Engine) -> None:
    texts = pa.table({"x": pa.array([*_hostile(1), None], pa.string())})
    query = f"SELECT x, {', '.join(f'{sql} AS {name}' for name, sql in CASTS.items())} FROM h"
    for engine in (duckdb, spark):
        engine.register("h", texts)
    expected, given = (
        {row[0]: row[1:] for row in engine.rows(query)} for engine in (duckdb, spark)
    )
    unlike = {x: (e, given[x]) for x, e in expected.items() if repr(e) != repr(given[x])}
    assert unlike == {}


def test_one_file_in_our_own_layout(spark: Engine, tmp_path: Path) -> None:
    path = tmp_path / "numbers.parquet"
    query = "SELECT CAST(range AS INTEGER) AS n, CAST(NULL AS DATE) AS d FROM range(7)"
    assert spark.write_parquet(f"{query} ORDER BY n DESC", path, row_group=3) == 7
    file = pq.ParquetFile(path)
    assert [file.metadata.row_group(i).num_rows for i in range(3)] == [3, 3, 1]
    assert file.metadata.row_group(0).column(0).compression == "ZSTD"
    assert file.schema_arrow == pa.schema({"n": pa.int32(), "d": pa.date32()})
    assert file.read()["n"].to_pylist() == [6, 5, 4, 3, 2, 1, 0]
    assert spark.scalar(f"SELECT sum(file_row_number * n) FROM read_parquet('{path}', "
                        "file_row_number = true)") == 35  # fmt: skip


def test_many_rows_that_do_not_compress_come_back(spark: Engine, tmp_path: Path) -> None:
    draw = random.Random(3)
    texts = [f"{draw.getrandbits(128):x}" for _ in range(60_000)]
    spark.register("many", pa.table({"a": texts}))
    assert sorted(spark.arrow("SELECT a FROM many")["a"].to_pylist()) == sorted(texts)
    path = tmp_path / "many.parquet"
    assert spark.write_parquet("SELECT a FROM many", path, compression="lz4") == len(texts)
    spark.view_parquet("again", [path])
    assert spark.scalar("SELECT count(DISTINCT a) FROM again") == len(texts)


def test_a_query_without_rows_writes_a_file_without_rows(spark: Engine, tmp_path: Path) -> None:
    path = tmp_path / "none.parquet"
    assert spark.write_parquet("SELECT 1 AS a WHERE false", path) == 0
    assert pq.read_table(path).num_rows == 0


@pytest.mark.parametrize(
    ("text", "quote"),
    [
        ("a;b\n1;x\n;y\n3;\n", '"'),
        ('\ufeffa;b\n"1;2";"say ""no"""\n"";"two\nlines"\n', '"'),
        ('a;b\n1;say "no\n2;it"s\n', ""),
        ("a;b\r\n1; x \r\n", '"'),
        ("a;b\n", '"'),
    ],
)
def test_a_delimited_file_is_read_alike(
    duckdb: Engine, spark: Engine, tmp_path: Path, text: str, quote: str
) -> None:
    path = tmp_path / "file.csv"
    path.write_bytes(text.encode())
    read = []
    for engine in (duckdb, spark):
        engine.read_csv_text("f", [path], ";", ["p", "q"], quote)
        read.append(sorted(engine.rows("SELECT p, q FROM f"), key=repr))
    assert read[0] == read[1]


def test_a_line_out_of_shape_is_named_by_its_number_only(spark: Engine, tmp_path: Path) -> None:
    path = tmp_path / "ragged.csv"
    path.write_text("a;b\n1;2\nsecret;3;4\n")
    spark.read_csv_text("ragged", [path], ";")
    with pytest.raises(InputError, match="ligne 3") as raised:
        spark.rows("SELECT a FROM ragged")
    assert "secret" not in str(raised.value)


def test_a_damaged_file_is_an_input_error(spark: Engine, tmp_path: Path) -> None:
    path = tmp_path / "damaged.parquet"
    path.write_bytes(b"PAR1 no PAR1")
    with pytest.raises(InputError):
        spark.view_parquet("damaged", [path])


def test_files_of_two_schemas_make_one_view(spark: Engine, tmp_path: Path) -> None:
    pq.write_table(pa.table({"a": [1], "b": [2]}), tmp_path / "one.parquet")
    pq.write_table(pa.table({"a": ["x"], "c": [3]}), tmp_path / "two.parquet")
    spark.view_parquet("both", [tmp_path / "one.parquet", tmp_path / "two.parquet"])
    assert sorted(spark.rows("SELECT a, b, c FROM both")) == [("1", 2, None), ("x", None, 3)]


def test_a_failing_cast_quotes_no_value(spark: Engine) -> None:
    spark.register("p", pa.table({"v": ["secret"]}))
    with pytest.raises(SparkFaultError) as raised:
        spark.rows("SELECT CAST(v AS INTEGER) FROM p")
    assert "secret" not in str(raised.value)
    assert raised.value.__cause__ is None


def test_a_wrong_name_is_a_defect_of_the_query(spark: Engine) -> None:
    with pytest.raises(UntranslatableError, match="nowhere"):
        spark.rows("SELECT nowhere FROM (SELECT 1 AS a)")


def test_a_second_session_is_refused(spark: Engine) -> None:
    with pytest.raises(ConfigError, match="déjà ouverte"):
        Spark()


def test_a_temporary_table_keeps_what_was_computed(spark: Engine, duckdb: Engine) -> None:
    for engine in (duckdb, spark):
        engine.register("before", NUMBERS)
        engine.sql(
            "-- kept\nCREATE OR REPLACE TEMP TABLE kept_rows AS\nSELECT k, d + 1 AS d FROM before"
        )
        engine.register("before", NUMBERS.slice(0, 2))
        assert engine.scalar("SELECT count(*) FROM before") == 2
        assert engine.scalar("SELECT count(*) FROM kept_rows WHERE d > DATE '2000-01-01'") == 3
        engine.sql("CREATE OR REPLACE TEMP TABLE kept_rows AS SELECT 1 AS k")
        assert engine.rows("SELECT * FROM kept_rows") == [(1,)]


def test_without_java_the_next_step_is_said(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("JAVA_HOME", str(tmp_path))
    with pytest.raises(ConfigError, match="openjdk-17"):
        Spark(temp_dir=tmp_path)
