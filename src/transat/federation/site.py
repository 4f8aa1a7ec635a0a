"""A site: it holds data, a key and permits, answers signed questions, and remembers every answer.

What leaves is decided in `answering`; here it is written down first: one record in the journal,
flushed, then one line in the register, flushed, then the signed answer. So the process can be
killed at any point: started again, it finds in its journal what it had decided, writes what the
register still lacks, gives its checks their memory back, and answers the same question with the
same bytes. Whatever goes wrong inside is a coded refusal.
"""

from __future__ import annotations

import datetime
import hashlib
import json
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Final

from transat.federation import messages
from transat.federation.answering import (
    UNREADABLE,
    Answered,
    Here,
    Memory,
    allowed_again,
    answered,
    refused,
)
from transat.federation.checks.same_size import padding
from transat.federation.data import SiteData
from transat.federation.gate import Gate, checks
from transat.federation.keys import Key
from transat.federation.ledger import GENESIS, START, Entry, Facts, Ledger, State
from transat.federation.messages import MessageError, SignedQuestion
from transat.federation.permit import Permit
from transat.federation.policy import Policy
from transat.federation.refusals import TROUBLE
from transat.federation.site_journal import Record, SiteJournal, entries_of, recover
from transat.federation.trouble import note

#: Cohorts whose tables are kept in memory between questions.
KEPT: Final = 4


