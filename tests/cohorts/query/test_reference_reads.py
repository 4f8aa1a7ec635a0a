"""Reads, code sets and filters: what each of their nodes means, on rows written by hand."""

from __future__ import annotations

from pathlib import Path

import pytest
from paragraph import Paragraph, concepts, day

from transat.cohorts.query.model import (
    Abnormal,
    CodeItem,
    CodeSet,
    Cohort,
    ConceptIn,
    ConceptItem,
    Count,
    DateIs,
    Entry,
    Filter,
    FixedOffset,
    Group,
    NumberIs,
    Operator,
    Read,
    Shift,
    TextIs,
    TextOperator,
    Window,
)
from transat.tables.omop import HAS_STUDY_CODE


def one_day(*reads: Read) -> Cohort:
    """A period of one day for each event."""
    return Cohort(Entry(reads), exit=FixedOffset(0))


def own_length(*reads: Read) -> Cohort:
    """A period as long as each event."""
    return Cohort(Entry(reads), exit=FixedOffset(0, "end"))


def test_a_read_takes_the_concepts_of_its_set(tmp_path: Path) -> None:
    here = Paragraph(tmp_path)
    for start, concept in ((1, 1), (2, 2), (3, 3)):
        here.event("condition_occurrence", start, concept=concept)
    assert here.starts(one_day(Read("condition_occurrence", concepts(1, 3)))) == [1, 3]
    assert here.starts(one_day(Read("condition_occurrence"))) == [1, 2, 3]
    assert here.starts(one_day(Read("condition_occurrence", CodeSet()))) == []


def test_source_codes_and_any_codes(tmp_path: Path) -> None:
    here = Paragraph(tmp_path)
    here.event("condition_occurrence", 1, concept=1, condition_source_concept_id=2)
    here.event("condition_occurrence", 2, concept=2, condition_source_concept_id=1)
    here.event("condition_occurrence", 3, concept=2, condition_source_concept_id=None)
    asked = one_day(Read("condition_occurrence", source_codes=concepts(1)))
    assert here.starts(asked) == [2]
    asked = one_day(Read("condition_occurrence", any_codes=concepts(1)))
    assert here.starts(asked) == [1, 2]


def test_descendants_are_the_valid_ones(tmp_path: Path) -> None:
    here = Paragraph(tmp_path)
    for start, concept in enumerate((1, 11, 12, 2)):
        here.event("condition_occurrence", start, concept=concept)
    asked = one_day(Read("condition_occurrence", concepts(1, descendants=True)))
    assert here.starts(asked) == [0, 1]
    asked = one_day(Read("condition_occurrence", concepts(12)))
    assert here.starts(asked) == [2], "a concept named itself may be an old one"


def test_excluded_concepts_go_with_their_descendants(tmp_path: Path) -> None:
    here = Paragraph(tmp_path)
    for start, concept in enumerate((1, 11, 2)):
        here.event("condition_occurrence", start, concept=concept)
    less = ConceptItem(1, descendants=True, excluded=True)
    codes = CodeSet((ConceptItem(1), ConceptItem(2), ConceptItem(11), less))
    assert here.starts(one_day(Read("condition_occurrence", codes))) == [2]


def test_mapped_concepts_are_those_that_map_to_it(tmp_path: Path) -> None:
    here = Paragraph(tmp_path)
    here.add("concept_relationship", concept_id_1=3, concept_id_2=11, relationship_id="Maps to")
    for start, concept in enumerate((1, 11, 3)):
        here.event("condition_occurrence", start, concept=concept)
    asked = one_day(Read("condition_occurrence", concepts(1, mapped=True)))
    assert here.starts(asked) == [0]
    asked = one_day(Read("condition_occurrence", concepts(1, mapped=True, descendants=True)))
    assert here.starts(asked) == [0, 1, 2]


def test_concepts_that_the_cdm_lacks_are_in_no_set(tmp_path: Path) -> None:
    here = Paragraph(tmp_path)
    here.event("condition_occurrence", 1, concept=99)
    assert here.starts(one_day(Read("condition_occurrence", concepts(99)))) == []


@pytest.mark.parametrize(
    ("code", "prefix", "starts"), [("A1", True, [0, 1]), ("A1", False, [0]), ("B1", False, [3])]
)
def test_codes_by_prefix_or_whole(
    code: str, prefix: bool, starts: list[int], tmp_path: Path
) -> None:
    here = Paragraph(tmp_path)
    for start, concept in enumerate((1, 11, 2, 3)):
        here.event("condition_occurrence", start, concept=concept)
    codes = CodeSet(codes=(CodeItem("V", code, prefix=prefix),))
    assert here.starts(one_day(Read("condition_occurrence", codes))) == starts
    other = CodeSet(codes=(CodeItem("W", code, prefix=prefix),))
    assert here.starts(one_day(Read("condition_occurrence", other))) == []


