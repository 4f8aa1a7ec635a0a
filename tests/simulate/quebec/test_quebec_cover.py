"""Cover by the drug plan, and copies of lines that stay clear of true ones."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import numpy as np
import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st
from written_quebec import DESIGN, Extract

from transat.simulate.quebec import traps
from transat.simulate.quebec.drug_plan import covered
from transat.simulate.quebec.world import World

DAY_ZERO = date(1970, 1, 1)


def plan(*periods: tuple[int, int, int]) -> pa.Table:
    """(person, first day, day after the last) as a drug_plan table."""
    people, starts, ends = zip(*periods, strict=True) if periods else ((), (), ())
    dates = [
        pa.array([DAY_ZERO + timedelta(d) for d in days], pa.date32()) for days in (starts, ends)
    ]
    return pa.table({"person_id": pa.array(people, pa.int32()), "start": dates[0], "end": dates[1]})


def cover(extract: Extract, table: pa.Table, person: int, days: range) -> list[bool]:
    world = World(replace(extract.population, drug_plan=table), DESIGN, 0)
    people = np.full(len(days), person, dtype=np.int64)
    return covered(world, people, np.array(days, dtype=np.int64)).tolist()


def test_a_period_holds_its_first_day_and_not_its_last_bound(extract: Extract) -> None:
    table = plan((5, 100, 103), (5, 110, 111), (7, 90, 200))
    assert cover(extract, table, 5, range(98, 113)) == [
        d in (100, 101, 102, 110) for d in range(98, 113)
    ]


def test_another_person_is_not_covered_by_it(extract: Extract) -> None:
    table = plan((5, 100, 103), (7, 90, 200))
    assert not any(cover(extract, table, 6, range(80, 210)))
    assert not any(cover(extract, plan(), 5, range(80, 210)))


@settings(deadline=None, max_examples=60)
@given(
    st.integers(0, 1000),
    st.lists(st.tuples(st.integers(1, 4), st.integers(15_000, 15_060)), min_size=1, max_size=80),
)
def test_moved_copies_touch_no_true_line_and_not_one_another(
    seed: int, lines: list[tuple[int, int]]
) -> None:
    people, days = (np.array(column, dtype=np.int64) for column in zip(*lines, strict=True))
    copies = traps.moved(np.random.default_rng(seed), people, days, 0.7, (1, 20))
    made = list(zip(people[copies.rows].tolist(), copies.days.tolist(), strict=True))
    assert len(set(made)) == len(made)
    assert set(made).isdisjoint(lines)
