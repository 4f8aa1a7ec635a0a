"""A coordinator that dies at any point and starts again: the same study, to the last bit, and no
question is asked twice."""

from __future__ import annotations

import random
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from made_sites import STUDY, draw, key, permit, signed_site

from transat.federation import attrition
from transat.federation.coordinator import Coordinator
from transat.federation.coordinator_journal import Journal
from transat.federation.ledger_verify import verify
from transat.federation.questions import RELEASES, Question
from transat.federation.site import Site
from transat.federation.transport import SiteMissing
from transat.statistics import logistic, mantel_haenszel, prevalence
from transat.statistics.design_matrix import Model

SITES = ("france", "quebec")
MODEL = Model("any_major", ("N03A",), ("age", "epilepsy"), sites=2)


class Sites:
    """The sites of a study, which outlive its coordinator; a number of rounds, then silence."""

    def __init__(self, sites: Mapping[str, Site], rounds: int = 10_000) -> None:
        self._sites, self.rounds, self.asked = sites, rounds, 0

    def sites(self) -> frozenset[str]:
        return frozenset(self._sites)

    def ask(self, questions: Mapping[str, bytes], deadline: float) -> dict[str, bytes]:
        self.asked += 1
        if self.asked > self.rounds:  # the sites answered, and nobody was there to hear it
            for site, question in questions.items():
                self._sites[site].answer(question)
            raise SiteMissing(set(questions))
        return {site: self._sites[site].answer(q) for site, q in questions.items()}


def study(coordinator: Coordinator) -> list[bytes]:
    """A small study: three tables, then a fit in rounds; its results, bit for bit."""
    told: list[bytes] = []
    for question in (
        Question("attrition", attrition.Parameters()),
        Question("prevalence", prevalence.Parameters()),
        Question("mantel_haenszel", mantel_haenszel.Parameters()),
    ):
        answers = coordinator.ask(question, SITES)
        told += [RELEASES.encode(answers[site]) for site in SITES]

    def ask(parameters: Any) -> list[logistic.Release]:
        asked = zip(SITES, parameters, strict=True)
        answers = coordinator.ask({s: Question("logistic", p) for s, p in asked}, SITES)
        return [answers[site] for site in SITES]

    fit = logistic.combine(ask, logistic.Parameters(MODEL))
    assert fit.converged
    return [*told, fit.coefficients.tobytes(), fit.low.tobytes(), fit.high.tobytes()]


def conducted(sites: Sites, path: Path) -> list[bytes]:
    with Journal(path, STUDY, key("coordinator").public) as journal:
        return study(Coordinator(sites, key("coordinator"), permit(), journal))


@pytest.fixture
def sites(tmp_path: Path) -> Any:
    with ExitStack() as stack:
        yield {
            name: stack.enter_context(signed_site(tmp_path, draw(k, 4000 - 1000 * k), name=name))
            for k, name in enumerate(SITES)
        }


def test_a_journal_cut_anywhere_ends_in_the_same_result(
    sites: dict[str, Site], tmp_path: Path
) -> None:
    """Twenty cuts: what the journal lost, the sites give again, and write no new entry."""
    whole = conducted(Sites(sites), tmp_path / "whole")
    entries = {name: verify(site.register) for name, site in sites.items()}
    content = (tmp_path / "whole").read_bytes()
    draws = random.Random(13)
    for cut in [0, 1, len(content) - 1, *(draws.randrange(len(content)) for _ in range(17))]:
        (tmp_path / "cut").write_bytes(content[:cut])
        assert conducted(Sites(sites), tmp_path / "cut") == whole
        assert {name: verify(site.register) for name, site in sites.items()} == entries


def test_stopped_after_each_round_and_started_again(sites: dict[str, Site], tmp_path: Path) -> None:
    """Whatever the round in which the coordinator lost its sites, it goes on from there."""
    for rounds in range(40):
        transport = Sites(sites, rounds=1)
        try:
            result = conducted(transport, tmp_path / "journal")
        except SiteMissing:
            continue
        assert rounds >= 3 + 3
        break
    alone = Sites(sites)
    assert conducted(alone, tmp_path / "other") == result
    assert alone.asked == rounds + transport.asked
    assert conducted(Sites(sites, rounds=0), tmp_path / "journal") == result  # asks nothing more
