"""Periods are closed-open."""

from __future__ import annotations

from datetime import date

import pytest

from transat.core.counts import may_leave, shown
from transat.core.period import Period


def test_bounds() -> None:
    period = Period(date(2015, 1, 1), date(2015, 2, 1))
    assert period.days == 31
    assert period.contains(date(2015, 1, 1))
    assert not period.contains(date(2015, 2, 1))
    assert period.last_day == date(2015, 1, 31)


def test_a_period_cannot_end_before_it_starts() -> None:
    with pytest.raises(ValueError, match="before it starts"):
        Period(date(2015, 1, 2), date(2015, 1, 1))


@pytest.mark.parametrize(("count", "leaves"), [(0, True), (1, False), (10, False), (11, True)])
def test_counts(count: int, leaves: bool) -> None:
    assert may_leave(count) is leaves
    assert shown(count) == (count if leaves else None)
