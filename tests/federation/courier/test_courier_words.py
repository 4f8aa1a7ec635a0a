"""What a person at an export desk is told, in both languages, and what must not leave."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields
from typing import Any

import numpy as np
import pytest

from transat.core.errors import InputError
from transat.core.languages import LANGUAGES
from transat.federation import messages
from transat.federation.courier_export import Carried
from transat.federation.courier_fields import FIELDS
from transat.federation.courier_manifest import about, details, manifest, summary, warnings
from transat.federation.courier_words import STATISTICS, said
from transat.federation.keys import Key
from transat.federation.questions import RELEASES, STEPS, Question
from transat.federation.wire import Refusal
from transat.statistics import logistic, prevalence
from transat.statistics.design_matrix import Model

Ask = Callable[..., bytes]


def answered(release: Any, question: bytes) -> bytes:
    return messages.answer(
        messages.read_question(question), RELEASES.encode(release), 1, "0" * 64, Key.new()
    )


def test_every_installed_statistic_has_its_words() -> None:
    assert set(STEPS) <= set(STATISTICS)


def test_every_field_that_can_be_asked_or_left_has_its_words() -> None:
    kinds = [kind for step in STEPS.values() for kind in (step.parameters, step.release)]
    names = {field.name for kind in (*kinds, Refusal) for field in fields(kind)}
    assert names - set(FIELDS) == set()


def test_a_question_names_its_columns_and_whose_answers_come_with_it(
    ask: Ask, small_site: Any
) -> None:
    model = Model("spina_bifida", ("N03A",), ("age", "epilepsy"))
    body = Question("logistic", logistic.Parameters(model)).encode()
    answer = small_site("quebec").answer(ask("quebec"))
    evidence = (messages.carry(messages.read_answer(answer)),)
    key = Key.new()
    payload = messages.question("a" * 64, "b" * 64, "france", body, key, (), evidence)
    found = said(payload, "q")
    assert found.brings == ("quebec",)
    message = Carried("question-001-0123456789abcdef.jsonl", payload)
    text = manifest([message], [found])
    for name in ("spina_bifida", "N03A", "epilepsy"):
        assert text.count(name) == 2
    assert "avec la réponse d'un autre site, déjà sortie : quebec" in text
    assert "with another site's answer, already out: quebec" in text
    assert about(found, "fr")[-1] in details(found, "fr")


def test_a_question_says_what_it_asks(ask: Ask) -> None:
    found = said(ask("france"), "q")
    assert (found.kind, found.statistic, found.site) == ("question", "prevalence", "france")
    assert found.numbers == 1
    assert [p.words for p in found.parts if p.name == "interval"] == [("wilson",)]
    assert summary(found, "fr") == "question : fréquence des malformations (1 nombre)"


def test_an_answer_says_how_many_numbers_and_which_are_withheld(ask: Ask, small_site: Any) -> None:
    found = said(small_site("france").answer(ask("france")), "a")
    assert (found.kind, found.statistic) == ("release", "prevalence")
    assert (found.numbers, found.withheld) == (2, 1)
    assert dict(found.counts) == {"persons": 1, "cases": 2, "others": 2}
    assert warnings(found, "fr") == []


def test_a_symmetric_matrix_is_counted_without_its_repeats(ask: Ask) -> None:
    release = logistic.Release(
        ("intercept", "N03A"), 500, 50, -10.5, np.array([1.0, -1.0]), np.eye(2)
    )
    found = said(answered(release, ask("france")), "a")
    assert {p.name: p.numbers for p in found.parts} == {
        "terms": 0, "rows": 1, "cases": 1, "log_likelihood": 1, "gradient": 2, "hessian": 3,
    }  # fmt: skip
    assert found.withheld == 0


def test_a_refusal_says_its_code_and_columns(ask: Ask, small_site: Any) -> None:
    found = said(small_site("france", refuses="implied_tables").answer(ask("france")), "a")
    assert (found.kind, found.statistic) == ("refusal", "implied_tables")
    assert any("age" in line for line in details(found, "fr"))


def test_a_small_count_stops_the_export_and_is_not_shown(ask: Ask) -> None:
    """What is said of a count of 1 and of one of 10 is the same."""
    lines = {}
    for cases in (1, 5, 10):
        release = prevalence.Release(("rare",), 4000, np.array([cases], np.int64))
        found = said(answered(release, ask("france")), "a")
        assert found.small == ("cases",)
        lines[cases] = [[*details(found, x), summary(found, x)] for x in LANGUAGES]
    assert lines[1] == lines[5] == lines[10]
    french, english = lines[1]
    assert any("ARRÊTEZ" in line for line in french)
    assert any("STOP" in line for line in english)


def test_a_content_of_no_statistic_stops_the_export(ask: Ask) -> None:
    question = messages.read_question(ask("france"))
    payload = messages.answer(question, b'{"patient": 12}', 1, "0" * 64, Key.new())
    found = said(payload, "a")
    assert found.kind == "unknown"
    assert any("STOP" in line for line in warnings(found, "en"))
    assert "12" not in " ".join([*details(found, "en"), summary(found, "en")])


def test_the_manifest_is_in_both_languages(ask: Ask, small_site: Any) -> None:
    payload = small_site("france").answer(ask("france"))
    message = Carried("answer-001-0123456789abcdef.jsonl", payload)
    text = manifest([message], [said(payload, message.file)])
    assert text.index("FRANÇAIS") < text.index("ENGLISH")
    assert text.count(message.sha256) == 2
    assert "frequency of malformations" in text
    assert "fréquence des malformations" in text


def test_what_is_no_message_is_refused(ask: Ask) -> None:
    question = ask("france")
    for bad in (b"", b"{}", b"\x1b[2J", question[:-1], question.replace(b"wilson", b"wilsom")):
        with pytest.raises(InputError):
            said(bad, "file")


def test_a_thousand_mutated_messages_are_refused(ask: Ask, small_site: Any) -> None:
    rng = np.random.default_rng(5)
    for good in (ask("france"), small_site("france").answer(ask("france"))):
        for _ in range(500):
            bad = bytearray(good)
            bad[int(rng.integers(len(bad)))] ^= int(rng.integers(1, 256))
            with pytest.raises(InputError):
                said(bytes(bad), "file")
