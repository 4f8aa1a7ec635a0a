"""The coordinator takes an answer only from the right site, to the right question, once."""

from __future__ import annotations

import pickle
import random
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import made_sites
import numpy as np
import pytest
from permits import STUDY, draft, permit

from transat.core.errors import DataQualityError, PermissionRefused, SiteUnreachable
from transat.federation import attrition, messages
from transat.federation.coordinator import (
    REJECTED,
    AnswerRejected,
    Coordinator,
    SiteFailed,
    SiteForbids,
    SiteRefused,
)
from transat.federation.coordinator_journal import Journal
from transat.federation.keys import Key
from transat.federation.permit import WHY, PermitRefused
from transat.federation.questions import RELEASES, Question, refusal
from transat.federation.transport import SiteMissing
from transat.statistics import logistic, mantel_haenszel, prevalence
from transat.statistics.design_matrix import Model

SITES = ("france", "quebec")
COORDINATOR, KEYS = Key.new(), {site: Key.new() for site in SITES}
PERMIT = permit(COORDINATOR, KEYS)
STEPS = Question("attrition", attrition.Parameters())
OTHERS = [
    Question("mantel_haenszel", mantel_haenszel.Parameters()),
    *(Question("prevalence", prevalence.Parameters(level=level)) for level in (0.9, 0.95, 0.99)),
]
Change = Callable[[str, bytes], bytes]


def release(site: str) -> bytes:
    """What a site says of its attrition; each site its own."""
    counts = np.array([400 + 100 * SITES.index(site)])
    return RELEASES.encode(attrition.Release(("all",), int(counts[0]), counts, counts))


class Register:
    """A site that keeps to the rules: one entry per question, the same answer for the same one."""

    def __init__(self, site: str) -> None:
        self.site, self.entries = site, 0
        self.stored: dict[str, bytes] = {}
        self.heard: list[messages.SignedQuestion] = []

    def answer(self, payload: bytes) -> bytes:
        question = messages.read_question(payload)
        self.heard.append(question)
        if question.asked not in self.stored:
            self.entries += 1
            self.stored[question.asked] = messages.answer(
                question, release(self.site), self.entries, question.asked, KEYS[self.site]
            )
        return self.stored[question.asked]


class Direct:
    """Hands each question to its site; `change` stands for whoever is on the way."""

    def __init__(self, change: Change = lambda _, raw: raw) -> None:
        self.registers = {site: Register(site) for site in SITES}
        self.change = change
        self.rounds = 0

    def sites(self) -> frozenset[str]:
        return frozenset(SITES)

    def ask(self, questions: Mapping[str, bytes], deadline: float) -> dict[str, bytes]:
        self.rounds += 1
        answers = {site: self.registers[site].answer(q) for site, q in questions.items()}
        return {site: self.change(site, raw) for site, raw in answers.items()}


def coordinator(transport: Direct, kept: Journal | None = None) -> Coordinator:
    return Coordinator(transport, COORDINATOR, PERMIT, kept)


def rejected(change: Change, question: Question = STEPS) -> str:
    with pytest.raises(AnswerRejected) as found:
        coordinator(Direct(change)).ask(question, SITES)
    return found.value.why


def test_one_release_from_each_site_in_order() -> None:
    answers = coordinator(Direct()).ask(STEPS, ("quebec", "france"))
    assert {site: r.rows for site, r in answers.items()} == {"france": 400, "quebec": 500}
    assert list(answers) == list(SITES)


def test_a_question_is_signed_under_the_permit_and_names_its_cohort() -> None:
    transport = Direct()
    asking = coordinator(transport)
    asking.ask(STEPS, ["france"])
    asking.ask(STEPS, ["france"], cohort="9" * 64)
    first, second = transport.registers["france"].heard
    assert (first.key, first.study) == (COORDINATOR.public, STUDY)
    assert (first.cohort, second.cohort) == (PERMIT.cohorts[0], "9" * 64)
    assert first.asked != second.asked


