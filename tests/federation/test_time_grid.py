"""G6: times leave on one grid per population, in intervals that hold enough; and Cox."""

from __future__ import annotations

import contextlib
from dataclasses import replace

import numpy as np
import pytest
from gated import Sites, births, times
from hypothesis import given, settings
from hypothesis import strategies as st

from transat.federation.refusals import Refused
from transat.statistics import cox, kaplan_meier
from transat.statistics.kaplan_meier import Parameters

MONTHS = Parameters(tuple(float(m) for m in range(1, 49)))
ELSEWHERE = "d" * 64


def site(n: int = 400, seed: int = 1, late: bool = False, **more: object) -> Sites:
    return Sites([births(seed, n)], [times(seed, n, late)], **more)


def small(release: kaplan_meier.Release) -> bool:
    return any(((v > 0) & (v < 11)).any() for v in release.counts().values())


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 10_000), n=st.integers(60, 800), by=st.sampled_from(["", "old"]))
def test_no_interval_tells_a_small_count(seed: int, n: int, by: str) -> None:
    room = site(n, seed)
    first = replace(MONTHS, by=by)
    with contextlib.suppress(Refused):
        (fine,) = room.ask([first])
        assert not small(fine)
        (coarse,) = room.ask([replace(first, grid=tuple(first.grid[2::3]), event=1)])
        assert not small(coarse)
        # What one shows less the other is a sum of groups: nothing small lies between them.
        assert set(coarse.edges) <= set(fine.edges)


def test_without_the_check_single_leavers_are_told() -> None:
    room = site(without=("time_grid", "cell_floor"))
    (release,) = room.ask([MONTHS])
    assert small(release)


def test_a_large_site_keeps_most_of_its_months() -> None:
    (release,) = site(20_000).ask([MONTHS])
    assert release.edges.size > 40
    both = site(20_000)
    curve = kaplan_meier.combine(both.ask([MONTHS]), MONTHS).together[0]
    whole = kaplan_meier.at_site(times(1, 20_000), MONTHS)
    exact = kaplan_meier.combine([whole], MONTHS).together[0]
    kept = np.isin(exact.edges, curve.edges)
    np.testing.assert_allclose(curve.survival, exact.survival[kept], atol=0.01)


def test_the_first_grid_is_the_populations_grid() -> None:
    room = site()
    room.ask([replace(MONTHS, grid=(6.0, 12.0, 24.0))])
    with pytest.raises(Refused) as no:
        room.ask([replace(MONTHS, grid=(7.0, 12.0, 24.0))])
    assert (no.value.code, no.value.columns) == ("time_grid", ("grid",))
    with pytest.raises(Refused):
        room.ask([replace(MONTHS, grid=(7.0, 12.0, 24.0))], cohort=ELSEWHERE)
    site(500).ask([replace(MONTHS, grid=(7.0, 12.0, 24.0))])


def test_dates_and_parts_of_steps_are_refused() -> None:
    with pytest.raises(Refused) as no:
        site().ask([replace(MONTHS, grid=(6.0, 12.37))])
    assert no.value.code == "time_grid"


def test_with_late_entries_the_grid_is_asked_again_unchanged() -> None:
    room = site(3000, late=True)
    room.ask([MONTHS])
    room.ask([replace(MONTHS, event=1)])
    with pytest.raises(Refused) as no:
        room.ask([replace(MONTHS, grid=MONTHS.grid[::2])])
    assert no.value.code == "time_grid"


def test_groups_that_differ_by_few_are_not_both_told() -> None:
    """'ill' lies inside 'old': the few who are old and not ill leave one by one."""
    room = site(300)
    yearly = replace(MONTHS, grid=(12.0,), by="old")
    room.ask([yearly])
    with pytest.raises(Refused) as no:
        room.ask([replace(yearly, by="ill")])
    assert (no.value.code, no.value.columns) == ("time_grid", ("ill",))
    assert no.value.merge == ("-ill",)
    site(300).ask([replace(yearly, by="ill")])  # alone, it may


def test_a_site_of_seven_people_says_nothing() -> None:
    with pytest.raises(Refused):
        site(7).ask([MONTHS])


def test_the_memory_is_what_left_gives_back() -> None:
    room = site()
    room.ask([replace(MONTHS, grid=(6.0, 12.0))])
    again = site()
    again.gates = room.gates
    with pytest.raises(Refused):
        again.ask([replace(MONTHS, grid=(5.0, 12.0))])


def test_a_cox_regression_goes_through_the_whole_gate() -> None:
    """Two sites, every check on: the fit is that of the pooled rows stratified by site."""
    rooms = Sites([births(k, 3000) for k in (1, 2)], [times(k, 3000) for k in (1, 2)])
    asked = cox.Parameters(("x0", "old"))
    found = cox.combine(rooms.ask, asked)
    tables = [times(k, 3000) for k in (1, 2)]
    wanted = cox.combine(lambda q: [cox.at_site(t, q[0]) for t in tables], asked)
    np.testing.assert_array_equal(found.coefficients, wanted.coefficients)
    assert found.converged


def test_cox_at_coefficients_of_somebodys_choice_is_refused() -> None:
    rooms = site(3000)
    rooms.ask([cox.Parameters(("x0", "old"))])
    for chosen in ((0.1, 0.1), (30.0, 0.0)):
        with pytest.raises(Refused) as no:
            rooms.ask([cox.Parameters(("x0", "old"), coefficients=chosen)])
        assert no.value.code == "coefficients"


def test_cox_with_a_rare_column_is_refused_by_name() -> None:
    table = times(1, 3000)
    few = table.columns.copy()
    few[:, 2] = np.arange(3000) < 6
    rooms = Sites([births(1, 3000)], [replace(table, columns=few)])
    with pytest.raises(Refused) as no:
        rooms.ask([cox.Parameters(("x0", "ill"))])
    assert no.value.code in ("implied_tables", "rare_words")
    assert "ill" in no.value.columns


def test_spells_of_one_person_are_one_person() -> None:
    """Twenty rows of three people are three people."""
    table = times(1, 3000)
    few = np.zeros(3000)
    few[:21] = 1
    people = np.arange(3000)
    people[:21] = np.arange(21) % 3
    spells = replace(table, columns=np.column_stack([table.columns[:, :2], few]), people=people)
    with pytest.raises(Refused) as no:
        Sites([births(1, 3000)], [spells]).ask([cox.Parameters(("x0", "ill"))])
    assert "ill" in no.value.columns


def test_a_curve_of_spells_is_refused() -> None:
    table = times(1, 400)
    spells = replace(table, people=table.people // 2)
    with pytest.raises(Refused) as no:
        Sites([births(1, 400)], [spells]).ask([MONTHS])
    assert (no.value.code, no.value.columns) == ("closed_list", ("spells",))


def test_wrong_questions_are_refused_before_anything_is_computed() -> None:
    rooms = site()
    wrong = (
        cox.Parameters(("unknown",)),
        cox.Parameters(("x0", "x0")),
        cox.Parameters(("x0",), coefficients=(0.0, 0.0)),
        cox.Parameters(("x0",), event=0),
        replace(MONTHS, by="x0"),
        replace(MONTHS, grid=(2.0, 1.0)),
        replace(MONTHS, grid=()),
    )
    for parameters in wrong:
        with pytest.raises(Refused) as no:
            rooms.ask([parameters])
        assert no.value.code == "closed_list"
    with pytest.raises(Refused):
        Sites([births(1, 400)]).ask([MONTHS])
