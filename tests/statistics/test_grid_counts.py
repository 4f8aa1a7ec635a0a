"""The grid that rounds nothing, the shorter grid of quantiles, counts by interval."""

from __future__ import annotations

import numpy as np
import pytest
from curve_rows import table

from transat.core.errors import StudyError
from transat.statistics import grid_counts


def test_times_that_differ_by_rounding_alone_are_one() -> None:
    """0.1 + 0.2 is not 0.3 to a computer; ages plus durations are such sums."""
    rows = table([0.1 + 0.2, 0.3, 0.7], [1, 1, 0], entry=[0, 0, 0.3])
    assert len(grid_counts.daily(rows)) == 2
    edges = np.asarray(grid_counts.daily(rows))
    first, last = grid_counts.intervals(rows, edges)
    np.testing.assert_array_equal(last, [0, 0, 1])
    np.testing.assert_array_equal(first, [0, 0, 1])  # who enters at the event is not at risk of it


def test_quantiles_of_the_events() -> None:
    edges, events = np.arange(1.0, 11.0), np.array([8, 1, 1, 1, 1, 4, 0, 0, 0, 0])
    np.testing.assert_array_equal(grid_counts.by_quantiles(edges, events, 2), [1, 10])
    np.testing.assert_array_equal(grid_counts.by_quantiles(edges, events, 4), [1, 5, 10])
    np.testing.assert_array_equal(grid_counts.by_quantiles(edges, 0 * events, 4), [10])
    for most in range(1, 12):
        assert len(grid_counts.by_quantiles(edges, events, most)) <= most


def test_merged_keeps_every_head() -> None:
    counts = np.arange(12).reshape(2, 6)
    kept = np.array([False, True, False, False, True, False])
    np.testing.assert_array_equal(grid_counts.merged(counts, kept), [[1, 9], [13, 27]])
    assert grid_counts.merged(counts, np.zeros(6, bool)).shape == (2, 0)


def test_impossible_times_are_said() -> None:
    for rows, named in (
        (table([1, np.nan], [0, 0]), "time"),
        (table([1, -1], [0, 0]), "time"),
        (table([1, 2], [0, 0], entry=[0, 2]), "entry"),
    ):
        with pytest.raises(StudyError, match=named):
            grid_counts.intervals(rows, np.array([1.0]))
    with pytest.raises(StudyError, match="x"):
        grid_counts.columns(table([1], [0], {"x": [np.inf]}), ("x",))
