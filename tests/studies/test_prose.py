"""What a committee reads is what runs."""

from __future__ import annotations

import pytest

from transat.core.languages import Language
from transat.federation.limits import NOT_COVERED
from transat.studies.hashes import hashes
from transat.studies.prose import prose
from transat.studies.protocol import read


@pytest.mark.parametrize("language", ["fr", "en"])
def test_every_rule_value_list_and_hash_is_shown(language: Language) -> None:
    protocol = read()
    text = prose(protocol, language)
    for key, rule in protocol.rules():
        assert rule.in_(language) in text
        assert f"[{key} = " in text
    for code in protocol.exposures:
        assert f"{code.label.in_(language)} ({code.code})" in text
    names = hashes(protocol)
    assert names.logic in text
    assert names.document in text
    assert "population.ages = [15, 50]" in text


def test_the_status_of_each_threshold_is_said() -> None:
    assert "source non lue" in prose(read(), "fr")
    assert "source not read" in prose(read(), "en")


@pytest.mark.parametrize("language", ["fr", "en"])
def test_what_the_gate_does_not_check_is_said(language: Language) -> None:
    text = prose(read(), language)
    for limit in NOT_COVERED:
        assert limit.in_(language) in text
