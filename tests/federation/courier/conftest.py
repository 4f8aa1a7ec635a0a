"""Questions and sites for the courier: real messages, keys made for the test."""

from __future__ import annotations

import hashlib
from collections.abc import Callable

import numpy as np
import pytest

from transat.federation import attrition, messages
from transat.federation.keys import Key
from transat.federation.questions import RELEASES, Question, refusal
from transat.statistics import prevalence

STUDY, COHORT = "a" * 64, "b" * 64
COORDINATOR = Key.new()


def asked(site: str, level: float = 0.95) -> bytes:
    """A signed question; another level is another question."""
    body = Question("prevalence", prevalence.Parameters(level=level)).encode()
    return messages.question(STUDY, COHORT, site, body, COORDINATOR)


class SmallSite:
    """Answers any question with the prevalence of one group; refuses as long as told to."""

    def __init__(self, name: str, births: int = 4000, refuses: str = "") -> None:
        self.name, self._births, self.refuses = name, births, refuses
        self._key, self._head = Key.new(), "0" * 64
        self.given: dict[str, bytes] = {}
        self._entries = 0

    def answer(self, payload: bytes) -> bytes:
        """The signed answer; the same again to the same question, unless it was a refusal."""
        question = messages.read_question(payload)
        if question.asked in self.given:
            return self.given[question.asked]
        release = prevalence.Release(
            ("any_major", "rare"), self._births, np.array([self._births // 40, -1], np.int64)
        )
        body = refusal(self.refuses, ("age",)) if self.refuses else RELEASES.encode(release)
        self._head = hashlib.sha256(self._head.encode() + body).hexdigest()
        self._entries += 1
        signed = messages.answer(question, body, self._entries, self._head, self._key)
        if not self.refuses:
            self.given[question.asked] = signed
        return signed


@pytest.fixture
def ask() -> Callable[..., bytes]:
    return asked


@pytest.fixture
def small_site() -> type[SmallSite]:
    return SmallSite


@pytest.fixture
def steps() -> bytes:
    """A question about the attrition at france."""
    body = Question("attrition", attrition.Parameters()).encode()
    return messages.question(STUDY, COHORT, "france", body, COORDINATOR)
