"""The coordinator's journal of rounds: what it asked, and every answer as it came, flushed to disk.

A coordinator that was killed runs its study again from the start and finds here, by the question's
name, all that sites had answered: it asks only what is missing. After the study's end the bodies of
the answers are deleted and their signed heads, which hold the bodies' SHA-256, are kept (rule G12:
iterative sums are exact but ephemeral).

The file is append-only. Each record is a line of JSON, followed for an answer by the message itself
as it came. A record that a kill tore at the very end is cut off; anything else that does not fit
stops with an error.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

from transat.core.errors import DataQualityError, InputError
from transat.core.folders import held
from transat.core.languages import Text
from transat.federation.messages import MessageError, SignedAnswer, read_head


@dataclass(slots=True)
class Seen:
    """What a coordinator has seen of one site's register.

    entries: the highest entry seen. line: the head of the message that told it. heads: by entry,
    its SHA-256.
    """

    entries: int = 0
    line: str = ""
    heads: dict[int, str] = field(default_factory=dict)


class Journal:
    """The journal of one study at its coordinator; without a file, of one process's life.

    Use as a context manager, or close it.
    """

    def __init__(self, path: Path | None, study: str, key: str) -> None:
        """Open or start the journal at `path`; study: its logic hash. key: the coordinator's.

        Raises
        ------
        DataQualityError: the file is another study's or coordinator's, or is damaged before its
        end. InputError: another process has it open.
        """
        self._path = path
        self._seen: dict[str, Seen] = {}
        self._before: dict[str, int] = {}
        self._places: dict[str, tuple[int, int]] = {}
        self._purged: set[str] = set()
        self._file: BinaryIO | None = None
        with ExitStack() as opening:
            if path is not None:
                path.parent.mkdir(parents=True, exist_ok=True)
                self._file = opening.enter_context(path.open("a+b"))
                opening.enter_context(held(path))
                self._read(self._file, study, key)
            self._open = opening.pop_all()

    def close(self) -> None:
        """Let go of the file."""
        self._open.close()
        self._file = None

    def __enter__(self) -> Journal:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def ended(self) -> bool:
        """Whether the study has ended: its answers were deleted."""
        return bool(self._purged)

    def answer(self, asked: str) -> bytes | None:
        """The answer to the question of that name, as it came; None where it is not here.

        Raises
        ------
        DataQualityError: the study has ended and its answers were deleted.
        """
        if asked in self._purged:
            raise _refused(
                str(self._path),
                Text(
                    "l'étude est finie, et ses réponses ont été effacées.",
                    "the study has ended, and its answers were deleted.",
                ),
            )
        if self._file is None or asked not in self._places:
            return None
        start, length = self._places[asked]
        self._file.seek(start)
        return self._file.read(length)

    def seen(self, site: str) -> Seen:
        """What was seen of a site's register."""
        return self._seen.setdefault(site, Seen())

    def peers(self, site: str) -> tuple[str, ...]:
        """The heads of the last answers of the other sites, in the order of their names."""
        others = sorted(self._seen.items())
        return tuple(seen.line for name, seen in others if name != site and seen.line)

    def ask(self, questions: Mapping[str, str]) -> None:
        """Write down, before they go, which site is asked which question (by its name)."""
        new = {a: self.seen(site).entries for site, a in questions.items()}
        new = {a: entries for a, entries in new.items() if a not in self._before}
        if new:
            self._append([_line({"kind": "asked", "before": new})])
            self._before.update(new)

    def fits(self, answer: SignedAnswer) -> bool:
        """Whether a site's register, by this answer, grew since it was asked and never forked."""
        known = self.seen(answer.site).heads.get(answer.entries)
        grew = answer.entries > self._before.get(answer.asked, 0)
        return grew and known in (None, answer.head)

    def note(self, answer: SignedAnswer) -> None:
        """Remember a site's register as an answer tells it."""
        seen = self.seen(answer.site)
        seen.heads[answer.entries] = answer.head
        if answer.entries > seen.entries:
            seen.entries, seen.line = answer.entries, answer.line

    def answered(self, answers: Iterable[tuple[SignedAnswer, bytes]]) -> None:
        """Write down answers, with the bytes that they came as, all at once."""
        answers = list(answers)
        records = [_line({"kind": "answered", "bytes": len(raw)}) + raw for _, raw in answers]
        ends = self._append(records)
        for (answer, raw), end in zip(answers, ends, strict=True):
            self._places[answer.asked] = (end - len(raw), len(raw))
            self.note(answer)

    def purge(self) -> None:
        """Delete the bodies of all answers; heads stay. Beside its place, then renamed."""
        if self._file is None or self._path is None:
            return
        partial = self._path.with_name(self._path.name + ".partial")
        self._file.seek(0)
        with partial.open("wb") as kept:
            for record, start, _ in _records(self._file, str(self._path)):
                if record["kind"] == "answered":
                    self._file.seek(start)
                    head = self._file.readline().decode()
                    record = {"kind": "purged", "line": head.rstrip("\n")}
                kept.write(_line(record))
            kept.flush()
            os.fsync(kept.fileno())
        os.replace(partial, self._path)
        self._purged |= set(self._places)
        self._places.clear()
        self.close()

    def _append(self, records: list[bytes]) -> list[int]:
        """Write records and flush them to the disk; the offset at which each ends."""
        if self._file is None:
            return [0 for _ in records]
        end = self._file.seek(0, os.SEEK_END)
        ends = [end := end + len(record) for record in records]
        self._file.write(b"".join(records))
        self._file.flush()
        os.fsync(self._file.fileno())
        return ends

    def _read(self, file: BinaryIO, study: str, key: str) -> None:
        """Take up what the file holds; cut a torn end; write the first line of a new one."""
        where = str(self._path)
        first = {"kind": "journal", "transat": 1, "study": study, "key": key}
        file.seek(0)
        whole, empty = 0, True
        for record, start, length in _records(file, where):
            if empty and not first.items() <= record.items():
                raise _refused(where, _ANOTHER)
            if not empty:
                self._take(record, file, start, where)
            whole, empty = start + length, False
        file.truncate(whole)
        if empty:
            self._append([_line(first)])

    def _take(self, record: dict[str, Any], file: BinaryIO, start: int, where: str) -> None:
        try:
            if record["kind"] == "asked":
                self._before.update(record["before"])
                return
            line = record.get("line")
            if line is None:
                file.seek(start)
                line = file.readline().rstrip(b"\n").decode()
            answer = read_head(line)
        except (ValueError, MessageError):
            raise _refused(where, _DAMAGED) from None
        self.note(answer)
        if record["kind"] == "purged":
            self._purged.add(answer.asked)
        else:
            self._places[answer.asked] = (start, record["bytes"])


