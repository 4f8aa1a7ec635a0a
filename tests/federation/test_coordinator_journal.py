"""The coordinator's journal: whole, torn at any byte, damaged, another's, purged."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest
from permits import COHORT, STUDY

from transat.core.errors import DataQualityError, InputError
from transat.federation import messages
from transat.federation.coordinator_journal import Journal
from transat.federation.keys import Key

COORDINATOR, KEYS = Key.new(), {site: Key.new() for site in ("france", "quebec")}


def opened(path: Path | None, study: str = STUDY, key: Key | None = None) -> Journal:
    return Journal(path, study, (key or COORDINATOR).public)


def round_(number: int) -> dict[str, tuple[messages.SignedAnswer, bytes]]:
    """Both sites' answers to the round of that number, from 1."""
    found = {}
    for site, key in KEYS.items():
        body = b'{"round":%d}' % number
        asked = messages.read_question(messages.question(STUDY, COHORT, site, body, COORDINATOR))
        raw = messages.answer(asked, body * 3, number, asked.asked, key)
        found[site] = messages.read_answer(raw), raw
    return found


def keep(journal: Journal, rounds: range) -> None:
    for number in rounds:
        answers = round_(number)
        journal.ask({site: answer.asked for site, (answer, _) in answers.items()})
        assert all(journal.fits(answer) for answer, _ in answers.values())
        journal.answered(answers.values())


def rounds_in(path: Path) -> list[int]:
    """Rounds of which the journal gives back both sites' very bytes; each answer whole or none."""
    found = []
    with opened(path) as journal:
        for number in range(1, 6):
            kept = [(journal.answer(a.asked), raw) for a, raw in round_(number).values()]
            assert all(have in (None, raw) for have, raw in kept)
            if all(have is not None for have, _ in kept):
                found.append(number)
    return found


def test_what_was_answered_is_there_again(tmp_path: Path) -> None:
    with opened(tmp_path / "j") as journal:
        keep(journal, range(1, 4))
        peers = journal.peers("france")
    assert rounds_in(tmp_path / "j") == [1, 2, 3]
    with opened(tmp_path / "j") as journal:
        assert journal.peers("france") == peers
        assert journal.seen("quebec").entries == 3
        keep(journal, range(4, 6))
    assert rounds_in(tmp_path / "j") == [1, 2, 3, 4, 5]


def test_a_journal_torn_at_any_byte_goes_on(tmp_path: Path) -> None:
    """A kill leaves a beginning of what was written: what is whole is kept, the rest asked anew."""
    with opened(tmp_path / "whole") as journal:
        keep(journal, range(1, 4))
    whole = (tmp_path / "whole").read_bytes()
    torn = tmp_path / "torn"
    for at in range(0, len(whole) + 1, 67):
        torn.write_bytes(whole[:at])
        before = rounds_in(torn)
        assert before == list(range(1, len(before) + 1))
        with opened(torn) as journal:
            for number in range(len(before) + 1, 4):
                keep(journal, range(number, number + 1))
        assert rounds_in(torn) == [1, 2, 3]


def test_damage_before_the_end_is_told(tmp_path: Path) -> None:
    """A record, a head or a body that was changed: never another answer than the one that came."""
    path = tmp_path / "j"
    with opened(path) as journal:
        keep(journal, range(1, 3))
    whole = path.read_bytes()
    draws, told = random.Random(1), 0
    for _ in range(300):
        changed = bytearray(whole)
        changed[draws.randrange(len(whole))] ^= 1 << draws.randrange(7)
        path.write_bytes(changed)
        try:
            with opened(path) as journal:
                for answer, raw in round_(1).values():
                    have = journal.answer(answer.asked)
                    assert have in (None, raw) or _unreadable(have)
        except DataQualityError:
            told += 1
    assert told > 100


def _unreadable(raw: bytes | None) -> bool:
    """The coordinator reads each stored answer again, and stops."""
    with pytest.raises(messages.MessageError):
        messages.read_answer(raw or b"")
    return True


def test_another_study_or_coordinator_has_another_journal(tmp_path: Path) -> None:
    with opened(tmp_path / "j") as journal:
        keep(journal, range(1, 2))
    for study, key in (("e" * 64, COORDINATOR), (STUDY, Key.new())):
        with pytest.raises(DataQualityError) as refused:
            opened(tmp_path / "j", study, key)
        assert refused.value.where == str(tmp_path / "j")


