"""Spark on this machine: the same queries as DuckDB's, translated, for those who run Spark anyway.

A session is a Java process of its own, with its own memory; it listens on the loopback address only
and writes no log, since Spark's errors quote the values that they stumbled on.
"""

from __future__ import annotations

import os
import re
import shutil
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

import pyarrow as pa
import pyarrow.parquet as pq
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql.types import StringType, StructField, StructType

from transat.engines import spark_session
from transat.engines.delimited import header, may_span_lines, ragged_line
from transat.engines.engine import Compression, identifier
from transat.engines.faults import unreadable
from transat.engines.parquet_parts import merge
from transat.engines.spark_faults import told
from transat.engines.sql_kinds import Kind
from transat.engines.sql_spark import translated

_KINDS: Final[Mapping[str, Kind]] = {
    "string": "text",
    "tinyint": "integer",
    "smallint": "integer",
    "int": "integer",
    "bigint": "integer",
    "float": "double",
    "double": "double",
    "date": "date",
    "timestamp": "timestamp",
    "timestamp_ntz": "timestamp",
    "boolean": "boolean",
}

#: What makes a temporary table; its rows are computed once and kept, as DuckDB keeps them.
_TEMP_TABLE: Final = re.compile(r"(?:\s*--[^\n]*\n)*\s*CREATE OR REPLACE TEMP TABLE (\w+) AS\s")


