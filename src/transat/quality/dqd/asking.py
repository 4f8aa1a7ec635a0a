"""Asks the questions: first each table once, then the histogram of concepts, then the joins."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any, Final

import pyarrow as pa

from transat.engines.engine import Engine
from transat.quality.dqd.catalogue import fields
from transat.quality.dqd.places import places
from transat.quality.dqd.question import (
    HISTOGRAM,
    Groups,
    Number,
    Question,
    Relation,
    Sum,
    Tally,
    column,
    every_row,
    filled_rows,
    rows,
    view,
)
from transat.quality.dqd.views import Present

_HISTOGRAM_TYPE: Final = pa.schema([("place", pa.int32()), ("id", pa.int64()), ("n", pa.int64())])


class Asking:
    """Sums asked once each, and their answers.

    seconds: wall time by table.
    """

    def __init__(self, engine: Engine, present: Present) -> None:
        self._engine = engine
        self._present = present
        self._sums: dict[Sum, int] = {}
        self._groups: dict[Groups, list[tuple[Any, ...]]] = {}
        self.seconds: dict[str, float] = defaultdict(float)

    def answer(self, asked: Number) -> int:
        """The number asked before, 0 for one over nothing."""
        match asked:
            case Sum():
                known = self._sums.get(asked)
                return self.answer(asked.otherwise) if known is None else known
            case Tally():
                return sum(
                    int(n) for *what, n in self._groups.get(asked.over, ()) if asked.true_of(*what)
                )
            case number:
                return number

    def ask(self, questions: Iterable[Question]) -> None:
        """Find everything that the questions need."""
        asked = dict.fromkeys(n for q in questions for n in (q.violated, q.denominator, q.doubtful))
        sums: dict[Relation, list[Sum]] = defaultdict(list)
        for number in asked:
            if isinstance(number, Sum):
                sums[number.over].append(number)
        for table in fields():
            own = sums.pop(rows(table), [])
            if self._present.has(table):
                self._sum(rows(table), [*own, *self._counts(table)])
        self._histogram()
        for relation, asked_of in sums.items():
            if self._filled(relation) and not self._settled(relation):
                self._sum(relation, asked_of)
        for group in dict.fromkeys(n.over for n in asked if isinstance(n, Tally)):
            if self._filled(group):
                with self._timed(group.table):
                    self._groups[group] = self._engine.rows(group.query)
        self._engine.unregister(HISTOGRAM)

    def _counts(self, table: str) -> Iterator[Sum]:
        yield every_row(rows(table))
        for name in fields()[table]:
            if self._present.has(table, name):
                yield filled_rows(table, name)

    def _filled(self, over: Relation | Groups) -> bool:
        return all(self._count(table, name) > 0 for table, name in over.filled)

    def _settled(self, relation: Relation) -> bool:
        if relation.unless_equal is None:
            return False
        for number in relation.unless_equal:
            if number not in self._sums:
                self._sum(number.over, [number])
        left, right = map(self.answer, relation.unless_equal)
        return left == right

    def _count(self, table: str, name: str) -> int:
        """Rows of a table, or those where a column is not null."""
        return self.answer(filled_rows(table, name) if name else every_row(rows(table)))

    def _sum(self, relation: Relation, sums: list[Sum]) -> None:
        wanted = list(dict.fromkeys(sums))
        with self._timed(relation.table):
            said = ", ".join(s.aggregate for s in wanted)
            (found,) = self._engine.rows(f"SELECT {said} FROM {relation.text}")
        self._sums.update({s: int(v or 0) for s, v in zip(wanted, found, strict=True)})

    def _histogram(self) -> None:
        """Group each column of concepts once; what is asked of concepts is then small."""
        by_table: dict[str, list[str]] = defaultdict(list)
        for (table, name), place in places().items():
            if self._count(table, name):
                own = column(name)
                by_table[table].append(
                    f"SELECT CAST({place} AS INTEGER) AS place, CAST({own} AS BIGINT) AS id, "
                    f"count(*) AS n FROM {view(table)} c WHERE {own} IS NOT NULL GROUP BY {own}"
                )
        parts = [_HISTOGRAM_TYPE.empty_table()]
        for table, columns in by_table.items():
            with self._timed(table):
                parts.append(self._engine.arrow(" UNION ALL ".join(columns)).cast(_HISTOGRAM_TYPE))
        self._engine.register(HISTOGRAM, pa.concat_tables(parts))

    @contextmanager
    def _timed(self, table: str) -> Iterator[None]:
        start = time.perf_counter()
        yield
        self.seconds[table] += time.perf_counter() - start
