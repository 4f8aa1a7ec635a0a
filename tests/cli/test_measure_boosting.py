"""`transat bench boosting` on few people: both learn the same, and what is printed is told."""

from __future__ import annotations

import pytest

from transat.cli import measure_boosting


def test_both_lose_as_little() -> None:
    pytest.importorskip("sklearn")
    figures = measure_boosting.boosting(rows=4_000, columns=4, trees=15, depth=2)
    ours, theirs = (figures[f"{who}.loss_on_new_people"] for who in ("transat", "scikit_learn"))
    assert isinstance(ours, float)
    assert ours == pytest.approx(theirs, rel=0.02)
    assert figures["transat.rounds"] == 1 + 15 * 2
    for name in ("transat.seconds", "scikit_learn.seconds", "times_as_fast"):
        assert float(figures[name]) > 0
    assert int(figures["scikit_learn.person_months"]) > 20 * 4_000


def test_the_peer_sees_the_same_person_months() -> None:
    """As many as the stretches of the federated fit hold, with as many events."""
    import numpy as np

    from transat.learners.follow_up import follow_up

    table, grid = measure_boosting._drawn(500, 4, 1), np.arange(1.0, 61.0)
    x, y = measure_boosting._laid_out(table, grid)
    seen = follow_up(table, tuple(grid.tolist()), 1, np.zeros(60, dtype=np.int64))
    assert (len(y), int(y.sum())) == (int(seen.intervals.sum()), int(seen.event.sum()))
    assert x.shape == (len(y), 5)
    np.testing.assert_array_equal(np.unique(x[:, -1]), grid[: int(x[:, -1].max())])
