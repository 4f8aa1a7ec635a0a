"""Every statement that a harmonisation issues can be said to Spark.

Quick, and without Spark: the statements of a DuckDB run are translated as they come, with the kinds
of the columns that they read. When this fails on a statement that you wrote, write it in plainer
SQL, or teach `engines/sql_spark.py` the construct, with a case in `tests/engines/test_spark.py`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import duckdb
import pytest

pytest.importorskip("sqlglot", reason="the Spark part is not installed")

from sqlglot import exp

from transat.engines.duckdb import DuckDB
from transat.engines.engine import Compression
from transat.engines.sql_kinds import Kind, kind_of_type
from transat.engines.sql_spark import UntranslatableError, translated
from transat.harmonise import run
from transat.simulate.design import Design
from transat.simulate.simulate import simulate

_SETTINGS = ("SET ", "RESET ", "DESCRIBE ", "COPY ")


class Translating(DuckDB):
    """DuckDB, which also says every query to Spark; `refused` gathers what could not be said."""

    refused: dict[str, str]
    said: int

    def sql(self, query: str, params: Sequence[Any] | None = None) -> None:
        self._say(query)
        super().sql(query, params)

    def rows(self, query: str, params: Sequence[Any] | None = None) -> list[tuple[Any, ...]]:
        self._say(query)
        return super().rows(query, params)

    def scalar(self, query: str, params: Sequence[Any] | None = None) -> Any:
        self._say(query)
        return super().scalar(query, params)

    def write_parquet(
        self,
        query: str,
        path: Path,
        row_group: int = 300_000,
        compression: Compression = "zstd",
    ) -> int:
        self._say(query)
        return super().write_parquet(query, path, row_group, compression)

    def _say(self, query: str) -> None:
        if query.startswith(_SETTINGS):
            return
        type(self).said += 1
        try:
            translated(query, self._kinds_of)
        except UntranslatableError as error:
            self.refused[str(error)[:500]] = query[:500]

    def _kinds_of(self, name: str) -> Mapping[str, Kind] | None:
        relation = f"read_parquet('{name}')" if "/" in name else f'"{name}"'
        try:
            columns = self._connection.execute(f"DESCRIBE SELECT * FROM {relation}").fetchall()
        except duckdb.Error:
            return None
        return {
            str(c[0]).lower(): kind_of_type(exp.DataType.build(c[1], "duckdb")) for c in columns
        }


@pytest.fixture(scope="module")
def people(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return simulate(
        Design(seed=9, persons=60), tmp_path_factory.mktemp("people") / "s", processes=1
    )


@pytest.mark.parametrize(("shore", "folder"), [("snds", "france"), ("quebec", "quebec")])
def test_every_statement_can_be_said_to_spark(
    people: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, shore: str, folder: str
) -> None:
    Translating.refused, Translating.said = {}, 0
    monkeypatch.setattr(run, "open_engine", lambda _, *given: Translating(*given))
    run.harmonise(shore, people / folder, tmp_path / "cdm")
    assert Translating.said > 100
    assert Translating.refused == {}
