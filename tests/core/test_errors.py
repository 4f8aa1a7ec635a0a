"""Errors say what, where and the next step, in both languages, and each class has its exit code."""

from __future__ import annotations

import pickle

import pytest

from transat.core import languages
from transat.core.errors import ERRORS, InputError, TransatError, close_match
from transat.core.languages import Text

FACT, STEP = Text("fait.", "fact."), Text("geste.", "step.")


def test_message_is_one_line_in_the_language_chosen() -> None:
    error = InputError(FACT, "a.csv", STEP)
    assert error.message("fr") == "a.csv : fait. geste."
    assert error.message("en") == "a.csv: fact. step."
    assert str(error) == error.message("fr")


def test_every_class_has_its_own_exit_code() -> None:
    codes = [e.exit_code for e in ERRORS]
    assert codes == list(range(10, 10 + len(ERRORS)))
    assert set(ERRORS) == set(TransatError.__subclasses__())


def test_errors_cross_a_process_boundary() -> None:
    error = pickle.loads(pickle.dumps(InputError(FACT, "a.csv", STEP)))
    assert isinstance(error, InputError)
    assert error.where == "a.csv"


def test_close_match() -> None:
    assert close_match("exposurse", ["exposures", "outcomes"]) == "exposures"
    assert close_match("zzz", ["exposures"]) is None


def test_a_text_needs_both_languages() -> None:
    with pytest.raises(ValueError, match="both languages"):
        Text("bonjour", " ")


@pytest.mark.parametrize(
    ("lang", "expected"), [("en_CA.UTF-8", "en"), ("fr_CA.UTF-8", "fr"), ("C.UTF-8", "fr")]
)
def test_language_comes_from_the_locale_then_french(
    monkeypatch: pytest.MonkeyPatch, lang: str, expected: str
) -> None:
    languages.choose(None)
    monkeypatch.delenv("LC_ALL", raising=False)
    monkeypatch.delenv("LC_MESSAGES", raising=False)
    monkeypatch.setenv("LANG", lang)
    assert languages.current() == expected
