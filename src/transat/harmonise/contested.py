"""Lines that contest one place: repeated, cancelled, delivered twice.

Ranking every line of a table to find the few that are repeated costs more than reading it. So lines
that share a key are found first, by counting its hashes (two keys with one hash only make one group
more to look at), and the rules that compare lines see those alone.
"""

from __future__ import annotations

from typing import Final

from transat.engines.engine import Engine, identifier, quoted
from transat.harmonise.context import Context
from transat.harmonise.native import NativeTable
from transat.harmonise.rules import first_match_sql

#: In a line being staged, why it is rejected.
REJECTED: Final = identifier("reject#")

#: Whether a staged line shares the table's contested key with another.
SHARED: Final = "shares_key"


def fate_sql(table: NativeTable, branches: str) -> str:
    """SQL of a line's `set_aside`: its rejection, else the first rule of `branches`, else NULL."""
    if any(c.demand != "free" for c in table.columns):
        branches = f"WHEN {REJECTED} IS NOT NULL THEN {REJECTED} {branches}"
    return f"CAST({f'CASE {branches} END' if branches else 'NULL'} AS VARCHAR)"


def settle(engine: Engine, table: NativeTable, context: Context) -> None:
    """Apply the rules that compare lines; the table's view then gives their fate, and `SHARED`.

    The staged file holds the fate that each line has alone; the fates of contested lines stand in
    a second file, by their place in the first.
    """
    lines = f"read_parquet({quoted(str(context.path_of(table.name)))}, file_row_number = true)"
    key = f"hash({', '.join(table.contested)})"
    ranks = "".join(f", {rank}" for rank in table.ranks)
    contested = (
        f"SELECT *{ranks} FROM {lines} WHERE {key} IN "
        f"(SELECT {key} FROM {lines} GROUP BY ALL HAVING count(*) > 1)"
    )
    fates = f"fates_{table.name}"
    fate = fate_sql(table, first_match_sql(context.rules, table.name))
    rows = context.materialise(
        engine, fates, f"SELECT file_row_number AS place, {fate} AS set_aside FROM ({contested})"
    )
    left_out = "file_row_number, set_aside"
    if any(c.demand != "free" for c in table.columns):
        left_out += f", {REJECTED}"
    own, shared, join = "n.set_aside", "false", ""
    if rows:
        own = "CASE WHEN f.place IS NULL THEN n.set_aside ELSE f.set_aside END"
        shared = "f.place IS NOT NULL"
        join = f"LEFT JOIN {identifier(fates)} AS f ON f.place = n.file_row_number"
    engine.sql(
        f"CREATE OR REPLACE VIEW {identifier(table.name)} AS SELECT n.* EXCLUDE ({left_out}), "
        f"{own} AS set_aside, {shared} AS {SHARED} FROM {lines} AS n {join}"
    )


def first_of_key_sql(table: str, key: str, order: str) -> str:
    """SQL: of the lines of a settled `table` that share its contested `key`, the first by `order`;
    and every line that is alone.
    """
    return (
        f"SELECT * FROM {table} WHERE NOT {SHARED} UNION ALL SELECT * FROM {table} WHERE {SHARED} "
        f"QUALIFY row_number() OVER (PARTITION BY {key} ORDER BY {order}) = 1"
    )
