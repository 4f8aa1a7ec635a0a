"""Which engine runs a harmonisation, by its name; Spark is imported only when asked for."""

from __future__ import annotations

from pathlib import Path
from typing import Literal, get_args

from transat.core.errors import ConfigError
from transat.core.languages import Text
from transat.engines.engine import Engine

EngineName = Literal["duckdb", "spark"]


def open_engine(name: str, memory_limit: str, threads: int | None, temp_dir: Path) -> Engine:
    """A private session of the engine called `name`; close it by its context.

    Raises ConfigError for an unknown engine, and for Spark where Java or PySpark is missing.
    """
    if name == "duckdb":
        from transat.engines.duckdb import DuckDB

        return DuckDB(memory_limit, threads, temp_dir)
    if name == "spark":
        from transat.engines.spark import Spark

        return Spark(memory_limit, threads, temp_dir)
    known = ", ".join(get_args(EngineName))
    raise ConfigError(
        Text(f"moteur inconnu : {name}.", f"unknown engine: {name}."),
        "--engine",
        Text(f"Moteurs connus : {known}.", f"Known engines: {known}."),
    )
