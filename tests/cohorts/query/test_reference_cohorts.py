"""Entries, limits, rules, exits, censoring, collapse and attrition, written by hand."""

from __future__ import annotations

from pathlib import Path

import pytest
from paragraph import Paragraph, concepts, day

from transat.cohorts.query.executor import ATTRITION_SCHEMA, COHORT_SCHEMA, Definition
from transat.cohorts.query.model import (
    Cohort,
    Count,
    Entry,
    FixedOffset,
    Group,
    Limit,
    NumberIs,
    ObservationEnd,
    Persistence,
    Read,
    Rule,
    Window,
)
from transat.cohorts.query.reference import Reference
from transat.core.errors import InputError
from transat.core.languages import Text
from transat.engines.cdm import Cdm

CONDITION = Read("condition_occurrence")
DRUG = Read("drug_exposure")


def rule(name: str, *members: Count) -> Rule:
    """A rule whose members must all hold."""
    return Rule(Group("all", members), Text(name, name))


def test_an_event_needs_an_observation_period_around_it(tmp_path: Path) -> None:
    here = Paragraph(tmp_path, (0, 20), (30, 50))
    for start in (0, 3, 19, 20, 25, 33, 50):
        here.event("condition_occurrence", start)
    one = FixedOffset(0)
    assert here.starts(Cohort(Entry((CONDITION,)), exit=one)) == [0, 3, 19, 20, 33, 50]
    prior = Entry((CONDITION,), prior_days=3)
    assert here.starts(Cohort(prior, exit=one)) == [3, 19, 20, 33, 50]
    post = Entry((CONDITION,), prior_days=3, post_days=1)
    assert here.starts(Cohort(post, exit=one)) == [3, 19, 33]


def test_an_event_enters_once_for_each_period_that_holds_it(tmp_path: Path) -> None:
    here = Paragraph(tmp_path, (0, 20), (10, 50))
    here.event("condition_occurrence", 15)
    cohort = Cohort(Entry((CONDITION,)))
    assert here.attrition(cohort)[0] == ("entry", None, 2, 1)
    assert here.periods(cohort) == [(15, 50)]
    assert here.periods(Cohort(Entry((CONDITION,), limit="first"))) == [(15, 20)]


@pytest.mark.parametrize(
    ("limit", "periods"), [("all", [(1, 2), (3, 9)]), ("first", [(1, 2)]), ("last", [(3, 4)])]
)
def test_limits(limit: Limit, periods: list[tuple[int, int]], tmp_path: Path) -> None:
    here = Paragraph(tmp_path)
    here.event("condition_occurrence", 3, 9, id=30)
    here.event("condition_occurrence", 3, 4, id=20)
    here.event("condition_occurrence", 1, 2, id=40)
    own = FixedOffset(0, "end")
    assert here.periods(Cohort(Entry((CONDITION,), limit=limit), exit=own)) == periods
    assert here.periods(Cohort(Entry((CONDITION,)), limit=limit, exit=own)) == periods
    qualified = Cohort(Entry((CONDITION,)), Group("all"), qualified_limit=limit, exit=own)
    assert here.periods(qualified) == periods
    without = Cohort(Entry((CONDITION,)), qualified_limit=limit, exit=own)
    assert here.periods(without) == [(1, 2), (3, 9)], "no group, no second limit"


def test_of_one_day_the_smallest_id_is_first_then_the_position_of_its_read(tmp_path: Path) -> None:
    here = Paragraph(tmp_path)
    here.event("condition_occurrence", 5, 7, id=2)
    here.event("drug_exposure", 5, 9, id=1)
    here.event("visit_occurrence", 5, 20, id=1)
    own = FixedOffset(0, "end")
    entry = Entry((CONDITION, DRUG, Read("visit_occurrence")), limit="first")
    assert here.periods(Cohort(entry, exit=own)) == [(5, 9)]
    entry = Entry((Read("visit_occurrence"), CONDITION, DRUG), limit="first")
    assert here.periods(Cohort(entry, exit=own)) == [(5, 20)]


def test_a_limit_of_entry_takes_the_periods_own_start(tmp_path: Path) -> None:
    here = Paragraph(tmp_path, (0, 40), (10, 90))
    here.event("condition_occurrence", 15)
    cut = Read("observation_period", start_on=day(20))
    own = FixedOffset(0, "end")
    entry = Entry((CONDITION, cut), limit="first")
    assert here.periods(Cohort(entry, exit=own)) == [(20, 40)], "the period began on day 0"
    assert here.starts(Cohort(Entry((CONDITION, cut)), limit="first", exit=own)) == [15]


