"""Each feature of OHDSI's definitions, read: what the SQL of Circe says, traps included."""

from __future__ import annotations

import json
from datetime import date
from typing import Any

import pytest
from circe_json import counted, definition, group, read, read_criterion

from transat.cohorts import circe
from transat.cohorts.circe.criteria import CRITERIA, DEMOGRAPHIC
from transat.cohorts.circe.faults import DefinitionMalformed
from transat.cohorts.query.domains import DOMAINS, attributes
from transat.cohorts.query.model import (
    Abnormal,
    CodeSet,
    ConceptIn,
    ConceptItem,
    Count,
    DateIs,
    Demographic,
    FixedOffset,
    Group,
    NumberIs,
    ObservationEnd,
    Persistence,
    Read,
    Shift,
    TextIs,
    Window,
)

ONE = CodeSet((ConceptItem(1),))
TWO = CodeSet((ConceptItem(2),))


def near(**more: Any) -> Count:
    said = definition(AdditionalCriteria=group(counted({"Death": {}}, **more)))
    member = read(said).qualified.members[0]  # type: ignore[union-attr]
    assert isinstance(member, Count)
    return member


def test_the_least_definition() -> None:
    cohort = read(definition())
    assert cohort.entry.reads == (Read("condition_occurrence", codes=ONE),)
    assert cohort.entry.reads[0].name == "set 1"
    assert (cohort.qualified, cohort.rules, cohort.exit) == (None, (), ObservationEnd())


def test_all_attributes_of_the_table_are_attributes_of_the_domain() -> None:
    for name, kind in CRITERIA.items():
        known = set(attributes(kind.domain))
        asked = {a.name for a in kind.attributes if a.name} | set(kind.counted.values())
        asked |= {a.through for a in kind.attributes if a.through is not None}
        assert asked - known == set(), name
        assert kind.source is None or DOMAINS[kind.domain].source_concept is not None
    person = {a.name for a in DEMOGRAPHIC}
    assert person - set(attributes("condition_occurrence")) == set()


def test_concept_sets_keep_their_flags() -> None:
    said = definition()
    line = said["ConceptSets"][0]["expression"]["items"][0]
    line |= {"isExcluded": True, "includeDescendants": True, "includeMapped": True}
    codes = read(said).entry.reads[0].codes
    assert codes == CodeSet((ConceptItem(1, True, True, True),))
    del line["isExcluded"], line["includeMapped"]
    assert read(said).entry.reads[0].codes == CodeSet((ConceptItem(1, descendants=True),))


def test_an_absent_codeset_is_any_concept_and_a_source_set_asks_the_source() -> None:
    assert read_criterion("DrugExposure").codes is None
    asked = read_criterion("DrugExposure", CodesetId=1, DrugSourceConcept=2, First=True)
    assert (asked.codes, asked.source_codes, asked.first) == (ONE, TWO, True)


@pytest.mark.parametrize(
    ("op", "operator"),
    [("lt", "<"), ("lte", "<="), ("eq", "="), ("!eq", "!="), ("gt", ">"), ("gte", ">=")],
)
def test_operators(op: str, operator: str) -> None:
    asked = read_criterion("ConditionOccurrence", Age={"Op": op, "Value": 18})
    assert asked.filters == (NumberIs("age_at_start", operator, 18),)  # type: ignore[arg-type]


def test_between_takes_both_ends() -> None:
    asked = read_criterion(
        "VisitOccurrence",
        VisitLength={"Op": "!bt", "Value": 1, "Extent": 3},
        OccurrenceEndDate={"Op": "bt", "Value": "2010-01-02", "Extent": "2011-1-3"},
    )
    assert asked.filters == (
        DateIs("end_date", "between", date(2010, 1, 2), date(2011, 1, 3)),
        NumberIs("duration", "not between", 1, 3),
    )


