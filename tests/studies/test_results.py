"""The result's JSON: exact, strict, and the same for the same result."""

from __future__ import annotations

import json
from typing import Any

import pytest
from pydantic import ValidationError

from transat.studies.results import METHODS, NOTES, StudyResult


def test_json_round_trip_is_exact(ran: Any) -> None:
    result = ran.result
    text = result.to_json()
    again = StudyResult.from_json(text)
    assert again == result
    assert again.to_json() == text


def test_strictness(ran: Any) -> None:
    data = json.loads(ran.result.to_json())
    data["births"] = "600"
    with pytest.raises(ValidationError):
        StudyResult.from_json(json.dumps(data))


def test_every_method_and_reason_in_a_result_has_its_text(
    ran: Any,
) -> None:
    result = ran.result
    for signal in result.signals:
        assert signal.not_adjusted is None or signal.not_adjusted in NOTES
        for found in (signal.odds_ratio, signal.adjusted and signal.adjusted.odds_ratio):
            assert found is None or found.method in METHODS
        if signal.absolute is not None:
            assert signal.absolute.exposed.method in METHODS
            assert signal.absolute.difference.method in METHODS
