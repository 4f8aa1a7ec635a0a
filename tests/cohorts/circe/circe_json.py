"""OHDSI definitions made by hand: the least that one must hold, and small parts of it."""

from __future__ import annotations

import json
from typing import Any

from transat.cohorts import circe
from transat.cohorts.query.model import Cohort, Read

Json = dict[str, Any]


def concept_set(number: int, *concepts: int) -> Json:
    """A concept set of these concepts, without their descendants."""
    items = [
        {
            "concept": {"CONCEPT_ID": c},
            "isExcluded": False,
            "includeDescendants": False,
            "includeMapped": False,
        }
        for c in concepts
    ]
    return {"id": number, "name": f"set {number}", "expression": {"items": items}}


def definition(*criteria: Json, **more: Any) -> Json:
    """A definition whose entry events are `criteria`; `more`: other members of it."""
    return {
        "ConceptSets": [concept_set(n, n) for n in (1, 2, 3)],
        "PrimaryCriteria": {
            "CriteriaList": list(criteria) or [{"ConditionOccurrence": {"CodesetId": 1}}],
            "ObservationWindow": {"PriorDays": 0, "PostDays": 0},
            "PrimaryCriteriaLimit": {"Type": "All"},
        },
        "QualifiedLimit": {"Type": "All"},
        "ExpressionLimit": {"Type": "All"},
        "InclusionRules": [],
        "CensoringCriteria": [],
        "CollapseSettings": {"CollapseType": "ERA", "EraPad": 0},
        "CensorWindow": {},
        **more,
    }


def counted(criterion: Json, **more: Any) -> Json:
    """A correlated criterion: at least one, at any time in the observation period."""
    return {
        "Criteria": criterion,
        "StartWindow": {"Start": {"Coeff": -1}, "End": {"Coeff": 1}},
        "Occurrence": {"Type": 2, "Count": 1, "IsDistinct": False},
        **more,
    }


def group(*members: Json, kind: str = "ALL", **more: Any) -> Json:
    """A group of correlated criteria."""
    return {"Type": kind, "CriteriaList": list(members), **more}


def read(said: Json) -> Cohort:
    """The cohort of a definition."""
    return circe.read(json.dumps(said), "definition.json")


def read_criterion(name: str, **body: Any) -> Read:
    """A criterion of this type."""
    return read(definition({name: body})).entry.reads[0]
