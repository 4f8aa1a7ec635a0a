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
from typing import Any, Literal

import duckdb
import pyarrow as pa

from transat.core.errors import InputError
from transat.core.languages import Text

Compression = Literal["zstd", "lz4"]


def quoted(text: str) -> str:
    """`text` as an SQL string literal."""
    return "'" + text.replace("'", "''") + "'"


def identifier(name: str) -> str:
    """`name` as an SQL identifier."""
    return '"' + name.replace('"', '""') + '"'


class Engine:
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

    def __enter__(self) -> Engine:
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
        """Run a statement for its effect."""
        self._connection.execute(query, params)

    def rows(self, query: str, params: Sequence[Any] | None = None) -> list[tuple[Any, ...]]:
        """Run a query and return its rows; for short answers only."""
        return self._connection.execute(query, params).fetchall()

    def scalar(self, query: str, params: Sequence[Any] | None = None) -> Any:
        """The first column of the first row; None when there is none."""
        row = self._connection.execute(query, params).fetchone()
        return None if row is None else row[0]

    def arrow(self, query: str, params: Sequence[Any] | None = None) -> pa.Table:
        """Run a query and return an Arrow table."""
        return self._connection.execute(query, params).to_arrow_table()

    def columns(self, relation: str) -> list[str]:
        """Column names of a table or view."""
        return [str(r[0]) for r in self.rows(f"DESCRIBE {relation}")]

    def register(self, name: str, table: pa.Table) -> None:
        """Make an Arrow table visible under `name`."""
        self._connection.register(name, table)

    def unregister(self, name: str) -> None:
        """Forget a registered Arrow table."""
        self._connection.unregister(name)

    def view_parquet(self, name: str, paths: Sequence[Path]) -> None:
        """Make one view of one or more Parquet files; columns are matched by name."""
        files = ", ".join(quoted(str(p)) for p in paths)
        self._read(
            f"CREATE OR REPLACE VIEW {identifier(name)} AS "
            f"SELECT * FROM read_parquet([{files}], union_by_name = true)",
            paths[0],
        )

    def read_csv_text(
        self, name: str, paths: Sequence[Path], delim: str, encoding: str = "utf-8"
    ) -> None:
        """Make one view of one or more delimited files; every column is text, '' is null.

        `encoding` is one that DuckDB reads itself: ``utf-8``, ``utf-16`` or ``latin-1``.
        Raises InputError when the file cannot be read.
        """
        files = ", ".join(quoted(str(p)) for p in paths)
        self._read(
            f"CREATE OR REPLACE VIEW {identifier(name)} AS SELECT * FROM read_csv([{files}], "
            f"delim = {quoted(delim)}, header = true, all_varchar = true, quote = '\"', "
            f"escape = '\"', nullstr = '', encoding = {quoted(encoding)}, union_by_name = true, "
            "auto_detect = true, sample_size = 1)",
            paths[0],
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

    def _read(self, statement: str, path: Path) -> None:
        try:
            self._connection.execute(statement)
        except duckdb.Error as error:
            raise unreadable(path) from error


def unreadable(path: Path) -> InputError:
    """The error for a file that is not what its name says."""
    return InputError(
        Text("fichier illisible ou abîmé.", "unreadable or damaged file."),
        str(path),
        Text(
            "Vérifiez son format, son encodage et qu'il est complet, puis relancez.",
            "Check its format, its encoding and that it is complete, then run again.",
        ),
    )