def test_a_code_brings_the_source_concepts_tied_to_it(tmp_path: Path) -> None:
    here = Paragraph(tmp_path)
    here.add("concept_relationship", concept_id_1=3, concept_id_2=2, relationship_id=HAS_STUDY_CODE)
    here.event("condition_occurrence", 1, concept=3)
    codes = CodeSet(codes=(CodeItem("V", "A2"),))
    assert here.starts(one_day(Read("condition_occurrence", codes))) == [1]


def test_first_comes_before_the_filters(tmp_path: Path) -> None:
    here = Paragraph(tmp_path)
    here.event("condition_occurrence", 1, condition_status_concept_id=5)
    here.event("condition_occurrence", 2, condition_status_concept_id=6)
    status = ConceptIn("condition_status_concept_id", (6,))
    assert here.starts(one_day(Read("condition_occurrence", filters=(status,)))) == [2]
    assert here.starts(one_day(Read("condition_occurrence", first=True, filters=(status,)))) == []


def test_first_of_one_day_is_the_smallest_id(tmp_path: Path) -> None:
    here = Paragraph(tmp_path)
    here.event("condition_occurrence", 1, 9, id=8)
    here.event("condition_occurrence", 1, 5, id=3)
    asked = own_length(Read("condition_occurrence", first=True))
    assert here.periods(asked) == [(1, 5)]


def test_first_looks_at_dates_before_they_are_moved(tmp_path: Path) -> None:
    here = Paragraph(tmp_path)
    here.event("condition_occurrence", 1, 30)
    here.event("condition_occurrence", 2, 3)
    moved = Read("condition_occurrence", first=True, start=Shift("end", 1), end=Shift("end", 4))
    assert here.periods(own_length(moved)) == [(31, 34)]


@pytest.mark.parametrize(
    ("domain", "row", "end"),
    [
        ("condition_occurrence", {}, 11),
        ("procedure_occurrence", {"procedure_end_date": day(50)}, 11),
        ("drug_exposure", {"days_supply": 5}, 15),
        ("drug_exposure", {"days_supply": 0}, 10),
        ("drug_exposure", {}, 11),
        ("visit_occurrence", {}, None),
        ("death", {}, 11),
    ],
)
def test_the_end_of_an_event_without_end(
    domain: str, row: dict[str, int], end: int | None, tmp_path: Path
) -> None:
    here = Paragraph(tmp_path)
    here.event(domain, 10, **row)
    expected = [] if end is None else [(10, end)]
    assert here.periods(own_length(Read(domain))) == expected


def test_a_row_of_unknown_start_is_no_event(tmp_path: Path) -> None:
    here = Paragraph(tmp_path)
    here.event("condition_occurrence", 5)
    here.event("condition_occurrence", 1, condition_start_date=None)
    assert here.starts(one_day(Read("condition_occurrence", first=True))) == [5]


def test_dates_that_replace_those_of_a_period(tmp_path: Path) -> None:
    here = Paragraph(tmp_path, (0, 40), (60, 90))
    cut = Read("observation_period", start_on=day(10), end_on=day(20))
    assert here.periods(own_length(cut)) == [(10, 20)]
    astride = Read("observation_period", start_on=day(10), end_on=day(70))
    assert here.periods(own_length(astride)) == []


def test_filters_see_the_dates_before_they_are_replaced(tmp_path: Path) -> None:
    here = Paragraph(tmp_path)
    early = DateIs("start_date", "<", day(5))
    cut = Read("observation_period", start_on=day(10), filters=(early,))
    assert here.starts(one_day(cut)) == [10]


def test_within_holds_in_the_period_of_the_event(tmp_path: Path) -> None:
    here = Paragraph(tmp_path, (0, 20), (30, 50))
    for start in (5, 35, 60):
        here.event("condition_occurrence", start)
    here.event("procedure_occurrence", 7)
    near = Count(Read("procedure_occurrence"), (Window("period_start", "period_end"),))
    asked = Read("condition_occurrence", within=Group("all", (near,)))
    assert here.starts(one_day(asked)) == [5]
    anywhere = Read("condition_occurrence", within=Group("all"))
    alone = Count(anywhere, (), times=2, comparison="exactly", outside_period=True)
    assert here.starts(Cohort(Entry((Read("procedure_occurrence"),)), Group("all", (alone,)))) == [
        7
    ], "an event outside of all periods is not within one"


@pytest.mark.parametrize(
    ("operator", "kept"),
    [
        ("<", [1]),
        ("<=", [1, 2]),
        ("=", [2]),
        ("!=", [1, 3, 4]),
        (">", [3, 4]),
        (">=", [2, 3, 4]),
        ("between", [2, 3]),
        ("not between", [1, 4]),
    ],
)
def test_numbers_and_dates_compared(operator: Operator, kept: list[int], tmp_path: Path) -> None:
    here = Paragraph(tmp_path)
    for start in (1, 2, 3, 4):
        here.event("measurement", start, value_as_number=float(start))
    here.event("measurement", 5, value_as_number=None)
    number = NumberIs("value_as_number", operator, 2, 3)
    assert here.starts(one_day(Read("measurement", filters=(number,)))) == kept
    known = NumberIs("value_as_number", ">", -1)
    date_is = DateIs("start_date", operator, day(2), day(3))
    assert here.starts(one_day(Read("measurement", filters=(known, date_is)))) == kept


