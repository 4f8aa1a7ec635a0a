"""Questions and answers in parts: whatever is lost, repeated or cut, the answer is the answer."""

from __future__ import annotations

import hashlib
import random
import threading
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from transat.federation.flare import calls
from transat.federation.flare.calls import PART, Answerer, fetch

HEAD = 41


def echo(_: str, question: bytes) -> bytes:
    return b"answer to " + question


def soon(seconds: float = 20.0) -> float:
    return time.monotonic() + seconds


@pytest.mark.parametrize("size", [0, 1, PART - 1, PART, PART + 1, 3 * PART + 7])
def test_any_size_comes_through(size: int) -> None:
    question = random.Random(size).randbytes(size)
    there = Answerer(echo)
    assert fetch(question, lambda r, _: there.reply("hub", r), soon()) == echo("", question)


def test_a_small_question_and_its_answer_take_one_round_trip() -> None:
    there, sent = Answerer(echo), []

    def send(request: bytes, _: float) -> bytes:
        sent.append(request)
        return there.reply("hub", request)

    assert fetch(b"q", send, soon()) == b"answer to q"
    assert len(sent) == 1


class BadLine:
    """Loses requests and replies, delivers twice, and restarts the other side, by a seed."""

    def __init__(self, seed: int, trouble: float) -> None:
        self._random, self._trouble = random.Random(seed), trouble
        self.computed: list[bytes] = []
        self.restarts = 0
        self._start()

    def _start(self) -> None:
        self._there = Answerer(self._answer, hold=0.01)

    def _answer(self, _: str, question: bytes) -> bytes:
        self.computed.append(question)
        return hashlib.sha512(question).digest() * (1 + len(question) // 40)

    def send(self, request: bytes, _: float) -> bytes | None:
        if self._random.random() < self._trouble:
            what = self._random.choice(("request", "reply", "twice", "restart"))
            if what == "request":
                return None
            if what == "restart":
                self.restarts += 1
                self._start()
            first = self._there.reply("hub", request)
            if what == "reply":
                return None
            return self._there.reply("hub", request) if what == "twice" else first
        return self._there.reply("hub", request)


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**32), st.integers(0, 3 * PART), st.floats(0, 0.5))
def test_a_bad_line_changes_nothing(seed: int, size: int, trouble: float) -> None:
    question = random.Random(seed).randbytes(size)
    line = BadLine(seed, trouble)
    answer = fetch(question, line.send, soon(60))
    assert answer == hashlib.sha512(question).digest() * (1 + size // 40)
    assert set(line.computed) == {question}
    assert len(line.computed) <= 1 + line.restarts


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=200))
def test_whatever_comes_there_is_a_reply(request: bytes) -> None:
    assert len(THERE.reply("hub", request)) >= HEAD


THERE = Answerer(echo, hold=0.01)


def head(what: bytes, index: int, count: int, name: bytes = b"n" * 32) -> bytes:
    return calls._HEAD.pack(what, index, count, name)


@pytest.mark.parametrize(
    "request_",
    [
        b"",
        head(b"X", 0, 1),
        head(calls.PUT, 0, 0),  # no part
        head(calls.PUT, 0, 2**32 - 1),  # more than the longest message
        head(calls.PUT, 5, 3),  # a part that is not one of them
        head(calls.PUT, 0, 1, hashlib.sha256(b"other").digest()) + b"this",
        head(calls.PUT, 0, 2) + b"short",  # only the last part is short
        head(calls.PUT, 0, 1) + b"x" * (PART + 1),
    ],
)
def test_what_is_no_question_is_refused(request_: bytes) -> None:
    computed: list[bytes] = []
    there = Answerer(lambda _, q: computed.append(q) or b"")
    assert there.reply("hub", request_)[:1] == calls.REFUSED
    assert computed == []


def test_a_question_too_long_is_refused_before_it_is_taken() -> None:
    there, taken = Answerer(echo, longest=2 * PART), []

    def send(request: bytes, _: float) -> bytes:
        taken.append(request)
        return there.reply("hub", request)

    assert fetch(b"x" * (4 * PART), send, soon()) is None
    assert len(taken) == 1


def test_an_answer_too_long_is_not_taken() -> None:
    there = Answerer(lambda _, q: b"x" * (4 * PART))
    assert fetch(b"q", lambda r, _: there.reply("hub", r), soon(), longest=2 * PART) is None


def test_one_question_of_many_askers_is_computed_once() -> None:
    computed: list[bytes] = []

    def slow(_: str, question: bytes) -> bytes:
        computed.append(question)
        time.sleep(0.3)
        return question

    there, found = Answerer(slow, hold=0.05), []
    threads = [
        threading.Thread(
            target=lambda: found.append(fetch(b"q", lambda r, _: there.reply("hub", r), soon()))
        )
        for _ in range(5)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [b"q"] * 5
    assert computed == [b"q"]


def test_an_answer_is_not_kept_for_long(monkeypatch: pytest.MonkeyPatch) -> None:
    """Asked again much later, a site decides again: its permit may have been revoked."""
    computed: list[bytes] = []
    there = Answerer(lambda _, q: computed.append(q) or q)

    def ask(question: bytes = b"q") -> None:
        assert fetch(question, lambda r, _: there.reply("hub", r), soon()) == question

    ask()
    ask()
    assert len(computed) == 1
    monkeypatch.setattr(calls, "FRESH", -1.0)
    ask()
    assert len(computed) == 2
    monkeypatch.setattr(calls, "FRESH", 60.0)
    for k in range(calls.KEPT + 1):
        ask(str(k).encode())
    ask()
    assert computed.count(b"q") == 3


def test_one_peer_never_sees_the_answer_to_anothers_question() -> None:
    there = Answerer(lambda who, q: f"for {who}".encode())
    for who in ("marie", "paul"):
        answer = fetch(b"q", lambda r, _, who=who: there.reply(who, r), soon())
        assert answer == f"for {who}".encode()


def test_a_failure_says_nothing_and_is_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(calls, "AGAIN", 0.01)
    tried: list[int] = []

    def fails_twice(_: str, question: bytes) -> bytes:
        tried.append(1)
        if len(tried) < 3:
            raise ValueError("patient 12 is 47 years old")
        return question

    there, replies = Answerer(fails_twice), []

    def send(request: bytes, _: float) -> bytes:
        replies.append(there.reply("hub", request))
        return replies[-1]

    assert fetch(b"q", send, soon()) == b"q"
    assert [reply[:1] for reply in replies] == [calls.FAILED, calls.FAILED, calls.READY]
    assert replies[0][1:] == bytes(40)


def test_an_answer_that_changes_on_the_way_is_never_mixed() -> None:
    """A site restarted between two parts, which then answers something else."""
    answers = [b"a" * (2 * PART), b"b" * (2 * PART)]
    there = [Answerer(lambda _, q, a=a: a) for a in answers]
    sent = []

    def send(request: bytes, _: float) -> bytes:
        sent.append(request)
        return there[len(sent) > 1].reply("hub", request)

    assert fetch(b"q", send, soon()) == answers[1]


def test_no_word_until_the_deadline_is_no_answer() -> None:
    start = time.monotonic()
    assert fetch(b"q", lambda *_: time.sleep(0.01), start + 0.2) is None
    assert 0.2 <= time.monotonic() - start < 2
