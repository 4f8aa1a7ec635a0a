"""A statement under construction: its WITH queries, each named, explained and written once."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import TYPE_CHECKING

from transat.cohorts.query.sql.layout import comment, indented

if TYPE_CHECKING:
    from transat.cohorts.query.sql.codes import Codes
    from transat.core.languages import Text


class Clauses:
    """The WITH queries of one statement, in the order in which they are needed."""

    def __init__(self, codes: Codes) -> None:
        self.codes = codes
        self._written: list[str] = []
        self._names: dict[Hashable, str] = {}
        self._used: dict[str, int] = {}

    def add(self, stem: str, query: str, *about: Text | str | None) -> str:
        """Add a query under `stem` and a number; return its name."""
        self._used[stem] = self._used.get(stem, 0) + 1
        name = f"{stem}_{self._used[stem]}"
        self._written.append(f"{comment(*about)}{name} AS (\n{indented(query)}\n)")
        return name

    def once(self, key: Hashable, make: Callable[[], str]) -> str:
        """The name under which `make` added what `key` means; made when first asked for."""
        if key not in self._names:
            self._names[key] = make()
        return self._names[key]

    def __str__(self) -> str:
        """The WITH clause, ended; empty without queries."""
        return "WITH\n" + ",\n".join(self._written) + "\n" if self._written else ""


def kept(table: str, clauses: Clauses, query: str, *about: Text | str | None) -> str:
    """The statement that keeps the answer of a query as a temporary table."""
    return f"{comment(*about)}CREATE OR REPLACE TEMP TABLE {table} AS\n{clauses}{query}"
