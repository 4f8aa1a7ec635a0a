"""A file, a disk or a memory that fails the engine is told; what DuckDB quotes is not."""

from __future__ import annotations

import gzip
import traceback
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from transat.core.errors import ConfigError, InputError, TransatError
from transat.engines.duckdb import DuckDB
from transat.engines.engine import Engine, quoted
from transat.engines.faults import explained

SECRET = "SECRETVALUE"


@pytest.fixture
def engine() -> Iterator[Engine]:
    with DuckDB(threads=1) as opened:
        yield opened


def _shown(error: BaseException) -> str:
    return "".join(traceback.format_exception(error))


def _parquet(engine: Engine, path: Path) -> bytes:
    engine.write_parquet("SELECT i, 'a' || i AS s FROM range(50000) AS t(i)", path)
    return path.read_bytes()


def test_a_ragged_line_is_named_and_not_quoted(engine: Engine, tmp_path: Path) -> None:
    file = tmp_path / "T.csv"
    file.write_text(f"a;b\n1;2\n1;2;{SECRET}\n", "utf-8")
    engine.read_csv_text("t", [file], ";")
    for ask in (engine.rows, engine.scalar, engine.arrow, engine.sql):
        with pytest.raises(InputError, match="3") as caught:
            ask("SELECT * FROM t")
        assert caught.value.where == str(file)
        assert SECRET not in _shown(caught.value)


@pytest.mark.parametrize(
    "query",
    [
        f"SELECT CAST('{SECRET}' || i AS INTEGER) FROM range(3) AS t(i)",
        f"SELECT strptime('{SECRET}' || i, '%Y') FROM range(3) AS t(i)",
        "SELECT CAST(3400935418487 + i AS INTEGER) FROM range(3) AS t(i)",
        "SELECT CAST(9223372036854775807 + i AS BIGINT) FROM range(3) AS t(i)",
    ],
)
def test_a_value_that_fits_no_type_is_told_and_not_quoted(engine: Engine, query: str) -> None:
    with pytest.raises(TransatError) as caught:
        engine.rows(query)
    shown = _shown(caught.value)
    assert not any(value in shown for value in (SECRET, "3400935418487", "9223372036854775807"))


def test_a_damaged_page_of_parquet_is_told(engine: Engine, tmp_path: Path) -> None:
    file = tmp_path / "t.parquet"
    content = bytearray(_parquet(engine, file))
    engine.view_parquet("t", [file])
    content[4 : len(content) // 2] = b"\xff" * (len(content) // 2 - 4)
    file.write_bytes(content)
    with pytest.raises(TransatError) as caught:
        engine.rows("SELECT max(i), max(s) FROM t")
    assert caught.value.where.endswith(".parquet")


def test_a_cut_parquet_file_is_told(engine: Engine, tmp_path: Path) -> None:
    file, whole = tmp_path / "cut.parquet", tmp_path / "whole.parquet"
    content = _parquet(engine, whole)
    file.write_bytes(content[: len(content) // 2])
    with pytest.raises(InputError) as caught:
        engine.view_parquet("t", [file, whole])
    assert caught.value.where == str(file)


def test_a_file_that_is_gone_is_told(engine: Engine, tmp_path: Path) -> None:
    file = tmp_path / "t.parquet"
    _parquet(engine, file)
    engine.view_parquet("t", [file])
    file.unlink()
    with pytest.raises(InputError):
        engine.rows("SELECT * FROM t")


def test_a_place_that_cannot_be_written_is_told(engine: Engine, tmp_path: Path) -> None:
    with pytest.raises(InputError) as caught:
        engine.write_parquet("SELECT 1 AS a", tmp_path / "missing" / "t.parquet")
    assert "missing" in caught.value.where


def test_too_little_memory_is_told(tmp_path: Path) -> None:
    with DuckDB("30MB", threads=1, temp_dir=tmp_path) as engine:
        engine.sql("SET max_temp_directory_size = '1MB'")
        with pytest.raises(ConfigError):
            engine.rows("SELECT count(*) FROM (SELECT DISTINCT hash(i) FROM range(9000000) t(i))")


def test_a_full_disk_is_told(tmp_path: Path) -> None:
    told = explained(duckdb.IOException("Could not write: No space left on device"), tmp_path)
    assert isinstance(told, ConfigError)
    assert told.where == str(tmp_path)


def test_a_fault_of_the_query_stays_what_it_is(engine: Engine) -> None:
    with pytest.raises(duckdb.Error):
        engine.sql("SELECT no_such_column")


def test_the_header_names_the_columns(engine: Engine, tmp_path: Path) -> None:
    file = tmp_path / "T.csv.gz"
    file.write_bytes(gzip.compress('\ufeffé;"b c"\n1;\n'.encode()))
    engine.read_csv_text("t", [file], ";")
    assert engine.columns("t") == ["é", "b c"]
    assert engine.rows(f'SELECT * FROM t WHERE "é" = {quoted("1")}') == [("1", None)]
