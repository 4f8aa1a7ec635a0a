"""Native text to typed lines, each with its fate: kept, set aside by a rule, or rejected.

A native table is read once. Its staged form is a Parquet file of typed columns with one more,
``set_aside``: NULL for a kept line, else the key of the first rule that takes it, or
``reject:COLUMN`` for a value that the table cannot do without. Two views come of it: the table's
own name (every line) and ``kept_TABLE``.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from transat.core.errors import DataQualityError
from transat.core.languages import Text
from transat.engines.engine import Engine, identifier
from transat.harmonise.casts import cast_sql
from transat.harmonise.contested import REJECTED, fate_sql, settle
from transat.harmonise.context import Context
from transat.harmonise.ledger import KEPT, READ, REJECT
from transat.harmonise.native import NativeColumn, NativeTable
from transat.harmonise.reading import SHAPE, Readable, raw_sql, readable
from transat.harmonise.rules import first_match_sql


def stage(engine: Engine, table: NativeTable, context: Context) -> None:
    """Stage one native table and enter its lines in the ledger.

    A table that the extract lacks is staged empty, so later steps need not ask.
    Raises InputError for a file that cannot be read, DataQualityError when lines went missing.
    """
    files = [readable(f, context.work) for f in context.extract.files.get(table.name, ())]
    raw = raw_sql(engine, table, files)
    alone = first_match_sql(context.rules, table.name, contested=False)
    rows = _write(engine, table, _staged_sql(table, raw, alone), context)
    if table.contested:
        settle(engine, table, context)
    engine.sql(
        f"CREATE OR REPLACE VIEW {identifier('kept_' + table.name)} AS "
        f"SELECT * FROM {identifier(table.name)} WHERE set_aside IS NULL"
    )
    if not files:
        return
    _prove_count(table, files, rows)
    _enter(engine, table, context, rows, sum(f.misshapen for f in files))
    _keep_rejects(engine, table, raw, context)


def _staged_sql(table: NativeTable, raw: str, branches: str) -> str:
    """A rejected line is told before any join, so that no text travels through the joins."""
    demanding = [c for c in table.columns if c.demand != "free"]
    checked = [c for c in demanding if c.demand == "checked"]
    typed = [f"{cast_sql(c.name, c.cast)} AS {identifier(c.name)}" for c in table.columns]
    typed += [f"{identifier(c.name)} AS {identifier(c.name + '#')}" for c in checked]
    lines = f"SELECT {', '.join(typed)}, file_year FROM ({raw})"
    left_out = [identifier(name) for name in table.spent]
    derived = "".join(f", {d}" for d in table.derived)
    if demanding:
        rejects = " ".join(_reject(c) for c in demanding)
        texts = f"EXCLUDE ({', '.join(identifier(c.name + '#') for c in checked)})"
        lines = (
            f"SELECT * {texts if checked else ''}{derived}, CASE {rejects} END AS {REJECTED} "
            f"FROM ({lines})"
        )
        left_out += [] if table.contested else [REJECTED]
    elif derived:
        lines = f"SELECT *{derived} FROM ({lines})"
    but = f" EXCLUDE ({', '.join(left_out)})" if left_out else ""
    extra = "".join(f", {e}" for e in table.extra)
    return (
        f"SELECT *{but}, {fate_sql(table, branches)} AS set_aside "
        f"FROM (SELECT n.*{extra} FROM ({lines}) AS n {table.joins})"
    )


def _reject(column: NativeColumn) -> str:
    name, raw = identifier(column.name), identifier(column.name + "#")
    filled = "" if column.demand == "needed" else f" AND trim({raw}) <> ''"
    return f"WHEN {name} IS NULL{filled} THEN '{REJECT}{column.name}'"


def _write(engine: Engine, table: NativeTable, query: str, context: Context) -> int:
    if table.joins and not table.joins_larger:
        with engine.joining_as_written():
            return context.materialise(engine, table.name, query)
    return context.materialise(engine, table.name, query)


def _prove_count(table: NativeTable, files: Sequence[Readable], rows: int) -> None:
    """Lines staged against lines counted in the bytes: nothing lost, nothing multiplied."""
    counted = sum(f.lines for f in files)
    if counted != rows:
        raise DataQualityError(
            Text(
                f"{counted} lignes dans les fichiers, {rows} après lecture.",
                f"{counted} lines in the files, {rows} after reading.",
            ),
            table.name,
            Text(
                "C'est un défaut de Transat ou une jointure multiple : signalez-le.",
                "This is a defect of Transat or a multiple join: report it.",
            ),
        )


def _enter(engine: Engine, table: NativeTable, context: Context, rows: int, misshapen: int) -> None:
    ledger = context.ledger
    ledger.record(table.name, READ, rows + misshapen)
    ledger.record(table.name, KEPT, 0)
    ledger.record(table.name, REJECT + SHAPE, misshapen)
    fates = engine.rows(
        f"SELECT coalesce(set_aside, '{KEPT}'), count(*) FROM {identifier(table.name)} GROUP BY 1"
    )
    for fate, number in fates:
        ledger.record(table.name, str(fate), int(number))


def _keep_rejects(engine: Engine, table: NativeTable, raw: str, context: Context) -> None:
    """Put rejected lines aside as they were written, so a data manager can mend them."""
    checked = [c for c in table.columns if c.demand != "free"]
    if not any(context.ledger.rows(table.name, REJECT + c.name) for c in checked):
        return
    typed = ", ".join(f"{cast_sql(c.name, c.cast)} AS {identifier(c.name)}" for c in checked)
    raws = ", ".join(f"{identifier(c.name)} AS {identifier(c.name + '#')}" for c in checked)
    names = ", ".join(f"{identifier(c.name)} := line.{identifier(c.name)}" for c in table.columns)
    fate = " ".join(_reject(c) for c in checked)
    engine.write_parquet(
        f"SELECT '{table.name}' AS native_table, fate[{len(REJECT) + 1}:] AS column_name, "
        f"to_json(struct_pack({names})) AS line FROM (SELECT line, CASE {fate} END AS fate FROM ("
        f"SELECT line, {typed}, {raws} FROM (SELECT r.*, r AS line FROM ({raw}) AS r))) "
        "WHERE fate IS NOT NULL ORDER BY column_name, line",
        context.work / f"rejects_{table.name}.parquet",
    )


def collect_rejects(engine: Engine, context: Context, path: Path) -> int:
    """Write every rejected line into one file: native_table, column_name, line (JSON text)."""
    parts = sorted(context.work.glob("rejects_*.parquet"))
    if parts:
        engine.view_parquet("rejected_lines", parts)
        query = "SELECT * FROM rejected_lines ORDER BY native_table, column_name, line"
    else:
        query = (
            "SELECT CAST(NULL AS VARCHAR) AS native_table, CAST(NULL AS VARCHAR) AS column_name, "
            "CAST(NULL AS VARCHAR) AS line WHERE false"
        )
    return engine.write_parquet(query, path)
