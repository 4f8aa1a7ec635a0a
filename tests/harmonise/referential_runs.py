"""Referentials staged alone, without any extract, as the shores stage them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pyarrow as pa

from transat.engines.duckdb import DuckDB
from transat.engines.engine import Engine
from transat.harmonise.context import Context
from transat.harmonise.extract import Extract, find
from transat.harmonise.ledger import Ledger
from transat.harmonise.quebec.products import map_products
from transat.harmonise.snds.medicines import medicines
from transat.harmonise.snds.native.referentials import IR_PHA_R, NU_UCD_R
from transat.harmonise.snds.rules.all import RULES
from transat.harmonise.staging import stage


@contextmanager
def french_medicines(folder: Path, work: Path) -> Iterator[tuple[Engine, Context]]:
    """`medicine` as made from the IR_PHA_R and NU_UCD_R of `folder`."""
    with DuckDB(threads=2) as engine:
        tables = (IR_PHA_R, NU_UCD_R)
        context = Context(find(folder, tables), RULES, Ledger(), work)
        for table in tables:
            stage(engine, table, context)
        medicines(engine, context)
        yield engine, context


@contextmanager
def canadian_medicines(folder: Path, work: Path) -> Iterator[tuple[Engine, Context]]:
    """`medicine` as made from the Drug Product Database files of `folder`."""
    with DuckDB(threads=2) as engine:
        empty = pa.table({n: pa.array([], pa.string()) for n in ("NMED_COD_DIN", "NMED_COD_ATC")})
        engine.register("kept_V_PRODU_MED", empty)
        context = Context(Extract(folder, {}, ()), (), Ledger(), work)
        map_products(engine, context)
        yield engine, context