def heads(path: Path) -> tuple[str, ...]:
    """The signed head of every answer in a journal, in the order in which they came.

    Raises
    ------
    InputError: no such file. DataQualityError: it is damaged before its end.
    """
    try:
        file = path.open("rb")
    except OSError:
        raise InputError(
            Text("ce journal ne peut pas être lu.", "this journal cannot be read."),
            str(path),
            Text("Vérifiez le chemin.", "Check the path."),
        ) from None
    with file:
        found = []
        for record, start, _ in _records(file, str(path)):
            if record["kind"] == "answered":
                file.seek(start)
                found.append(file.readline().rstrip(b"\n").decode())
            elif record["kind"] == "purged":
                found.append(record["line"])
        return tuple(found)


def _records(file: BinaryIO, where: str) -> Iterable[tuple[dict[str, Any], int, int]]:
    """Whole records from here on: JSON, offset and length of the message that follows it."""
    size = os.fstat(file.fileno()).st_size
    while (line := file.readline()).endswith(b"\n"):
        try:
            record = json.loads(line)
        except ValueError:
            record = None
        if not isinstance(record, dict) or _line(record) != line:
            raise _refused(where, _DAMAGED)
        start, length = file.tell(), record.get("bytes", 0)
        if start + length > size:
            return
        yield record, start, length
        file.seek(start + length)


_DAMAGED = Text("ce journal est abîmé.", "this journal is damaged.")
_ANOTHER = Text(
    "ce journal est celui d'une autre étude ou d'un autre coordonnateur.",
    "this journal is another study's or another coordinator's.",
)


def _line(record: dict[str, Any]) -> bytes:
    """A record with its own SHA-256 in it, so that no damage goes unseen."""
    plain = {name: value for name, value in record.items() if name != "sha256"}
    digest = hashlib.sha256(_dumps(plain)).hexdigest()
    return _dumps({**plain, "sha256": digest}) + b"\n"


def _dumps(data: Any) -> bytes:
    return json.dumps(data, sort_keys=True, separators=(",", ":")).encode()


def _refused(where: str, what: Text) -> DataQualityError:
    return DataQualityError(
        what,
        where,
        Text(
            "Donnez un autre dossier : les sites rendront les mêmes réponses.",
            "Name another folder: the sites will give the same answers again.",
        ),
    )
