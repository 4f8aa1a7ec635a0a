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
    """Answers any question with the prevalence of one group, or refuses; keeps what it answered."""

    def __init__(self, name: str, births: int = 4000, refuses: str = "") -> None:
        self.name, self._births, self._refuses = name, births, refuses
        self._key, self._head = Key.new(), "0" * 64
        self.given: dict[str, bytes] = {}

    def answer(self, payload: bytes) -> bytes:
        """The signed answer; the same again to the same question."""
        question = messages.read_question(payload)
        if question.asked not in self.given:
            release = prevalence.Release(
                ("any_major", "rare"), self._births, np.array([self._births // 40, -1], np.int64)
            )
            body = refusal(self._refuses, ("age",)) if self._refuses else RELEASES.encode(release)
            self._head = hashlib.sha256(self._head.encode() + body).hexdigest()
            self.given[question.asked] = messages.answer(
                question, body, len(self.given) + 1, self._head, self._key
            )
        return self.given[question.asked]


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
