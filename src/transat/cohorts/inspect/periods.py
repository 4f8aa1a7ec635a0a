"""Whose periods changed between two runs of a cohort; what may be said of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc

from transat.core.counts import THRESHOLD, shown

PERSON: Final = "subject_id"
PERIOD: Final = (PERSON, "cohort_start_date", "cohort_end_date")
#: What may happen to a person between A and B.
CHANGES: Final = ("same", "changed", "left", "entered")


@dataclass(frozen=True, slots=True)
class PeriodChanges:
    """Persons by what happened to them; exact, so it stays on the site.

    same: in both, with the same periods. changed: in both, with others. left: only in A. entered:
    only in B.
    """

    same: int
    changed: int
    left: int
    entered: int

    @property
    def any(self) -> bool:
        """Whether anybody's periods differ."""
        return bool(self.changed or self.left or self.entered)

    def shown(self, threshold: int = THRESHOLD) -> ShownChanges:
        """The counts that may be shown.

        A small count hides the other part of its whole as well: who knows how many persons A holds
        would otherwise find it by subtraction.
        """
        both = self.same + self.changed

        def small(count: int) -> bool:
            return 0 < count < threshold

        part = small(self.same) or small(self.changed)
        whole = small(both) or small(self.left) or small(self.entered)
        return ShownChanges(
            both=None if whole else both,
            same=None if part or (whole and self.same) else self.same,
            changed=None if part and self.changed else self.changed,
            left=None if small(both) and self.left else shown(self.left, threshold),
            entered=None if small(both) and self.entered else shown(self.entered, threshold),
        )


@dataclass(frozen=True, slots=True)
class ShownChanges:
    """As PeriodChanges; None where a count may not be shown. both: same and changed together."""

    both: int | None
    same: int | None
    changed: int | None
    left: int | None
    entered: int | None


def changes(a: pa.Table, b: pa.Table) -> pa.Table:
    """Each person whose periods are not the same in A and in B, in order of subject_id.

    a, b: cohort rows (PERIOD; one definition each). Columns subject_id, change ('changed', 'left',
    'entered'). It names persons: it stays on the site.
    """
    a, b = (table.select(PERIOD).cast(_schema(table)) for table in (a, b))
    moved = pa.concat_tables([_without(a, b), _without(b, a)])
    persons = pc.unique(moved[PERSON]).sort()
    in_a, in_b = (pc.is_in(persons, value_set=table[PERSON].combine_chunks()) for table in (a, b))
    change = pc.if_else(in_a, pc.if_else(in_b, "changed", "left"), "entered")
    return pa.table({PERSON: persons, "change": change})


def compare(a: pa.Table, b: pa.Table) -> PeriodChanges:
    """How many persons there are of each kind; tables as for `changes`."""
    moved = changes(a, b)
    by_kind = {row["values"]: row["counts"] for row in pc.value_counts(moved["change"]).to_pylist()}
    in_a = len(pc.unique(a[PERSON]))
    changed, left, entered = (by_kind.get(kind, 0) for kind in CHANGES[1:])
    return PeriodChanges(in_a - changed - left, changed, left, entered)


def _without(a: pa.Table, b: pa.Table) -> pa.Table:
    return a.join(b, list(PERIOD), join_type="left anti")


def _schema(table: pa.Table) -> pa.Schema:
    days = [(name, pa.date32()) for name in PERIOD[1:]]
    return pa.schema([(PERSON, pa.int64()), *days])