@pytest.mark.parametrize(
    ("operator", "text", "kept"),
    [("is", "abc", [1]), ("starts", "a", [1]), ("contains", "b", [1, 3]), ("ends", "c", [1, 2]),
     ("contains", "%", [])],
)  # fmt: skip
@pytest.mark.parametrize("negated", [False, True])
def test_texts_compared(
    operator: TextOperator, text: str, kept: list[int], negated: bool, tmp_path: Path
) -> None:
    here = Paragraph(tmp_path)
    for start, said in ((1, "abc"), (2, "Ac"), (3, "b"), (4, None)):
        here.event("drug_exposure", start, stop_reason=said)
    asked = TextIs("stop_reason", operator, text, negated)
    expected = [n for n in (1, 2, 3) if n not in kept] if negated else kept
    assert here.starts(one_day(Read("drug_exposure", filters=(asked,)))) == expected


@pytest.mark.parametrize(
    ("asked", "kept"),
    [
        (ConceptIn("unit_concept_id", (1, 7)), [1, 3]),
        (ConceptIn("unit_concept_id", (1, 7), excluded=True), [2]),
        (ConceptIn("unit_concept_id", concepts(1, 7)), [1]),
        (ConceptIn("unit_concept_id", concepts(1, 7), excluded=True), [2, 3]),
        (ConceptIn("unit_concept_id", None), [1, 2, 3]),
        (ConceptIn("unit_concept_id", None, excluded=True), [4]),
        (ConceptIn("unit_concept_id", (), excluded=True), [1, 2, 3]),
        (ConceptIn("no_such_column_here", None, excluded=True), [1, 2, 3, 4]),
    ],
)
def test_concepts_of_an_attribute(asked: ConceptIn, kept: list[int], tmp_path: Path) -> None:
    here = Paragraph(tmp_path)
    for start, unit in ((1, 1), (2, 2), (3, 7), (4, None)):
        here.event("measurement", start, unit_concept_id=unit)
    assert here.starts(one_day(Read("measurement", filters=(asked,)))) == kept


def test_abnormal_measurements(tmp_path: Path) -> None:
    here = Paragraph(tmp_path)
    rows = [(1.0, 2.0, 3.0), (2.0, 2.0, 3.0), (4.0, 2.0, 3.0), (4.0, 2.0, None), (None, 1.0, 1.0)]
    for start, (value, low, high) in enumerate(rows):
        here.event("measurement", start, value_as_number=value, range_low=low, range_high=high)
    here.event("measurement", 9, value_as_concept_id=4155142)
    assert here.starts(one_day(Read("measurement", filters=(Abnormal(),)))) == [0, 2, 9]


@pytest.mark.parametrize(
    ("asked", "kept"),
    [
        (NumberIs("duration", ">=", 5), [1]),
        (NumberIs("age_at_start", "=", 40), [1, 2]),
        (NumberIs("age_at_end", "=", 40), [1, 2]),
        (NumberIs("person.gender_concept_id", "=", 8532), [1, 2]),
        (ConceptIn("visit_occurrence.visit_concept_id", (9201,)), [1]),
        (NumberIs("provider.specialty_concept_id", "=", 38), [2]),
        (DateIs("end_date", "=", day(3)), [2]),
    ],
)
def test_attributes_that_lead_elsewhere(asked: Filter, kept: list[int], tmp_path: Path) -> None:
    here = Paragraph(tmp_path)
    here.event("visit_occurrence", 1, 1, concept=9201, id=4)
    here.add("visit_occurrence", visit_occurrence_id=5, person_id=2, visit_concept_id=9201,
             visit_start_date=day(1))  # fmt: skip
    here.add("provider", provider_id=7, specialty_concept_id=38)
    here.event("condition_occurrence", 1, 6, visit_occurrence_id=4)
    here.event("condition_occurrence", 2, 3, visit_occurrence_id=5, provider_id=7)
    assert here.starts(one_day(Read("condition_occurrence", filters=(asked,)))) == kept


def test_ratios_to_the_range(tmp_path: Path) -> None:
    here = Paragraph(tmp_path)
    here.event("measurement", 1, value_as_number=6.0, range_low=2.0, range_high=0.0)
    low = NumberIs("ratio_to_range_low", "=", 3)
    high = NumberIs("ratio_to_range_high", ">", 0)
    assert here.starts(one_day(Read("measurement", filters=(low,)))) == [1]
    assert here.starts(one_day(Read("measurement", filters=(high,)))) == [], "no ratio to zero"
