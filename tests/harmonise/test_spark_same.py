"""Both shores harmonised by Spark: the CDM of DuckDB, row for row, with its ledger and findings.

Every intermediate table is compared too, so that a difference is met where it is made: the message
gives the first table that differs and the query that made it.
"""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

pytest.importorskip("pyspark", reason="the Spark part is not installed")

from transat.core.errors import ConfigError
from transat.engines.engine import Engine
from transat.engines.spark_session import installed_java
from transat.harmonise import run
from transat.harmonise.context import Context
from transat.harmonise.report import Report
from transat.simulate.design import Design
from transat.simulate.simulate import simulate

pytestmark = pytest.mark.slow

#: Places of lines in a file, and hashes of keys: each engine has its own, and none reaches the CDM.
_OWN = {"place", "line_id", "file_row_number", "line_key", "line_check"}


@pytest.fixture(scope="module")
def people(tmp_path_factory: pytest.TempPathFactory) -> Path:
    try:
        installed_java()
    except ConfigError as error:
        pytest.skip(str(error))
    folder = tmp_path_factory.mktemp("people") / "simulation"
    return simulate(Design(seed=9, persons=150), folder, processes=1)


@pytest.mark.parametrize(("shore", "folder"), [("snds", "france"), ("quebec", "quebec")])
def test_spark_gives_the_cdm_of_duckdb(
    people: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, shore: str, folder: str
) -> None:
    monkeypatch.setenv("JAVA_TOOL_OPTIONS", "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC")
    seen: dict[str, dict[str, tuple[list[str], str]]] = {"duckdb": {}, "spark": {}}
    reports: dict[str, Report] = {}
    materialise = Context.materialise

    for name, made in seen.items():

        def kept(
            context: Context,
            engine: Engine,
            table: str,
            query: str,
            made: dict[str, tuple[list[str], str]] = made,
        ) -> int:
            rows = materialise(context, engine, table, query)
            made[table] = _rows(pq.read_table(context.path_of(table))), query
            return rows

        monkeypatch.setattr(Context, "materialise", kept)
        to = tmp_path / name
        reports[name] = run.harmonise(shore, people / folder, to, engine=name, memory_limit="2GB")

    assert list(seen["spark"]) == list(seen["duckdb"])
    for table, (rows, query) in seen["duckdb"].items():
        assert seen["spark"][table][0] == rows, f"{table} differs. It is made by: {query}"
    _same_folders(tmp_path / "duckdb", tmp_path / "spark")
    assert reports["spark"].ledger == reports["duckdb"].ledger
    assert dict(reports["spark"].findings) == dict(reports["duckdb"].findings)
    assert dict(reports["spark"].tables) == dict(reports["duckdb"].tables)
    assert reports["spark"].rejects == reports["duckdb"].rejects


def _rows(table: pa.Table) -> list[str]:
    """Rows in no order; numbers by their value (a sum of integers is a float on one engine)."""
    columns = sorted(set(table.column_names) - _OWN)
    numbered = [
        [str(float(v)) if isinstance(v, int | float) and not isinstance(v, bool) else str(v)
         for v in map(_plain, table[c].to_pylist())]
        for c in columns
    ]  # fmt: skip
    return sorted("\t".join(row) for row in zip(*numbered, strict=True))


def _plain(value: object) -> object:
    return float(value) if type(value).__name__ == "Decimal" else value  # type: ignore[arg-type]


def _same_folders(expected: Path, given: Path) -> None:
    names = sorted(p.name for p in expected.glob("*.parquet"))
    assert sorted(p.name for p in given.glob("*.parquet")) == names
    for name in names:
        left, right = pq.read_table(expected / name), pq.read_table(given / name)
        assert right.schema.remove_metadata() == left.schema.remove_metadata(), name
        assert right.equals(left), f"{name}: {left.num_rows} rows expected, in their order"
