"""Kills a site's process with SIGKILL, again and again, and looks at what it says afterwards.

`python site_kills.py FOLDER FIRST LAST [WRONG]` makes one site per seed of [FIRST, LAST). Each seed
kills one or two lives of the site at a point of its own: before a line of code of the site is run,
at a flush whose end the disk lost, or after a time. The last life is left alone. Every answer that
left must be the one that leaves later, and equal to that of a site which was never killed; the
register must verify. Prints one line of JSON: how many lives were killed, where, and how many
answers had left by then.
"""

from __future__ import annotations

import json
import os
import random
import select
import signal
import stat
import sys
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Any

from made_sites import draw, question, signed_site

from transat.federation import attrition, messages
from transat.federation.ledger import Entry, Ledger
from transat.federation.ledger_verify import verify
from transat.federation.site_journal import Record, SiteJournal
from transat.statistics import logistic, mantel_haenszel, prevalence
from transat.statistics.design_matrix import Model

TRACED = ("site.py", "site_journal.py", "ledger.py", "answering.py")
ROWS = draw(1, 2000)
QUESTIONS = (
    question("attrition", attrition.Parameters()),
    question("prevalence", prevalence.Parameters()),
    question("logistic", logistic.Parameters(Model("any_major", ("N03A",), ("diabetes",)))),
    b"no question",
    question("mantel_haenszel", mantel_haenszel.Parameters()),
    question("prevalence", prevalence.Parameters()),
    question("logistic", logistic.Parameters(Model("any_major", ("N03A",), ("age", "epilepsy")))),
)
Answers = dict[int, bytes]


def life(folder: Path, said: int, arm: Callable[[], None]) -> None:
    """One life of the site: it answers every question, in order, into a pipe."""
    arm()
    with signed_site(folder, ROWS) as site:
        for number, asked in enumerate(QUESTIONS):
            answer = site.answer(asked)
            os.write(said, b"%d %d\n" % (number, len(answer)) + answer)


def lived(folder: Path, arm: Callable[[], None], killed_after: float | None = None) -> Answers:
    """The answers that left in one life, in a process of its own."""
    come, said = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(come)
        try:
            life(folder, said, arm)
        finally:
            os._exit(0)
    os.close(said)
    raw = bytearray()
    until = None if killed_after is None else time.monotonic() + killed_after
    while True:
        wait = None if until is None else max(until - time.monotonic(), 0.0)
        if not select.select([come], [], [], wait)[0]:
            os.kill(child, signal.SIGKILL)
            until = None
        elif not (part := os.read(come, 1 << 20)):
            break
        else:
            raw += part
    os.close(come)
    os.waitpid(child, 0)
    return parsed(bytes(raw))


def parsed(raw: bytes) -> Answers:
    """Answers by the number of their question."""
    found: Answers = {}
    while raw:
        head, _, rest = raw.partition(b"\n")
        number, length = map(int, head.split())
        assert len(rest) >= length, "an answer was cut by the pipe"
        found[number], raw = rest[:length], rest[length:]
    return found


def nothing() -> None:
    """A life that nobody ends."""


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


class Lines:
    """Counts the lines that the site's own code runs; dies before the one of this number."""

    def __init__(self, last: int = 0) -> None:
        self.run, self._last = 0, last

    def __call__(self) -> None:
        """Begin to count."""
        sys.settrace(self._call)

    def _call(self, frame: FrameType, event: str, _: Any) -> Any:
        path = frame.f_code.co_filename
        own = os.path.basename(path) in TRACED and "federation" in path
        return self._line if own else None

    def _line(self, frame: FrameType, event: str, _: Any) -> Any:
        self.run += event == "line"
        if self.run == self._last:
            die()
        return self._line


def at_flush(folder: Path, number: int, lost: int) -> Callable[[], None]:
    """Die at the flush of this number; the disk lost its last bytes, none flushed before."""
    real, left, kept = os.fsync, [number], dict[int, int]()

    def flush(descriptor: int) -> None:
        found = os.fstat(descriptor)
        left[0] -= 1
        if left[0] == 0:
            if stat.S_ISREG(found.st_mode):
                os.ftruncate(descriptor, max(found.st_size - lost, kept.get(found.st_ino, 0)))
            die()
        kept[found.st_ino] = found.st_size
        real(descriptor)

    def arm() -> None:
        for path in folder.glob("*"):
            kept[path.stat().st_ino] = path.stat().st_size
        os.fsync = flush

    return arm


def write_register_first() -> None:
    """A site that is wrong on purpose: its register knows of an answer before its journal does."""
    append, write = SiteJournal.append, Ledger.write
    waiting: list[tuple[SiteJournal, Record]] = []

    def later(journal: SiteJournal, record: Record) -> None:
        waiting.append((journal, record))

    def first(ledger: Ledger, entry: Entry) -> None:
        write(ledger, entry)
        append(*waiting.pop())

    SiteJournal.append, Ledger.write = later, first  # type: ignore[method-assign]


def forget() -> None:
    """A site that is wrong on purpose: it looks for no earlier answer."""
    SiteJournal.find = lambda *_: None  # type: ignore[method-assign]


WRONG = {"register_first": write_register_first, "forgets": forget}


def counted(folder: Path) -> tuple[int, float]:
    """Lines that the site's code runs in one whole life, and its seconds."""
    start = time.monotonic()
    lived(folder / "timed", nothing)
    seconds = time.monotonic() - start
    lines = Lines()
    with open(os.devnull, "wb") as said:
        life(folder / "counted", said.fileno(), lines)
    sys.settrace(None)
    return lines.run, seconds


def main(folder: Path, first: int, last: int) -> dict[str, Any]:
    """Kill, live on, compare; raises AssertionError where anything differs."""
    never = lived(folder / "never", nothing)
    bodies = {n: a.split(b"\n")[1] for n, a in never.items()}
    lines, seconds = counted(folder)
    done: Counter[str] = Counter()
    left = 0
    for seed in range(first, last):
        at = random.Random(seed)
        where = folder / f"seed{seed}"
        earlier: list[Answers] = []
        for _ in range(at.choice((1, 1, 2))):
            kind = at.choice(("line", "line", "flush", "time"))
            if kind == "line":
                earlier.append(lived(where, Lines(at.randrange(1, lines))))
            elif kind == "flush":
                earlier.append(
                    lived(where, at_flush(where, at.randrange(1, 13), at.randrange(400)))
                )
            else:
                earlier.append(lived(where, nothing, at.uniform(0.0, seconds)))
            done[kind] += len(earlier[-1]) < len(QUESTIONS)
            left += len(earlier[-1])
        compared(where, bodies, earlier, lived(where, nothing))
    return {"kills": sum(done.values()), "where": dict(done), "answers_before": left,
            "lines": lines}  # fmt: skip


def compared(where: Path, bodies: Answers, earlier: list[Answers], whole: Answers) -> None:
    """What left before a kill leaves again, byte for byte; the register holds each once."""
    assert {n: a.split(b"\n")[1] for n, a in whole.items()} == bodies, where
    for answers in earlier:
        for number, answer in answers.items():
            unread = QUESTIONS[number] == b"no question"  # it says how far the register got
            assert unread or whole[number] == answer, (where, number)
    state = verify(where / "france.jsonl", every=True)
    kept = {a.asked for q in QUESTIONS if q != b"no question" for a in [messages.read_question(q)]}
    assert state.entries == len(kept), where


if __name__ == "__main__":
    for wrong in sys.argv[4:]:
        WRONG[wrong]()
    print(json.dumps(main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))))
