"""Remarks on definitions that are read: Circe's surprises, and slips of their authors."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from circe_json import concept_set, counted, definition, group
from ohdsi_fixtures import Fixtures

from transat.cohorts.circe.remarks import SURPRISES, remarks

PLAIN = concept_set(1, 1)


def said_of(said: Any) -> list[str]:
    found = remarks(json.dumps(said), "x.json")
    assert all(f.where.startswith("x.json $.") and f.level == "warning" for f in found)
    assert all(f.text.fr != f.text.en for f in found)
    return [f.message("en").removeprefix("x.json $.") for f in found]


def test_nothing_to_say() -> None:
    assert said_of(definition(ConceptSets=[PLAIN])) == []


@pytest.mark.parametrize(("name", "key"), sorted(SURPRISES))
def test_surprises(name: str, key: str) -> None:
    when = {"Op": "gt", "Value": "2010-01-01"}
    values: dict[str, Any] = {
        "OccurrenceEndDate": when,
        "Age": {"Op": "gt", "Value": 3},
        "GapDays": {"Op": "gt", "Value": 3},
        "DateAdjustment": {},
        "SpecimenSourceConcept": 1,
        "RaceCS": {"CodesetId": 1},
        "EthnicityCS": {"CodesetId": 1},
    }
    body = {key: values[key]} | ({"EraLength": {"Op": "gt", "Value": 3}} if "Gap" in key else {})
    if name:
        said = definition({name: body}, {"Death": {"CodesetId": 1}}, ConceptSets=[PLAIN])
        place = f"PrimaryCriteria.CriteriaList[0].{name}.{key}"
    else:
        people = {"Type": "ALL", "DemographicCriteriaList": [body]}
        said = definition(ConceptSets=[PLAIN], AdditionalCriteria=people)
        place = f"AdditionalCriteria.DemographicCriteriaList[0].{key}"
    (remark,) = said_of(said)
    assert remark.startswith(f"{place}: Circe ")


def test_concept_sets() -> None:
    empty = {"id": 3, "name": "none", "expression": {"items": []}}
    said = definition(
        {"Death": {"CodesetId": 1}},
        {"ConditionEra": {"CodesetId": 3}},
        ConceptSets=[PLAIN, concept_set(2, 1), empty],
    )
    assert said_of(said) == [
        "ConceptSets[1]: this concept set is not used. Review this passage.",
        "ConceptSets[1]: this set is the same as ConceptSets[0]. Review this passage.",
        "ConceptSets[2]: this concept set holds nothing. Review this passage.",
    ]


def test_slips() -> None:
    back = {"Start": {"Days": 1, "Coeff": 1}, "End": {"Days": 0, "Coeff": -1}}
    prior = {"Start": {"Days": 9, "Coeff": -1}, "End": {"Days": 1, "Coeff": -1}}
    asked = group(
        counted({"Measurement": {}}, StartWindow=back),
        counted({"Death": {}}, StartWindow=prior),
        counted({"DrugEra": {}}, Occurrence={"Type": 2, "Count": 0}),
        counted({"DrugEra": {"AgeAtEnd": {"Op": "bt", "Value": 9, "Extent": 2}}}),
    )
    rules = [{"name": "asks nothing", "expression": {"Type": "ALL"}}]
    said = definition(ConceptSets=[PLAIN], AdditionalCriteria=asked, InclusionRules=rules)
    assert [
        line.split(": ")[1].removesuffix(" Review this passage.") for line in said_of(said)
    ] == [
        "this rule asks nothing.",
        "this window ends before it starts.",
        "a death is looked for before the event.",
        '"at least 0" always holds; "exactly 0"?',
        "the low end is above the high end.",
    ]


@pytest.mark.parametrize(
    ("name", "times", "remark"),
    [
        ("unusedConceptSet", 13, "not used"),
        ("conceptSetCriteriaCheckCorrect", 0, ""),
        ("deathTimeWindowCheckIncorrect", 2, "a death is looked for"),
        ("deathTimeWindowCheckCorrect", 0, ""),
        ("emptyDemographicCheckIncorrect", 3, "not used"),
        ("duplicatesConceptSetCheckCorrect", 0, ""),
    ],
)
def test_checkers_of_circe(
    shared: Path, tmp_path: Path, name: str, times: int, remark: str
) -> None:
    fixtures = Fixtures(shared / "data/circe_be_test_fixtures.zip", tmp_path)
    said = said_of(fixtures.json(f"checkers/{name}"))
    assert len([line for line in said if remark in line]) == times
