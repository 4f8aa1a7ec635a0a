"""Which analyses are asked for: the catalogue, code groups, settings that OHDSI wrote."""

from __future__ import annotations

import json

import pytest

from transat.cohorts import covariates as cv
from transat.core.errors import StudyError


def test_the_default_set_is_ohdsis() -> None:
    default = cv.default_settings()
    assert len(default.analyses) == 29
    assert [a.number for a in default.analyses if a.table == ""] == [1, 3, 4, 5, 6, 7]
    long = next(a for a in default.analyses if a.name == "DrugGroupEraLongTerm")
    assert (long.number, long.kind, long.low, long.high, long.events) == (
        410, "group", -365, 0, "overlap",
    )  # fmt: skip


def test_windows_move_with_their_ends() -> None:
    moved = cv.default_settings(long=-730, end=-1)
    long = next(a for a in moved.analyses if a.name == "DrugGroupEraLongTerm")
    assert (long.low, long.high) == (-730, -1)
    last = next(a for a in moved.analyses if a.name == "DrugGroupEraOverlapping")
    assert (last.low, last.high) == (-1, -1)


def test_an_unknown_analysis_is_told_with_its_neighbour() -> None:
    with pytest.raises(StudyError, match="DemographicsGender"):
        cv.chosen(["DemographicGender"])


def test_two_analyses_have_two_numbers() -> None:
    one = cv.code_analysis(150, "condition_occurrence", "category", -365, -1)
    with pytest.raises(StudyError, match="150"):
        cv.Settings((one, one))


def test_a_whole_code_needs_its_vocabulary() -> None:
    with pytest.raises(StudyError, match="vocabulary"):
        cv.code_analysis(150, "procedure_occurrence", "code", -365, -1)
    asked = cv.code_analysis(150, "procedure_occurrence", "code", -365, -1, "CCAM")
    assert asked.vocabulary == "CCAM"


def test_settings_of_ohdsi() -> None:
    said = {
        "temporal": False,
        "temporalSequence": False,
        "DemographicsGender": True,
        "DemographicsAge": False,
        "ConditionGroupEraLongTerm": True,
        "longTermStartDays": -180,
        "endDays": -1,
        "excludedCovariateConceptIds": [1, 2],
        "addDescendantsToExclude": True,
        "includedCovariateIds": 8532001,
        "attr_class": "covariateSettings",
    }
    read = cv.settings_from_ohdsi(json.dumps(said))
    assert [(a.name, a.low, a.high) for a in read.analyses] == [
        ("DemographicsGender", None, -1),
        ("ConditionGroupEraLongTerm", -180, -1),
    ]
    assert (read.excluded, read.excluded_descendants) == ((1, 2), True)
    assert read.covariates == (8532001,)


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ({"temporal": True}, "temporal"),
        ({"Hfrs": True}, "Hfrs"),
        ({"analyses": []}, "analyses"),
        ({"DemographicsGendr": True}, "DemographicsGender"),
        ({"DemographicsGender": "yes"}, "DemographicsGender"),
        ({"endDays": 1.5}, "endDays"),
        ([], "JSON"),
    ],
)
def test_what_cannot_be_done_is_refused_by_name(said: object, told: str) -> None:
    with pytest.raises(StudyError, match=told):
        cv.settings_from_ohdsi(json.dumps(said))


def test_text_that_is_not_json_is_refused() -> None:
    with pytest.raises(StudyError, match="JSON"):
        cv.settings_from_ohdsi("{")
