"""What compares executors sees a lost row, and makes a failing definition small."""

from __future__ import annotations

from random import Random

import pyarrow as pa
import pytest
from agreement import case, compared, numbered
from generated_queries import draw_cohort
from simplest import brief, simplest

from transat.cohorts.query.executor import Definition, Executed
from transat.cohorts.query.model import Cohort, Entry, FixedOffset, Read
from transat.cohorts.query.reference import Reference


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> tuple[list[Definition], Executed]:
    """Some definitions and what the reference makes of them."""
    cdm, many = case(3, tmp_path_factory.mktemp("differences"), persons=10, definitions=20)
    return many, Reference().run(cdm, many)


def test_a_lost_row_is_a_difference(found: tuple[list[Definition], Executed]) -> None:
    many, whole = found
    lost = whole.cohorts.slice(1)
    number = whole.cohorts["cohort_definition_id"][0].as_py()
    (told,) = compared(whole, Executed(lost, whole.attrition), many)
    assert f"definitions differ: [{number}]" in told
    assert brief(many[number - 1].cohort) in told


def test_another_order_is_a_difference(found: tuple[list[Definition], Executed]) -> None:
    many, whole = found
    rows = whole.attrition.num_rows
    turned = whole.attrition.take(list(range(rows - 1, -1, -1)))
    (told,) = compared(whole, Executed(whole.cohorts, turned), many)
    assert told == "attrition: the same rows, in another order or number"


def test_another_type_is_a_difference(found: tuple[list[Definition], Executed]) -> None:
    many, whole = found
    narrow = whole.attrition.set_column(4, "events", whole.attrition["events"].cast(pa.int32()))
    (told,) = compared(whole, Executed(whole.cohorts, narrow), many)
    assert told.startswith("attrition has the schema")


def test_equal_tables_have_no_difference(found: tuple[list[Definition], Executed]) -> None:
    many, whole = found
    assert compared(whole, whole, many) == []


@pytest.mark.parametrize("seed", range(20))
def test_what_a_failure_does_not_need_goes(seed: int) -> None:
    drawn = draw_cohort(Random(seed))
    read = drawn.entry.reads[0]

    def fails(cohort: Cohort) -> bool:
        return any(r.domain == read.domain for r in cohort.entry.reads)

    assert simplest(drawn, fails) == Cohort(Entry((Read(read.domain),)))


def test_brief_says_what_is_not_by_default() -> None:
    cohort = Cohort(Entry((Read("death"),)), exit=FixedOffset(3))
    said = "Cohort(entry=Entry(reads=(Read(domain='death'),)), exit=FixedOffset(days=3))"
    assert brief(cohort) == said
    assert numbered([cohort]) == [Definition(1, cohort)]
