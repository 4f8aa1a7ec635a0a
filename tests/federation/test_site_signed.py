"""A site answers signed questions under its permit, writes every answer down, and only once."""

from __future__ import annotations

import datetime
import hashlib
import json
import os
import random
from dataclasses import replace
from pathlib import Path
from typing import Any

import made_sites
import numpy as np
import pytest
from made_sites import COHORT, STUDY, TODAY, draw, key, permit, question, signed_site

from transat.core.errors import DataQualityError, InputError
from transat.federation import attrition, messages, trouble
from transat.federation.checks.same_size import padding
from transat.federation.data import SiteData
from transat.federation.ledger_verify import agree, read, verify
from transat.federation.questions import RELEASES
from transat.federation.site import Site
from transat.federation.site_journal import purge
from transat.federation.wire import Refusal
from transat.statistics import logistic, mantel_haenszel, prevalence
from transat.statistics.design_matrix import Model

MODEL = Model("any_major", ("N03A",), ("age", "epilepsy"))
SCAN = question("mantel_haenszel", mantel_haenszel.Parameters())
STEP = question("attrition", attrition.Parameters())
RATES = question("prevalence", prevalence.Parameters())
FIT = question("logistic", logistic.Parameters(MODEL))
FRANCE = key("site france").public


def said(answer: bytes) -> Any:
    return RELEASES.decode(messages.read_answer(answer).body)


def test_an_answer_is_signed_by_the_site_and_names_its_question(tmp_path: Path) -> None:
    with signed_site(tmp_path, draw(1, 4000)) as site:
        answer = messages.read_answer(site.answer(SCAN))
        assert (answer.key, answer.site, answer.study) == (FRANCE, "france", STUDY)
        assert answer.asked == messages.read_question(SCAN).asked
        assert (answer.entries, answer.head) == (1, read(site.register)[0].sha256())


def test_the_register_says_what_left(tmp_path: Path) -> None:
    with signed_site(tmp_path, draw(1, 4000)) as site:
        answers = [messages.read_answer(site.answer(q)) for q in (STEP, RATES, SCAN, FIT)]
        entries = read(site.register)
        verify(site.register, every=True)
    assert [e.payload_sha256 for e in entries] == [
        hashlib.sha256(a.body).hexdigest() for a in answers
    ]
    assert [e.payload_bytes for e in entries] == [len(a.body) for a in answers]
    assert [e.step for e in entries] == ["attrition", "prevalence", "mantel_haenszel", "logistic"]
    assert [e.asked for e in entries] == [a.asked for a in answers]
    assert entries[2].cells_masked > 0
    assert {(e.study, e.cohort, e.site, e.key) for e in entries} == {
        (STUDY, COHORT, "france", FRANCE)
    }


def test_the_same_question_gets_the_same_bytes_and_no_new_entry(tmp_path: Path) -> None:
    with signed_site(tmp_path, draw(1, 4000)) as site:
        first = [site.answer(q) for q in (SCAN, RATES, SCAN)]
        assert first[0] == first[2]
        assert site.state.entries == 2
    with signed_site(tmp_path, draw(1, 4000)) as again:
        assert [again.answer(q) for q in (RATES, SCAN)] == [first[1], first[0]]
        assert again.state.entries == 2


def test_other_data_are_answered_anew(tmp_path: Path) -> None:
    with signed_site(tmp_path, draw(1, 4000), inputs="2025") as site:
        old = site.answer(RATES)
    with signed_site(tmp_path, draw(2, 3000), inputs="2026") as site:
        assert said(site.answer(RATES)).counts().keys() == said(old).counts().keys()
        assert site.answer(RATES) != old
        assert site.state.entries == 2
    with signed_site(tmp_path, draw(1, 4000), inputs="2025") as site:
        assert site.answer(RATES) == old


def test_a_stored_answer_is_only_for_who_asked_it(tmp_path: Path) -> None:
    with signed_site(tmp_path, draw(1, 4000)) as site:
        site.answer(RATES)
        theirs = question("prevalence", prevalence.Parameters(), by="stranger")
        assert said(site.answer(theirs)) == Refusal("not_signed", ("coordinator",))


