"""What harmonisation and cohorts ask of an engine: SQL in, Parquet or Arrow out.

Queries are written once, in DuckDB's SQL. DuckDB runs them as they are; Spark runs the same ones,
translated. Nothing above this folder knows which.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from types import TracebackType
from typing import Any, Literal, Protocol, Self

import pyarrow as pa

Compression = Literal["zstd", "lz4"]


def quoted(text: str) -> str:
    """`text` as an SQL string literal."""
    return "'" + text.replace("'", "''") + "'"


def identifier(name: str) -> str:
    """`name` as an SQL identifier."""
    return '"' + name.replace('"', '""') + '"'


class Engine(Protocol):
    """One private session of an SQL engine, closed by its context.

    Every method raises InputError for a file that cannot be read or written and ConfigError for a
    full disk or too little memory; neither ever quotes a value.
    """

    def __enter__(self) -> Self: ...

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None: ...

    def close(self) -> None:
        """Close the session and remove what it spilled."""

    def sql(self, query: str, params: Sequence[Any] | None = None) -> None:
        """Run a statement for its effect."""

    def rows(self, query: str, params: Sequence[Any] | None = None) -> list[tuple[Any, ...]]:
        """Run a query and return its rows; for short answers only."""

    def scalar(self, query: str, params: Sequence[Any] | None = None) -> Any:
        """The first column of the first row; None when there is none."""

    def arrow(self, query: str, params: Sequence[Any] | None = None) -> pa.Table:
        """Run a query and return an Arrow table."""

    def columns(self, relation: str) -> list[str]:
        """Column names of a table or view."""

    def register(self, name: str, table: pa.Table) -> None:
        """Make an Arrow table visible under `name`."""

    def unregister(self, name: str) -> None:
        """Forget a registered Arrow table."""

    def view_parquet(self, name: str, paths: Sequence[Path]) -> None:
        """Make one view of one or more Parquet files; columns are matched by name."""

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

    def joining_as_written(self) -> AbstractContextManager[None]:
        """Within it, a LEFT JOIN holds its right side in memory, whatever the estimates say."""

    def write_parquet(
        self, query: str, path: Path, row_group: int = 300_000, compression: Compression = "zstd"
    ) -> int:
        """Write the result of `query` as one Parquet file; return its number of rows.

        `compression`: ``zstd`` for what is kept, ``lz4`` for what is read once and removed.
        """
