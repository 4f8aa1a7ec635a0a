"""The engine is chosen by its name; a part that is missing is said, with the next step."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from transat.core.errors import ConfigError
from transat.engines.choose import open_engine
from transat.engines.duckdb import DuckDB


def test_duckdb_is_opened_by_its_name(tmp_path: Path) -> None:
    with open_engine("duckdb", "1GB", 1, tmp_path) as engine:
        assert isinstance(engine, DuckDB)
        assert engine.scalar("SELECT 1") == 1


def test_an_unknown_engine_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="duckdb, spark"):
        open_engine("postgres", "1GB", 1, tmp_path)


@pytest.mark.parametrize("memory", ["", "3", "lots", "3 TB", "0GB", "-1GB", "3GB'; SELECT 1"])
def test_a_memory_that_is_none_is_refused(tmp_path: Path, memory: str) -> None:
    with pytest.raises(ConfigError, match="6GB"):
        open_engine("duckdb", memory, 1, tmp_path)


def test_without_pyspark_the_next_step_is_said(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.delitem(sys.modules, "transat.engines.spark", raising=False)
    monkeypatch.setitem(sys.modules, "pyspark.sql", None)
    with pytest.raises(ConfigError, match=r"transat\[spark\]"):
        open_engine("spark", "1GB", 1, tmp_path)
