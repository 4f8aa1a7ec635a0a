"""The blocks that are read from events: concepts, groups, codes, answers, values, counts, scores.

Analyses of one table that read the same items share one pass over it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from transat.cohorts.covariates.blocks import Block, column, counted, indexed, ones, sparse
from transat.cohorts.covariates.chunks import Chunk, scan
from transat.cohorts.covariates.code_groups import code_groups
from transat.cohorts.covariates.rows import Rows
from transat.cohorts.covariates.scores import score
from transat.cohorts.covariates.settings import Analysis
from transat.cohorts.covariates.stays import Stays
from transat.cohorts.covariates.tally import (
    Items,
    Reading,
    Tally,
    Window,
    day_columns,
    survivors,
    tally,
)
from transat.cohorts.query.domains import DOMAINS

if TYPE_CHECKING:
    from transat.cohorts.covariates.demographics import Persons
    from transat.cohorts.covariates.vocabulary import Ids, Vocabulary
    from transat.engines.cdm import Cdm

#: Two concepts in one item: the second is in the low half.
HALF: Final = 32
UNIT: Final = "unit_concept_id"
VALUE: Final = "value_as_number"
ANSWER: Final = "value_as_concept_id"
_NONE: Final = np.empty(0, np.int64)


class Events:
    """Blocks of analyses that read events.

    allowed: of concepts, a mask of those that settings let in.
    """

    def __init__(
        self,
        cdm: Cdm,
        rows: Rows,
        vocabulary: Vocabulary,
        allowed: Callable[[Ids], NDArray[np.bool_]],
        people: Persons,
    ) -> None:
        self._cdm, self._rows, self._vocabulary = cdm, rows, vocabulary
        self._allowed, self._people = allowed, people

    def blocks(self, analyses: Sequence[Analysis]) -> list[Block]:
        """One block per analysis, in the order given."""
        made: dict[int, Block] = {}
        shared: dict[tuple[str, str, bool], list[Analysis]] = defaultdict(list)
        for analysis in analyses:
            if analysis.kind == "value":
                made[analysis.number] = self._values(analysis)
            else:
                item, inside = self._item(analysis), analysis.events == "inpatient"
                shared[(analysis.table, item, inside)].append(analysis)
        for (table, item, inside), some in shared.items():
            reading = _reading(table, item, self._stays() if inside else None)
            windows = list(dict.fromkeys(_window(a) for a in some))
            whole = tally(self._cdm, self._rows, reading, windows)
            groups = (_NONE, _NONE)
            if any(a.kind == "group" for a in some):
                groups = self._vocabulary.groups(indexed(whole.item)[0], table)
            for analysis in some:
                within = whole.within(windows.index(_window(analysis)))
                if analysis.kind != "score":
                    within = self._let_in(item, within)
                made[analysis.number] = self._block(analysis, within, groups)
        return [made[a.number] for a in analyses]

    def _item(self, analysis: Analysis) -> str:
        """'range', 'answer', or the column of the concepts to read."""
        domain = DOMAINS[analysis.table]
        if analysis.kind in ("range", "answer"):
            return analysis.kind
        if analysis.kind in ("code", "code_rows"):
            source = domain.source_concept or domain.concept or ""
            return self._vocabulary.study_codes(
                analysis.vocabulary, domain.concept or "", source
            ).column
        return domain.concept or ""

    def _stays(self) -> Stays:
        return Stays(self._cdm, self._rows, self._vocabulary.stays())

    def _let_in(self, item: str, within: Tally) -> Tally:
        concept = within.item
        if item == "range":
            concept = concept // 10
        elif item == "answer":
            concept = concept >> HALF
        held = self._allowed(concept)
        return within if bool(held.all()) else within.where(held)

    def _block(self, analysis: Analysis, within: Tally, groups: tuple[Ids, Ids]) -> Block:
        """groups: pairs (concept, group that holds it)."""
        n = self._rows.size
        item, counts = counted(within, n)
        match analysis.kind:
            case "concept" | "range" | "answer":
                return Block(analysis, item, ones(counts))
            case "rows_by_concept":
                return Block(analysis, item, counts)
            case "distinct" | "rows":
                per_row = np.diff(counts.indptr) if analysis.kind == "distinct" else counts.sum(1)
                row = np.flatnonzero(np.diff(counts.indptr))
                return column(analysis, row, np.asarray(per_row, np.float64)[row], n)
            case "group":
                held, group = groups
                kept = self._allowed(group)
                label, grouped = _regrouped(item, counts, held[kept], group[kept])
                return Block(analysis, label, ones(grouped))
            case "score":
                return score(analysis, item, counts, self._people, self._vocabulary)
        held, group = code_groups(analysis, self._vocabulary)
        label, grouped = _regrouped(item, counts, held, group)
        return Block(analysis, label, grouped if analysis.kind == "code_rows" else ones(grouped))

    def _values(self, analysis: Analysis) -> Block:
        """The last number of each concept and unit in the window; of one day, the smallest."""
        domain = DOMAINS[analysis.table]
        window = [_window(analysis)]
        concept = domain.concept or ""
        columns = {concept: "id", UNIT: "known", VALUE: "number"}
        columns |= day_columns(analysis.table, window)

        def work(chunk: Chunk) -> list[tuple[NDArray[np.int64], ...]]:
            read = chunk.columns
            known = (read[concept] != 0) & ~np.isnan(read[VALUE]) & (read[UNIT] >= 0)
            chunk = chunk.take(known & self._allowed(read[concept].astype(np.int64)))
            found = []
            for row, event, inside in survivors(self._rows, chunk, analysis.table, window):
                row, event = row[inside[:, 0]], event[inside[:, 0]]
                read = chunk.columns
                item = read[concept][event].astype(np.int64) << HALF
                item |= read[UNIT][event].astype(np.int64)
                found.append((row, item, read[domain.start][event], read[VALUE][event]))
            return found  # type: ignore[return-value]

        wanted = (
            (int(self._rows.person[0]), int(self._rows.person[-1])) if self._rows.size else (0, -1)
        )
        parts = [
            p for found in scan(self._cdm, analysis.table, columns, wanted, work) for p in found
        ]
        return _last_values(analysis, parts, self._rows.size)


def _last_values(
    analysis: Analysis, parts: Sequence[tuple[NDArray[np.int64], ...]], n: int
) -> Block:
    if not parts:
        empty = np.empty(0, np.int64)
        return Block(analysis, empty, csr_array((n, 0), dtype=np.float64))
    row, item, day, value = (np.concatenate([p[i] for p in parts]) for i in range(4))
    order = np.lexsort((value, -day.astype(np.int64), item, row))
    row, item, value = row[order], item[order], value[order].astype(np.float64)
    first = np.ones(len(row), np.bool_)
    first[1:] = (row[1:] != row[:-1]) | (item[1:] != item[:-1])
    label, place = indexed(item[first])
    return Block(analysis, label, sparse(row[first], place, value[first], (n, len(label))))


def _regrouped(
    item: Ids, counts: csr_array[np.float64], held: Ids, group: Ids
) -> tuple[Ids, csr_array[np.float64]]:
    """Counts of the groups that hold the items: pairs (held, group), each once, of any items."""
    met = np.isin(held, item)
    label, place = indexed(group[met])
    into = sparse(
        np.searchsorted(item, held[met]).astype(np.int32),
        place,
        np.ones(int(met.sum())),
        (len(item), len(label)),
    )
    grouped = csr_array(counts @ into)
    grouped.sort_indices()
    return label, grouped


def _window(analysis: Analysis) -> Window:
    events = "start" if analysis.events == "inpatient" else analysis.events
    return Window(analysis.low, analysis.high, events, analysis.cut)


def _reading(table: str, item: str, stays: Stays | None) -> Reading:
    domain = DOMAINS[table]
    keep = None if stays is None else (lambda chunk: stays.hold(chunk, chunk.columns[domain.start]))
    concept = domain.concept or ""
    if item == "range":
        columns = {concept: "id", VALUE: "number", "range_low": "number", "range_high": "number"}
        return Reading(table, columns, _ranges(concept), keep)
    if item == "answer":
        return Reading(table, {concept: "id", ANSWER: "id"}, _answers(concept), keep)

    def concepts(chunk: Chunk, event: NDArray[np.int32]) -> Items:
        return chunk.columns[item][event].astype(np.int64)

    return Reading(table, {item: "id"}, concepts, keep)


def _ranges(concept: str) -> Callable[[Chunk, NDArray[np.int32]], Items]:
    """Ten times the concept, and 1 below its range, 3 above it, 2 within it or without a number."""

    def item(chunk: Chunk, event: NDArray[np.int32]) -> Items:
        read = {name: values[event] for name, values in chunk.columns.items()}
        low, high, value = read["range_low"], read["range_high"], read[VALUE]
        group = np.where(value < low, 1, np.where(value > high, 3, 2))
        known = ~np.isnan(low) & ~np.isnan(high) & (read[concept] != 0)
        return np.where(known, read[concept].astype(np.int64) * 10 + group, 0)

    return item


def _answers(concept: str) -> Callable[[Chunk, NDArray[np.int32]], Items]:
    def item(chunk: Chunk, event: NDArray[np.int32]) -> Items:
        asked = chunk.columns[concept][event].astype(np.int64)
        answer = chunk.columns[ANSWER][event].astype(np.int64)
        return np.where((asked != 0) & (answer != 0), (asked << HALF) | answer, 0)

    return item
