"""Windows mean the days that they say, whatever the edge that they count from."""

from __future__ import annotations

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from transat.cohorts.language.days import FAR, Bound, bounds, windows
from transat.cohorts.language.place import Place
from transat.cohorts.query.model import Window

days = st.integers(-400, 400)
#: An index event and an observation period around it, then another event: (start, end).
spans = st.tuples(st.integers(0, 60), st.integers(0, 60))


def read(written: str) -> tuple[Bound, Bound]:
    node = yaml.compose(written, Loader=yaml.SafeLoader)
    named = {"t1": (Bound("start", 0), Bound("start", 97))}
    return bounds(Place("f", node, "days"), named)


@pytest.mark.parametrize(
    ("written", "low", "high"),
    [
        ("[-30, 0]", Bound("start", -30), Bound("start", 0)),
        ("[0, 13w6d]", Bound("start", 0), Bound("start", 97)),
        ("[-2w, 1w1d]", Bound("start", -14), Bound("start", 8)),
        ("[start - 5, end + 30]", Bound("start", -5), Bound("end", 30)),
        ("[ever, -1]", Bound("start", None), Bound("start", -1)),
        ("[ever, end]", Bound("end", None), Bound("end", 0)),
        ("[end, ever]", Bound("end", 0), Bound("end", None)),
        ("[ever, ever]", Bound("start", None), Bound("start", None)),
        ("t1", Bound("start", 0), Bound("start", 97)),
    ],
)
def test_bounds(written: str, low: Bound, high: Bound) -> None:
    assert read(written) == (low, high)


@given(
    low=days, high=days, index=spans, other=spans, by=st.sampled_from(("start", "end", "overlap"))
)
def test_windows_hold_the_events_that_they_say(
    low: int, high: int, index: tuple[int, int], other: tuple[int, int], by: str
) -> None:
    """Two bounds from the start: of the event's start, its end, or any of its days."""
    low, high = min(low, high), max(low, high)
    made = windows(Bound("start", low), Bound("start", high), by)
    start, end = other[0], other[0] + other[1]
    first, last = index[0] + low, index[0] + high
    expected = {
        "start": first <= start <= last,
        "end": first <= end <= last,
        "overlap": start <= last and end >= first,
    }[by]
    assert held(made, index, (start, end)) == expected


@given(low=days, high=days, index=spans, other=spans)
def test_a_window_between_both_edges(
    low: int, high: int, index: tuple[int, int], other: tuple[int, int]
) -> None:
    made = windows(Bound("start", low), Bound("end", high))
    start, end = other[0], other[0] + other[1]
    expected = index[0] + low <= start <= index[0] + index[1] + high
    assert held(made, index, (start, end)) == expected


def held(made: tuple[Window, ...], index: tuple[int, int], other: tuple[int, int]) -> bool:
    """Whether an event lies in all windows, in an observation period that bounds nothing."""
    edges = {"start": index[0], "end": index[0] + index[1]}
    period = {"period_start": -10 * FAR, "period_end": 10 * FAR}

    def day(bound: int | str, anchor: int) -> int:
        return anchor + bound if isinstance(bound, int) else period[bound]

    return all(
        day(w.low, edges[w.index])
        <= (other[0] if w.event == "start" else other[1])
        <= day(w.high, edges[w.index])
        for w in made
    )