def test_whole_numbers_lose_their_decimals_others_keep_four() -> None:
    assert read_criterion("ProcedureOccurrence", Quantity={"Op": "gt", "Value": 2.9}).filters == (
        NumberIs("quantity", ">", 2),
    )
    for value, kept in ((2.00005, 2.0001), (0.00015, 0.0002), (-1.00005, -1.0001), (7, 7.0)):
        asked = read_criterion("Measurement", ValueAsNumber={"Op": "eq", "Value": value})
        assert asked.filters == (NumberIs("value_as_number", "=", kept),)


def test_lists_of_concepts() -> None:
    concepts = [{"CONCEPT_ID": 9}, {"CONCEPT_ID": 3, "CONCEPT_NAME": "x"}]
    asked = read_criterion("Observation", ObservationType=concepts, ObservationTypeExclude=True)
    assert asked.filters == (ConceptIn("observation_type_concept_id", (3, 9), True),)
    assert read_criterion("Observation", ObservationType=[]).filters == ()


def test_the_visit_type_is_that_of_the_visit_but_of_a_visit_its_own_type() -> None:
    (elsewhere,) = read_criterion("Measurement", VisitType=[{"CONCEPT_ID": 9}]).filters
    (own,) = read_criterion("VisitOccurrence", VisitType=[{"CONCEPT_ID": 9}]).filters
    assert elsewhere == ConceptIn("visit_occurrence.visit_concept_id", (9,))
    assert own == ConceptIn("visit_type_concept_id", (9,))


def test_concept_sets_as_conditions() -> None:
    def gender(**said: Any) -> tuple[Any, ...]:
        return read_criterion("Death", GenderCS=said).filters

    name = "person.gender_concept_id"
    assert gender(CodesetId=1) == (ConceptIn(name, ONE),)
    assert gender(CodesetId=1, IsExclusion=True) == (ConceptIn(name, ONE, True),)
    assert gender(CodesetId=None) == (ConceptIn(name, None),)
    unknown = (ConceptIn("person.person_id", None), ConceptIn(name, None, True))
    assert gender(CodesetId=None, IsExclusion=True) == unknown


def test_texts() -> None:
    said = {"Op": "!startsWith", "Text": "l\\'abc"}
    asked = read_criterion("ConditionOccurrence", StopReason=said)
    assert asked.filters == (TextIs("stop_reason", "starts", "l'abc", True),)


def test_abnormal() -> None:
    assert read_criterion("Measurement", Abnormal=True).filters == (Abnormal(),)
    assert read_criterion("Measurement", Abnormal=False).filters == ()


def test_what_circe_does_other_than_its_keys_say() -> None:
    when = {"Op": "gt", "Value": "2010-01-01"}
    (late,) = read_criterion("DrugExposure", OccurrenceEndDate=when).filters
    assert late == DateIs("start_date", ">", date(2010, 1, 1))
    (age,) = read_criterion("VisitDetail", Age={"Op": "gt", "Value": 5}).filters
    assert age == NumberIs("age_at_end", ">", 5)
    lengths = {"EraLength": {"Op": "gt", "Value": 5}, "GapDays": {"Op": "lt", "Value": 9}}
    asked = read_criterion("DrugEra", **lengths)
    assert asked.filters == (NumberIs("duration", ">", 5), NumberIs("gap_days", ">", 5))
    people = {"RaceCS": {"CodesetId": 1}, "EthnicityCS": {"CodesetId": 2}}
    said = definition(AdditionalCriteria={"Type": "ALL", "DemographicCriteriaList": [people]})
    (member,) = read(said).qualified.members  # type: ignore[union-attr]
    assert isinstance(member, Demographic)
    assert {f.attribute for f in member.filters} == {  # type: ignore[union-attr]
        "person.gender_concept_id"
    }
    assert read_criterion("Specimen", SpecimenSourceConcept=1) == read_criterion("Specimen")