class Spark:
    """One private Spark session.

    Parameters
    ----------
    memory_limit: memory of the Java process in DuckDB's notation, e.g. ``"3GB"``.
    threads: worker threads; default, those of the machine, at most 8.
    temp_dir: where to spill; default, a folder of its own that is removed on exit.

    Raises ConfigError where Java or PySpark is missing or too old.
    """

    def __init__(
        self,
        memory_limit: str = "3GB",
        threads: int | None = None,
        temp_dir: Path | None = None,
    ) -> None:
        self._own_temp = temp_dir is None
        self._temp = temp_dir or Path(tempfile.mkdtemp(prefix="transat-"))
        self._temp.mkdir(parents=True, exist_ok=True)
        workers = threads or min(os.cpu_count() or 2, 8)
        self._session: SparkSession = spark_session.start(memory_limit, workers, self._temp)
        self._kinds: dict[str, dict[str, Kind]] = {}
        self._delimited: dict[Path, tuple[str, int]] = {}
        self._written = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the session, its Java process, and remove what it spilled."""
        spark_session.stop(self._session)
        if self._own_temp:
            shutil.rmtree(self._temp, ignore_errors=True)

    def sql(self, query: str, params: Sequence[Any] | None = None) -> None:
        """Run a statement for its effect."""
        made = _TEMP_TABLE.match(query)
        with self._told():
            if made is None:
                self._run(query, params).collect()
            else:
                rows = self._run(query[made.end() :], params).localCheckpoint()
                rows.createOrReplaceTempView(made[1])
        self._kinds.clear()

    def rows(self, query: str, params: Sequence[Any] | None = None) -> list[tuple[Any, ...]]:
        """Run a query and return its rows; for short answers only."""
        with self._told():
            return [tuple(row) for row in self._run(query, params).collect()]

    def scalar(self, query: str, params: Sequence[Any] | None = None) -> Any:
        """The first column of the first row; None when there is none."""
        rows = self.rows(query, params)
        return rows[0][0] if rows else None

    def arrow(self, query: str, params: Sequence[Any] | None = None) -> pa.Table:
        """Run a query and return an Arrow table."""
        with self._told(), self._parts(self._run(query, params)) as parts:
            return pa.concat_tables([pq.read_table(part) for part in parts])

    def columns(self, relation: str) -> list[str]:
        """Column names of a table or view."""
        with self._told():
            return list(self._session.table(backticked(relation)).columns)

    def register(self, name: str, table: pa.Table) -> None:
        """Make an Arrow table visible under `name`."""
        self._written += 1
        path = self._temp / f"registered-{self._written}.parquet"
        pq.write_table(table, path)
        self.view_parquet(name, [path])

    def unregister(self, name: str) -> None:
        """Forget a registered Arrow table."""
        self._session.catalog.dropTempView(name)
        self._kinds.clear()

    def view_parquet(self, name: str, paths: Sequence[Path]) -> None:
        """Make one view of one or more Parquet files; columns are matched by name."""
        with self._told(paths[0]):
            self._frame(paths).createOrReplaceTempView(name)
        self._kinds.clear()

    def _frame(self, paths: Sequence[Path]) -> DataFrame:
        """Files of one schema are read together; where types differ, text is the widest."""
        alike: dict[str, list[Path]] = {}
        for path in paths:
            alike.setdefault(_schema(path), []).append(path)
        frames = [self._session.read.parquet(*map(_escaped, group)) for group in alike.values()]
        texts = {f.name for frame in frames for f in frame.schema if f.dataType == StringType()}
        whole = frames[0] if len(frames) == 1 else _with_texts(frames[0], texts)
        for frame in frames[1:]:
            whole = whole.unionByName(_with_texts(frame, texts), allowMissingColumns=True)
        return whole

    def read_csv_text(
        self,
        name: str,
        paths: Sequence[Path],
        delim: str,
        columns: Sequence[str] | None = None,
        quote: str = '"',
    ) -> None:
        """Make one view of delimited UTF-8 files that have one header; nothing is guessed.

        Every column is text, an empty field is null. `columns` names them in the header's order;
        without it, they have the names of the first file's header. An empty `quote` says that
        quotes are letters like any other.
        """
        names = header(paths[0], delim) if columns is None else list(columns)
        for path in paths:
            self._delimited[path] = (delim, len(names))
        texts = StructType([StructField(n, StringType()) for n in names])
        with self._told(paths[0]):
            frame = self._session.read.csv(
                [_escaped(p) for p in paths],
                schema=texts,
                sep=delim,
                header=True,
                quote=quote,
                escape=quote or "\0",
                multiLine=bool(quote) and may_span_lines(paths),
                mode="FAILFAST",
                maxCharsPerColumn=-1,
            )
            columns_ = (backticked(identifier(n)) for n in names)
            frame.selectExpr(
                *(f"nullif({c}, '') AS {c}" for c in columns_)
            ).createOrReplaceTempView(name)
        self._kinds.clear()

    def joining_as_written(self) -> nullcontext[None]:
        """Nothing to say: Spark sorts and spills both sides of a join, whatever their length."""
        return nullcontext()

    def write_parquet(
        self,
        query: str,
        path: Path,
        row_group: int = 300_000,
        compression: Compression = "zstd",
    ) -> int:
        """Write the result of `query` as one Parquet file; return its number of rows.

        Spark writes as many files as it has tasks; they are joined in their order.
        """
        with self._told(), self._parts(self._run(query, None)) as parts:
            return merge(parts, path, row_group, compression)

    @contextmanager
    def _parts(self, frame: DataFrame) -> Iterator[list[Path]]:
        self._written += 1
        folder = self._temp / f"parts-{self._written}"
        try:
            # Of LZ4, Hadoop has a form of its own that others misread.
            frame.write.parquet(str(folder), compression="snappy")
            yield sorted(folder.glob("part-*.parquet"))
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def _run(self, query: str, params: Sequence[Any] | None) -> DataFrame:
        words = translated(query, self._columns_of)
        return self._session.sql(words, args=list(params) if params else None)

    def _columns_of(self, name: str) -> Mapping[str, Kind] | None:
        """Columns of a view, or of a Parquet file by its path, with their kinds."""
        if name not in self._kinds:
            path = "/" in name
            if not path and not self._session.catalog.tableExists(backticked(identifier(name))):
                return None
            told = f"parquet.`{name}`" if path else backticked(identifier(name))
            fields = self._session.table(told).schema
            self._kinds[name] = {f.name.lower(): _kind(f.dataType.simpleString()) for f in fields}
        return self._kinds[name]

    @contextmanager
    def _told(self, read: Path | None = None) -> Iterator[None]:
        with told(self._temp, read, self._ragged_line):
            yield

    def _ragged_line(self, path: Path) -> int | None:
        written = self._delimited.get(path)
        return None if written is None else ragged_line(path, *written)


def backticked(name: str) -> str:
    """An SQL identifier, between double quotes or bare, as Spark writes it."""
    bare = name[1:-1].replace('""', '"') if name.startswith('"') else name
    return "`" + bare.replace("`", "``") + "`"


def _schema(path: Path) -> str:
    try:
        return str(pq.read_schema(path).remove_metadata())
    except (pa.ArrowException, OSError) as error:
        raise unreadable(path) from error


def _kind(sql_type: str) -> Kind:
    return "decimal" if sql_type.startswith("decimal") else _KINDS.get(sql_type, "")


def _with_texts(frame: DataFrame, texts: set[str]) -> DataFrame:
    """The columns of `texts` as text, the others as they are."""
    names = [(f.name, backticked(identifier(f.name))) for f in frame.schema]
    return frame.selectExpr(*(f"CAST({q} AS STRING) AS {q}" if n in texts else q for n, q in names))


def _escaped(path: Path) -> str:
    """A path in which no character stands for several."""
    return re.sub(r"([\\\[\]{}*?])", r"\\\1", str(path.absolute()))
