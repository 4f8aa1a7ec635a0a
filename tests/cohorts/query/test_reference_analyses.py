"""Measures and follow-up: the columns beside the periods of a cohort, written by hand."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from paragraph import Paragraph, concepts, day

from transat.cohorts.query.analysis import Analysis, FollowUp, Measure
from transat.cohorts.query.model import Cohort, Entry, FixedOffset, Read, Window
from transat.cohorts.query.reference import Reference

COHORT = Cohort(Entry((Read("condition_occurrence"),)), exit=FixedOffset(0, "end"))
DRUG = Read("drug_exposure")


def value(here: Paragraph, measure: Measure, cohort: Cohort = COHORT) -> Any:
    """The measure of the first period."""
    return here.columns(Analysis(cohort, (measure,)), [measure.key])[0][0]


@pytest.fixture
def here(tmp_path: Path) -> Paragraph:
    """A period from day 20 to day 30, with drugs before, in and after it."""
    made = Paragraph(tmp_path)
    made.event("condition_occurrence", 20, 30)
    for start, end in ((5, 8), (18, 22), (25, 26), (40, 45), (120, 130)):
        made.event("drug_exposure", start, end, quantity=float(start), refills=start)
    return made


@pytest.mark.parametrize(
    ("window", "count"),
    [
        (Window(-15, -1), 2),
        (Window(0, 0, index="end"), 0),
        (Window(0, 10, index="end"), 1),
        (Window(0, 99), 2),
        (Window(0, 6, event="end"), 2),
        (Window("period_start", "period_end"), 4),
    ],
)
def test_counts_in_windows(here: Paragraph, window: Window, count: int) -> None:
    assert value(here, Measure("n", "count", DRUG, (window,))) == count
    assert value(here, Measure("n", "any", DRUG, (window,))) == int(count > 0)
    assert value(here, Measure("n", "any", DRUG, (window,), at_least=2)) == int(count > 1)


def test_events_outside_the_observation_period(here: Paragraph) -> None:
    assert value(here, Measure("n", "count", DRUG, (Window(0, 999),), outside_period=True)) == 3
    edges = Window("period_start", "period_start")
    assert value(here, Measure("n", "count", DRUG, (edges,), outside_period=True)) == 5


def test_a_start_in_no_observation_period_has_no_events(tmp_path: Path) -> None:
    here = Paragraph(tmp_path, (0, 20), (30, 50))
    here.event("condition_occurrence", 15, 20)
    here.event("condition_occurrence", 32, 40)
    here.event("drug_exposure", 32)
    joined = Cohort(
        Entry((Read("condition_occurrence"),)),
        exit=FixedOffset(0, "end"),
        gap=30,
        from_date=day(25),
    )
    assert here.periods(joined) == [(25, 40)]
    assert value(here, Measure("n", "count", DRUG), joined) == 0
    assert value(here, Measure("n", "count", DRUG, outside_period=True), joined) == 1


def test_days_to_the_first_and_from_the_last(here: Paragraph) -> None:
    after = (Window(0, 99),)
    assert value(here, Measure("d", "days_to_first", DRUG, after)) == 5
    assert value(here, Measure("d", "days_to_first", DRUG)) == -15
    assert value(here, Measure("d", "days_since_last", DRUG, (Window(-99, 0),))) == 2
    assert value(here, Measure("d", "days_since_last", DRUG)) == -20
    nothing = Read("drug_exposure", concepts(2))
    assert value(here, Measure("d", "days_to_first", nothing)) is None


def test_the_last_value_is_that_of_the_greatest_id_of_the_last_day(tmp_path: Path) -> None:
    here = Paragraph(tmp_path)
    here.event("condition_occurrence", 20, 30)
    for number, amount in ((7, 1.5), (9, None), (8, 2.5)):
        here.event("measurement", 20, id=number, value_as_number=amount, unit_concept_id=number)
    here.event("measurement", 19, id=50, value_as_number=4.0, unit_concept_id=50)
    read = Read("measurement")
    assert value(here, Measure("v", "last_value", read, attribute="value_as_number")) is None
    assert value(here, Measure("v", "last_value", read, attribute="unit_concept_id")) == 9
    before = (Window(-9, -1),)
    assert value(here, Measure("v", "last_value", read, before, attribute="value_as_number")) == 4.0


@pytest.mark.parametrize(
    ("covered", "grace", "days"),
    [((0, 10), 0, 5), ((-15, 10), 0, 11), ((0, 10), 2, 9), ((0, 10), 3, 10), ((5, 4), 0, 0),
     ((0, 0), 0, 1), ((20, 20), 0, 1), ((26, 40), 0, 0)],
)  # fmt: skip
def test_days_covered(here: Paragraph, covered: tuple[int, int], grace: int, days: int) -> None:
    measure = Measure("d", "days_covered", DRUG, covered=covered, grace=grace)
    assert value(here, measure) == days
    enough = Measure("d", "any", DRUG, covered=covered, grace=grace, at_least=5)
    assert value(here, enough) == int(days >= 5)


def test_days_covered_twice_count_once(here: Paragraph) -> None:
    here.event("drug_exposure", 21, 25)
    here.event("drug_exposure", 22, 21)
    assert value(here, Measure("d", "days_covered", DRUG, covered=(0, 10))) == 7


def test_days_covered_until_the_end_of_the_period(here: Paragraph) -> None:
    measure = Measure("d", "days_covered", DRUG, covered=(0, 40))
    assert value(here, measure) == 11
    assert value(here, replace(measure, until_end=True)) == 5
    before = Measure("d", "days_covered", DRUG, covered=(20, 40), until_end=True)
    assert value(here, before) == 0, "the period is over when the days begin"


def followed(here: Paragraph, follow_up: FollowUp, cohort: Cohort) -> list[tuple[Any, ...]]:
    """Time and status of each period."""
    return here.columns(Analysis(cohort, (), follow_up), ["time", "status"])


def test_follow_up(tmp_path: Path) -> None:
    here = Paragraph(tmp_path)
    here.event("condition_occurrence", 10, 60)
    here.event("procedure_occurrence", 40)
    here.event("death", 50)
    here.event("measurement", 45)
    here.event("observation", 45)
    outcome, death = Read("procedure_occurrence"), Read("death")
    nothing = Read("device_exposure")
    assert followed(here, FollowUp(nothing), COHORT) == [(50, 0)]
    assert followed(here, FollowUp(outcome), COHORT) == [(30, 1)]
    assert followed(here, FollowUp(nothing, (nothing, death)), COHORT) == [(40, 3)]
    assert followed(here, FollowUp(outcome, (death,)), COHORT) == [(30, 1)]
    assert followed(here, FollowUp(death, (outcome,)), COHORT) == [(30, 2)]
    assert followed(here, FollowUp(outcome, to_day=29), COHORT) == [(29, 0)]
    assert followed(here, FollowUp(outcome, to_day=30), COHORT) == [(30, 1)]
    assert followed(here, FollowUp(outcome, from_day=5), COHORT) == [(25, 1)]
    assert followed(here, FollowUp(outcome, from_day=31), COHORT) == [(19, 0)]
    assert followed(here, FollowUp(outcome, from_day=51), COHORT) == [(None, None)]
    assert followed(here, FollowUp(outcome, from_day=5, to_day=4), COHORT) == [(None, None)]
    censored = FollowUp(death, censoring=(Read("measurement"),))
    assert followed(here, censored, COHORT) == [(35, 0)]
    tie = FollowUp(Read("observation"), censoring=(Read("measurement"),))
    assert followed(here, tie, COHORT) == [(35, 1)], "an event on the day of censoring counts"
    tie = FollowUp(Read("measurement"), (Read("observation"),))
    assert followed(here, tie, COHORT) == [(35, 1)], "a tie goes to the outcome"
    tie = FollowUp(nothing, (Read("observation"), Read("measurement")))
    assert followed(here, tie, COHORT) == [(35, 2)], "then to the first that is listed"


def test_schema_and_order_of_the_columns(here: Paragraph) -> None:
    here.event("condition_occurrence", 3, 4)
    measures = (
        Measure("n", "count", DRUG),
        Measure("amount", "last_value", DRUG, attribute="quantity"),
        Measure("refills", "last_value", DRUG, attribute="refills"),
    )
    found = Reference().analyse(here.cdm(), Analysis(COHORT, measures, FollowUp(DRUG)))
    assert found.schema.equals(
        pa.schema(
            [
                ("subject_id", pa.int64()),
                ("cohort_start_date", pa.date32()),
                ("cohort_end_date", pa.date32()),
                ("n", pa.int64()),
                ("amount", pa.float64()),
                ("refills", pa.int64()),
                ("time", pa.int64()),
                ("status", pa.int64()),
            ]
        )
    )
    assert found["cohort_start_date"].to_pylist() == [day(3), day(20)]
    assert found["amount"].to_pylist() == [40.0, 40.0]
