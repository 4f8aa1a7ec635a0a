"""DuckDB, embedded: the default engine, and the only module that imports it.

Memory is capped and work beyond the cap spills to a temporary folder, so a national extract and a
demonstration run the same code. Queries are SQL text; results come back as Arrow.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import duckdb
import pyarrow as pa

from transat.engines.delimited import header
from transat.engines.engine import Compression, identifier, quoted
from transat.engines.faults import explained


class DuckDB:
    """One private DuckDB session.

    Parameters
    ----------
    memory_limit: cap in DuckDB's notation, e.g. ``"3GB"``.
    threads: worker threads; default, those of the machine, at most 8.
    temp_dir: where to spill; default, a folder of its own that is removed on exit.
    """

    def __init__(
        self,
        memory_limit: str = "3GB",
        threads: int | None = None,
        temp_dir: Path | None = None,
    ) -> None:
        self._own_temp = temp_dir is None
        self._temp = temp_dir or Path(tempfile.mkdtemp(prefix="transat-"))
        self._connection = duckdb.connect(":memory:")
        workers = threads or min(os.cpu_count() or 2, 8)
        for setting in (
            f"SET memory_limit = {quoted(memory_limit)}",
            f"SET threads = {workers}",
            f"SET temp_directory = {quoted(str(self._temp))}",
            "SET preserve_insertion_order = false",
            "SET enable_progress_bar = false",
            "SET TimeZone = 'UTC'",
        ):
            self._connection.execute(setting)

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
        """Close the session and remove what it spilled."""
        self._connection.close()
        if self._own_temp:
            shutil.rmtree(self._temp, ignore_errors=True)

    def sql(self, query: str, params: Sequence[Any] | None = None) -> None:
        """Run a statement for its effect.

        Like every method here, raises InputError for a file that cannot be read or written and
        ConfigError for a full disk or too little memory; neither ever quotes a value.
        """
        with self._told():
            self._connection.execute(query, params)

    def rows(self, query: str, params: Sequence[Any] | None = None) -> list[tuple[Any, ...]]:
        """Run a query and return its rows; for short answers only."""
        with self._told():
            return self._connection.execute(query, params).fetchall()

    def scalar(self, query: str, params: Sequence[Any] | None = None) -> Any:
        """The first column of the first row; None when there is none."""
        with self._told():
            row = self._connection.execute(query, params).fetchone()
            return None if row is None else row[0]

    def arrow(self, query: str, params: Sequence[Any] | None = None) -> pa.Table:
        """Run a query and return an Arrow table."""
        with self._told():
            return self._connection.execute(query, params).to_arrow_table()

    def columns(self, relation: str) -> list[str]:
        """Column names of a table or view."""
        return [str(r[0]) for r in self.rows(f"DESCRIBE {relation}")]

    def register(self, name: str, table: pa.Table) -> None:
        """Make an Arrow table visible under `name`.

        It is copied: a scan of Arrow refuses the Bloom filters that DuckDB's joins hand down.
        """
        given = identifier(f"given_{name}")
        with self._told():
            self._connection.register(f"given_{name}", table)
            self._connection.execute(
                f"CREATE OR REPLACE TEMP TABLE {identifier(name)} AS SELECT * FROM {given}"
            )
            self._connection.unregister(f"given_{name}")

    def unregister(self, name: str) -> None:
        """Forget a registered Arrow table."""
        with self._told():
            self._connection.execute(f"DROP TABLE IF EXISTS {identifier(name)}")

    def view_parquet(self, name: str, paths: Sequence[Path]) -> None:
        """Make one view of one or more Parquet files; columns are matched by name."""
        with self._told(paths[0]):
            self._connection.execute(
                f"CREATE OR REPLACE VIEW {identifier(name)} AS "
                f"SELECT * FROM read_parquet([{_files(paths)}], union_by_name = true)"
            )

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
        names = header(paths[0], delim) if columns is None else columns
        typed = ", ".join(f"{quoted(c)}: 'VARCHAR'" for c in names)
        with self._told(paths[0]):
            self._connection.execute(
                f"CREATE OR REPLACE VIEW {identifier(name)} AS SELECT * FROM read_csv("
                f"[{_files(paths)}], header = true, delim = {quoted(delim)}, "
                f"quote = {quoted(quote)}, escape = {quoted(quote)}, nullstr = '', "
                f"auto_detect = false, columns = {{{typed}}})"
            )

    @contextmanager
    def joining_as_written(self) -> Iterator[None]:
        """Within it, a LEFT JOIN holds its right side in memory, whatever the estimates say.

        The length of a delimited file is not known beforehand: the optimiser takes the longest
        table for a short one, and keeps it whole.
        """
        self.sql("SET disabled_optimizers = 'join_order,build_side_probe_side'")
        try:
            yield
        finally:
            self.sql("RESET disabled_optimizers")

    def write_parquet(
        self,
        query: str,
        path: Path,
        row_group: int = 300_000,
        compression: Compression = "zstd",
    ) -> int:
        """Write the result of `query` as one Parquet file; return its number of rows.

        `compression`: ``zstd`` for what is kept, ``lz4`` for what is read once and removed.
        """
        written = self.scalar(
            f"COPY ({query}) TO {quoted(str(path))} "
            f"(FORMAT parquet, COMPRESSION {compression}, ROW_GROUP_SIZE {row_group})"
        )
        return int(written or 0)

    @contextmanager
    def _told(self, read: Path | None = None) -> Iterator[None]:
        try:
            yield
        except duckdb.Error as error:
            told = explained(error, self._temp, read)
            if told is None:
                raise
            raise told from None


def _files(paths: Sequence[Path]) -> str:
    return ", ".join(quoted(str(p)) for p in paths)
