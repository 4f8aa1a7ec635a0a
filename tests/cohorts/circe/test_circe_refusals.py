"""Bad definitions: each refusal says where, what and what to do; none is a traceback."""

from __future__ import annotations

import copy
import json
import random
from collections.abc import Iterator
from typing import Any

import pytest
from circe_json import concept_set, counted, definition, group, read
from whole_definition import whole_definition

from transat.cohorts import circe
from transat.cohorts.circe.faults import DefinitionMalformed, FeatureUnsupported
from transat.cohorts.inspect.logic import compare
from transat.cohorts.language.hashes import logic_sha256
from transat.core.errors import StudyError, TransatError

Place = tuple[Any, ...]


def refused(said: Any, error: type[TransatError] = DefinitionMalformed) -> str:
    with pytest.raises(error) as caught:
        circe.read(said if isinstance(said, str) else json.dumps(said), "bad.json")
    assert isinstance(caught.value, StudyError)
    assert caught.value.where.startswith("bad.json")
    return caught.value.message("en")


@pytest.mark.parametrize("text", ["", "{", '{"a": NaN}', "nul", '{"a": 1} x', "[" * 100_000])
def test_not_json(text: str) -> None:
    assert "not JSON" in refused(text)


def test_not_json_says_line_and_column() -> None:
    assert refused('{"a": 1,\n  b}').startswith("bad.json:2:3: ")


def test_a_key_twice_and_half_a_letter_are_refused() -> None:
    text = json.dumps(definition({"Death": {}}))
    assert '"PriorDays" is twice' in refused(
        text.replace('"PriorDays"', '"PriorDays": 9, "PriorDays"')
    )
    assert "no letter" in refused(json.dumps(definition(Title="\ud800")))
    assert circe.read(json.dumps(definition(Title="\U0001f600")), "a.json").name is not None


def test_groups_too_deep_are_refused_and_deep_ones_are_named_alike() -> None:
    def nested(levels: int) -> str:
        inner = counted({"Death": {}})
        for _ in range(levels):
            inner = counted({"Death": {"CorrelatedCriteria": group(inner)}})
        return json.dumps(definition(AdditionalCriteria=group(inner)))

    assert "one in the other" in refused(nested(51))
    deep = circe.read(nested(50), "deep.json")
    assert logic_sha256(deep) == logic_sha256(circe.read(nested(50), "deep.json"))
    assert compare(deep, circe.read(nested(49), "deep.json")).a == logic_sha256(deep)


@pytest.mark.parametrize("said", [[], 1, "text", None, {}])
def test_not_a_definition(said: Any) -> None:
    assert "an object is needed" in refused(json.dumps(said))


def test_the_path_and_the_close_match() -> None:
    message = refused(definition({"ConditionOccurrence": {"CodesetID": 1}}))
    assert "bad.json $.PrimaryCriteria.CriteriaList[0].ConditionOccurrence" in message
    assert 'Did you mean "CodesetId"?' in message
    assert 'Did you mean "ConditionEra"?' in refused(definition({"ConditionErra": {}}))
    assert 'Did you mean "AT_LEAST"?' in refused(
        definition(AdditionalCriteria=group(kind="ATLEAST"))
    )


def test_a_criterion_has_one_type() -> None:
    assert "one type" in refused(definition({"Death": {}, "Specimen": {}}))
    assert "one type" in refused(definition({}))


def test_concept_sets() -> None:
    twice = definition(ConceptSets=[concept_set(1, 1), concept_set(1, 2)])
    assert "two concept sets have the number 1" in refused(twice)
    missing = definition({"Death": {"CodesetId": 7}})
    assert "no concept set has the number 7" in refused(missing)
    wrong = definition()
    wrong["ConceptSets"][0]["expression"]["items"][0]["concept"]["CONCEPT_ID"] = "x"
    assert "$.ConceptSets[0].expression.items[0].concept.CONCEPT_ID" in refused(wrong)
    flagged = definition()
    flagged["ConceptSets"][0]["expression"]["items"][0]["isExcluded"] = 1
    assert "true or false is needed" in refused(flagged)


@pytest.mark.parametrize(
    "more",
    [
        {"PrimaryCriteria": {"CriteriaList": [], "ObservationWindow": {}}},
        {"QualifiedLimit": {"Type": "Al"}},
        {"QualifiedLimit": None},
        {"ExpressionLimit": {"Type": None}},
        {"EndStrategy": {}},
        {"EndStrategy": {"DateOffset": {"DateField": "startdate"}}},
        {"EndStrategy": {"CustomEra": {"GapDays": 30}}},
        {"EndStrategy": {"CustomEra": {"DrugCodesetId": 1, "GapDays": -1}}},
        {"CollapseSettings": {"CollapseType": "NONE"}},
        {"CollapseSettings": {"CollapseType": "ERA", "EraPad": -1}},
        {"CensorWindow": {"StartDate": ""}},
        {"CensorWindow": {"StartDate": "2010-02-30"}},
        {"InclusionRules": [{"name": "without a group"}]},
        {"AdditionalCriteria": group(counted({"Death": {}}), kind="AT_LEAST")},
        {"AdditionalCriteria": group(counted({"Death": {}}, Occurrence={"Type": 3, "Count": 1}))},
        {"AdditionalCriteria": group(counted({"Death": {}}, Occurrence={"Type": 2, "Count": -1}))},
        {"AdditionalCriteria": group(counted({"Death": {}}, StartWindow=None))},
        {
            "AdditionalCriteria": group(
                counted({"Death": {}}, StartWindow={"Start": {"Days": 1}, "End": {"Coeff": 1}})
            )
        },
        {"CensoringCriteria": [{"Death": {"Age": {"Op": "gt"}}}]},
        {"CensoringCriteria": [{"Death": {"Age": {"Op": "bt", "Value": 1}}}]},
        {"CensoringCriteria": [{"Death": {"Age": {"Op": "ge", "Value": 1}}}]},
        {"CensoringCriteria": [{"Death": {"Gender": [{"CONCEPT_NAME": "MALE"}]}}]},
        {"CensoringCriteria": [{"Death": {"DateAdjustment": {"StartWith": None}}}]},
        {"CensoringCriteria": [{"Observation": {"ValueAsString": {"Op": "eq"}}}]},
    ],
)
def test_contradictions_and_gaps(more: dict[str, Any]) -> None:
    assert refused(definition(**more))