def test_it_needs_a_permit_that_is_its_own_and_signed_by_all() -> None:
    with pytest.raises(PermitRefused) as refused:
        Coordinator(Direct(), Key.new(), PERMIT)
    assert refused.value.code == "not_signed"
    with pytest.raises(PermitRefused) as refused:
        Coordinator(Direct(), COORDINATOR, draft(COORDINATOR, KEYS))
    assert refused.value.field == "signatures"


def test_a_site_that_the_permit_does_not_name_is_not_asked() -> None:
    transport = Direct()
    with pytest.raises(SiteMissing) as missing:
        coordinator(transport).ask(STEPS, ("france", "ontario"))
    assert missing.value.sites == {"ontario"}
    assert transport.rounds == 0


def test_never_a_part_of_the_answers() -> None:
    class Losing(Direct):
        def ask(self, questions: Mapping[str, bytes], deadline: float) -> dict[str, bytes]:
            answers = super().ask(questions, deadline)
            return {"france": answers["france"]}

    with pytest.raises(SiteMissing) as missing:
        coordinator(Losing()).answers(STEPS, SITES)
    assert missing.value.sites == {"quebec"}


def test_another_key_is_no_site() -> None:
    def forged(site: str, raw: bytes) -> bytes:
        return again(raw, key=Key.new())

    assert rejected(forged) == "key"


def test_the_other_sites_key_is_not_this_sites() -> None:
    assert rejected(lambda site, raw: again(raw, key=KEYS["quebec"])) == "key"


def test_swapped_answers() -> None:
    kept: dict[str, bytes] = {}

    class Swapping(Direct):
        def ask(self, questions: Mapping[str, bytes], deadline: float) -> dict[str, bytes]:
            kept.update(super().ask(questions, deadline))
            return dict(zip(SITES, (kept["quebec"], kept["france"]), strict=True))

    with pytest.raises(AnswerRejected) as found:
        coordinator(Swapping()).ask(STEPS, SITES)
    assert found.value.why == "key"


def test_an_answer_to_an_earlier_question_is_not_taken_again() -> None:
    earlier: dict[str, bytes] = {}

    def replayed(site: str, raw: bytes) -> bytes:
        return earlier.setdefault(site, raw)

    asking = coordinator(Direct(replayed))
    asking.ask(STEPS, SITES)
    for question in OTHERS:
        with pytest.raises(AnswerRejected) as found:
            asking.ask(question, SITES)
        assert found.value.why == "asked"


def test_an_answer_of_another_study() -> None:
    assert rejected(lambda _, raw: again(raw, study="8" * 64)) == "asked"


def test_a_release_that_is_none() -> None:
    for body in (b"{}", b"null", b'{"release":"attrition","fields":{}}', b""):
        assert rejected(lambda _, raw, body=body: again(raw, body=body)) == "unreadable"


def test_two_thousand_mutated_answers_are_refused() -> None:
    draws = random.Random(3)

    def mutated(_: str, raw: bytes) -> bytes:
        changed = bytearray(raw)
        for _ in range(draws.choice((1, 1, 1, 3))):
            at = draws.randrange(len(changed))
            kind = draws.randrange(3)
            if kind == 0:
                del changed[at]
            elif kind == 1:
                changed[at] ^= 1 << draws.randrange(8)
            else:
                changed.insert(at, draws.randrange(256))
        return bytes(changed)

    why = {rejected(mutated) for _ in range(1000)}
    assert why == {"unreadable"}
    question = messages.question(STUDY, "3" * 64, "france", b"{}", COORDINATOR)
    for _ in range(1000):
        with pytest.raises(messages.MessageError):
            messages.read_question(mutated("", question))


def test_a_register_that_was_cut_or_rewritten() -> None:
    for entries, head in ((1, "e" * 64), (2, "e" * 64), (0, "e" * 64)):
        transport = Direct()
        asking = coordinator(transport)
        asking.ask(STEPS, SITES)
        asking.ask(OTHERS[0], SITES)
        transport.change = lambda _, raw, e=entries, h=head: again(raw, entries=e, head=h)
        with pytest.raises(AnswerRejected) as found:
            asking.ask(OTHERS[1], SITES)
        assert found.value.why == "register"
        assert asking.registers()["france"].entries == 2


