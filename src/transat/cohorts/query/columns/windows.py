"""Windows as ranges of keys: for each index event, the first and the last day that counts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import numpy as np

from transat.cohorts.query.columns import keys

if TYPE_CHECKING:
    from collections.abc import Iterable

    from transat.cohorts.query.columns.keys import Ints
    from transat.cohorts.query.model import Bound, Edge, Window


@dataclass(slots=True)
class Span:
    """Keys between which an edge must lie, both in; None: nothing bounds it on that side."""

    low: Ints | None = None
    high: Ints | None = None

    def after(self, bound: Ints) -> None:
        """Nothing before `bound` either."""
        self.low = bound if self.low is None else np.maximum(self.low, bound)

    def before(self, bound: Ints) -> None:
        """Nothing after `bound` either."""
        self.high = bound if self.high is None else np.minimum(self.high, bound)

    @property
    def bounded(self) -> bool:
        """Whether anything bounds it."""
        return self.low is not None or self.high is not None

    def closed(self, index: Anchors) -> tuple[Ints, Ints]:
        """Both ends for each index event; a bound on one side leaves out unknown days."""
        if self.low is not None and self.high is not None:
            return self.low, self.high
        base = keys.base(index.key)
        last = keys.UNKNOWN // 2 if self.bounded else keys.UNKNOWN * 2
        return (
            base if self.low is None else self.low,
            base + last if self.high is None else self.high,
        )


Spans = dict["Edge", Span]


class Anchors(Protocol):
    """What windows are laid around: keys of days, and whether an end may be unknown."""

    @property
    def key(self) -> Ints: ...

    @property
    def end(self) -> Ints: ...

    @property
    def low(self) -> Ints: ...

    @property
    def high(self) -> Ints: ...

    @property
    def open_ended(self) -> bool: ...


def spans(index: Anchors, windows: Iterable[Window], outside_period: bool) -> Spans:
    """The ranges in which an event's start and its end must lie."""
    found: Spans = {"start": Span(), "end": Span()}
    if not outside_period:
        found["start"].after(index.low)
        found["start"].before(index.high)
    for window in windows:
        span = found[window.event]
        low = _bound(index, window.low, window.index, outside_period, False)
        if low is not None:
            span.after(low)
        high = _bound(index, window.high, window.index, outside_period, True)
        if high is not None:
            span.before(high)
    return found


def _bound(
    index: Anchors, bound: Bound, edge: Edge, outside_period: bool, upper: bool
) -> Ints | None:
    """The key of a bound for each index event; None when it bounds nothing."""
    if bound == "period_start":
        return None if outside_period else index.low
    if bound == "period_end":
        return None if outside_period else index.high
    if edge == "start":
        return index.key + bound
    reached = index.end + bound
    if upper and index.open_ended:
        # Nothing is known to come before an unknown day.
        return np.where(keys.known(index.end), reached, keys.base(index.key) - 1)
    return reached
