"""The desk: where requests, their files and their logs are kept. A port, and one on a folder.

    DESK/REQUEST/permit.toml       the permit under which it is reviewed
    DESK/REQUEST/log.jsonl         what happened, one signed line for each thing (`events`)
    DESK/REQUEST/files/SHA256      each file ever put in it, by its SHA-256
    DESK/REQUEST/notes/SHA256      what reviewers added in words; never leaves the desk

A line is flushed to disk before the act is said to be done; a line cut short by a crash was not
said to be done, and the next act writes over it. Whoever reads or adds checks the whole log anew.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, Protocol

from transat.core.errors import DataQualityError, InputError, PermissionRefused, close_match
from transat.core.folders import held
from transat.core.languages import Text
from transat.federation.keys import Key
from transat.federation.review import events
from transat.federation.review.events import GENESIS, Content, Event, EventError
from transat.federation.review.rules import Request, Terms, after

LOG: Final = "log.jsonl"
PERMIT: Final = "permit.toml"
FILES: Final = "files"
NOTES: Final = "notes"


class Desk(Protocol):
    """What the command line and the portal need of a desk."""

    def requests(self) -> tuple[str, ...]:
        """Names of all requests, oldest first."""

    def request(self, name: str) -> Request:
        """Where a request stands, from its whole log checked anew."""

    def log(self, name: str) -> tuple[Event, ...]:
        """What happened to a request, in order."""

    def act(self, name: str, kind: str, content: Content, key: Key) -> Request:
        """Do one thing, signed by the owner of `key`; the request after it."""

    def begin(self, name: str, permit: bytes) -> None:
        """Make the place of a new request, under the permit whose file holds `permit`."""

    def permit(self, name: str) -> bytes:
        """The file of the permit under which a request is reviewed."""

    def put(self, name: str, content: bytes) -> str:
        """Keep a file of a request; its SHA-256."""

    def file(self, name: str, sha256: str) -> bytes:
        """A file of a request, seen to be the one of that SHA-256."""

    def note(self, name: str, content: bytes) -> str:
        """Keep a note of a reviewer, which never leaves the desk; its SHA-256."""

    def noted(self, name: str, sha256: str) -> bytes:
        """A note, seen to be the one of that SHA-256."""


#: How terms are read from a request's permit; its holders' signatures are verified on the way.
ReadTerms = Callable[[Path], Terms]


class FolderDesk:
    """A desk on a folder that its people can reach; one of them writes at a time."""

    def __init__(self, folder: Path, terms: ReadTerms) -> None:
        self.folder, self._terms = folder, terms

    def requests(self) -> tuple[str, ...]:
        """Names of all requests, oldest first (by the time that its author signed)."""
        if not self.folder.is_dir():
            raise _missing(self.folder)
        logs = {place.parent.name: place for place in self.folder.glob(f"*/{LOG}")}
        begun = {name: past for name in logs if (past := self.log(name))}
        return tuple(sorted(begun, key=lambda name: (begun[name][0].time, name)))

    def begin(self, name: str, permit: bytes) -> None:
        """Make the place of a new request, under the permit whose file holds `permit`."""
        place = self.folder / name
        try:
            place.mkdir(parents=True)
        except FileExistsError:
            raise InputError(
                Text("cette demande existe déjà.", "this request exists already."),
                str(place),
                Text("Donnez un autre nom.", "Give another name."),
            ) from None
        _write(place / PERMIT, permit)

    def permit(self, name: str) -> bytes:
        """The file of the permit under which a request is reviewed."""
        return (self.place(name) / PERMIT).read_bytes()

    def terms(self, name: str) -> Terms:
        """What that permit says of reviews."""
        return self._terms(self.place(name) / PERMIT)

    def request(self, name: str) -> Request:
        """Where a request stands, from its whole log checked anew.

        Raises
        ------
        DataQualityError: a line was changed, added, moved or removed; names the first such line.
        """
        return folded(self.log(name), self.terms(name), self.place(name) / LOG)

    def log(self, name: str) -> tuple[Event, ...]:
        """What happened to a request, in order.

        Raises
        ------
        DataQualityError: as `request`.
        """
        path = self.place(name) / LOG
        whole, newline, _ = path.read_bytes().rpartition(b"\n")
        return chained(whole.split(b"\n") if newline else (), name, path)

    def act(self, name: str, kind: str, content: Content, key: Key) -> Request:
        """Do one thing, signed by the owner of `key`; the request after it.

        Raises
        ------
        PermissionRefused: this person may not do this now. InputError: another command is writing.
        """
        place = self.place(name)
        with held(place):
            path = place / LOG
            path.touch()
            past, terms = self.log(name), self.terms(name)
            before = folded(past, terms, path) if past else None
            event = Event(
                request=name,
                number=len(past),
                previous=past[-1].sha256() if past else GENESIS,
                time=datetime.now(UTC).isoformat(timespec="seconds"),
                kind=kind,
                content=content,
                key=key.public,
            ).signed(key)
            now = after(before, event, terms)
            _append(path, event.line())
        return now

    def put(self, name: str, content: bytes) -> str:
        """Keep a file of a request; its SHA-256."""
        return self._keep(name, FILES, content)

    def file(self, name: str, sha256: str) -> bytes:
        """A file of a request, seen to be the one of that SHA-256.

        Raises
        ------
        DataQualityError: it is not there, or is no longer what was reviewed.
        """
        return self._kept(name, FILES, sha256)

    def note(self, name: str, content: bytes) -> str:
        """Keep a note of a reviewer; its SHA-256."""
        return self._keep(name, NOTES, content)

    def noted(self, name: str, sha256: str) -> bytes:
        """A note, seen to be the one of that SHA-256. Raises DataQualityError as `file`."""
        return self._kept(name, NOTES, sha256)

    def place(self, name: str) -> Path:
        """The folder of a request. Raises InputError where there is none."""
        found = self.folder / name
        known = [p.name for p in self.folder.glob("*") if p.is_dir()]
        if name in known:
            return found
        near = close_match(name, known)
        raise InputError(
            Text("il n'y a pas de telle demande ici.", "there is no such request here."),
            str(found),
            Text(
                f"Voulez-vous dire {near} ?" if near else "Voyez « transat review list ».",
                f"Do you mean {near}?" if near else 'See "transat review list".',
            ),
        )

    def _keep(self, name: str, kind: str, content: bytes) -> str:
        digest = hashlib.sha256(content).hexdigest()
        folder = self.place(name) / kind
        folder.mkdir(exist_ok=True)
        if not (folder / digest).is_file():
            _write(folder / digest, content)
        return digest

    def _kept(self, name: str, kind: str, sha256: str) -> bytes:
        path = self.place(name) / kind / sha256
        content = path.read_bytes() if path.is_file() else None
        if content is None or hashlib.sha256(content).hexdigest() != sha256:
            raise DataQualityError(
                Text(
                    "ce fichier n'est plus celui qui a été déposé.",
                    "this file is no longer the one that was put there.",
                ),
                f"{name}/{kind}/{sha256[:12]}",
                Text(
                    "Demandez à l'auteur de soumettre de nouveau.",
                    "Ask the author to submit again.",
                ),
            )
        return content


def chained(lines: Iterable[bytes], name: str, path: Path) -> tuple[Event, ...]:
    """The events of a log, each seen to be signed, in its place and of this request.

    Raises
    ------
    DataQualityError: names the first line that is not.
    """
    found: list[Event] = []
    head = GENESIS
    for number, line in enumerate(lines):
        try:
            event = events.read(line)
        except EventError:
            raise _broken(path, number + 1) from None
        if (event.number, event.previous, event.request) != (number, head, name):
            raise _broken(path, number + 1)
        head = event.sha256()
        found.append(event)
    return tuple(found)


def folded(past: Iterable[Event], terms: Terms, path: Path) -> Request:
    """Where a log leaves its request.

    Raises
    ------
    DataQualityError: an event that its author had no right to, named by its line; no event at all.
    """
    request: Request | None = None
    for event in past:
        try:
            request = after(request, event, terms)
        except (PermissionRefused, InputError):
            raise _broken(path, event.number + 1) from None
    if request is None:
        raise _broken(path, 1)
    return request


def _write(path: Path, content: bytes) -> None:
    partial = path.with_name(path.name + ".partial")
    partial.write_bytes(content)
    os.replace(partial, path)


def _append(path: Path, line: bytes) -> None:
    with path.open("r+b") as file:
        whole, newline, _ = file.read().rpartition(b"\n")
        file.truncate(len(whole) + len(newline))
        file.seek(0, os.SEEK_END)
        file.write(line + b"\n")
        file.flush()
        os.fsync(file.fileno())


def _broken(path: Path, line: int) -> DataQualityError:
    return DataQualityError(
        Text(
            "cette ligne du journal a été changée, ajoutée, déplacée ou retirée.",
            "this line of the log was changed, added, moved or removed.",
        ),
        f"{path}:{line}",
        Text(
            "Ne publiez rien d'ici ; comparez avec la copie d'un réviseur.",
            "Release nothing from here; compare with a reviewer's copy.",
        ),
    )


def _missing(folder: Path) -> InputError:
    return InputError(
        Text("il n'y a pas de bureau d'examen ici.", "there is no review desk here."),
        str(folder),
        Text(
            "Il se fait à la première demande : « transat review submit ».",
            'It is made by the first request: "transat review submit".',
        ),
    )
