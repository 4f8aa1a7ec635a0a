"""Cohorts written as OHDSI definitions: what is written reads back as the same cohort."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date
from functools import cache
from typing import Any

import pytest
from circe_json import definition, read
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from whole_definition import whole_definition

from transat.cohorts import circe
from transat.cohorts.circe.criteria import CRITERIA, DEMOGRAPHIC, Attribute
from transat.cohorts.circe.faults import FeatureUnsupported
from transat.cohorts.query.model import (
    Abnormal,
    CodeItem,
    CodeSet,
    Cohort,
    ConceptIn,
    ConceptItem,
    Count,
    DateIs,
    Demographic,
    Entry,
    Filter,
    FixedOffset,
    Group,
    NumberIs,
    ObservationEnd,
    Persistence,
    Read,
    Rule,
    Shift,
    TextIs,
    Window,
)
from transat.core.languages import Text

ITEMS = st.builds(ConceptItem, st.integers(0, 9), st.booleans(), st.booleans(), st.booleans())
CODES = st.builds(CodeSet, st.lists(ITEMS, max_size=3).map(tuple))
DAYS = st.dates(date(1990, 1, 1), date(2030, 12, 31))
OFFSETS = st.integers(-400, 400)


def _numbers(name: str, values: st.SearchStrategy[float]) -> st.SearchStrategy[Filter]:
    simple = st.builds(
        NumberIs, st.just(name), st.sampled_from(["<", "<=", "=", "!=", ">", ">="]), values
    )
    both = st.sampled_from(["between", "not between"])
    return simple | st.builds(NumberIs, st.just(name), both, values, values)


@cache
def _filter(a: Attribute) -> st.SearchStrategy[Filter]:
    """A condition that this key can say."""
    name = st.just(a.name)
    match a.kind:
        case "day":
            return st.builds(DateIs, name, st.sampled_from(["<", "=", ">="]), DAYS)
        case "whole":
            return _numbers(a.name, st.integers(-5, 90).map(float))
        case "decimal":
            return _numbers(a.name, st.integers(-50_000, 50_000).map(lambda n: n / 10_000))
        case "concepts":
            ids = st.lists(st.integers(0, 99), min_size=1, max_size=3, unique=True)
            turned = st.booleans() if a.exclude else st.just(False)
            return st.builds(ConceptIn, name, ids.map(lambda x: tuple(sorted(x))), turned)
        case "selection":
            known = st.builds(ConceptIn, name, CODES | st.none())
            return known | st.builds(ConceptIn, name, CODES, st.just(True))
        case "set":
            return st.builds(ConceptIn, name, CODES)
        case "text":
            operators = st.sampled_from(["is", "starts", "contains", "ends"])
            texts = st.text("abc' é", max_size=4)
            return st.builds(TextIs, name, operators, texts, st.booleans())
        case "abnormal":
            return st.just(Abnormal())
    raise AssertionError(a.kind)


@cache
def _in_order(attributes: tuple[Attribute, ...]) -> st.SearchStrategy[tuple[Filter, ...]]:
    """At most one condition for each attribute, in the order of the table."""
    kept = {}
    for a in attributes:
        if a.written:
            kept.setdefault((a.name, a.kind == "selection"), a)
    own = [a for a in kept.values() if a.kind != "selection"]
    return st.lists(st.sampled_from(range(len(own))), unique=True, max_size=2).flatmap(
        lambda chosen: st.tuples(*(_filter(own[n]) for n in sorted(chosen)))
    )


@st.composite
def _reads(draw: Any, depth: int) -> Read:
    kind = CRITERIA[draw(st.sampled_from(sorted(CRITERIA)))]
    filters: tuple[Filter, ...] = draw(_in_order(kind.attributes))
    start, end = Shift("start"), Shift("end")
    if kind.adjusted != "not" and draw(st.booleans()):
        edges = st.sampled_from(["start", "end"])
        start = Shift(draw(edges) if kind.adjusted == "edges" else "start", draw(OFFSETS))
        end = Shift(draw(edges) if kind.adjusted == "edges" else "end", draw(OFFSETS))
        filters = (NumberIs("duration", ">=", 0), *filters)
    within = draw(st.none() | _groups(depth - 1)) if depth else None
    return Read(
        kind.domain,
        codes=draw(st.none() | CODES) if kind.coded else None,
        source_codes=draw(st.none() | CODES) if kind.source else None,
        first=draw(st.booleans()) if kind.first else False,
        start=start,
        end=end,
        filters=filters,
        within=within if within is not None and within.members else None,
        start_on=draw(st.none() | DAYS) if kind.dated else None,
        end_on=draw(st.none() | DAYS) if kind.dated else None,
    )


BOUNDS = OFFSETS | st.sampled_from(["period_start", "period_end"])
EDGES = st.sampled_from(["start", "end"])
WINDOWS = st.builds(Window, BOUNDS, BOUNDS, EDGES, EDGES).filter(
    lambda w: (w.low, w.high, w.event) != ("period_start", "period_end", "start")
)


@st.composite
def _counts(draw: Any, depth: int) -> Count:
    events = draw(_reads(depth))
    kind = next(k for k in CRITERIA.values() if k.domain == events.domain)
    return Count(
        events,
        tuple(draw(st.lists(WINDOWS, max_size=2))),
        draw(st.sampled_from(["at_least", "at_most", "exactly"])),
        draw(st.integers(0, 3)),
        draw(st.none() | st.sampled_from(sorted(kind.counted.values()))),
        draw(st.booleans()),
        draw(st.booleans()),
    )


@st.composite
def _groups(draw: Any, depth: int) -> Group:
    need = draw(st.sampled_from(["all", "any", "at_least", "at_most"]))
    counts = draw(st.lists(_counts(0), max_size=1))
    people = draw(st.lists(st.builds(Demographic, _in_order(DEMOGRAPHIC)), max_size=1))
    groups = draw(st.lists(_groups(depth - 1), max_size=1)) if depth > 0 else []
    times = draw(st.integers(0, 2)) if need.startswith("at_") else 0
    return Group(need, (*counts, *people, *groups), times)


LIMITS = st.sampled_from(["all", "first", "last"])
EXITS = (
    st.just(ObservationEnd())
    | st.builds(FixedOffset, OFFSETS, EDGES)
    | st.builds(Persistence, CODES, st.integers(0, 60), OFFSETS, st.none() | st.integers(0, 60))
)


@st.composite
def _cohorts(draw: Any) -> Cohort:
    reads = st.lists(_reads(1), min_size=1, max_size=2).map(tuple)
    offset = st.integers(0, 400)
    qualified = draw(st.none() | _groups(1))
    rules = st.builds(Rule, _groups(1), st.just(Text("règle", "rule")))
    return Cohort(
        draw(st.builds(Entry, reads, offset, offset, LIMITS)),
        qualified=qualified,
        qualified_limit="all" if qualified is None else draw(LIMITS),
        rules=tuple(draw(st.lists(rules, max_size=2))),
        limit=draw(LIMITS),
        exit=draw(EXITS),
        censoring=tuple(draw(st.lists(_reads(0), max_size=1))),
        gap=draw(offset),
        from_date=draw(st.none() | DAYS),
        to_date=draw(st.none() | DAYS),
        name=draw(st.none() | st.just(Text("cohorte", "cohort"))),
    )


@settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.too_slow])
@given(_cohorts())
def test_what_is_written_reads_back(cohort: Cohort) -> None:
    again = circe.read(circe.write(cohort, "cohort"), "again.json")
    assert again == cohort
    assert circe.write(again, "cohort") == circe.write(cohort, "cohort")


def test_every_key_is_written_unless_it_lies() -> None:
    whole = whole_definition()["PrimaryCriteria"]["CriteriaList"]
    bodies = {name: body for criterion in whole for name, body in criterion.items()}
    for name, kind in CRITERIA.items():
        for a in (a for a in kind.attributes if a.written):
            body = {key: bodies[name][key] for key in (a.key, a.exclude) if key is not None}
            written = json.loads(circe.write(read(definition({name: body})), "x"))
            assert written["PrimaryCriteria"]["CriteriaList"] == [{name: _plain(body)}]


def _plain(body: dict[str, Any]) -> dict[str, Any]:
    """Concepts keep only their id, and concept sets are numbered in order of use."""
    numbered = {"CodesetId": 0, "IsExclusion": True}
    return {
        key: [{"CONCEPT_ID": 8507}]
        if isinstance(value, list)
        else numbered
        if isinstance(value, dict) and "CodesetId" in value
        else 0
        if value == 3
        else value
        for key, value in body.items()
    }


def test_names_are_written_in_the_language_asked() -> None:
    cohort = replace(read(definition()), name=Text("Statines", "Statins"))
    assert json.loads(circe.write(cohort, "x"))["Title"] == "Statines"
    assert json.loads(circe.write(cohort, "x", "en"))["Title"] == "Statins"


DIAGNOSIS = Read("condition_occurrence")


@pytest.mark.parametrize(
    ("asked", "feature"),
    [
        (Read("pregnancy"), "the domain pregnancy"),
        (replace(DIAGNOSIS, codes=CodeSet(codes=(CodeItem("ICD10", "I35"),))), "a list of codes"),
        (replace(DIAGNOSIS, any_codes=CodeSet()), "standard or of the source"),
        (replace(DIAGNOSIS, start=Shift("end")), "moved dates"),
        (replace(DIAGNOSIS, start_on=date(2010, 1, 1)), "a date that replaces"),
        (replace(DIAGNOSIS, within=Group("all")), "an empty group"),
        (Read("death", first=True), "the first death"),
        (Read("observation_period", codes=CodeSet()), "codes of observation_period"),
        *(
            (replace(DIAGNOSIS, filters=(condition,)), "the condition on")
            for condition in (
                Abnormal(),
                NumberIs("age_at_start", ">", 17.5),
                ConceptIn("condition_type_concept_id", ()),
                ConceptIn("person.gender_concept_id", None, True),
                TextIs("stop_reason", "contains", "5%"),
                NumberIs("duration", ">", 3),
            )
        ),
        (
            Read("drug_exposure", filters=(DateIs("end_date", ">", date(2010, 1, 1)),)),
            "the condition on",
        ),
    ],
)
def test_what_the_format_cannot_say_is_named(asked: Read, feature: str) -> None:
    with pytest.raises(FeatureUnsupported) as caught:
        circe.write(Cohort(Entry((asked,))), "cohort.yaml")
    message = caught.value.message("en")
    assert message.startswith("cohort.yaml $.PrimaryCriteria.CriteriaList[0]")
    assert feature in message


def test_three_windows_and_other_distinct_values_are_named() -> None:
    many = Count(DIAGNOSIS, (Window(-1, 0), Window(0, 1), Window(1, 2)))
    odd = Count(DIAGNOSIS, (), distinct="condition_source_value")
    for member, feature in ((many, "two windows"), (odd, "distinct values")):
        with pytest.raises(FeatureUnsupported) as caught:
            circe.write(Cohort(Entry((DIAGNOSIS,)), Group("all", (member,))), "cohort")
        assert feature in caught.value.message("en")
