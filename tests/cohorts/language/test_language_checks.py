"""Static checks find what they are for, and are silent beside it."""

from __future__ import annotations

from pathlib import Path

import pytest
from study_text import CSV, EXAMPLES, study

from transat.cohorts import language
from transat.cohorts.language import Study
from transat.cohorts.language.checks import check, check_cohort
from transat.cohorts.query.model import CodeItem, CodeSet, Cohort, Entry, NumberIs, Read

FOLLOW_UP = "    follow_up: {fr: A, en: B, outcome: {death: any}, days: [DAYS]}\n"


def rules(*conditions: str) -> str:
    made = "".join(f"      - {{id: r{n}, fr: A, en: B, {c}}}\n" for n, c in enumerate(conditions))
    return "    rules:\n" + made


def column(role: str, written: str) -> str:
    return f"    {role}:\n      - {{id: c, fr: A, en: B, {written}}}\n"


def found(made: Study, kind: str) -> list[tuple[str, str]]:
    """Level and place of the findings of one kind."""
    return [
        (finding.level, finding.where.split(" ", 1)[1])
        for finding in check(made)
        if finding.kind == kind
    ]


@pytest.mark.parametrize(
    ("condition", "kind"),
    [
        ("has: {condition: failure}, days: [1, 365]", "immortal_time"),
        ("has: {condition: failure}, days: [0, 97]", "immortal_time"),
        ("has: {condition: failure}", "immortal_time"),
        ("has: {condition: failure}, days: [end, ever]", "immortal_time"),
        ("has_not: {condition: failure}, days: [0, 30]", "look_ahead"),
        ("has: {condition: failure}, days: [0, 30], at_most: 2", "look_ahead"),
        ("of: [{has: {condition: failure}, days: [0, 30]}], at_most: 0", "look_ahead"),
        ("any: [{has_not: {condition: failure}, days: [0, 3]}, {where: {age: 3}}]", "look_ahead"),
    ],
)
def test_a_rule_that_later_days_decide(condition: str, kind: str) -> None:
    assert found(study(rules(condition)), kind) == [("warning", "people.r0")]


@pytest.mark.parametrize(
    "condition",
    [
        "has: {condition: failure}, days: [-365, 0]",
        "has_not: {condition: failure}, days: [ever, -1]",
        "has: {condition: failure}, days: [ever, 0], by: end",
        "has: {condition: failure}, days: [0, 0], by: overlap",
        "where: {age: [18, null]}",
    ],
)
def test_a_rule_that_is_known_at_entry(condition: str) -> None:
    made = study(rules(condition))
    assert found(made, "immortal_time") == found(made, "look_ahead") == []


@pytest.mark.parametrize(("days", "level"), [("1, 365", "error"), ("31, 365", "warning")])
def test_follow_up_before_a_rule_is_decided_is_immortal(days: str, level: str) -> None:
    """A landmark after the last day that decides is the remedy."""
    made = study(
        rules("has: {condition: failure}, days: [0, 30]"), analysis=FOLLOW_UP.replace("DAYS", days)
    )
    assert found(made, "immortal_time")[0][0] == level


@pytest.mark.parametrize(
    ("role", "written", "kind"),
    [
        ("exposures", "column: any, of: {drug: drugs}, covered: [0, 90]", "immortal_time"),
        ("exposures", "column: any, of: {drug: drugs}, days: [0, 90]", "immortal_time"),
        ("covariates", "column: count, of: {drug: drugs}, days: [-30, 2]", "look_ahead"),
        ("covariates", "column: count, of: {drug: drugs}, days: [end, ever]", "look_ahead"),
        ("covariates", "column: days_covered, of: {drug: drugs}, covered: [0, 9]", "look_ahead"),
    ],
)
def test_columns_that_see_beyond_the_start_of_follow_up(role: str, written: str, kind: str) -> None:
    analysis = column(role, written) + FOLLOW_UP.replace("DAYS", "1, ever")
    assert found(study(analysis=analysis), kind) == [("error", "table.c")]
    later = column(role, written) + FOLLOW_UP.replace("DAYS", "90, ever")
    still = [("error", "table.c")] if "ever" in written else []
    assert found(study(analysis=later), kind) == still


def test_columns_that_are_known_at_the_start() -> None:
    analysis = column("covariates", "column: any, of: {drug: drugs}, days: [ever, 0]")
    assert (
        found(study(analysis=analysis + FOLLOW_UP.replace("DAYS", "1, ever")), "look_ahead") == []
    )


def test_an_outcome_that_may_come_before_the_exposure() -> None:
    exposure = column("exposures", "column: any, of: {drug: drugs}, covered: [0, 90]")
    outcome = "    outcomes:\n      - {id: o, fr: A, en: B, column: any, of: {death: any}, days: "
    assert found(study(analysis=exposure + outcome + "[0, 365]}\n"), "look_ahead") == [
        ("warning", "table.o")
    ]
    assert found(study(analysis=exposure + outcome + "[91, 365]}\n"), "look_ahead") == []


@pytest.mark.parametrize(
    ("conditions", "where"),
    [
        (("has: {condition: failure}, days: [-30, 0]",
          "has_not: {condition: failure}, days: [ever, 0]"), "people.r0"),
        (("has: {condition: failure}, at_least: 3, days: [-30, 0]",
          "has: {condition: failure}, at_most: 2, days: [-90, 0]"), "people.r0"),
        (("has: {condition: failure, where: {age: 40}}, days: [-30, 0]",
          "all: [{has_not: {condition: failure}, days: [-30, 0]}]"), "people.r0"),
        (("where: {age: [65, null]}", "where: {age: [18, 49]}"), "people"),
        (("where: {age: '> 65'}", "where: {age: '< 65'}"), "people"),
        (("where: {sex: female}", "where: {sex: male}"), "people"),
        (("where: {start_date: '> 2012-01-01'}", "where: {start_date: '< 2012-01-02'}"), "people"),
    ],
)  # fmt: skip
def test_rules_that_nobody_satisfies(conditions: tuple[str, ...], where: str) -> None:
    assert found(study(rules(*conditions)), "impossible") == [("error", where)]