@pytest.mark.parametrize(
    ("criterion", "feature"),
    [
        ({"LocationRegion": {"CodesetId": 1}}, "LocationRegion"),
        ({"VisitOccurrence": {"PlaceOfServiceLocation": 1}}, "PlaceOfServiceLocation"),
        ({"DrugExposure": {"EffectiveDrugDose": {"Op": "gt", "Value": 1}}}, "EffectiveDrugDose"),
        ({"DrugExposure": {"DoseUnit": []}}, "DoseUnit"),
        ({"DrugEra": {"GapDays": {"Op": "gt", "Value": 1}}}, "GapDays"),
        ({"Observation": {"ValueAsString": {"Op": "eq", "Text": "5%"}}}, "ValueAsString"),
    ],
)
def test_what_is_not_run_is_named(criterion: dict[str, Any], feature: str) -> None:
    assert f"{feature} is not supported" in refused(definition(criterion), FeatureUnsupported)


def test_a_column_that_cannot_be_counted_is_named() -> None:
    occurrence = {"Type": 2, "Count": 1, "IsDistinct": True, "CountColumn": "VISIT_ID"}
    said = definition(AdditionalCriteria=group(counted({"DrugEra": {}}, Occurrence=occurrence)))
    assert "CountColumn VISIT_ID is not supported" in refused(said, FeatureUnsupported)
    said["AdditionalCriteria"]["CriteriaList"][0]["Occurrence"]["CountColumn"] = "VISIT"
    assert 'Did you mean "VISIT_ID"?' in refused(said)


def test_everything_that_is_read_can_be_read_at_once() -> None:
    assert len(read(whole_definition()).entry.reads) == 15


def _places(said: Any, place: Place = ()) -> Iterator[tuple[Place, Any]]:
    """Every value of a document and where it is, those inside embedded concepts apart."""
    yield place, said
    if isinstance(said, list):
        for n, value in enumerate(said):
            yield from _places(value, (*place, n))
    elif isinstance(said, dict) and "CONCEPT_ID" not in said:
        for key, value in said.items():
            yield from _places(value, (*place, key))


def _at(said: Any, place: Place) -> Any:
    for key in place:
        said = said[key]
    return said


JUNK = (None, True, False, -1, 0, 3, 10**12, 2.5, "", "x", "All", [], [1], {}, {"Type": "x"})
ORIGINAL = whole_definition()
PLACES = list(_places(ORIGINAL))
KEYS = [place for place, _ in PLACES if place and isinstance(place[-1], str)]


def test_no_key_can_be_mistyped() -> None:
    for place in KEYS:
        bad = copy.deepcopy(ORIGINAL)
        holder = _at(bad, place[:-1])
        holder[f"{place[-1]}s"] = holder.pop(place[-1])
        assert refused(bad)


def test_mutated_definitions_are_read_or_refused() -> None:
    """1,000 of them; an error says where, in both languages, and nothing else is ever raised."""
    random_ = random.Random(11)
    refusals, accepted = [], 0
    for _ in range(1_000):
        bad = copy.deepcopy(ORIGINAL)
        for place, _ in random_.sample(PLACES[1:], random_.choice((1, 1, 2, 3))):
            _mutate(bad, place, random_)
        text = json.dumps(bad)
        if random_.random() < 0.1:
            text = text[: random_.randrange(len(text))]
        try:
            circe.read(text, "bad.json")
            accepted += 1
        except StudyError as error:
            refusals.append(error)
    assert all(error.where.startswith("bad.json") for error in refusals)
    assert all(error.message("fr") != error.message("en") for error in refusals)
    assert accepted > 50
    assert len(refusals) > 500


def _mutate(bad: Any, place: Place, random_: random.Random) -> None:
    try:
        holder = _at(bad, place[:-1])
        key = place[-1]
        match random_.randrange(3):
            case 0:
                del holder[key]
            case 1:
                holder[key] = random_.choice(JUNK)
            case _ if isinstance(holder, dict):
                holder[f"{key}{random_.choice('sX_')}"] = holder.pop(key)
            case _:
                holder.insert(0, holder[key])
    except (KeyError, IndexError, TypeError):
        return  # an earlier mutation took this place away
