"""A reviewer's side: a vote is sealed at the desk, and kept by its reviewer until it may be opened.

The seal is the SHA-256 of the vote with a number drawn at random, so that nobody can guess the vote
from it, nor the reviewer say another later. What opens it lies beside the reviewer's key, readable
by them alone: whoever loses it cannot open their vote, and the author must then submit again.
"""

from __future__ import annotations

import hashlib
import json
import os
import secrets
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Literal

import rfc8785
from pydantic import TypeAdapter, ValidationError

from transat.core.errors import InputError
from transat.core.languages import Text, current
from transat.federation.keys import Key
from transat.federation.review.desk import Desk
from transat.federation.review.events import Opened, Revised, Sealed
from transat.federation.review.records import Opinion
from transat.federation.review.rules import Request
from transat.federation.review.states import State


@dataclass(frozen=True, slots=True)
class Note:
    """What a reviewer adds in words; nonce keeps it from being guessed from its SHA-256."""

    nonce: str
    language: Literal["fr", "en"]
    text: str

    def content(self) -> bytes:
        """The note as canonical JSON."""
        return rfc8785.dumps(asdict(self))


@dataclass(frozen=True, slots=True)
class Given:
    """What a reviewer says of a file: a reason where it must change, words where they add some."""

    reason: str | None = None
    note: str | None = None


@dataclass(frozen=True, slots=True)
class Kept:
    """What opens a sealed vote: the vote, and its notes by file."""

    opened: Opened
    notes: tuple[tuple[str, Note], ...]


def vote(desk: Desk, name: str, given: Mapping[str, Given], key: Key, beside: Path) -> Request:
    """Seal a vote; once all votes are open, revise one's own instead.

    given: by file; a file not named is approved. beside: the reviewer's key file.

    Raises
    ------
    InputError: a file that the request does not have. PermissionRefused: as `rules.after`.
    """
    request = desk.request(name)
    _known(request, given)
    kept = _drawn(request, given)
    if request.votes and set(request.votes) == set(request.seals):
        for _, note in kept.notes:
            desk.note(name, note.content())
        content = Revised(request.revision, _with_notes(kept))
        return desk.act(name, "revise", content, key)
    path = _place(beside, name, request.revision)
    if key.public not in request.seals:
        _keep(path, kept)
    sealed = Sealed(request.revision, _whole(kept).commitment(key.public))
    now = desk.act(name, "seal", sealed, key)
    return opened(desk, name, key, beside) if now.state is State.REVIEWED else now


def opened(desk: Desk, name: str, key: Key, beside: Path) -> Request:
    """Open one's own vote, where it is sealed and all votes are cast; the request after it.

    Raises
    ------
    PermissionRefused: as `rules.after`. InputError: what opens it is not beside the key.
    """
    request = desk.request(name)
    kept = _read(_place(beside, name, request.revision))
    for _, note in kept.notes:
        desk.note(name, note.content())
    return desk.act(name, "open", _whole(kept), key)


def may_open(request: Request, key: Key) -> bool:
    """Whether the owner of `key` has a sealed vote that can be opened now."""
    return (
        request.state is State.REVIEWED
        and key.public in request.seals
        and key.public not in request.votes
    )


def _known(request: Request, given: Mapping[str, Given]) -> None:
    for file in given:
        if file not in request.manifest.names():
            raise InputError(
                Text("la demande n'a pas ce fichier.", "the request does not have this file."),
                file,
                Text(
                    f"Ses fichiers : {', '.join(request.manifest.names())}.",
                    f"Its files: {', '.join(request.manifest.names())}.",
                ),
            )


def _drawn(request: Request, given: Mapping[str, Given]) -> Kept:
    notes, opinions = [], []
    for file in request.manifest.names():
        said = given.get(file, Given())
        if said.note is not None:
            notes.append((file, Note(secrets.token_hex(16), current(), said.note)))
        verdict: Literal["approve", "change"] = "approve" if said.reason is None else "change"
        opinions.append(Opinion(file, verdict, said.reason, None))
    return Kept(Opened(request.revision, secrets.token_hex(32), tuple(opinions)), tuple(notes))


def _with_notes(kept: Kept) -> tuple[Opinion, ...]:
    names = {file: hashlib.sha256(note.content()).hexdigest() for file, note in kept.notes}
    return tuple(replace(o, note=names.get(o.file)) for o in kept.opened.opinions)


def _whole(kept: Kept) -> Opened:
    return replace(kept.opened, opinions=_with_notes(kept))


def _place(beside: Path, name: str, revision: str) -> Path:
    return beside.with_name(beside.name + ".votes") / f"{name}-{revision[:16]}.json"


def _keep(path: Path, kept: Kept) -> None:
    path.parent.mkdir(mode=0o700, exist_ok=True)
    partial = path.with_name(path.name + ".partial")
    partial.unlink(missing_ok=True)
    with os.fdopen(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        json.dump(asdict(kept), file)
        file.flush()
        os.fsync(file.fileno())
    os.replace(partial, path)


def _read(path: Path) -> Kept:
    try:
        return TypeAdapter(Kept).validate_json(path.read_bytes(), strict=True)
    except (OSError, ValidationError):
        raise InputError(
            Text(
                "ce qui ouvre ce vote n'est pas ici : seul le poste où il a été donné l'a.",
                "what opens this vote is not here: only where it was cast has it.",
            ),
            str(path),
            Text(
                "Ouvrez-le de là ; s'il est perdu, l'auteur soumet de nouveau.",
                "Open it from there; if it is lost, the author submits again.",
            ),
        ) from None
