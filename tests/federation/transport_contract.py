"""The contract that every transport keeps. A test class for one of them subclasses
`TransportContract` and gives it the fixture `opened`: two sites, `Echo("france", folder)` and
`Echo("quebec", folder)`, behind that transport.

A transport carries bytes and knows nothing of what they say, so the sites here compute nothing:
each sends back, signed, what it was asked.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Protocol

import pytest

from transat.federation import messages
from transat.federation.keys import Key, read
from transat.federation.transport import SiteMissing, Transport

SITES = ("france", "quebec")
STUDY, COHORT = "5" * 64, "c" * 64
COORDINATOR = Key.new()


class Echo:
    """A site that answers each question with its own body; `{"fail": 1}` makes it raise,
    `{"wait": s}` makes it answer after s seconds. Its key is a file in `folder`."""

    def __init__(self, name: str, folder: Path) -> None:
        path = folder / f"{name}.echo.key"
        if not path.exists():
            Key.new().write(path)
        self.name, self._key = name, read(path)

    def answer(self, payload: bytes) -> bytes:
        question = messages.read_question(payload)
        said = json.loads(question.body)
        if "fail" in said:
            raise RuntimeError("patient Zoé")
        time.sleep(said.get("wait", 0))
        return messages.answer(question, question.body, 1, question.asked, self._key)


class Opened(Protocol):
    """Two sites behind a transport."""

    transport: Transport

    def stop(self, site: str) -> None:
        """End a site without warning."""

    def start(self, site: str) -> None:
        """Start it again; returns at once."""


def question(site: str, **said: Any) -> bytes:
    """A signed question whose body is `said`."""
    body = json.dumps(said, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
    return messages.question(STUDY, COHORT, site, body, COORDINATOR)


def bodies(answers: Mapping[str, bytes]) -> dict[str, Any]:
    """What each answer says, its signature checked."""
    return {site: json.loads(messages.read_answer(raw).body) for site, raw in answers.items()}


def from_all(**said: Any) -> dict[str, Any]:
    """What `bodies` gives where every site was asked the same."""
    return dict.fromkeys(SITES, said)


class TransportContract:
    """The tests. `deadline`: seconds that a round surely takes; `short`: to wait for a site that
    does not answer."""

    deadline = 30.0
    short = 2.0

    def test_it_names_its_sites(self, opened: Opened) -> None:
        assert opened.transport.sites() == frozenset(SITES)

    def test_exactly_one_answer_from_each_site_asked(self, opened: Opened) -> None:
        for asked in (SITES, SITES[:1], SITES[1:]):
            questions = {site: question(site, n=1) for site in asked}
            answers = opened.transport.ask(questions, self.deadline)
            assert sorted(answers) == sorted(asked)
            for site, raw in answers.items():
                answer = messages.read_answer(raw)
                assert answer.site == site
                assert answer.asked == messages.read_question(questions[site]).asked

    def test_no_site_asked_no_answer(self, opened: Opened) -> None:
        assert opened.transport.ask({}, self.deadline) == {}

    def test_each_site_has_its_own_question(self, opened: Opened) -> None:
        questions = {site: question(site, n=k) for k, site in enumerate(SITES)}
        found = bodies(opened.transport.ask(questions, self.deadline))
        assert found == {"france": {"n": 0}, "quebec": {"n": 1}}

    def test_the_same_question_again_has_the_same_answer(self, opened: Opened) -> None:
        questions = {site: question(site, n=2) for site in SITES}
        first = opened.transport.ask(questions, self.deadline)
        assert opened.transport.ask(questions, self.deadline) == first

    @pytest.mark.parametrize("text", ["", "é « » \\ \" '", "\u0001\u2028", "x" * 1_000_000])
    def test_bytes_come_through_untouched(self, opened: Opened, text: str) -> None:
        questions = {site: question(site, text=text) for site in SITES}
        for site, raw in opened.transport.ask(questions, self.deadline).items():
            assert messages.read_answer(raw).body == messages.read_question(questions[site]).body

    def test_many_rounds_each_with_its_own_answers(self, opened: Opened) -> None:
        for n in range(20):
            questions = {site: question(site, round=n) for site in SITES}
            found = bodies(opened.transport.ask(questions, self.deadline))
            assert found == from_all(round=n)

    def test_two_studies_may_ask_at_once(self, opened: Opened) -> None:
        found: dict[int, Any] = {}

        def ask(k: int) -> None:
            questions = {site: question(site, study=k) for site in SITES}
            found[k] = bodies(opened.transport.ask(questions, self.deadline))

        threads = [threading.Thread(target=ask, args=(k,)) for k in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert found == {k: from_all(study=k) for k in range(2)}

    def test_an_unknown_site_is_named(self, opened: Opened) -> None:
        questions = {site: question(site, n=3) for site in ("france", "ontario")}
        with pytest.raises(SiteMissing) as missing:
            opened.transport.ask(questions, self.short)
        assert missing.value.sites == {"ontario"}

    def test_a_site_that_stopped_is_named_and_answers_once_back(self, opened: Opened) -> None:
        questions = {site: question(site, n=4) for site in SITES}
        opened.stop("quebec")
        with pytest.raises(SiteMissing) as missing:
            opened.transport.ask(questions, self.short)
        assert missing.value.sites == {"quebec"}
        assert sorted(opened.transport.ask({"france": questions["france"]}, self.deadline))
        opened.start("quebec")
        assert bodies(opened.transport.ask(questions, self.deadline)) == from_all(n=4)

    def test_all_the_sites_that_stopped_are_named(self, opened: Opened) -> None:
        for site in SITES:
            opened.stop(site)
        with pytest.raises(SiteMissing) as missing:
            opened.transport.ask({site: question(site, n=5) for site in SITES}, self.short)
        assert missing.value.sites == set(SITES)

    def test_a_site_that_fails_outright_tells_nothing(self, opened: Opened) -> None:
        questions = {"france": question("france", n=6), "quebec": question("quebec", fail=1)}
        with pytest.raises(SiteMissing) as missing:
            opened.transport.ask(questions, self.short)
        assert missing.value.sites == {"quebec"}
        assert "Zoé" not in str(missing.value)
        again = {site: question(site, n=7) for site in SITES}
        assert sorted(opened.transport.ask(again, self.deadline)) == sorted(SITES)

    def test_a_late_answer_is_never_taken_for_anothers(self, opened: Opened) -> None:
        with pytest.raises(SiteMissing):
            opened.transport.ask({"france": question("france", wait=self.short + 1)}, self.short)
        found = opened.transport.ask({"france": question("france", n=8)}, self.deadline)
        assert bodies(found) == {"france": {"n": 8}}


class Switchable:
    """Makes echoes that can be stopped: for transports whose sites are made by a call."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.stopped: set[str] = set()

    def make(self, name: str) -> Any:
        """A site that raises as long as it is stopped."""
        site, stopped = Echo(name, self._folder), self.stopped

        class Site:
            def answer(self, payload: bytes) -> bytes:
                if name in stopped:
                    raise RuntimeError("stopped")
                return site.answer(payload)

        return Site()
