"""The same people many times: a CDM copied under other ids, to measure what size costs."""

from __future__ import annotations

import shutil
from pathlib import Path

from transat.engines.cdm import Cdm
from transat.engines.duckdb import DuckDB
from transat.engines.engine import Engine, identifier
from transat.tables.column import Table
from transat.tables.omop import tables


def copy_people(cdm: Cdm, copies: int, to: Path) -> Cdm:
    """Write in `to` a CDM of `copies` times the people of `cdm`; every count is that many times.

    Copy k has the ids of persons, visits and events moved by k times a number above all of them.
    Tables without persons are copied as they are; each other one is in its declared order.
    """
    to.mkdir(parents=True)
    with DuckDB() as engine:
        peopled = {
            name: engine_columns
            for name in tables()
            if cdm.path_of(name).is_file()
            and "person_id" in (engine_columns := _view(engine, cdm, name))
        }
        moved = {key for name in peopled for key in ("person_id", f"{name}_id")}
        stride = max(_largest(engine, name, c, moved) for name, c in peopled.items()) + 1
        for name in (f.stem for f in sorted(cdm.path.glob("*.parquet"))):
            if name in peopled:
                query = _copied(tables()[name], peopled[name], moved, stride, copies)
                engine.write_parquet(query, to / f"{name}.parquet")
            else:
                shutil.copy(cdm.path_of(name), to / f"{name}.parquet")
    return Cdm(to)


def _view(engine: Engine, cdm: Cdm, name: str) -> list[str]:
    engine.view_parquet(name, [cdm.path_of(name)])
    return engine.columns(identifier(name))


def _largest(engine: Engine, name: str, columns: list[str], moved: set[str]) -> int:
    own = [f"max({c})" for c in columns if c in moved]
    return int(engine.scalar(f"SELECT greatest({', '.join(own)}, 0) FROM {name}") or 0)


def _copied(table: Table, columns: list[str], moved: set[str], stride: int, copies: int) -> str:
    replaced = ", ".join(f"{c} + copy * {stride} AS {c}" for c in columns if c in moved)
    order = ", ".join(c for c in table.sort if c in columns) or "person_id"
    return (
        f"SELECT t.* REPLACE ({replaced}) FROM range({copies}) r(copy), {table.name} t "
        f"ORDER BY {order}"
    )