@pytest.mark.parametrize(
    "conditions",
    [
        ("has: {condition: failure}, days: [-30, 0]",
         "has_not: {condition: failure}, days: [-20, 0]"),
        ("has: {condition: failure}, days: [-30, 0]",
         "has_not: {condition: failure, where: {age: 40}}, days: [-30, 0]"),
        ("has: {condition: failure}, days: [-30, 0]",
         "has_not: {condition: failure}, days: [-30, 0], same_visit: true"),
        ("has: {condition: failure}, days: [-30, 0], outside_observation: true",
         "has_not: {condition: failure}, days: [-30, 0]"),
        ("any: [{has: {condition: failure}, days: [-30, 0]}, {where: {age: 9}}]",
         "has_not: {condition: failure}, days: [-30, 0]"),
        ("where: {age: [18, null]}", "where: {age: '<= 18'}"),
        ("where: {start_date: '> 2012-01-01'}", "where: {start_date: '< 2012-01-03'}"),
    ],
)  # fmt: skip
def test_rules_that_somebody_may_satisfy(conditions: tuple[str, ...]) -> None:
    assert found(study(rules(*conditions)), "impossible") == []


def test_nothing_comes_before_the_first_of_all() -> None:
    entry = "    entry: {fr: A, en: B, events: [{condition: stenosis, first: true}]}\n"
    before = rules("has: {condition: stenosis}, days: [ever, -1]")
    assert found(study(before, entry), "impossible") == [("error", "people.r0")]
    assert found(study(before), "impossible") == []


@pytest.mark.parametrize(
    ("rest", "analysis", "where"),
    [
        ("    exit: {until: start - 1}\n", "", "people.exit"),
        ("    exit: {until: start + 30}\n", FOLLOW_UP.replace("DAYS", "31, ever"),
         "table.follow_up"),
        ("", "    follow_up: {fr: A, en: B, outcome: {condition: stenosis}}\n", "table.follow_up"),
        ("", column("exposures", "column: any, of: {drug: drugs}, covered: [0, 9], at_least: 11"),
         "table.c"),
        (rules("where: {start_date: [2015-01-01, null]}") + "    dates: [null, 2014-12-31]\n", "",
         None),
    ],
)  # fmt: skip
def test_other_impossible_things(rest: str, analysis: str, where: str | None) -> None:
    expected = [] if where is None else [("error", where)]
    assert found(study(rest, analysis=analysis), "impossible") == expected


def test_entry_after_the_last_day_kept() -> None:
    entry = (
        "    entry: {fr: A, en: B, events: [{condition: stenosis,"
        " where: {start_date: [2015-01-01, null]}}]}\n"
    )
    made = study("    dates: [null, 2014-12-31]\n", entry)
    assert found(made, "impossible") == [("error", "people.dates")]


FAILURE = rules("has_not: {condition: failure}, days: [ever, 0]")
DRUGS = rules(
    "has_not: {condition: failure}, days: [ever, 0]", "has_not: {drug: drugs}, days: [ever, 0]"
)


@pytest.mark.parametrize(
    ("old", "new", "finding"),
    [
        ("I509,exact,exclude", "I,prefix,exclude", ("error", "failure")),
        ("I509,exact,exclude", "I501,exact,include", ("warning", "failure")),
        ("I509,exact,exclude", "Z99,exact,exclude", ("warning", "failure")),
        ("failure,CIM10,I50,", "failure,CIM10,I35,", ("warning", "failure")),
        ("CIM10,I50,", "SNOMD,I50,", ("warning", "failure")),
    ],
)
def test_code_lists(old: str, new: str, finding: tuple[str, str]) -> None:
    assert found(study(DRUGS), "code_list") == []
    assert old in CSV
    assert finding in found(study(DRUGS, csv=CSV.replace(old, new, 1)), "code_list")


def test_a_set_that_nothing_reads() -> None:
    assert found(study(FAILURE), "code_list") == [("warning", "drugs")]


def test_a_finding_of_a_list_names_its_line() -> None:
    wheres = [
        finding.where
        for finding in check(
            study(DRUGS, csv=CSV.replace("I509,exact,exclude", "I5,exact,include"))
        )
        if finding.kind == "code_list"
    ]
    assert wheres == []
    twice = check(study(DRUGS, csv=CSV.replace("I509,exact,exclude", "I509,exact,include")))
    assert [f.where for f in twice] == ["codes.csv:5 failure"]


def test_any_cohort_is_checked_by_number_of_rule() -> None:
    empty = CodeSet(codes=(CodeItem("CIM10", "I50", excluded=True),))
    nobody = Read("condition_occurrence", codes=empty, filters=(NumberIs("duration", ">=", 0),))
    assert [f.where for f in check_cohort(Cohort(Entry((nobody,))), "12.json")] == ["12.json.entry"]


@pytest.mark.parametrize("path", sorted(EXAMPLES.glob("*.yaml")), ids=lambda p: p.stem)
def test_examples_have_no_error(path: Path) -> None:
    assert [f for f in check(language.read(path)) if f.level == "error"] == []
