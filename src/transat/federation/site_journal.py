"""A site's journal: every answer with its register entry, in one flush, before it leaves.

One record per answer: a line of JSON (the register's entry, what the checks remember of what left,
the other sites' signed states) and a line that is the answer's body. Read again at each start, it
gives back the checks' memory; the same question again finds its answer here. Its file is held by
one process at a time. A record that a kill tore at the very end is cut off; anything else that does
not fit stops with an error.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from transat.core.errors import DataQualityError, InputError
from transat.core.folders import held
from transat.core.languages import Text
from transat.federation.ledger import GENESIS, Entry, canonical, entry_of

_NEXT: Final = Text(
    "Rendez au site son journal et son registre d'une même sauvegarde, les plus récents.",
    "Give the site its journal and register from the same backup, the latest.",
)
_SUM: Final = re.compile(rb'(\{"record":.*),"sum":"([0-9a-f]{64})"\}\n', re.DOTALL)


@dataclass(frozen=True, slots=True)
class Record:
    """An answer as the site keeps it.

    inputs: name of the data that it was computed on. under: SHA-256 of the policy as the permit
    tightened it. lasting: the same question on the same data under the same policy gets it again,
    since it left already. left: what the checks remember. said: the other sites' signed states, as
    they came. size: bytes of the body that it stands for.
    """

    entry: Entry
    body: bytes
    inputs: str
    under: str
    lasting: bool
    left: Any
    said: tuple[str, ...]
    size: int
    purged: bool = False

    def encode(self) -> bytes:
        """The two lines of the journal."""
        told = {
            "entry": json.loads(self.entry.line()), "inputs": self.inputs,
            "lasting": self.lasting, "left": self.left, "said": list(self.said), "size": self.size,
            "under": self.under, "purged": self.purged,
        }  # fmt: skip
        line = canonical({"record": told})[:-1]
        name = hashlib.sha256(line).hexdigest().encode()
        return b"".join((line, b',"sum":"', name, b'"}\n', self.body, b"\n"))


def _decode(line: bytes, body: bytes) -> Record | None:
    """The record of two lines as they were written, or None."""
    found = _SUM.fullmatch(line)
    if found is None or hashlib.sha256(found[1]).hexdigest().encode() != found[2]:
        return None
    told = json.loads(found[1] + b"}")["record"]
    entry = entry_of(canonical(told["entry"]))
    whole = body == b"\n" if told["purged"] else _named(body) == entry.payload_sha256
    if not body.endswith(b"\n") or not whole:
        return None
    return Record(
        entry, body[:-1], told["inputs"], told["under"], told["lasting"], told["left"],
        tuple(told["said"]), told["size"], told["purged"],
    )  # fmt: skip


def _named(body: bytes) -> str:
    return hashlib.sha256(body[:-1]).hexdigest()


class SiteJournal:
    """The journal of one site. Use `replayed` once, before anything else."""

    def __init__(self, path: Path) -> None:
        """Open or start the journal at `path`, and hold it.

        Raises
        ------
        InputError: another process holds it.
        """
        self.path = path
        self._open = ExitStack()
        self._places: dict[tuple[str, str, str], int] = {}
        path.parent.mkdir(parents=True, exist_ok=True)
        new = not path.exists()
        path.touch(mode=0o600)  # exact sums: nobody else on the machine reads them
        self._file = self._open.enter_context(path.open("a+b"))
        try:
            self._open.enter_context(held(path))
        except BaseException:
            self._open.close()
            raise
        if new:
            _flush_folder(path.parent)

    def replayed(self, registered: int) -> Iterator[Record]:
        """Every record, in order; a torn end is cut off once the last whole one was given.

        registered: how many entries the register holds. An answer is here before it is there, so
        fewer records than that means that this file lost some.

        Raises
        ------
        DataQualityError: the file is damaged, or not the one that the register grew with.
        """
        self._file.seek(0)
        end, count, head = 0, 0, GENESIS
        while (record := self._next()) is not None:
            if (record.entry.number, record.entry.previous) != (count, head):
                break
            self._keep(record, end)
            end, count, head = self._file.tell(), count + 1, record.entry.sha256()
            yield record
        if count < registered:
            raise self._damaged(count + 1)
        self._file.truncate(end)

    def append(self, record: Record) -> None:
        """Write a record and flush it to disk: from then on it is the answer."""
        start = self._file.seek(0, os.SEEK_END)
        self._file.write(record.encode())
        self._file.flush()
        os.fsync(self._file.fileno())
        self._keep(record, start)

    def find(self, asked: str, under: str, inputs: str) -> Record | None:
        """The lasting answer to a question on the same data under the same policy, or None.

        Raises
        ------
        DataQualityError: it is damaged.
        """
        start = self._places.get((asked, under, inputs))
        if start is None:
            return None
        self._file.seek(start)
        record = self._next()
        if record is None or record.entry.asked != asked:
            raise self._damaged(None)
        return record

    def close(self) -> None:
        """Let go of the file."""
        self._open.close()

    def _next(self) -> Record | None:
        line = self._file.readline()
        return _decode(line, self._file.readline()) if line else None

    def _keep(self, record: Record, start: int) -> None:
        if record.lasting and not record.purged:
            self._places[record.entry.asked, record.under, record.inputs] = start

    def _damaged(self, record: int | None) -> DataQualityError:
        where = str(self.path) if record is None else f"{self.path}:{2 * record - 1}"
        return DataQualityError(
            Text(
                "le journal du site est abîmé, ou plus ancien que son registre.",
                "the site's journal is damaged, or older than its register.",
            ),
            where,
            _NEXT,
        )


def purge(path: Path, register: Path, study: str) -> int:
    """Delete the bodies of a study's answers, after its end; how many there were.

    What the checks remember of them stays, and so do their entries. The site must be stopped. The
    journal is written anew beside its place, then renamed.

    Raises
    ------
    InputError: there is no journal, or a process holds it. DataQualityError: it is damaged.
    """
    if not path.exists():
        raise InputError(
            Text("ce journal n'existe pas.", "this journal does not exist."),
            str(path),
            Text("Nommez le registre d'un site.", "Name the register of a site."),
        )
    journal, found = SiteJournal(path), 0
    try:
        partial = path.with_name(path.name + ".partial")
        with partial.open("wb") as kept:
            for record in journal.replayed(entries_of(register)):
                if record.entry.study == study and not record.purged:
                    record, found = replace(record, body=b"", purged=True), found + 1
                kept.write(record.encode())
            kept.flush()
            os.fsync(kept.fileno())
        os.replace(partial, path)
        _flush_folder(path.parent)
    finally:
        journal.close()
    return found


def entries_of(path: Path) -> int:
    """How many whole lines a register has; it may not exist yet."""
    return path.read_bytes().count(b"\n") if path.exists() else 0


def recover(path: Path, last: Entry | None) -> None:
    """Bring a register to the journal's last entry, which a kill may have kept from it.

    Raises
    ------
    DataQualityError: the register lacks more than that, or holds something else.
    """
    raw = path.read_bytes() if path.exists() else b""
    whole, tail = raw[: raw.rfind(b"\n") + 1], raw[raw.rfind(b"\n") + 1 :]
    missing = (last.number + 1 if last else 0) - whole.count(b"\n")
    line = last.line() + b"\n" if last else b""
    if missing == 1 and line.startswith(tail):
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("ab") as file:
            file.write(line[len(tail) :])
            file.flush()
            os.fsync(file.fileno())
    elif missing or tail:
        raise _apart(path)
    if last and not (path.exists() and path.read_bytes().endswith(line)):
        raise _apart(path)


def _apart(path: Path) -> DataQualityError:
    return DataQualityError(
        Text(
            "le registre et le journal du site ne vont pas ensemble : l'un a été coupé ou changé.",
            "the site's register and journal do not fit: one was cut or changed.",
        ),
        str(path),
        _NEXT,
    )


def _flush_folder(folder: Path) -> None:
    """Make the names of new files in a folder last."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
