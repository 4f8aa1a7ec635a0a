"""Eras of a whole table, row group by row group on several threads, in the order of persons.

    row groups ──threads: decode, merge whole persons──▶ in order, persons at the borders joined

A person whose rows continue in the next row group is set aside by both and merged between them, so
memory holds a few row groups whatever the table's size.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import numpy as np
import pyarrow.parquet as pq

from transat.cohorts.eras.intervals import Rows, Source, columns_to_read, read_group
from transat.cohorts.eras.keys import Keys
from transat.cohorts.eras.merging import Merged, merge

#: A row group above this would not fit what a thread may hold.
LARGEST_GROUP = 4_000_000

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class _Part:
    """A row group: rows of its first person, eras of those between, rows of its last person.

    last: None when all rows are of one person.
    """

    first: Rows
    between: Merged | None
    last: Rows | None


def by_person(path: Path) -> bool:
    """Whether the file's row groups follow one another by person and are of a fair size."""
    metadata = pq.read_metadata(path)
    names = [name.lower() for name in metadata.schema.to_arrow_schema().names]
    if "person_id" not in names:
        return False
    place, before = names.index("person_id"), None
    for g in range(metadata.num_row_groups):
        group = metadata.row_group(g)
        said = group.column(place).statistics
        if group.num_rows > LARGEST_GROUP or said is None or not said.has_min_max:
            return False
        if before is not None and said.min < before:
            return False
        before = said.max
    return True


def eras(
    path: Path, source: Source, gap: int, keys: Keys | None = None, threads: int = 2
) -> Iterator[Merged]:
    """The eras of a file that is `by_person`, in parts that follow one another by person.

    Keys of each part: person, concept (or its key); gap_days as the source has them.
    """
    metadata = pq.read_metadata(path)
    columns = columns_to_read(metadata, source)
    own = threading.local()
    _keep_freed_memory()

    def merged(rows: Rows) -> Merged:
        found = merge((rows.person, rows.key), rows.start, rows.end, gap, source.gap_days)
        known = found.keys[1] != 0
        return found if known.all() else found.where(known)

    def part(group: int) -> _Part | None:
        if not hasattr(own, "file"):
            own.file = pq.ParquetFile(path, metadata=metadata)
        rows = read_group(own.file, group, columns, source)
        return _part(rows if keys is None else keys.of(rows), merged)

    with ThreadPoolExecutor(threads) as pool:
        yield from _joined(_ahead(pool, part, range(metadata.num_row_groups), threads + 2), merged)


def _keep_freed_memory() -> None:
    """Let the C library keep what is freed, for the next row group.

    glibc returns freed blocks to the system above a threshold, which the largest block freed so far
    sets (mallopt(3), M_MMAP_THRESHOLD; at most 32 MB). Otherwise the pages of every array are
    faulted in anew, which costs more than the arithmetic.
    """
    np.empty(31 << 20, np.uint8)


def _part(rows: Rows, merged: Callable[[Rows], Merged]) -> _Part | None:
    if not len(rows):
        return None
    person = rows.person
    if (person[1:] < person[:-1]).any():
        rows = rows.take(np.argsort(person, kind="stable"))
        person = rows.person
    a = int(np.searchsorted(person, person[0], side="right"))
    b = int(np.searchsorted(person, person[-1], side="left"))
    if a > b:
        return _Part(rows, None, None)
    between = merged(rows.take(slice(a, b)))
    return _Part(rows.take(slice(0, a)), between, rows.take(slice(b, None)))


def _joined(parts: Iterable[_Part | None], merged: Callable[[Rows], Merged]) -> Iterator[Merged]:
    held: Rows | None = None
    for part in parts:
        if part is None:
            continue
        if held is None:
            held = part.first
        elif held.person[0] == part.first.person[0]:
            held = held.and_then(part.first)
        else:
            yield merged(held)
            held = part.first
        if part.last is not None and part.between is not None:
            yield merged(held)
            yield part.between
            held = part.last
    if held is not None:
        yield merged(held)


def _ahead(
    pool: ThreadPoolExecutor, work: Callable[[int], T], items: Iterable[int], most: int
) -> Iterator[T]:
    """Results in the order of items, with at most `most` of them begun and not yet taken."""
    begun: deque[Future[T]] = deque()
    for item in items:
        begun.append(pool.submit(work, item))
        if len(begun) >= most:
            yield begun.popleft().result()
    while begun:
        yield begun.popleft().result()
