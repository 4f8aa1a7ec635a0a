"""One OHDSI definition that uses every key that Transat reads, made from the table of criteria."""

from __future__ import annotations

from typing import Any, Final

from circe_json import counted, definition, group

from transat.cohorts.circe.criteria import CRITERIA, DEMOGRAPHIC, Attribute

_VALUES: Final[dict[str, Any]] = {
    "day": {"Op": "bt", "Value": "2010-01-01", "Extent": "2012-12-31"},
    "whole": {"Op": "bt", "Value": 1, "Extent": 40},
    "decimal": {"Op": "gte", "Value": 0.5},
    "concepts": [{"CONCEPT_ID": 8507, "CONCEPT_NAME": "MALE", "VOCABULARY_ID": "Gender"}],
    "selection": {"CodesetId": 2, "IsExclusion": True},
    "text": {"Op": "contains", "Text": "abc"},
    "abnormal": True,
    "set": 3,
    "nothing": 3,
}


def body(attributes: tuple[Attribute, ...]) -> dict[str, Any]:
    """A value for every attribute."""
    said = {a.key: _VALUES[a.kind] for a in attributes}
    return said | {a.exclude: True for a in attributes if a.exclude is not None}


def criterion(name: str) -> dict[str, Any]:
    """A criterion of this type with all its keys."""
    kind = CRITERIA[name]
    said = body(kind.attributes)
    if kind.coded:
        said["CodesetId"] = 1
    if kind.first:
        said["First"] = True
    if kind.source is not None:
        said[kind.source] = 2
    if kind.dated:
        said["UserDefinedPeriod"] = {"StartDate": "2010-01-01", "EndDate": "2010-12-31"}
    said["DateAdjustment"] = {
        "StartWith": "START_DATE",
        "StartOffset": 1,
        "EndWith": "END_DATE",
        "EndOffset": 10,
    }
    said["CorrelatedCriteria"] = group(counted({"Death": {}}))
    return {name: said}


def whole_definition() -> dict[str, Any]:
    """Every type of criterion, group, window, rule, exit, limit."""
    window = {
        "Start": {"Days": 30, "Coeff": -1},
        "End": {"Days": 0, "Coeff": 1},
        "UseIndexEnd": False,
        "UseEventEnd": False,
    }
    near = counted(
        {"Measurement": {"CodesetId": 2}},
        StartWindow=window,
        EndWindow=window,
        RestrictVisit=True,
        IgnoreObservationPeriod=True,
        Occurrence={"Type": 2, "Count": 2, "IsDistinct": True, "CountColumn": "START_DATE"},
    )
    people = {"DemographicCriteriaList": [body(DEMOGRAPHIC)]}
    nested = group(near, kind="AT_LEAST", Count=1) | people | {"Groups": [group(near, kind="ANY")]}
    return definition(
        *(criterion(name) for name in CRITERIA),
        Title="Everything",
        cdmVersionRange=">=5.0.0",
        AdditionalCriteria=nested,
        InclusionRules=[{"name": "First", "description": "of two", "expression": nested}],
        EndStrategy={
            "CustomEra": {
                "DrugCodesetId": 3,
                "GapDays": 30,
                "Offset": 5,
                "DaysSupplyOverride": 28,
            }
        },
        CensoringCriteria=[{"Death": {}}],
        CensorWindow={"StartDate": "2010-01-01", "EndDate": "2020-12-31"},
    )
