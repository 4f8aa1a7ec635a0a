"""The two forms are whole, in both languages, and say what has no answer."""

from __future__ import annotations

from collections import Counter

import pytest

from transat.core.languages import Text
from transat.reports.evidence.forms import Answer, Form, empty, filled, items


def test_tripod_ai_has_its_27_items_in_52_parts() -> None:
    found = items("tripod_ai")
    assert len(found) == 52
    numbers = [int(item.key.rstrip("abcdefg")) for item in found]
    assert sorted(set(numbers)) == list(range(1, 28))
    assert numbers == sorted(numbers)
    assert {item.applies for item in found} == {"D", "E", "DE"}


def test_probast_ai_has_16_and_18_questions_in_four_domains() -> None:
    found = items("probast_ai")
    assert Counter(item.applies for item in found) == {"development": 16, "evaluation": 18}
    assert {item.part for item in found} == {"participants", "predictors", "outcome", "analysis"}


@pytest.mark.parametrize("form", ["tripod_ai", "probast_ai"])
def test_every_item_is_said_in_two_languages(form: Form) -> None:
    for item in items(form):
        assert item.text.fr
        assert item.text.en
        assert item.text.fr != item.text.en
    assert len({item.key for item in items(form)}) == len(items(form))


def test_what_is_not_answered_is_named() -> None:
    said = Answer(Text("SNDS et Québec", "SNDS and Québec"), "result.json")
    lines = filled("tripod_ai", {"5a": said})
    assert [line.answer for line in lines if line.item.key == "5a"] == [said]
    assert len(empty(lines)) == 51
    assert "5a" not in empty(lines)


def test_an_answer_to_no_item_is_an_error() -> None:
    with pytest.raises(ValueError, match="28z"):
        filled("probast_ai", {"28z": Answer(Text("a", "b"), "x")})
