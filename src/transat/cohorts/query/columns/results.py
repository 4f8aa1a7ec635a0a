"""Periods of ranges of persons put together: the cohort table and the attrition."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from transat.cohorts.query.columns.cohort import steps
from transat.cohorts.query.columns.keys import EPOCH, days, person
from transat.cohorts.query.executor import ATTRITION_SCHEMA, COHORT_SCHEMA, Executed

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from transat.cohorts.query.columns.cohort import Periods
    from transat.cohorts.query.columns.keys import Ints
    from transat.cohorts.query.executor import Definition


@dataclass(frozen=True, slots=True)
class Part:
    """What a range of persons gave, definition after definition.

    periods: a table of subject_id, cohort_start_date, cohort_end_date. bounds: where each
    definition's begin. left: events and persons after each step of each definition.
    """

    periods: pa.Table
    bounds: Ints
    left: NDArray[np.int64]


def part(ids: Ints, found: Sequence[Periods]) -> Part:
    """The periods of all definitions in one table; `ids` are the persons' by position."""
    bounds = np.cumsum([0, *(len(f.start) for f in found)])
    subject = np.empty(bounds[-1], np.int64)
    first, last = np.empty(bounds[-1], np.int32), np.empty(bounds[-1], np.int32)
    # One definition after the other: what is computed on the way stays in the processor's cache.
    for f, low, high in zip(found, bounds.tolist(), bounds[1:].tolist(), strict=False):
        subject[low:high] = ids.take(person(f.start))
        first[low:high] = days(f.start) - EPOCH
        last[low:high] = days(f.end) - EPOCH
    columns = [pa.array(subject), *(pa.array(d).view(pa.date32()) for d in (first, last))]
    return Part(
        pa.table(columns, names=COHORT_SCHEMA.names[1:]),
        bounds,
        np.array([left for f in found for left in f.steps], np.int64),
    )


def dates(key: Ints) -> pa.Array:
    """The days of keys as Arrow has them."""
    return pa.array((days(key) - EPOCH).astype(np.int32)).view(pa.date32())


def together(definitions: Sequence[Definition], parts: Sequence[Part]) -> Executed:
    """The tables of an executor; persons of a later part come after those of an earlier one."""
    if not definitions or not parts:
        return Executed(COHORT_SCHEMA.empty_table(), _attrition(definitions, None))
    bounds = np.array([p.bounds for p in parts])
    ids = np.array([d.cohort_definition_id for d in definitions], np.int64)
    periods = pa.concat_tables(
        p.periods.slice(low, high - low)
        for n in range(len(definitions))
        for p, (low, high) in zip(parts, bounds[:, n : n + 2].tolist(), strict=True)
    )
    numbers = pa.array(np.repeat(ids, np.diff(bounds).sum(axis=0)))
    cohorts = periods.add_column(0, COHORT_SCHEMA.field(0), numbers).cast(COHORT_SCHEMA)
    return Executed(cohorts, _attrition(definitions, np.sum([p.left for p in parts], axis=0)))


def _attrition(definitions: Sequence[Definition], left: NDArray[np.int64] | None) -> pa.Table:
    """One line per step; nobody at any step when `left` is None."""
    lines = [
        (d.cohort_definition_id, n, kind, rule)
        for d in definitions
        for n, (kind, rule) in enumerate(steps(d.cohort))
    ]
    counts = np.zeros((len(lines), 2), np.int64) if left is None else left
    columns = [*zip(*lines, strict=True)] if lines else [()] * 4
    arrays = [
        pa.array(c, f.type) for c, f in zip([*columns, *counts.T], ATTRITION_SCHEMA, strict=True)
    ]
    return pa.table(arrays, schema=ATTRITION_SCHEMA)