def test_moved_dates_ask_that_the_end_is_not_before_the_start() -> None:
    moved = {"StartWith": "END_DATE", "StartOffset": 3, "EndWith": "START_DATE", "EndOffset": -1}
    asked = read_criterion("ConditionEra", DateAdjustment=moved)
    assert (asked.start, asked.end) == (Shift("end", 3), Shift("start", -1))
    assert asked.filters == (NumberIs("duration", ">=", 0),)
    plain = read_criterion("ConditionEra", DateAdjustment={})
    assert (plain.start, plain.end, len(plain.filters)) == (Shift("start"), Shift("end"), 1)
    death = read_criterion("Death", DateAdjustment=moved)
    assert (death.start, death.end) == (Shift("start", 3), Shift("end", -1))
    assert read_criterion("Specimen", DateAdjustment=moved) == read_criterion("Specimen")


def test_periods_of_a_study() -> None:
    days = {"StartDate": "2010-01-01", "EndDate": "2010-12-31"}
    asked = read_criterion("ObservationPeriod", UserDefinedPeriod=days, First=True)
    assert (asked.start_on, asked.end_on) == (date(2010, 1, 1), date(2010, 12, 31))


def test_payer_concepts_are_asked_after_the_first_period_is_taken() -> None:
    asked = read_criterion("PayerPlanPeriod", First=True, PlanConcept=2)
    assert (asked.codes, asked.filters) == (None, (ConceptIn("plan_concept_id", TWO),))


def test_windows() -> None:
    assert near().windows == ()
    year = {"Start": {"Days": 365, "Coeff": -1}, "End": {"Days": 0, "Coeff": 1}}
    assert near(StartWindow=year).windows == (Window(-365, 0),)
    assert near(StartWindow=year, EndWindow=year).windows == (
        Window(-365, 0),
        Window(-365, 0, "start", "end"),
    )
    turned = year | {"UseIndexEnd": True, "UseEventEnd": False}
    assert near(EndWindow=turned).windows == (Window(-365, 0, "end", "start"),)
    assert near(StartWindow=year | {"UseEventEnd": True}).windows == (
        Window(-365, 0, "start", "end"),
    )
    odd = {"Start": {"Coeff": 1}, "End": {"Coeff": -1}}
    assert near(StartWindow=odd).windows == (Window("period_end", "period_start"),)
    assert near(IgnoreObservationPeriod=True).outside_period
    assert near(RestrictVisit=True).same_visit


@pytest.mark.parametrize(("kind", "comparison"), [(0, "exactly"), (1, "at_most"), (2, "at_least")])
def test_occurrences(kind: int, comparison: str) -> None:
    count = near(Occurrence={"Type": kind, "Count": 3, "IsDistinct": False})
    assert (count.comparison, count.times, count.distinct) == (comparison, 3, None)


def test_distinct_values() -> None:
    def distinct(name: str, **said: Any) -> str | None:
        occurrence = {"Type": 2, "Count": 2, "IsDistinct": True, **said}
        member = counted({name: {}}, Occurrence=occurrence)
        (count,) = read(definition(AdditionalCriteria=group(member))).qualified.members  # type: ignore[union-attr]
        assert isinstance(count, Count)
        return count.distinct

    assert distinct("DrugEra") == "drug_concept_id"
    assert distinct("DrugEra", CountColumn="GAP_DAYS") == "gap_days"
    assert distinct("Measurement", CountColumn="DURATION") == "person_id"
    assert distinct("Measurement", CountColumn="START_DATE", IsDistinct=False) is None


def test_groups_keep_their_order_and_depth() -> None:
    inner = group(counted({"Death": {}}), kind="at_most", Count=0)
    said = definition(
        AdditionalCriteria={
            "Type": "any",
            "DemographicCriteriaList": [{"Age": {"Op": "gte", "Value": 18}}],
            "Groups": [inner, {"Type": "ALL"}],
        }
    )
    assert read(said).qualified == Group(
        "any",
        (
            Demographic((NumberIs("age_at_start", ">=", 18),)),
            Group("at_most", (Count(Read("death"), ()),), 0),
            Group("all"),
        ),
    )


