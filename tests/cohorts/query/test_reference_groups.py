"""Windows, counts, groups and demographics: what happens around an event, written by hand."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

import pytest
from paragraph import Paragraph, concepts, day

from transat.cohorts.query.model import (
    Bound,
    Cohort,
    ConceptIn,
    Count,
    DateIs,
    Demographic,
    Edge,
    Entry,
    FixedOffset,
    Group,
    NumberIs,
    Read,
    Window,
)

PROCEDURE = Read("procedure_occurrence")


def asking(*members: Count | Demographic | Group, need: Any = "all", times: int = 0) -> Cohort:
    """Conditions of which a group holds, a period of one day each."""
    group = Group(need, members, times)
    return Cohort(Entry((Read("condition_occurrence"),)), qualified=group, exit=FixedOffset(0))


@pytest.mark.parametrize(
    ("low", "high", "kept"), [(-3, 3, [7, 10, 13]), (0, 3, [7, 10]), (-3, -1, [13]), (1, 0, [])]
)
def test_windows_are_closed(low: int, high: int, kept: list[int], tmp_path: Path) -> None:
    here = Paragraph(tmp_path)
    here.event("procedure_occurrence", 10)
    for start in (6, 7, 10, 13, 14):
        here.event("condition_occurrence", start)
    assert here.starts(asking(Count(PROCEDURE, (Window(low, high),)))) == kept


@pytest.mark.parametrize(
    ("index", "event", "kept"),
    [("start", "start", [20]), ("end", "start", [15]), ("start", "end", [25]), ("end", "end", [])],
)
def test_windows_look_at_the_edges_they_name(
    index: Edge, event: Edge, kept: list[int], tmp_path: Path
) -> None:
    here = Paragraph(tmp_path)
    here.event("visit_occurrence", 20, 25)
    for start, end in ((15, 20), (20, 21), (25, 26)):
        here.event("condition_occurrence", start, end)
    seen = Count(Read("visit_occurrence"), (Window(0, 0, index, event),))
    assert here.starts(asking(seen)) == kept


def test_an_unknown_edge_is_in_no_window(tmp_path: Path) -> None:
    here = Paragraph(tmp_path)
    here.event("visit_occurrence", 5, None)
    here.event("condition_occurrence", 5)
    visits = Read("visit_occurrence")
    assert here.starts(asking(Count(visits, (Window(-99, 99, "start", "end"),)))) == []
    free = Window("period_start", "period_end", "start", "end")
    assert here.starts(asking(Count(visits, (free,)))) == []
    assert here.starts(asking(Count(visits, (free,), outside_period=True))) == [5]


@pytest.mark.parametrize(
    ("low", "high", "kept"),
    [
        ("period_start", "period_end", [5, 15, 35]),
        ("period_start", -1, [15]),
        (0, "period_end", [5, 35]),
        ("period_end", "period_end", []),
    ],
)
def test_edges_of_the_observation_period(
    low: Bound, high: Bound, kept: list[int], tmp_path: Path
) -> None:
    here = Paragraph(tmp_path, (0, 20), (30, 50))
    for start in (10, 40):
        here.event("procedure_occurrence", start)
    for start in (5, 15, 35):
        here.event("condition_occurrence", start)
    assert here.starts(asking(Count(PROCEDURE, (Window(low, high),)))) == kept


def test_events_of_another_period_count_only_when_asked(tmp_path: Path) -> None:
    here = Paragraph(tmp_path, (0, 20), (30, 50))
    here.event("procedure_occurrence", 10)
    here.event("procedure_occurrence", 25)
    here.event("condition_occurrence", 40)
    two = Count(PROCEDURE, (Window(-99, 0),), "exactly", 2)
    assert here.starts(asking(two)) == []
    outside = Count(PROCEDURE, (Window(-99, 0),), "exactly", 2, outside_period=True)
    assert here.starts(asking(outside)) == [40]
    edges = Window("period_end", "period_start")
    unbounded = Count(PROCEDURE, (edges,), "exactly", 2, outside_period=True)
    assert here.starts(asking(unbounded)) == [40], "an edge of the period bounds nothing here"


def test_all_windows_must_hold_the_event(tmp_path: Path) -> None:
    here = Paragraph(tmp_path)
    here.event("visit_occurrence", 5, 12)
    here.event("visit_occurrence", 5, 7)
    here.event("condition_occurrence", 10)
    around = (Window(-99, 0), Window(0, 99, event="end"))
    assert here.starts(asking(Count(Read("visit_occurrence"), around, "exactly", 1))) == [10]


@pytest.mark.parametrize(
    ("comparison", "times", "holds"),
    [("at_least", 2, True), ("at_least", 3, False), ("at_least", 0, True), ("at_most", 2, True),
     ("at_most", 1, False), ("exactly", 2, True), ("exactly", 0, False)],
)  # fmt: skip
def test_counts(
    comparison: Literal["at_least", "at_most", "exactly"], times: int, holds: bool, tmp_path: Path
) -> None:
    here = Paragraph(tmp_path)
    here.event("condition_occurrence", 10)
    for start in (10, 10, 40):
        here.event("procedure_occurrence", start)
    asked = Count(PROCEDURE, (Window(0, 0),), comparison, times)
    assert here.starts(asking(asked)) == ([10] if holds else [])


def test_none_is_a_count_too(tmp_path: Path) -> None:
    here = Paragraph(tmp_path)
    here.event("condition_occurrence", 10)
    none = Count(PROCEDURE, (Window(0, 0),), "exactly", 0)
    assert here.starts(asking(none)) == [10]
    assert here.starts(asking(Count(PROCEDURE, (Window(0, 0),), "at_most", 3))) == [10]


def test_distinct_values_are_the_known_ones(tmp_path: Path) -> None:
    here = Paragraph(tmp_path)
    here.event("condition_occurrence", 10)
    for value in (1.0, 1.0, 2.0, None):
        here.event("measurement", 10, value_as_number=value)
    here.event("measurement", 11, value_as_number=2.0)
    asked = Count(Read("measurement"), (Window(0, 5),), "exactly", 2, distinct="value_as_number")
    assert here.starts(asking(asked)) == [10]
    days = Count(Read("measurement"), (Window(0, 5),), "exactly", 2, distinct="start_date")
    assert here.starts(asking(days)) == [10]


def test_the_same_visit_must_be_known(tmp_path: Path) -> None:
    here = Paragraph(tmp_path)
    here.event("condition_occurrence", 1, visit_occurrence_id=7)
    here.event("condition_occurrence", 2, visit_occurrence_id=None)
    here.event("procedure_occurrence", 30, visit_occurrence_id=7)
    here.event("procedure_occurrence", 30, visit_occurrence_id=None)
    asked = Count(PROCEDURE, (Window(0, 99),), "exactly", 1, same_visit=True)
    assert here.starts(asking(asked)) == [1]


@pytest.mark.parametrize(
    ("need", "times", "kept"),
    [("all", 0, [3]), ("any", 0, [1, 2, 3]), ("at_least", 2, [3]), ("at_least", 0, [0, 1, 2, 3]),
     ("at_most", 1, [0, 1, 2]), ("at_most", 0, [0])],
)  # fmt: skip
def test_groups(need: str, times: int, kept: list[int], tmp_path: Path) -> None:
    here = Paragraph(tmp_path)
    for start in (0, 1, 2, 3):
        here.event("condition_occurrence", start)
    for start, concept in ((1, 1), (2, 2), (3, 1), (3, 2)):
        here.event("procedure_occurrence", start, concept=concept)
    one = Count(Read("procedure_occurrence", concepts(1)), (Window(0, 0),))
    two = Count(Read("procedure_occurrence", concepts(2)), (Window(0, 0),))
    assert here.starts(asking(one, two, need=need, times=times)) == kept


@pytest.mark.parametrize("need", ["all", "any", "at_least", "at_most"])
def test_an_empty_group_holds(need: str, tmp_path: Path) -> None:
    here = Paragraph(tmp_path)
    here.event("condition_occurrence", 1)
    assert here.starts(asking(need=need, times=3)) == [1]


def test_groups_in_groups(tmp_path: Path) -> None:
    here = Paragraph(tmp_path)
    for start in (0, 1, 2):
        here.event("condition_occurrence", start)
    here.event("procedure_occurrence", 1)
    here.event("measurement", 2)
    procedure = Count(PROCEDURE, (Window(0, 0),))
    measured = Count(Read("measurement"), (Window(0, 0),))
    neither = Group("at_most", (procedure, measured), 0)
    assert here.starts(asking(Group("any", (procedure, measured)))) == [1, 2]
    assert here.starts(asking(Group("any", (neither, measured)))) == [0, 2]


def test_demographics_are_those_at_the_index_event(tmp_path: Path) -> None:
    here = Paragraph(tmp_path, (0, 800))
    for start in (10, 400, 790):
        here.event("condition_occurrence", start)
    forty_one = Demographic((NumberIs("age_at_start", "=", 41),))
    assert here.starts(asking(forty_one)) == [400], "years of the calendar, not birthdays"
    woman = Demographic((ConceptIn("person.gender_concept_id", (8532,)),))
    assert here.starts(asking(woman, forty_one)) == [400]
    late = Demographic((DateIs("start_date", ">", day(500)),))
    assert here.starts(asking(late)) == [790]
    assert here.starts(asking(Demographic((NumberIs("person.month_of_birth", ">", 0),)))) == []


def test_the_event_itself_is_around_itself(tmp_path: Path) -> None:
    here = Paragraph(tmp_path)
    here.event("condition_occurrence", 10)
    here.event("condition_occurrence", 12)
    again = Count(Read("condition_occurrence"), (Window(0, 5),), "at_least", 2)
    assert here.starts(asking(again)) == [10]