def test_a_register_that_another_study_wrote_in_has_grown() -> None:
    transport = Direct()
    asking = coordinator(transport)
    asking.ask(STEPS, SITES)
    transport.registers["quebec"].entries = 40
    asking.ask(OTHERS[0], SITES)
    assert {s: r.entries for s, r in asking.registers().items()} == {"france": 2, "quebec": 41}


def test_each_site_hears_of_the_others_registers() -> None:
    transport = Direct()
    asking = coordinator(transport)
    asking.ask(STEPS, SITES)
    asking.ask(OTHERS[0], SITES)
    first, second = transport.registers["france"].heard
    assert first.peers == ()
    told = [messages.read_head(line) for line in second.peers]
    assert [(t.site, t.entries, t.key) for t in told] == [("quebec", 1, KEYS["quebec"].public)]


def test_each_site_hears_what_the_others_answered_in_the_same_fit() -> None:
    transport = Direct()
    asking = coordinator(transport)
    model = Model("any_major", ("N03A",), ("age",), sites=2)

    def ask(outcome: str, *beta: float) -> messages.SignedQuestion:
        models = {s: replace(model, outcome=outcome, site=k) for k, s in enumerate(SITES)}
        asked = {
            s: Question("logistic", logistic.Parameters(m, coefficients=beta))
            for s, m in models.items()
        }
        asking.answers(asked, SITES)
        return transport.registers["france"].heard[-1]

    assert ask("any_major").evidence == ()
    assert ask("hypospadias").evidence == ()
    (brought,) = ask("any_major", 0.1, 0.2, 0.3, 0.4).evidence
    answer = messages.carried(brought)
    assert (answer.site, answer.entries, answer.body) == ("quebec", 1, release("quebec"))


@pytest.mark.parametrize(
    ("code", "error"),
    [
        ("cell_floor", SiteRefused),
        ("permit", SiteForbids),
        ("expired", SiteForbids),
        ("not_signed", SiteForbids),
        ("failed", SiteFailed),
        ("forked", SiteForbids),
        ("unreadable", SiteForbids),
    ],
)
def test_what_a_refusal_means(code: str, error: type[Exception]) -> None:
    def no(site: str, raw: bytes) -> bytes:
        return again(raw, body=refusal(code, ("age",))) if site == "quebec" else raw

    with pytest.raises(error) as found:
        coordinator(Direct(no)).ask(STEPS, SITES)
    said: Any = pickle.loads(pickle.dumps(found.value))
    assert said.site == "quebec"
    if error is not SiteFailed:
        assert (said.code, said.columns) == (code, ("age",))


def test_a_gates_refusal_says_what_would_pass() -> None:
    def no(_: str, raw: bytes) -> bytes:
        return again(raw, body=refusal("implied_tables", ("diabetes",), ("epilepsy|diabetes",)))

    with pytest.raises(SiteRefused) as found:
        coordinator(Direct(no)).ask(STEPS, SITES)
    said = pickle.loads(pickle.dumps(found.value))
    assert said.merge == ("epilepsy|diabetes",)
    for language in ("fr", "en"):
        assert "epilepsy + diabetes" in said.message(language)


def test_a_permit_that_does_not_fit_says_what_in_both_languages() -> None:
    for part, text in WHY.items():
        error = SiteForbids("quebec", "permit", (part,))
        assert text.fr in error.message("fr")
        assert text.en in error.message("en")
    assert "(age)" in SiteForbids("quebec", "permit", ("age",)).message("fr")


def test_a_site_that_failed_to_write_its_register_failed() -> None:
    """Such a refusal has no entry: the register has not grown, and is not blamed for it."""
    transport = Direct()
    asking = coordinator(transport)
    asking.ask(STEPS, SITES)
    transport.change = lambda _, raw: again(raw, body=refusal("failed"), entries=1, head="e" * 64)
    with pytest.raises(SiteFailed):
        asking.ask(OTHERS[0], SITES)