def test_a_file_that_is_no_journal_is_left_as_it_is(tmp_path: Path) -> None:
    for content in (b"{}\n", b"null\n", b"[1]\n", b"text\n"):
        (tmp_path / "j").write_bytes(content)
        with pytest.raises(DataQualityError):
            opened(tmp_path / "j")
        assert (tmp_path / "j").read_bytes() == content


def test_one_coordinator_at_a_time(tmp_path: Path) -> None:
    with opened(tmp_path / "j"), pytest.raises(InputError):
        opened(tmp_path / "j")
    opened(tmp_path / "j").close()


def test_a_register_grows_and_does_not_fork() -> None:
    journal = opened(None)
    keep(journal, range(1, 4))
    old, raw = round_(2)["france"]
    new = messages.read_question(messages.question(STUDY, COHORT, "france", b"{}", COORDINATOR))
    journal.ask({"france": new.asked})
    for entries, head, fits in ((4, "e", True), (3, "e", False), (2, old.head[0], False)):
        told = messages.answer(new, b"{}", entries, head * 64, KEYS["france"])
        assert journal.fits(messages.read_answer(told)) is fits
    assert journal.fits(old)  # the same answer to the same question, once more
    assert not journal.fits(_with_head(old, "d" * 64))
    assert raw


def _with_head(answer: messages.SignedAnswer, head: str) -> messages.SignedAnswer:
    question = messages.question(STUDY, COHORT, answer.site, b'{"round":2}', COORDINATOR)
    asked = messages.read_question(question)
    assert asked.asked == answer.asked
    return messages.read_answer(
        messages.answer(asked, answer.body, answer.entries, head, KEYS[answer.site])
    )


def test_answers_to_questions_asked_together_come_in_any_order() -> None:
    journal = opened(None)
    first, second = (round_(number)["france"] for number in (1, 2))
    journal.ask({"france": first[0].asked})
    journal.ask({"france": second[0].asked})
    journal.answered([second])
    assert journal.fits(first[0])
    journal.answered([first])
    assert journal.seen("france").entries == 2


def test_after_a_purge_heads_are_there_and_bodies_are_not(tmp_path: Path) -> None:
    path = tmp_path / "j"
    with opened(path) as journal:
        keep(journal, range(1, 4))
        assert not journal.ended
        lines = {site: journal.seen(site).line for site in KEYS}
        journal.purge()
        assert journal.ended
    assert b'{"round":' not in path.read_bytes()
    with opened(path) as journal:
        assert journal.ended
        assert {site: journal.seen(site).line for site in KEYS} == lines
        for answer, _ in round_(2).values():
            with pytest.raises(DataQualityError):
                journal.answer(answer.asked)
        journal.purge()
        assert not path.with_name("j.partial").exists()
    for line in lines.values():
        assert messages.read_head(line).entries == 3


WRITER = """
    import sys
    sys.path.insert(0, {tests!r})
    import test_coordinator_journal as t
    from pathlib import Path
    from transat.federation import keys
    folder = Path({folder!r})
    t.COORDINATOR = keys.read(folder / "coordinator")
    t.KEYS = {{site: keys.read(folder / site) for site in ("france", "quebec")}}
    with t.opened(folder / "j") as journal:
        print("open", flush=True)
        for number in range(1, 6):
            answers = t.round_(number)
            if any(journal.answer(a.asked) is None for a, _ in answers.values()):
                t.keep(journal, range(number, number + 1))
        journal.purge() if {purge!r} else None
    print("done", flush=True)
"""


@pytest.mark.slow
def test_a_writer_killed_at_any_moment_loses_nothing_that_it_had(tmp_path: Path) -> None:
    """Thirty real processes killed at seeded moments; what was there before is there after."""
    COORDINATOR.write(tmp_path / "coordinator")
    for site, key in KEYS.items():
        key.write(tmp_path / site)
    script = textwrap.dedent(WRITER).format(
        tests=str(Path(__file__).parent), folder=str(tmp_path), purge=False
    )
    draws, before, killed = random.Random(7), 0, 0
    for _ in range(30):
        process = subprocess.Popen(
            [sys.executable, "-c", script], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
        )
        assert process.stdout is not None
        with process.stdout:
            process.stdout.readline()
            try:
                process.wait(timeout=draws.random() * 0.004)
            except subprocess.TimeoutExpired:
                os.kill(process.pid, signal.SIGKILL)
                killed += 1
            process.wait()
        after = rounds_in(tmp_path / "j")
        assert after == list(range(1, len(after) + 1))
        assert len(after) >= before
        before = 0 if len(after) == 5 else len(after)
        if len(after) == 5:
            (tmp_path / "j").unlink()
    assert killed >= 3
