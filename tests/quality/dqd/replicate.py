"""The stress CDM many times over, with persons and rows of their own: what speed is measured on."""

from __future__ import annotations

from pathlib import Path

import duckdb


def replicate(source: Path, target: Path, times: int) -> Path:
    """Write `times` copies of each clinical row; identifiers and the links between them differ.

    Vocabulary tables are copied once. Row groups of 300,000 rows, as the package writes them.
    """
    target.mkdir(parents=True, exist_ok=True)
    connection = duckdb.connect()
    connection.execute("SET threads = 2; SET memory_limit = '3GB'")
    files = {path.stem: path for path in sorted(source.glob("*.parquet"))}
    steps = {
        f"{name}_id": _largest(connection, path, f"{name}_id") + 1
        for name, path in files.items()
        if f"{name}_id" in _names(connection, path) and name != "concept"
    }
    for name, path in files.items():
        copies = 1 if name.startswith("concept") else times
        columns = ", ".join(
            f'"{c}" + k * {steps[c]} AS "{c}"' if c in steps else f'"{c}"'
            for c in _names(connection, path)
        )
        connection.execute(
            f"COPY (SELECT {columns} FROM '{path}', range({copies}) AS r(k) ORDER BY k) "
            f"TO '{target / path.name}' "
            "(FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE 300000)"
        )
    return target


def _names(connection: duckdb.DuckDBPyConnection, path: Path) -> list[str]:
    return [str(r[0]) for r in connection.execute(f"DESCRIBE SELECT * FROM '{path}'").fetchall()]


def _largest(connection: duckdb.DuckDBPyConnection, path: Path, column: str) -> int:
    found = connection.execute(f"SELECT max(\"{column}\") FROM '{path}'").fetchone()
    return int(found[0]) if found else 0