def test_a_site_that_could_not_read_the_question_says_so(tmp_path: Path) -> None:
    """A question damaged on the way: a real site's answer is signed, and of no study."""

    class Damaging(Direct):
        def ask(self, questions: Mapping[str, bytes], deadline: float) -> dict[str, bytes]:
            damaged = questions["france"].replace(b"question", b"questjon")
            return {"france": site.answer(damaged)}

    keys = {"france": made_sites.key("site france")}
    with made_sites.signed_site(tmp_path, made_sites.draw(1, 400)) as site:
        with pytest.raises(SiteForbids) as refused:
            Coordinator(Damaging(), COORDINATOR, permit(COORDINATOR, keys)).ask(STEPS, ["france"])
        assert refused.value.code == "unreadable"


def test_only_the_gates_own_refusals_are_an_answer() -> None:
    """A study may go on without a column; never without a permit or a site that failed."""

    def no(code: str) -> Change:
        return lambda site, raw: again(raw, body=refusal(code))

    answers = coordinator(Direct(no("implied_tables"))).answers(STEPS, SITES)
    assert {a.code for a in answers.values()} == {"implied_tables"}
    with pytest.raises(PermissionRefused):
        coordinator(Direct(no("expired"))).answers(STEPS, SITES)
    with pytest.raises(SiteUnreachable):
        coordinator(Direct(no("failed"))).answers(STEPS, SITES)


def journal(path: Path) -> Journal:
    return Journal(path, STUDY, COORDINATOR.public)


def test_a_restarted_coordinator_asks_only_what_is_missing(tmp_path: Path) -> None:
    path, transport = tmp_path / "journal", Direct()
    questions = (STEPS, OTHERS[0])
    with journal(path) as kept:
        asking = coordinator(transport, kept)
        told = [asking.ask(q, SITES)["france"].rows for q in questions]
    with journal(path) as kept:
        asking = coordinator(transport, kept)
        assert [asking.ask(q, SITES)["france"].rows for q in questions] == told
        assert transport.rounds == 2
        asking.ask(OTHERS[1], SITES)
    assert transport.rounds == 3
    heard = transport.registers["france"].heard
    assert [messages.read_head(line).entries for line in heard[-1].peers] == [2]


def test_only_the_site_that_is_missing_is_asked(tmp_path: Path) -> None:
    transport = Direct()
    with journal(tmp_path / "journal") as kept:
        asking = coordinator(transport, kept)
        asking.ask(STEPS, ["france"])
        asking.ask(STEPS, SITES)
    assert len(transport.registers["france"].heard) == 1


def test_after_the_end_the_journal_holds_no_release(tmp_path: Path) -> None:
    path = tmp_path / "journal"
    with journal(path) as kept:
        asking = coordinator(Direct(), kept)
        asking.ask(STEPS, SITES)
        assert release("france") in path.read_bytes()
        asking.end()
    assert release("france") not in path.read_bytes()
    with journal(path) as kept, pytest.raises(DataQualityError, match=r"effacées|deleted"):
        coordinator(Direct(), kept).ask(STEPS, SITES)


def test_every_reason_is_said_in_both_languages() -> None:
    for why, text in REJECTED.items():
        error = AnswerRejected("france", why)
        assert text.fr in error.message("fr")
        assert text.en in error.message("en")
        assert pickle.loads(pickle.dumps(error)).why == why


def again(raw: bytes, key: Key | None = None, **changed: Any) -> bytes:
    """The same answer, signed anew by its site (or `key`) with something changed."""
    answer = messages.read_answer(raw)
    said = {name: changed.get(name, getattr(answer, name)) for name in ("entries", "head", "body")}
    to: Any = replace(answer, study=changed.get("study", answer.study))
    return messages.answer(
        to, said["body"], said["entries"], said["head"], key or KEYS[answer.site]
    )