def test_an_empty_group_of_a_criterion_asks_nothing() -> None:
    empty = {"Type": "ALL", "CriteriaList": [], "DemographicCriteriaList": [], "Groups": []}
    assert read_criterion("Death", CorrelatedCriteria=empty).within is None
    full = group(counted({"Death": {}}))
    assert read_criterion("Death", CorrelatedCriteria=full).within == Group(
        "all", (Count(Read("death"), ()),)
    )


def test_limits() -> None:
    said = definition(QualifiedLimit={"Type": "First"}, ExpressionLimit={"Type": "LAST"})
    assert (read(said).qualified_limit, read(said).limit) == ("all", "last")
    said |= {"AdditionalCriteria": {"Type": "ALL"}}
    assert (read(said).qualified, read(said).qualified_limit) == (Group("all"), "first")
    del said["ExpressionLimit"], said["PrimaryCriteria"]["PrimaryCriteriaLimit"]
    assert (read(said).limit, read(said).entry.limit) == ("first", "first")


def test_rules_have_a_name_and_their_description() -> None:
    rules = [{"name": "Adults", "description": "18 or more", "expression": {"Type": "ALL"}}, {}]
    rules[1] = {"expression": {"Type": "ALL"}}
    first, second = read(definition(InclusionRules=rules)).rules
    assert (first.name.en, first.group.text.fr) == ("Adults", "18 or more")  # type: ignore[union-attr]
    assert second.name.fr == "Règle 2"


def test_exits() -> None:
    def exit_(**said: Any) -> Any:
        return read(definition(EndStrategy=said)).exit

    assert exit_(DateOffset={"DateField": "EndDate", "Offset": 7}) == FixedOffset(7, "end")
    assert exit_(DateOffset={}) == FixedOffset(0, "start")
    era = {"DrugCodesetId": 2, "GapDays": 30, "Offset": 14, "DaysSupplyOverride": None}
    assert exit_(CustomEra=era) == Persistence(TWO, 30, 14)
    assert exit_(CustomEra={"DrugCodesetId": 2}) == Persistence(TWO, 0)


def test_censoring_collapse_and_study_dates() -> None:
    said = definition(
        CensoringCriteria=[{"Death": {}}],
        CollapseSettings={"CollapseType": "ERA", "EraPad": 30},
        CensorWindow={"StartDate": "2010-01-01", "EndDate": None},
        Title="Statins",
    )
    cohort = read(said)
    assert (cohort.censoring, cohort.gap) == ((Read("death"),), 30)
    assert (cohort.from_date, cohort.to_date) == (date(2010, 1, 1), None)
    assert cohort.name is not None
    assert cohort.name.en == "Statins"


def test_numbers_written_as_texts_are_numbers() -> None:
    said = definition()
    said["PrimaryCriteria"]["ObservationWindow"] = {"PriorDays": "365", "PostDays": 0.0}
    assert read(said).entry.prior_days == 365


def test_order_of_keys_does_not_matter() -> None:
    said = definition({"Measurement": {"Abnormal": True, "CodesetId": 1}})
    turned = json.dumps(dict(reversed(said.items())))
    assert circe.read(turned, "x") == read(said)


def test_a_definition_as_the_web_service_of_atlas_gives_it() -> None:
    plain = definition()
    for inside in (plain, json.dumps(plain)):
        around = {"id": 7, "name": "Statins", "expressionType": "SIMPLE", "expression": inside}
        cohort = read(around)
        assert cohort == read(plain)
        assert cohort.name is not None
        assert cohort.name.en == "Statins"
    with pytest.raises(DefinitionMalformed) as caught:
        read({"name": "x", "expression": {"PrimaryCriterias": {}}})
    assert caught.value.where == "definition.json $.expression"
