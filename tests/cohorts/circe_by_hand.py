"""A small OHDSI cohort definition, written by hand."""

from __future__ import annotations

import json
from typing import Any


def definition(concept: int = 1, domain: str = "ConditionOccurrence", **changes: Any) -> str:
    """Events of `domain` with `concept` or a descendant let in; changes: top-level keys."""
    said: dict[str, Any] = {
        "ConceptSets": [
            {
                "id": 0,
                "name": "wanted",
                "expression": {
                    "items": [{"concept": {"CONCEPT_ID": concept}, "includeDescendants": True}]
                },
            }
        ],
        "PrimaryCriteria": {
            "CriteriaList": [{domain: {"CodesetId": 0}}],
            "ObservationWindow": {"PriorDays": 0, "PostDays": 0},
            "PrimaryCriteriaLimit": {"Type": "All"},
        },
        "QualifiedLimit": {"Type": "First"},
        "ExpressionLimit": {"Type": "All"},
        "InclusionRules": [],
        "CensoringCriteria": [],
        "CollapseSettings": {"CollapseType": "ERA", "EraPad": 0},
        "CensorWindow": {},
    }
    return json.dumps(said | changes)
