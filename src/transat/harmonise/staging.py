"""Native text to typed lines, each with its fate: kept, set aside by a rule, or rejected.

A native table is read once. Its staged form is a Parquet file of typed columns with one more,
``set_aside``: NULL for a kept line, else the key of the first rule that takes it, or
``reject:COLUMN`` for a value that the table cannot do without. Two views come of it: the table's
own name (every line) and ``kept_TABLE``.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Sequence
from itertools import groupby
from pathlib import Path

from transat.core.errors import DataQualityError
from transat.core.languages import Text
from transat.engines.engine import Engine, identifier
from transat.harmonise.casts import cast_sql
from transat.harmonise.contested import REJECTED, fate_sql, settle
from transat.harmonise.context import Context
from transat.harmonise.ledger import KEPT, READ, REJECT
from transat.harmonise.native import NativeColumn, NativeTable
from transat.harmonise.native_file import NativeFile, open_bytes
from transat.harmonise.rules import first_match_sql


def stage(engine: Engine, table: NativeTable, context: Context) -> None:
    """Stage one native table and enter its lines in the ledger.

    A table that the extract lacks is staged empty, so later steps need not ask.
    Raises InputError for a file that cannot be read, DataQualityError when lines went missing.
    """
    files = context.extract.files.get(table.name, ())
    raw = _raw(engine, table, files, context.work)
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
    _enter(engine, table, context, rows)
    _keep_rejects(engine, table, raw, context)


def _raw(engine: Engine, table: NativeTable, files: Sequence[NativeFile], work: Path) -> str:
    """SQL giving the declared columns of every file as text, and the year in the file's name."""
    selects: list[str] = []
    ordered = sorted(files, key=_writing)
    for number, (_, group) in enumerate(groupby(ordered, key=_writing)):
        alike = list(group)
        view = f"raw_{table.name}_{number}"
        first = alike[0]
        paths = [_utf8(f, work) for f in alike]
        if first.parquet:
            engine.view_parquet(view, paths)
        else:
            # By place: headers may repeat a name, or differ in blanks and capitals.
            places = [f"c{place}" for place in range(len(first.header))]
            engine.read_csv_text(view, paths, first.separator, places)
        columns = ", ".join(_as_text(first, c) for c in table.columns)
        year = "NULL" if first.year is None else str(first.year)
        selects.append(
            f"SELECT {columns}, CAST({year} AS SMALLINT) AS file_year FROM {identifier(view)}"
        )
    if not selects:
        empty = ", ".join(f"CAST(NULL AS VARCHAR) AS {identifier(c.name)}" for c in table.columns)
        return f"SELECT {empty}, CAST(NULL AS SMALLINT) AS file_year WHERE false"
    return " UNION ALL ".join(selects)


def _writing(file: NativeFile) -> tuple[bool, str, int, tuple[str, ...]]:
    """Files that agree on this can be read by one scan."""
    return file.parquet, file.separator, file.year or 0, file.header


def _as_text(file: NativeFile, column: NativeColumn) -> str:
    place = file.column(column.names)
    if place is None:
        value = "NULL"
    else:
        value = identifier(file.header[place] if file.parquet else f"c{place}")
    return f"CAST({value} AS VARCHAR) AS {identifier(column.name)}"


def _utf8(file: NativeFile, work: Path) -> Path:
    """The file itself, or a UTF-8 copy of it in the work folder."""
    if file.parquet or file.encoding == "utf-8":
        return file.path
    name = re.sub(r"\W+", "_", str(file.path.absolute().relative_to(file.path.anchor)))
    copy = work / f"{name}.utf8.csv"
    with open_bytes(file.path) as source, copy.open("wb") as target:
        while block := source.read(1 << 22):
            target.write(block.decode(file.encoding).encode("utf-8"))
    return copy


def _staged_sql(table: NativeTable, raw: str, branches: str) -> str:
    """A rejected line is told before any join, so that no text travels through the joins."""
    demanding = [c for c in table.columns if c.demand != "free"]
    checked = [c for c in demanding if c.demand == "checked"]
    typed = [f"{cast_sql(c.name, c.cast)} AS {identifier(c.name)}" for c in table.columns]
    typed += [f"{identifier(c.name)} AS {identifier(c.name + '#')}" for c in checked]
    lines = f"SELECT {', '.join(typed)}, file_year FROM ({raw})"
    left_out = [identifier(name) for name in table.spent]
    if demanding:
        rejects = " ".join(_reject(c) for c in demanding)
        texts = f"EXCLUDE ({', '.join(identifier(c.name + '#') for c in checked)})"
        lines = (
            f"SELECT * {texts if checked else ''}, CASE {rejects} END AS {REJECTED} FROM ({lines})"
        )
        left_out += [] if table.contested else [REJECTED]
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


def _prove_count(table: NativeTable, files: Sequence[NativeFile], rows: int) -> None:
    """Lines staged against lines counted in the bytes: nothing lost, nothing multiplied."""
    if any(f.lines is None for f in files):
        return
    counted = sum(f.lines or 0 for f in files)
    if counted != rows:
        counted -= sum(_blank_lines(f) for f in files if not f.parquet)
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


def _blank_lines(file: NativeFile) -> int:
    with open_bytes(file.path) as stream:
        return sum(1 for line in stream if not line.strip(b"\r\n"))


def _enter(engine: Engine, table: NativeTable, context: Context, rows: int) -> None:
    ledger = context.ledger
    ledger.record(table.name, READ, rows)
    ledger.record(table.name, KEPT, 0)
    fates = engine.rows(
        f"SELECT coalesce(set_aside, '{KEPT}'), count(*) FROM {identifier(table.name)} GROUP BY 1"
    )
    for fate, number in fates:
        ledger.record(table.name, str(fate), int(number))


def _keep_rejects(engine: Engine, table: NativeTable, raw: str, context: Context) -> None:
    """Put rejected lines aside as they were written, so a data manager can mend them."""
    entries = [e for e in context.ledger if e.table == table.name and e.kind == "reject"]
    if not entries:
        return
    checked = [c for c in table.columns if c.demand != "free"]
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
    if len(parts) == 1:
        shutil.copyfile(parts[0], path)
        return int(engine.scalar(f"SELECT count(*) FROM read_parquet('{path}')") or 0)
    if parts:
        engine.view_parquet("rejected_lines", parts)
        query = "SELECT * FROM rejected_lines ORDER BY native_table, column_name, line"
    else:
        query = (
            "SELECT CAST(NULL AS VARCHAR) AS native_table, CAST(NULL AS VARCHAR) AS column_name, "
            "CAST(NULL AS VARCHAR) AS line WHERE false"
        )
    return engine.write_parquet(query, path)
