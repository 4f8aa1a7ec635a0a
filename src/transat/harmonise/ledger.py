"""The ledger: every native line read is kept, set aside by a named rule, or rejected. Exactly."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, Literal

import pyarrow as pa

from transat.core.errors import DataQualityError
from transat.core.languages import Text

Kind = Literal["read", "kept", "rule", "reject", "note"]

READ: Final = "read"
KEPT: Final = "kept"
#: A rejected line is entered under ``reject:COLUMN``.
REJECT: Final = "reject:"
#: A note (``note:negative_lines``) tells something of lines that are counted elsewhere.
NOTE: Final = "note:"


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the ledger."""

    table: str
    kind: Kind
    rule: str
    rows: int


class Ledger:
    """Counts of native lines by table and fate; `check` proves that they balance."""

    def __init__(self) -> None:
        self._rows: Counter[tuple[str, str]] = Counter()
        self._tables: dict[str, None] = {}

    def record(self, table: str, rule: str, rows: int) -> None:
        """Add `rows` lines of `table` under ``read``, ``kept``, a rule, a reject or a note."""
        self._tables[table] = None
        self._rows[table, rule] += rows

    def move(self, table: str, rule: str, rows: int) -> None:
        """Turn `rows` kept lines of `table` into lines that a later step's `rule` sets aside."""
        self.record(table, KEPT, -rows)
        self.record(table, rule, rows)

    def rows(self, table: str, rule: str) -> int:
        """Lines of `table` under `rule`; 0 when there are none."""
        return self._rows[table, rule]

    def tables(self) -> tuple[str, ...]:
        """Native tables, in the order in which they were read."""
        return tuple(self._tables)

    def __iter__(self) -> Iterator[Entry]:
        for table in self._tables:
            own = sorted(rule for t, rule in self._rows if t == table)
            for rule in sorted(own, key=_place):
                rows = self._rows[table, rule]
                if rows or rule in (READ, KEPT):
                    yield Entry(table, kind_of(rule), rule, rows)

    def check(self) -> None:
        """Raise DataQualityError unless, table by table, read = kept + set aside + rejected."""
        for table in self._tables:
            fates = {r: n for (t, r), n in self._rows.items() if t == table}
            read = fates.pop(READ, 0)
            counted = {r: n for r, n in fates.items() if not r.startswith(NOTE)}
            if sum(counted.values()) != read or any(n < 0 for n in counted.values()):
                raise DataQualityError(
                    Text(
                        "le registre ne tombe pas juste : lignes lues et classées diffèrent.",
                        "the ledger does not balance: lines read and accounted for differ.",
                    ),
                    table,
                    Text(
                        "C'est un défaut de Transat : signalez-le avec le nom de la table.",
                        "This is a defect of Transat: report it with the name of the table.",
                    ),
                )

    def arrow(self) -> pa.Table:
        """The ledger as a table: table, kind, rule, rows."""
        entries = list(self)
        return pa.table(
            {
                "table": pa.array([e.table for e in entries], pa.string()),
                "kind": pa.array([e.kind for e in entries], pa.string()),
                "rule": pa.array([e.rule for e in entries], pa.string()),
                "rows": pa.array([e.rows for e in entries], pa.int64()),
            }
        )


def kind_of(rule: str) -> Kind:
    """What an entry's name says of it."""
    if rule == READ:
        return "read"
    if rule == KEPT:
        return "kept"
    if rule.startswith(REJECT):
        return "reject"
    return "note" if rule.startswith(NOTE) else "rule"


def _place(rule: str) -> tuple[int, str]:
    order: tuple[Kind, ...] = ("read", "kept", "rule", "reject", "note")
    return order.index(kind_of(rule)), rule
