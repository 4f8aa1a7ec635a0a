"""Which engine runs a harmonisation, by its name; Spark is imported only when asked for."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Literal, get_args

from transat.core.errors import ConfigError
from transat.core.languages import Text
from transat.engines.engine import Engine

EngineName = Literal["duckdb", "spark"]


def open_engine(name: str, memory_limit: str, threads: int | None, temp_dir: Path) -> Engine:
    """A private session of the engine called `name`; close it by its context.

    `memory_limit`: a number and its unit, MB or GB. Raises ConfigError for another, for an unknown
    engine, and for Spark where Java or PySpark is missing.
    """
    if not re.fullmatch(r"[1-9]\d*(\.\d+)? ?[MG]B", memory_limit):
        raise ConfigError(
            Text(f"mémoire illisible : {memory_limit}.", f"unreadable memory: {memory_limit}."),
            "--memory",
            Text("Écrivez par exemple 6GB.", "Write 6GB, for instance."),
        )
    if name == "duckdb":
        from transat.engines.duckdb import DuckDB

        return DuckDB(memory_limit, threads, temp_dir)
    if name == "spark":
        try:
            from transat.engines.spark import Spark
        except ModuleNotFoundError as error:
            raise _not_installed() from error
        return Spark(memory_limit, threads, temp_dir)
    known = ", ".join(get_args(EngineName))
    raise ConfigError(
        Text(f"moteur inconnu : {name}.", f"unknown engine: {name}."),
        "--engine",
        Text(f"Moteurs connus : {known}.", f"Known engines: {known}."),
    )


def _not_installed() -> ConfigError:
    return ConfigError(
        Text("la partie Spark n'est pas installée.", "the Spark part is not installed."),
        "--engine spark",
        Text(
            "Installez-la (pip install 'transat[spark]', Java 17), ou laissez "
            "« --engine duckdb », qui donne le même résultat.",
            "Install it (pip install 'transat[spark]', Java 17), or keep "
            '"--engine duckdb", which gives the same result.',
        ),
    )