REFUSED: dict[str, tuple[dict[str, Any], bytes]] = {
    "not_signed coordinator": ({"coordinator": key("another").public}, SCAN),
    "permit study": ({"study": "6" * 64}, SCAN),
    "permit cohorts": ({}, question("prevalence", prevalence.Parameters(), cohort="b" * 64)),
    "permit steps": ({"steps": ("attrition",)}, SCAN),
    "permit version": ({"version": "0.0.1"}, SCAN),
    "permit rounds": ({"rounds": 0}, SCAN),
    "expired ends": ({"ends": TODAY}, SCAN),
    "expired starts": ({"starts": TODAY + datetime.timedelta(days=1)}, SCAN),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_the_permit_does_not_cover_is_refused_and_in_the_register(
    tmp_path: Path, case: str
) -> None:
    changes, asked = REFUSED[case]
    code, part = case.split()

    def never() -> SiteData:
        raise AssertionError("no data is read for what is not allowed")

    with signed_site(tmp_path, draw(1, 9), allowed=permit(**changes), data=never) as site:
        assert said(site.answer(asked)) == Refusal(code, (part,))
        (entry,) = read(site.register)
    assert (entry.release, entry.rule, entry.cells) == ("refusal", f"snds:{code}", 0)


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b'{"fields":{},"release":"rows"}', "not_installed"),
        (b'{"fields":{"level":2},"release":"prevalence"}', "closed_list"),
        (b'{"fields":{},"release":["rows"]}', "closed_list"),
        (b"SELECT * FROM person", "closed_list"),
        (b"[" * 100_000, "closed_list"),
        (b"", "closed_list"),
    ],
)
def test_what_is_no_installed_statistic_is_refused(tmp_path: Path, body: bytes, code: str) -> None:
    asked = messages.question(STUDY, COHORT, "france", body, key("coordinator"))
    with signed_site(tmp_path, draw(1, 9)) as site:
        assert said(site.answer(asked)) == Refusal(code)
        assert site.state.entries == 1


def test_a_permit_that_lacks_a_signature_or_was_altered_is_refused(tmp_path: Path) -> None:
    whole = permit()
    lacking = replace(whole, signatures={"france": whole.signatures["france"]})
    for number, wrong in enumerate((lacking, replace(whole, rounds=2000))):
        with signed_site(tmp_path / str(number), draw(1, 400), allowed=wrong) as site:
            assert said(site.answer(SCAN)) == Refusal("permit", ("signatures",))


def test_a_permit_refused_today_may_allow_tomorrow(tmp_path: Path) -> None:
    with signed_site(tmp_path, draw(1, 4000), today=TODAY - datetime.timedelta(days=1)) as site:
        assert said(site.answer(RATES)) == Refusal("expired", ("starts",))
    with signed_site(tmp_path, draw(1, 4000)) as site:
        first = site.answer(RATES)
        assert not isinstance(said(first), Refusal)
    with signed_site(tmp_path, draw(1, 4000), allowed=permit(ends=TODAY)) as site:
        assert said(site.answer(RATES)) == Refusal(
            "expired", ("ends",)
        )  # a stored answer needs one too
    with signed_site(tmp_path, draw(1, 4000)) as site:
        assert site.answer(RATES) == first


def test_rounds_count_questions_not_deliveries(tmp_path: Path) -> None:
    with signed_site(tmp_path, draw(1, 4000), allowed=permit(rounds=2)) as site:
        for asked in (STEP, STEP, RATES, STEP):
            assert not isinstance(said(site.answer(asked)), Refusal)
        assert said(site.answer(SCAN)) == Refusal("permit", ("rounds",))


@pytest.mark.parametrize(
    ("payload", "code"),
    [
        (b"", "unreadable"),
        (b"SELECT * FROM person\n\n", "unreadable"),
        (SCAN.replace(b"mantel", b"fantel"), "unreadable"),
        (SCAN.replace(b'"transat":1', b'"transat":2'), "unreadable"),
        (SCAN.replace(STUDY.encode(), b"6" * 64), "not_signed"),
        (question("prevalence", prevalence.Parameters(), site="quebec"), "unreadable"),
    ],
)
def test_what_is_no_question_is_refused_signed_and_logged(
    tmp_path: Path, payload: bytes, code: str
) -> None:
    with signed_site(tmp_path, draw(1, 400)) as site:
        answer = messages.read_answer(site.answer(payload))
        assert RELEASES.decode(answer.body) == Refusal(code)
        assert (answer.key, answer.site, answer.study) == (FRANCE, "france", "0" * 64)
        assert site.state.entries == 0  # what nobody signed cannot make the register grow
    assert f"{code}: MessageError" in (tmp_path / "france.trouble.log").read_text("utf-8")


