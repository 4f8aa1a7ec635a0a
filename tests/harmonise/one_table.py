"""A shore of one table, staged from the files that a test writes."""

from __future__ import annotations

from pathlib import Path

from transat.core.languages import Text
from transat.engines.duckdb import DuckDB
from transat.harmonise.context import Context
from transat.harmonise.delivered import account
from transat.harmonise.extract import find
from transat.harmonise.ledger import Ledger
from transat.harmonise.native import NativeColumn, NativeTable
from transat.harmonise.rules import Rule
from transat.harmonise.staging import collect_rejects, stage
from transat.tables.column import Column, Table

LINES = NativeTable(
    "T_MCOaaX",
    (
        NativeColumn("ID", "code", "needed", required=True, aliases=("NUM_ENQ",)),
        NativeColumn("DAY", "date", "checked"),
        NativeColumn("QTY", "integer"),
        NativeColumn("PRICE", "number"),
    ),
)
RULES = (
    Rule("first", Text("a", "a"), Text("b", "b"), "test", "T_MCOaaX", "QTY < 0"),
    Rule("second", Text("a", "a"), Text("b", "b"), "test", "T_MCOaaX", "QTY < 5"),
)
#: What the source publishes: the table that is read, and one with no place in OMOP.
PUBLISHED = {
    "T_MCOaaX": Table(
        "T_MCOaaX",
        (
            Column("ID", "text"),
            Column("DAY", "date", first_year=2009),
            Column("QTY", "integer", last_year=2012),
            Column("PRICE", "float"),
            Column("NOTE", "text", missing_years=(2013,)),
        ),
    ),
    "T_MCOaaFL": Table("T_MCOaaFL", (Column("ID", "text"), Column("NABM", "text"))),
}


class Staged:
    """What one staging of the files under `root` gave; native rows kept, by the ledger's name."""

    def __init__(self, root: Path, work: Path) -> None:
        work.mkdir(exist_ok=True)
        self.rejects_file = work / "all.parquet"
        with DuckDB(threads=1) as engine:
            self.extract = find(root, [LINES], PUBLISHED)
            context = Context(self.extract, RULES, Ledger(), work)
            stage(engine, LINES, context)
            account(context)
            context.ledger.check()
            self.rejects = collect_rejects(engine, context, self.rejects_file)
            self.kept = engine.rows('SELECT * FROM "kept_T_MCOaaX" ORDER BY ALL')
            self.rejected = engine.rows(
                f"SELECT column_name, line FROM read_parquet('{self.rejects_file}') ORDER BY ALL"
            )
        self.by_table = {(e.table, e.rule): e.rows for e in context.ledger}
        self.ledger = {r: n for (t, r), n in self.by_table.items() if t == LINES.name}
