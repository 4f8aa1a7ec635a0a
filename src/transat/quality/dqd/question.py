"""What a check asks of a database: two numbers, each over a relation that other checks share.

A relation is the text of a FROM clause: sums over the same one are asked in one query. Groups are
a query with few rows, fetched once and counted here. That sharing is all that makes 2,535 checks
fast: the wording of each check stays its own.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from transat.engines.engine import identifier

#: The views that the queries read: every table of CDM 5.4 under this prefix, absent ones empty.
PREFIX: Final = "dqd_"

#: Concept ids in use: ``place`` (which column), ``id``, ``n`` (rows). Made before other questions.
HISTOGRAM: Final = f"{PREFIX}histogram"

#: Persons with their days of birth, and whether one could be made.
BIRTHS: Final = f"{PREFIX}births"

#: Constant column of every view: it is null beside a person who has no row in the table.
HERE: Final = "here__"

Column = tuple[str, str]


def view(table: str) -> str:
    """The view of an OMOP table that the checks read."""
    return PREFIX + table


def column(name: str, alias: str = "c") -> str:
    """A column of the view called `alias`, quoted."""
    return f"{alias}.{identifier(name)}"


@dataclass(frozen=True, slots=True)
class Relation:
    """Rows to sum over.

    text: what follows FROM; table: the table whose checks it serves, under which time is counted;
    filled: (table, column) pairs; where the table, or the column when one is named, holds nothing,
    no query is run; nor where the two numbers of `unless_equal` are equal.
    """

    text: str
    table: str
    filled: tuple[Column, ...] = field(default=(), compare=False)
    unless_equal: tuple[Sum, Sum] | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class Sum:
    """One number: an aggregate over a relation, null being 0; `otherwise` where none is run."""

    over: Relation
    aggregate: str
    otherwise: Sum | int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class Groups:
    """A query with few rows, the last column of each a number of rows; others are what they share.

    table, filled: as for a Relation.
    """

    query: str
    table: str
    filled: tuple[Column, ...] = field(default=(), compare=False)


@dataclass(frozen=True, slots=True)
class Tally:
    """One number: the rows of the groups of which something is true."""

    over: Groups
    true_of: Callable[..., bool]


Number = Sum | Tally | int


@dataclass(frozen=True, slots=True)
class Question:
    """The violated rows and the denominator of one check.

    needs: the (table, column) pairs that must exist beyond the check's own, column empty for a
    whole table.
    doubtful: rows for which the check cannot be decided; one such row makes it an error.
    """

    violated: Number
    denominator: Number
    needs: tuple[Column, ...] = ()
    doubtful: Sum | None = None


def rows(table: str) -> Relation:
    """The table itself."""
    return Relation(f"{view(table)} c", table, ((table, ""),))


def count_where(over: Relation, condition: str) -> Sum:
    """Rows of a relation for which a condition is true."""
    return Sum(over, f"count(CASE WHEN {condition} THEN 1 END)")


def every_row(over: Relation) -> Sum:
    """All rows of a relation."""
    return Sum(over, "count(*)")


def filled_rows(table: str, name: str) -> Sum:
    """Rows of a table where a column is not null."""
    return Sum(rows(table), f"count({column(name)})")


def empty_rows(table: str, name: str) -> Sum:
    """Rows of a table where a column is null."""
    return Sum(rows(table), f"count(*) - count({column(name)})")