def test_a_full_file_of_troubles_makes_room(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(trouble, "LONGEST", 500)
    with signed_site(tmp_path, draw(1, 9)) as site:
        for _ in range(20):
            site.answer(b"no question")
    sizes = {p.name: p.stat().st_size for p in tmp_path.glob("*.trouble.log*")}
    assert sorted(sizes) == ["france.trouble.log", "france.trouble.log.1"]
    assert max(sizes.values()) < 1500


def test_no_text_of_an_exception_crosses(tmp_path: Path) -> None:
    def broken() -> SiteData:
        raise RuntimeError("NIR 2850775115001, spina bifida")

    with signed_site(tmp_path, draw(1, 400), data=broken) as site:
        answer = site.answer(RATES)
        assert said(answer) == Refusal("failed")
    written = b"".join(f.read_bytes() for f in tmp_path.iterdir())
    assert b"RuntimeError" in written
    assert b"285" not in messages.read_answer(answer).body
    assert b"2850775" not in answer + written


def test_a_computation_that_failed_is_tried_again(tmp_path: Path) -> None:
    rows, broken = draw(1, 4000), [True]

    def sometimes() -> SiteData:
        if broken.pop():
            broken.append(False)
            raise OSError("disk")
        return made_sites.site_data(rows, made_sites.attrition(rows.n))

    with signed_site(tmp_path, rows, data=sometimes) as site:
        assert said(site.answer(RATES)) == Refusal("failed")
        assert not isinstance(said(site.answer(RATES)), Refusal)


def test_masks_made_for_a_lower_threshold_are_not_used(tmp_path: Path) -> None:
    terms = {s: replace(t, threshold=20) for s, t in permit().sites.items()}
    with signed_site(tmp_path, draw(1, 4000), allowed=permit(sites=terms)) as site:
        assert said(site.answer(RATES)) == Refusal("failed")
    assert "ConfigError" in (tmp_path / "france.trouble.log").read_text("utf-8")


def test_a_refusal_has_the_size_class_of_the_answer_it_stands_for(tmp_path: Path) -> None:
    refused = question("logistic", logistic.Parameters(replace(MODEL, covariates=("diabetes",))))
    alike = question("logistic", logistic.Parameters(replace(MODEL, covariates=("epilepsy",))))
    with signed_site(tmp_path, draw(1, 4000)) as site:
        no, yes = site.answer(refused), site.answer(alike)
        assert isinstance(said(no), Refusal)
        assert not isinstance(said(yes), Refusal)
        assert len(no.split(b"\n")[1]) == len(yes.split(b"\n")[1])


def test_size_classes_are_eight_to_an_octave() -> None:
    sizes = [n + padding(n, n) for n in range(1, 40_000)]
    assert sizes[0] == 512
    assert sizes == sorted(sizes)
    assert all(n <= size for n, size in enumerate(sizes, 1))
    assert all(size <= n * 1.125 + 1 for n, size in enumerate(sizes, 1) if n > 512)
    assert len(set(sizes)) < 60
    assert padding(60, 5000) + 60 == padding(5000, 5000) + 5000
    assert padding(messages.LONGEST, messages.LONGEST) == 0


def test_a_thousand_mutated_questions_change_nothing(tmp_path: Path) -> None:
    """One byte changed, dropped, doubled or put elsewhere: refused, and the site goes on."""
    draws = random.Random(5)
    with signed_site(tmp_path, draw(1, 4000)) as site:
        first = site.answer(SCAN)
        for _ in range(1000):
            at, to = draws.randrange(len(SCAN)), draws.randrange(len(SCAN))
            mutated = draws.choice(
                (
                    SCAN[:at] + bytes([SCAN[at] ^ 1 << draws.randrange(8)]) + SCAN[at + 1 :],
                    SCAN[:at] + SCAN[at + 1 :],
                    SCAN[:at] + SCAN[at : at + 1] + SCAN[at:],
                    SCAN[: min(at, to)] + SCAN[max(at, to) :],
                )
            )
            if mutated != SCAN:
                answer = messages.read_answer(site.answer(mutated))
                refused = RELEASES.decode(answer.body)
                assert refused in (Refusal("unreadable"), Refusal("not_signed"))
        assert site.answer(SCAN) == first
        assert site.state.entries == 1


def test_a_permit_with_a_higher_threshold_masks_more(tmp_path: Path) -> None:
    """The stored answer and the tables made for the permit before are not used under the next."""
    rows, now = draw(1, 4000), [permit()]

    def made() -> SiteData:
        threshold = now[0].sites["france"].threshold
        return made_sites.site_data(rows, made_sites.attrition(rows.n), threshold)

    terms = {s: replace(t, threshold=150) for s, t in permit().sites.items()}
    site = Site(
        "france", key("site france"), tmp_path, made_sites.policy("france"), lambda _: now[0],
        lambda *_: made(), lambda: TODAY,
    )  # fmt: skip
    with site:
        loose = site.answer(RATES)
        now[0] = permit(sites=terms)
        strict = site.answer(RATES)
        assert (said(strict).cases < 0).sum() > (said(loose).cases < 0).sum()
        now[0] = permit()
        assert site.answer(RATES) == loose
        assert site.state.entries == 2


# The other sites' registers -----------------------------------------------------------------


def both(tmp_path: Path) -> tuple[Site, Site]:
    france = signed_site(tmp_path, draw(1, 4000))
    return france, signed_site(tmp_path, draw(2, 4000), name="quebec")


def test_each_round_counter_signs_the_other_register(tmp_path: Path) -> None:
    france, quebec = both(tmp_path)
    line = messages.read_answer(
        quebec.answer(question("attrition", attrition.Parameters(), "quebec"))
    ).line
    with france, quebec:
        france.answer(question("prevalence", prevalence.Parameters(), peers=(line,)))
        (entry,) = read(france.register)
        assert entry.peers == {"quebec": quebec.state}
        assert agree(france.register, quebec.register) == 1


def test_a_forged_state_of_another_register_is_refused(tmp_path: Path) -> None:
    france, quebec = both(tmp_path)
    with france, quebec:
        asked = messages.read_question(question("attrition", attrition.Parameters(), "quebec"))
        forged = messages.answer(asked, b"{}", 4, "f" * 64, key("stranger"))
        own = messages.answer(asked, b"{}", 4, "f" * 64, key("site france"))
        true = messages.answer(asked, b"{}", 4, "f" * 64, key("site quebec"))
        lines = [messages.read_answer(a).line for a in (forged, own, true)]
        for number, peers in enumerate(
            [(lines[0],), (lines[1],), ("nothing",), (lines[2], lines[2]), (lines[2][:-9] + '9"}',)]
        ):
            parameters = prevalence.Parameters(level=0.9 + number / 100)
            answer = said(france.answer(question("prevalence", parameters, peers=peers)))
            assert answer == Refusal("not_signed", ("peers",))


def test_a_register_told_in_two_versions_is_refused_even_after_a_restart(tmp_path: Path) -> None:
    asked = messages.read_question(question("attrition", attrition.Parameters(), "quebec"))
    one, two = (
        messages.read_answer(messages.answer(asked, b"{}", 4, digit * 64, key("site quebec"))).line
        for digit in "ef"
    )
    with signed_site(tmp_path, draw(1, 4000)) as site:
        site.answer(question("prevalence", prevalence.Parameters(), peers=(one,)))
    with signed_site(tmp_path, draw(1, 4000)) as site:
        other = question("prevalence", prevalence.Parameters(level=0.9), peers=(two,))
        assert said(site.answer(other)) == Refusal("forked", ("quebec",))


# What is on the disk ------------------------------------------------------------------------


def test_a_site_is_held_by_one_process(tmp_path: Path) -> None:
    with signed_site(tmp_path, draw(1, 40)), pytest.raises(InputError):
        signed_site(tmp_path, draw(1, 40))
    signed_site(tmp_path, draw(1, 40)).close()


def test_nobody_else_on_the_machine_reads_the_journal(tmp_path: Path) -> None:
    with signed_site(tmp_path, draw(1, 9)) as site:
        site.answer(b"no question")
    for name in ("france.journal.jsonl", "france.trouble.log"):
        assert (tmp_path / name).stat().st_mode & 0o077 == 0


def three(tmp_path: Path) -> tuple[Path, Path]:
    with signed_site(tmp_path, draw(1, 4000)) as site:
        for asked in (STEP, RATES, SCAN):
            site.answer(asked)
    return site.register, tmp_path / "france.journal.jsonl"


def test_the_memory_of_checks_comes_back_with_the_journal(tmp_path: Path) -> None:
    rows = draw(1, 4000)
    three(tmp_path)
    smaller = rows.take(np.arange(3997))
    with signed_site(tmp_path, smaller, inputs="a later extract") as site:
        answer = said(site.answer(RATES))
        assert isinstance(answer, Refusal)
        assert answer.code == "overlap"


def test_a_purged_journal_keeps_the_memory_and_loses_the_answers(tmp_path: Path) -> None:
    register, journal = three(tmp_path)
    before, kept = journal.read_bytes(), register.read_bytes()
    assert purge(journal, register, "6" * 64) == 0
    assert journal.read_bytes() == before
    assert purge(journal, register, STUDY) == 3
    assert purge(journal, register, STUDY) == 0
    assert b'"release":' in before.splitlines()[1]
    assert journal.read_bytes().splitlines()[1::2] == [b""] * 3
    smaller = draw(1, 4000).take(np.arange(3997))
    with signed_site(tmp_path, smaller, inputs="a later extract") as site:
        assert isinstance(said(site.answer(RATES)), Refusal)
        with pytest.raises(InputError):
            purge(journal, register, STUDY)
    assert register.read_bytes().startswith(kept)
    with signed_site(tmp_path, draw(1, 4000), allowed=permit(rounds=4)) as site:
        assert said(site.answer(STEP)) == Refusal("permit", ("rounds",))  # three and a refusal


def test_a_journal_torn_at_any_byte_of_its_end_is_whole_again(tmp_path: Path) -> None:
    """Torn in its last record, whose answer then never left: the register lacks it too."""
    register, journal = three(tmp_path)
    kept, lines = journal.read_bytes(), register.read_bytes().splitlines(keepends=True)
    last = kept.rfind(b"\n", 0, kept.rfind(b"\n", 0, len(kept) - 1)) + 1
    answer = None
    for cut in [*range(last, len(kept), max((len(kept) - last) // 25, 1)), len(kept) - 1]:
        journal.write_bytes(kept[:cut])
        register.write_bytes(b"".join(lines[:2]))
        with signed_site(tmp_path, draw(1, 4000)) as site:
            assert site.state.entries == 2
            found = messages.read_answer(site.answer(SCAN)).body
            answer = answer or found
            assert found == answer
            verify(register, every=True)


def test_a_register_torn_at_any_byte_of_its_last_line_is_completed(tmp_path: Path) -> None:
    register, _ = three(tmp_path)
    whole = register.read_bytes()
    last = whole.rfind(b"\n", 0, len(whole) - 1) + 1
    for cut in range(last, len(whole)):
        register.write_bytes(whole[:cut])
        signed_site(tmp_path, draw(1, 40)).close()
        assert register.read_bytes() == whole


def test_a_register_or_a_journal_that_lost_more_stops_loudly(tmp_path: Path) -> None:
    register, journal = three(tmp_path)
    lines = register.read_bytes().splitlines(keepends=True)
    records = journal.read_bytes().splitlines(keepends=True)
    changed = lines[1].replace(b'"cells":', b'"cells":1', 1)
    stretched = records[0].replace(b'"size":', b'"size":1', 1)
    wrong = {
        "register gone": ([], records),
        "register cut": (lines[:1], records),
        "register with more": ([*lines, lines[2]], records),
        "register changed": ([lines[0], changed, lines[2]], records),
        "another tail": ([*lines[:2], b'{"asked":"zzz'], records),
        "journal gone": (lines, []),
        "journal cut": (lines, records[:4]),
        "journal torn": (lines, [*records[:5], records[5][:9]]),
        "journal changed": (lines, [stretched, *records[1:]]),
        "journal's body changed": (lines, [records[0], b"{}\n", *records[2:]]),
        "journal out of order": (lines, [*records[2:4], *records[:2], *records[4:]]),
    }
    for one, other in wrong.values():
        register.write_bytes(b"".join(one))
        journal.write_bytes(b"".join(other))
        with pytest.raises(DataQualityError):
            signed_site(tmp_path, draw(1, 40))


def test_a_disk_that_fails_lets_nothing_out_and_is_taken_up_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, left = os.fsync, [0]

    def full(descriptor: int) -> None:
        left[0] -= 1
        if left[0] == 0:
            raise OSError(28, "No space left on device")
        real(descriptor)

    monkeypatch.setattr(os, "fsync", full)
    for at in (1, 2):  # the journal's flush, the register's
        folder = tmp_path / str(at)
        with signed_site(folder, draw(1, 4000)) as site:
            left[0] = at
            assert said(site.answer(RATES)) == Refusal("failed")
            answer = site.answer(RATES)
            assert not isinstance(said(answer), Refusal)
            assert site.state.entries == messages.read_answer(answer).entries == 1
            verify(site.register, every=True)


def test_the_journal_is_json_and_holds_no_small_count(tmp_path: Path) -> None:
    _, journal = three(tmp_path)
    lines = [json.loads(line) for line in journal.read_text("utf-8").splitlines()]
    heads, bodies = lines[::2], lines[1::2]
    assert [h["record"]["entry"]["number"] for h in heads] == [0, 1, 2]
    assert [b["release"] for b in bodies] == ["attrition", "prevalence", "mantel_haenszel"]
