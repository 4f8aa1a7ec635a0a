"""Messages: what is written is read back, and nothing else is a message."""

from __future__ import annotations

import json
import random
from typing import Any

import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from transat.federation import messages
from transat.federation.keys import Key
from transat.federation.messages import MessageError, SignedAnswer, SignedQuestion

COORDINATOR, SITE, OTHER = Key.new(), Key.new(), Key.new()
STUDY, COHORT, HEAD = "1" * 64, "2" * 64, "3" * 64
BODIES = st.binary(max_size=200).map(lambda b: b.replace(b"\n", b""))


def asking(body: bytes = b"{}", **extra: Any) -> bytes:
    return messages.question(STUDY, COHORT, "france", body, COORDINATOR, **extra)


def answering(body: bytes = b'{"n":12}', pad: int = 0) -> bytes:
    to = messages.read_question(asking())
    return messages.answer(to, body, 7, HEAD, SITE, pad)


def signed(head: dict[str, Any], body: bytes, key: Key = SITE) -> bytes:
    """A message of any head, rightly signed: only its form is wrong."""
    head = {k: v for k, v in head.items() if k != "signature"}
    head["signature"] = key.sign(rfc8785.dumps(head))
    return rfc8785.dumps(head) + b"\n" + body + b"\n"


@given(BODIES, st.integers(0, 300))
def test_an_answer_comes_back_whole(body: bytes, pad: int) -> None:
    raw = answering(body, pad)
    asked = messages.read_question(asking()).asked
    read = messages.read_answer(raw)
    assert read == SignedAnswer(
        STUDY, COHORT, "france", asked, 7, HEAD, body, SITE.public, read.line
    )
    assert raw.startswith(read.line.encode() + b"\n")
    assert len(raw) == len(read.line) + len(body) + pad + 2


@given(BODIES)
def test_a_question_comes_back_whole(body: bytes) -> None:
    line = messages.read_answer(answering()).line
    brought = messages.carry(messages.read_answer(answering()))
    read = messages.read_question(asking(body, peers=(line,), evidence=(brought,)))
    assert read == SignedQuestion(
        STUDY, COHORT, "france", (line,), body, COORDINATOR.public, (brought,)
    )
    assert messages.carried(brought).body == b'{"n":12}'


def test_a_question_has_one_name_whoever_delivers_it() -> None:
    line = messages.read_answer(answering()).line
    first = messages.read_question(asking())
    again = messages.read_question(asking(peers=(line,)))
    assert first.asked == again.asked == messages.asked(STUDY, COHORT, "france", b"{}")
    others = [
        messages.asked("9" * 64, COHORT, "france", b"{}"),
        messages.asked(STUDY, "9" * 64, "france", b"{}"),
        messages.asked(STUDY, COHORT, "quebec", b"{}"),
        messages.asked(STUDY, COHORT, "france", b"[]"),
    ]
    assert len({first.asked, *others}) == 5


def test_a_refusal_can_be_as_long_as_the_answer_that_it_stands_for() -> None:
    long, short = answering(b"x" * 900), answering(b"no", pad=898)
    assert len(short) - len(long) == 2  # the number of spaces has two digits more
    assert messages.read_answer(short).body == b"no"


@given(st.binary(max_size=400))
def test_any_bytes_are_a_message_or_an_error(raw: bytes) -> None:
    for read in (messages.read_question, messages.read_answer):
        with pytest.raises(MessageError):
            read(raw)


def test_one_bit_changed_anywhere_is_refused() -> None:
    for raw, read in ((asking(), messages.read_question), (answering(pad=5), messages.read_answer)):
        for at in range(len(raw)):
            for bit in (0, 5):
                changed = bytearray(raw)
                changed[at] ^= 1 << bit
                with pytest.raises(MessageError):
                    read(bytes(changed))  # type: ignore[operator]