class Site:
    """One data holder's side of all its studies. Use as a context manager, or `close` it."""

    def __init__(
        self,
        name: str,
        key: Key,
        folder: Path,
        policy: Policy,
        permits: Callable[[str], Permit | None],
        data: Callable[[str, str], SiteData],
        today: Callable[[], datetime.date] = lambda: datetime.datetime.now(datetime.UTC).date(),
        inputs: str = "",
    ) -> None:
        """Take up the site's register and journal in `folder`; no data is read yet.

        permits: the permit of a study (its logic hash), None where there is none; asked before
        every answer. data: the tables of a study's cohort, made once. today: the site's day (UTC).
        inputs: a name of the data as they are now; an answer given on other data is not given
        again. In `folder`: NAME.jsonl (register), NAME.journal.jsonl, NAME.trouble.log.

        Raises
        ------
        InputError: another process holds this site. DataQualityError: the register or the journal
        was cut or changed.
        """
        self.name, self._key, self._policy = name, key, policy
        self._permits, self._data, self._today, self._inputs = permits, data, today, inputs
        self.register = folder / f"{name}.jsonl"
        self._journal_path = folder / f"{name}.journal.jsonl"
        self._trouble = folder / f"{name}{TROUBLE}"
        self._here = Here(name, key.public, policy)
        self._lock = threading.RLock()
        self._tables: dict[tuple[str, str, str], SiteData] = {}
        self._state = START
        self._journal: SiteJournal | None = None
        self._open()

    @property
    def key(self) -> str:
        """The public key of the site's signatures."""
        return self._key.public

    @property
    def state(self) -> State:
        """How far the register got."""
        return self._state

    def answer(self, payload: bytes) -> bytes:
        """The signed answer to a question: a release that passed the gate, or a refusal.

        It is in the register before this returns; save where what came is no signed question to
        this site, or the register cannot be written: then nothing was computed that leaves.
        """
        with self._lock:
            try:
                question = messages.read_question(payload)
                if question.site != self.name:
                    raise MessageError("site")
            except MessageError as error:
                code = "not_signed" if str(error) == "signature" else UNREADABLE
                note(self._trouble, code, error)
                return self._unread(payload, code)
            try:
                return self._answer(question)
            except Exception as error:  # a disk, a file: nothing of what was computed may leave
                note(self._trouble, UNREADABLE, error)
                self.close()
                return self._signed(question, refused(UNREADABLE, "failed"), self._state)

    def close(self) -> None:
        """Let go of the files; the next question takes them up again."""
        with self._lock:
            if self._journal is not None:
                self._journal.close()
                self._journal = None

    def __enter__(self) -> Site:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _open(self) -> SiteJournal:
        """Take up the journal, then complete the register from it."""
        journal = SiteJournal(self._journal_path)
        try:
            self._memory = Memory(Gate(checks(), self._policy))
            last: Entry | None = None
            for record in journal.replayed(entries_of(self.register)):
                self._remember(record)
                last = record.entry
            recover(self.register, last)
            self._ledger = Ledger(self.register, self.name, self._key)
            self._state = self._ledger.state
        except BaseException:
            journal.close()
            raise
        self._journal = journal
        return journal

    def _answer(self, question: SignedQuestion) -> bytes:
        journal = self._journal or self._open()
        today, permit = self._today(), self._permit(question.study)
        under = self._under(permit)
        record = journal.find(question.asked, under, self._inputs)
        if record is None or not allowed_again(
            question, permit, record.entry.step, self._here, today
        ):
            leaves = answered(
                question,
                permit,
                lambda: self._opened(question, under),
                self._memory,
                self._here,
                today,
            )
            record = self._written(journal, question, leaves, under)
        return self._signed(question, record, _after(record.entry))

    def _under(self, permit: Permit | None) -> str:
        """The name of the policy as the permit tightens it; another one may mask more."""
        terms = None if permit is None else permit.sites.get(self.name)
        return (self._policy if terms is None else terms.tighten(self._policy)).sha256()

    def _written(
        self, journal: SiteJournal, question: SignedQuestion, leaves: Answered, under: str
    ) -> Record:
        """Write down what leaves: from here on it is the answer, whatever happens."""
        if leaves.trouble is not None:
            note(self._trouble, leaves.step, leaves.trouble)
        facts = Facts(
            study=question.study, cohort=question.cohort, asked=question.asked, step=leaves.step,
            release=leaves.release, payload_sha256=hashlib.sha256(leaves.body).hexdigest(),
            payload_bytes=len(leaves.body), cells=leaves.cells, cells_masked=leaves.cells_masked,
            rule=f"{self._policy.key}:{leaves.rule}",
        )  # fmt: skip
        entry = self._ledger.next(facts, leaves.peers)
        record = Record(
            entry, leaves.body, self._inputs, under, leaves.lasting, leaves.left,
            leaves.said, leaves.size,
        )  # fmt: skip
        journal.append(record)
        self._ledger.write(entry)
        self._remember(record)
        self._state = self._ledger.state
        return record

    def _remember(self, record: Record) -> None:
        """Take a written answer into the memory that later questions are judged by."""
        memory, entry = self._memory, record.entry
        if record.left is not None:
            memory.gate.recall(record.left)
        if record.lasting:
            memory.answered[entry.study] = memory.answered.get(entry.study, 0) + 1
        for line in record.said:  # their signatures held when they were written down
            told = json.loads(line)
            memory.peers[told["key"], told["entries"]] = told["head"]

    def _permit(self, study: str) -> Permit | None:
        try:
            return self._permits(study)
        except Exception as error:  # a permit that cannot be read allows nothing
            note(self._trouble, "permit", error)
            return None

    def _opened(self, question: SignedQuestion, under: str) -> SiteData:
        """The tables of a cohort, the least recently asked for making room.

        Their masks hold for one policy: a permit signed anew may have another threshold.
        """
        about = question.study, question.cohort, under
        found = self._tables.pop(about, None) or self._data(question.study, question.cohort)
        while len(self._tables) >= KEPT:
            del self._tables[next(iter(self._tables))]
        self._tables[about] = found
        return found

    def _signed(self, question: SignedQuestion, what: Answered | Record, state: State) -> bytes:
        pad = padding(len(what.body), what.size)
        return messages.answer(question, what.body, state.entries, state.head, self._key, pad)

    def _unread(self, payload: bytes, code: str) -> bytes:
        """The answer to what is no question to this site; the register says nothing of it."""
        question = SignedQuestion(GENESIS, GENESIS, self.name, (), payload, self.key)
        return self._signed(question, refused(UNREADABLE, code), self._state)


def _after(entry: Entry) -> State:
    return State(entry.number + 1, entry.sha256())
