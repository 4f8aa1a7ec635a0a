"""An export: a folder of messages that a person carries from one side's desk to the other's.

    manifest.txt                        what is inside, in French and in English
    SHA256SUMS                          the messages in order; `sha256sum -c SHA256SUMS` checks them
    question-001-<16 digits>.jsonl      one message a file, as `messages` writes it
    …

SHA256SUMS is written last: what it does not list is not there yet, and what it lists must be there,
whole. Reading is bounded and follows no link, since a folder that was carried may hold anything.
"""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from transat.core.errors import InputError
from transat.core.languages import Text
from transat.federation.messages import LONGEST

SUMS: Final = "SHA256SUMS"
MANIFEST: Final = "manifest.txt"
#: Most messages in one export, and bytes of all of them together.
MOST: Final = 9_999
HEAVIEST: Final = 1024 * 1024 * 1024
_LINE: Final = re.compile(r"([0-9a-f]{64})  ((?:question|answer)-[0-9]{3,4}-[0-9a-f]{16}\.jsonl)")


@dataclass(frozen=True, slots=True)
class Carried:
    """One message: the name of its file, and its bytes."""

    file: str
    payload: bytes

    @property
    def sha256(self) -> str:
        """SHA-256 of the file, 64 hexadecimal digits."""
        return hashlib.sha256(self.payload).hexdigest()


def file_name(kind: str, number: int, asked: str) -> str:
    """The name of a message's file; kind: question or answer; number: its place from 1."""
    return f"{kind}-{number:03d}-{asked[:16]}.jsonl"


def write(folder: Path, messages: Sequence[Carried], manifest: str) -> None:
    """Write an export, or add to one: `messages` are all of it; those there already are left.

    Raises
    ------
    InputError: more messages than one export may hold.
    """
    if len(messages) > MOST:
        raise _unfit(
            folder, Text("trop de messages pour un envoi.", "too many messages for one export.")
        )
    folder.mkdir(parents=True, exist_ok=True)
    for message in messages:
        if not _is_there(folder / message.file, message.payload):
            put(folder / message.file, message.payload)
    put(folder / MANIFEST, manifest.encode())
    put(folder / SUMS, "".join(f"{m.sha256}  {m.file}\n" for m in messages).encode())
    _flush(folder)


def read(folder: Path) -> tuple[Carried, ...]:
    """The messages of an export, in order.

    Raises
    ------
    InputError: no list, a list that does not read, a message missing, changed, too long, or a link;
    names the file. All of them together too long.
    """
    pairs = listed(folder)
    sizes = (folder / name for _, name in pairs)
    if sum(path.stat().st_size for path in sizes if path.is_file()) > HEAVIEST:
        raise _unfit(folder, Text("cet envoi est trop long.", "this export is too long."))
    return tuple(_checked(folder / name, digest) for digest, name in pairs)


def listed(folder: Path) -> tuple[tuple[str, str], ...]:
    """SHA-256 and name of each message of an export, in order. Raises InputError."""
    try:
        lines = content(folder / SUMS, MOST * 128).decode("ascii").splitlines()
    except UnicodeDecodeError:
        lines = [""]
    found = [_LINE.fullmatch(line) for line in lines]
    pairs = tuple((m[1], m[2]) for m in found if m is not None)
    if len(pairs) != len(lines) or len({name for _, name in pairs}) != len(pairs):
        raise _unfit(folder / SUMS, Text("cette liste ne se lit pas.", "this list cannot be read."))
    return pairs


def is_export(folder: Path) -> bool:
    """Whether the folder has an export's list."""
    return (folder / SUMS).is_file()


def content(path: Path, most: int = LONGEST) -> bytes:
    """The bytes of a plain file.

    Raises
    ------
    InputError: missing, a link, no plain file, or longer than `most` bytes.
    """
    if path.is_symlink() or not path.is_file():
        raise _unfit(
            path, Text("ce fichier manque ou est un lien.", "this file is missing or is a link.")
        )
    with path.open("rb") as file:
        found = file.read(most + 1)
    if len(found) > most:
        raise _unfit(path, Text("ce fichier est trop long.", "this file is too long."))
    return found


def put(path: Path, payload: bytes) -> None:
    """Write a file beside its place, flush it to disk, and rename it: it is whole or not there."""
    beside = path.with_name(f".{path.name}.part")
    with beside.open("wb") as file:
        file.write(payload)
        file.flush()
        os.fsync(file.fileno())
    beside.replace(path)


def _is_there(path: Path, payload: bytes) -> bool:
    return path.is_file() and path.stat().st_size == len(payload) and path.read_bytes() == payload


def _checked(path: Path, digest: str) -> Carried:
    found = Carried(path.name, content(path))
    if found.sha256 != digest:
        raise _unfit(
            path,
            Text(
                "ce fichier a changé depuis qu'il a été écrit.",
                "this file has changed since it was written.",
            ),
        )
    return found


def _flush(folder: Path) -> None:
    """The folder's own names to disk, where the system can."""
    if os.name == "posix":
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def _unfit(path: Path, what: Text) -> InputError:
    return InputError(
        what,
        str(path),
        Text(
            "Portez de nouveau l'envoi entier, tel qu'il a été écrit.",
            "Carry the whole export again, as it was written.",
        ),
    )