def test_rules_and_their_attrition(tmp_path: Path) -> None:
    here = Paragraph(tmp_path)
    for start in (1, 10, 20):
        here.event("condition_occurrence", start)
    here.event("drug_exposure", 10)
    here.event("drug_exposure", 20)
    here.event("measurement", 20)
    treated = rule("traitée", Count(DRUG, (Window(0, 0),)))
    measured = rule("mesurée", Count(Read("measurement"), (Window(0, 0),)))
    cohort = Cohort(Entry((CONDITION,)), Group("all"), rules=(treated, measured), limit="first")
    assert here.attrition(cohort) == [
        ("entry", None, 3, 1),
        ("qualified", None, 3, 1),
        ("rule", 0, 2, 1),
        ("rule", 1, 1, 1),
        ("limit", None, 1, 1),
        ("cohort", None, 1, 1),
    ]
    assert here.starts(cohort) == [20]


def test_a_definition_without_anybody_keeps_its_steps(tmp_path: Path) -> None:
    here = Paragraph(tmp_path)
    cohort = Cohort(Entry((CONDITION,)), rules=(rule("aucune"),))
    assert here.attrition(cohort) == [
        ("entry", None, 0, 0),
        ("rule", 0, 0, 0),
        ("limit", None, 0, 0),
        ("cohort", None, 0, 0),
    ]


def test_fixed_offsets_stay_within_the_observation(tmp_path: Path) -> None:
    here = Paragraph(tmp_path)
    here.event("condition_occurrence", 10, 20)
    assert here.periods(Cohort(Entry((CONDITION,)), exit=ObservationEnd())) == [(10, 100)]
    assert here.periods(Cohort(Entry((CONDITION,)), exit=FixedOffset(7))) == [(10, 17)]
    assert here.periods(Cohort(Entry((CONDITION,)), exit=FixedOffset(7, "end"))) == [(10, 27)]
    assert here.periods(Cohort(Entry((CONDITION,)), exit=FixedOffset(500))) == [(10, 100)]


def test_an_event_that_would_end_before_it_starts_goes(tmp_path: Path) -> None:
    here = Paragraph(tmp_path)
    here.event("condition_occurrence", 10, 12)
    early = FixedOffset(-5, "end")
    assert here.periods(Cohort(Entry((CONDITION,)), exit=early)) == []
    here.event("drug_exposure", 40)
    censored = Cohort(Entry((CONDITION,)), exit=early, censoring=(DRUG,))
    assert here.periods(censored) == [(10, 40)], "an exit before the start is none"


def test_censoring_from_the_start_to_the_end_of_observation(tmp_path: Path) -> None:
    here = Paragraph(tmp_path)
    here.event("condition_occurrence", 10)
    for start in (5, 30, 20, 120):
        here.event("drug_exposure", start)
    assert here.periods(Cohort(Entry((CONDITION,)), censoring=(DRUG,))) == [(10, 20)]
    here.event("death", 15)
    both = Cohort(Entry((CONDITION,)), censoring=(DRUG, Read("death")))
    assert here.periods(both) == [(10, 15)]
    here.event("drug_exposure", 10)
    assert here.periods(both) == [(10, 10)], "the day of the start counts"


@pytest.mark.parametrize(
    ("gap", "offset", "days", "end"),
    [(0, 0, None, 14), (2, 0, None, 14), (3, 0, None, 25), (0, 3, None, 28), (0, 0, 7, 24),
     (0, 0, 2, 12), (30, -1, None, 24)],
)  # fmt: skip
def test_persistence(gap: int, offset: int, days: int | None, end: int, tmp_path: Path) -> None:
    here = Paragraph(tmp_path)
    here.event("drug_exposure", 10, 14)
    here.event("drug_exposure", 17, days_supply=8)
    here.event("drug_exposure", 50, 60, concept=2)
    first = Entry((DRUG,), limit="first")
    exit_ = Persistence(concepts(1), gap, offset, days)
    assert here.periods(Cohort(first, exit=exit_)) == [(10, end)]


