"""What a delivery holds besides the lines that are read: every one of them has a place too.

Files of declared tables that have no place in OMOP, files delivered twice, and the columns of every
file against those that the source publishes.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from transat.harmonise.context import Context
from transat.harmonise.extract import Extract
from transat.harmonise.ledger import KEPT, READ
from transat.harmonise.native import NativeTable
from transat.harmonise.native_file import NativeFile
from transat.harmonise.reading import count
from transat.harmonise.rules import NO_OMOP_PLACE, SAME_FILE_TWICE, Rule
from transat.tables.column import Column, Table


@dataclass(frozen=True, slots=True)
class Columns:
    """How the columns of one table's files differ from what is read and from what is published.

    unused: published, and not read. unknown: not published (newer than the schema, or added by
    the holder). other_years: in a file of a year in which the source does not have them. absent:
    published for that year, and missing from a file.
    """

    unused: tuple[str, ...] = ()
    unknown: tuple[str, ...] = ()
    other_years: tuple[str, ...] = ()
    absent: tuple[str, ...] = ()


def account(context: Context) -> None:
    """Enter in the ledger the lines of files that no step reads."""
    for files, rule in (
        (context.extract.others, NO_OMOP_PLACE),
        (context.extract.repeated, SAME_FILE_TWICE),
    ):
        for table, own in files.items():
            _set_aside(context, table, rule, sum(map(count, own)))


def _set_aside(context: Context, table: str, rule: Rule, lines: int) -> None:
    context.ledger.record(table, READ, lines)
    context.ledger.record(table, KEPT, 0)
    context.ledger.record(table, rule.key, lines)


def columns(
    extract: Extract, tables: Sequence[NativeTable], declared: Mapping[str, Table]
) -> dict[str, Columns]:
    """By delivered table, how its files' columns differ; tables that do not are left out."""
    read = {table.name: table for table in tables}
    found: dict[str, Columns] = {}
    for name, files in {**extract.files, **extract.others}.items():
        differ = _differ(files, read.get(name), declared.get(name))
        if differ != Columns():
            found[name] = differ
    return found


def _differ(
    files: Iterable[NativeFile], read: NativeTable | None, declared: Table | None
) -> Columns:
    """`declared` None: the source publishes no list of its columns, so none is unknown."""
    used = {n.upper(): c.name.upper() for c in read.columns for n in c.names} if read else {}
    published = {c.name.upper(): c for c in declared.columns} if declared else {}
    unused: set[str] = set()
    unknown: set[str] = set()
    other_years: set[str] = set()
    absent: set[str] = set()
    for file in files:
        seen = {name for name in file.spelled if name}
        names = {used.get(name, name) for name in seen}  # as published, whatever it is called here
        free = seen - set(used)
        unknown |= free - set(published) if declared else set()
        unused |= free & set(published) if declared else free
        had = {name for name, column in published.items() if column.exists_in(file.year)}
        other_years |= (names & set(published)) - had
        absent |= {n for n in had - names if _lasting(published[n], file.year)}
    return Columns(*(tuple(sorted(s)) for s in (unused, unknown, other_years, absent)))


def _lasting(column: Column, year: int | None) -> bool:
    """A file that bears no year need not have a column that was abolished."""
    return year is not None or column.last_year is None