def test_a_message_cut_or_lengthened_is_refused() -> None:
    raw = answering(pad=9)
    for at in range(len(raw)):
        with pytest.raises(MessageError):
            messages.read_answer(raw[:at])
    for more in (b"\n", b" ", b"x", raw):
        with pytest.raises(MessageError):
            messages.read_answer(raw + more)


def test_a_question_is_no_answer() -> None:
    with pytest.raises(MessageError):
        messages.read_answer(asking())
    with pytest.raises(MessageError):
        messages.read_question(answering())
    with pytest.raises(MessageError):
        messages.read_head(messages.read_question(asking()).body.decode())


WRONG: dict[str, Any] = {
    "transat": [2, True, "1", 1.5],
    "kind": ["question", "else"],
    "study": ["1" * 63, "1" * 65, "G" * 64, 1, None, "1" * 64 + "\n"],
    "site": ["", "France", "a" * 21, "fr/ance"],
    "entries": [-1, 1.5, "7", True],
    "pad": [-1, 1, True, "", None, 2**40],
    "head": ["3" * 63, None],
    "asked": ["", "3" * 64 + " "],
    "key": ["", OTHER.public, OTHER.public[:-1]],
    "body_sha256": ["0" * 64],
}


@pytest.mark.parametrize("field", WRONG)
def test_the_form_counts_even_under_a_right_signature(field: str) -> None:
    raw = answering()
    head = json.loads(raw.split(b"\n")[0])
    for value in WRONG[field]:
        with pytest.raises(MessageError):
            messages.read_answer(signed({**head, field: value}, b'{"n":12}'))


def test_what_canonical_json_cannot_carry_is_refused() -> None:
    """Half a letter, or a number that has no exact double: a stranger may write them."""
    head = json.loads(asking(peers=("x",)).split(b"\n")[0])
    for peers in (["\ud800"], ["x", "\udfff"]):
        line = json.dumps({**head, "peers": peers}).encode()
        with pytest.raises(MessageError):
            messages.read_question(line + b"\n{}\n")
    head = json.loads(answering().split(b"\n")[0])
    for entries in (2**53, 10**400, 1e999):
        line = json.dumps({**head, "entries": entries}).encode()
        with pytest.raises(MessageError):
            messages.read_answer(line + b'\n{"n":12}\n')


def test_no_field_may_be_added_or_left_out() -> None:
    head = json.loads(answering().split(b"\n")[0])
    with pytest.raises(MessageError):
        messages.read_answer(signed({**head, "more": 1}, b'{"n":12}'))
    for field in set(head) - {"signature"}:
        without = {k: v for k, v in head.items() if k != field}
        with pytest.raises(MessageError):
            messages.read_answer(signed(without, b'{"n":12}'))


def test_the_same_head_written_otherwise_is_refused() -> None:
    line, body = answering().split(b"\n")[:2]
    head = json.loads(line)
    for other in (
        json.dumps(head).encode(),
        line.replace(b'"entries":7', b'"entries":7,"entries":7'),
        line.replace(b"france", b"fr\\u0061nce"),
    ):
        assert other != line
        with pytest.raises(MessageError):
            messages.read_answer(other + b"\n" + body + b"\n")


def test_too_long_a_message_is_not_looked_at() -> None:
    with pytest.raises(MessageError, match="length"):
        messages.read_answer(b"x" * (messages.LONGEST + 1))
    deep = b"[" * 100_000
    with pytest.raises(MessageError):
        messages.read_answer(deep + b"\n" + b"\n")


def test_two_thousand_mutated_questions_are_refused() -> None:
    draws = random.Random(11)
    raw = asking(b'{"release":"attrition","fields":{}}')
    for _ in range(2000):
        changed = bytearray(raw)
        for _ in range(draws.choice((1, 1, 2, 8))):
            at = draws.randrange(len(changed))
            if draws.random() < 0.5:
                changed[at] = (changed[at] + draws.randrange(1, 256)) % 256
            else:
                changed.insert(at, draws.randrange(256))
        with pytest.raises(MessageError):
            messages.read_question(bytes(changed))