def test_an_event_in_no_era_ends_with_the_observation(tmp_path: Path) -> None:
    here = Paragraph(tmp_path)
    here.event("condition_occurrence", 5)
    here.event("condition_occurrence", 20)
    here.event("drug_exposure", 18, 900, concept=3, drug_source_concept_id=1)
    codes = concepts(1)
    cohort = Cohort(Entry((CONDITION,), limit="first"), exit=Persistence(codes))
    assert here.periods(cohort) == [(5, 100)]
    cohort = Cohort(Entry((CONDITION,), limit="last"), exit=Persistence(codes))
    assert here.periods(cohort) == [(20, 100)], "never after the observation"


@pytest.mark.parametrize(
    ("gap", "periods"),
    [(0, [(1, 9), (10, 12), (15, 16)]), (1, [(1, 12), (15, 16)]), (3, [(1, 16)])],
)
def test_periods_are_joined_over_gaps(
    gap: int, periods: list[tuple[int, int]], tmp_path: Path
) -> None:
    here = Paragraph(tmp_path)
    for start, end in ((1, 5), (5, 9), (3, 4), (10, 12), (15, 16)):
        here.event("condition_occurrence", start, end)
    cohort = Cohort(Entry((CONDITION,)), exit=FixedOffset(0, "end"), gap=gap)
    assert here.periods(cohort) == periods


def test_dates_cut_periods(tmp_path: Path) -> None:
    here = Paragraph(tmp_path)
    for start, end in ((1, 5), (8, 20), (30, 40)):
        here.event("condition_occurrence", start, end)
    cohort = Cohort(
        Entry((CONDITION,)), exit=FixedOffset(0, "end"), from_date=day(10), to_date=day(30)
    )
    assert here.periods(cohort) == [(10, 20), (30, 30)]


def test_definitions_keep_their_numbers_and_tables_their_schemas(tmp_path: Path) -> None:
    here = Paragraph(tmp_path)
    here.event("condition_occurrence", 1)
    numbered = [Definition(9, Cohort(Entry((CONDITION,)))), Definition(4, Cohort(Entry((DRUG,))))]
    found = Reference().run(here.cdm(), numbered)
    assert found.cohorts.schema.equals(COHORT_SCHEMA)
    assert found.attrition.schema.equals(ATTRITION_SCHEMA)
    assert found.cohorts["cohort_definition_id"].to_pylist() == [9]
    assert found.attrition["cohort_definition_id"].to_pylist() == [4, 4, 4, 9, 9, 9]
    assert found.attrition["step"].to_pylist() == [0, 1, 2, 0, 1, 2]


def test_a_cdm_without_the_tables_has_no_events(tmp_path: Path) -> None:
    Paragraph(tmp_path).cdm()
    (tmp_path / "observation_period.parquet").unlink()
    (tmp_path / "concept.parquet").unlink()
    drugs = Read("drug_exposure", concepts(1), filters=(NumberIs("days_supply", ">", 0),))
    found = Reference().run(Cdm(tmp_path), [Definition(1, Cohort(Entry((drugs,))))])
    assert found.cohorts.num_rows == 0


def test_pregnancies_are_a_domain(tmp_path: Path) -> None:
    here = Paragraph(tmp_path, (0, 400))
    here.event("pregnancy", 20, 300, outcome="LB", gestation_days=280)
    here.event("pregnancy", 350, 390, outcome="SA", gestation_days=40)
    long = Read("pregnancy", filters=(NumberIs("gestation_days", ">=", 154),))
    cohort = Cohort(Entry((long,)), exit=FixedOffset(0, "end"))
    assert here.periods(cohort) == [(20, 300)]


def test_a_file_that_is_not_parquet_is_named(tmp_path: Path) -> None:
    here = Paragraph(tmp_path)
    cdm = here.cdm()
    (tmp_path / "condition_occurrence.parquet").write_bytes(b"not parquet")
    with pytest.raises(InputError, match="condition_occurrence"):
        Reference().run(cdm, [Definition(1, Cohort(Entry((CONDITION,))))])


def test_columns_that_a_table_lacks_are_unknown(tmp_path: Path) -> None:
    here = Paragraph(tmp_path)
    here.add("condition_occurrence", person_id=1, condition_start_date=day(3))
    here.add("condition_occurrence", person_id=1, condition_start_date=day(3))
    assert here.periods(Cohort(Entry((CONDITION,), limit="last"))) == [(3, 100)]
    assert here.periods(Cohort(Entry((Read("condition_occurrence", concepts(1)),)))) == []
