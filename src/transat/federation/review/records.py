"""What is signed at the desk: which files, what is said of them, what each reviewer thinks of them.

All are plain data that canonical JSON (RFC 8785) can carry; files are named by their SHA-256.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Final, Literal

import rfc8785

from transat.core.errors import InputError
from transat.core.languages import Text
from transat.federation.review.reasons import REASONS

Kind = Literal["table", "page", "data", "curve", "model"]
Verdict = Literal["approve", "change"]

#: Files that a person can read over, and that hide nothing.
SUFFIXES: Final = (".csv", ".json", ".jsonl", ".html", ".txt", ".md", ".toml", ".png")
_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,99}(/[A-Za-z0-9][A-Za-z0-9_.-]{0,99}){0,4}")


@dataclass(frozen=True, slots=True)
class Counted:
    """The counts of people in one column of a file.

    shown, masked: cells with a count, cells kept in. least: smallest count shown other than zero;
    None where there is none. rounded: whether every count shown is rounded (rule G12).
    """

    column: str
    shown: int
    masked: int
    least: int | None
    rounded: bool


@dataclass(frozen=True, slots=True)
class OutputFile:
    """A file to review.

    name: its path in the request, with "/". size: bytes. context: what it shows, of whom, in which
    period. counts: those in it. underlying: names of the files that hold the counts under it.
    """

    name: str
    sha256: str
    size: int
    kind: Kind
    context: Text
    counts: tuple[Counted, ...]
    underlying: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Manifest:
    """One revision of a request: what would be published, and under which permit.

    study, document: the protocol's two hashes. permit: SHA-256 of the permit's file.
    """

    study: str
    document: str
    permit: str
    title: Text
    purpose: Text
    files: tuple[OutputFile, ...]

    @property
    def revision(self) -> str:
        """The name of this revision: SHA-256 of all it says, 64 hexadecimal digits."""
        return hashlib.sha256(rfc8785.dumps(asdict(self))).hexdigest()

    def names(self) -> tuple[str, ...]:
        """Names of its files, in order."""
        return tuple(file.name for file in self.files)


@dataclass(frozen=True, slots=True)
class Opinion:
    """What a reviewer thinks of one file; reason: a key of REASONS where it is to be changed.

    note: SHA-256 of a note that stays at the desk (`notes`), or None.
    """

    file: str
    verdict: Verdict
    reason: str | None
    note: str | None


_SHA256: Final = re.compile(r"[0-9a-f]{64}")


def require_sound(manifest: Manifest) -> None:
    """Refuse a revision that cannot be reviewed.

    Raises
    ------
    InputError: no file, a name given twice or that leads elsewhere, a type of file that cannot be
    read over, an underlying file that is not in the request, a SHA-256 that is none.
    """
    names = manifest.names()
    if not names:
        raise _unsound("", Text("il n'y a rien à examiner.", "there is nothing to review."))
    for name in names:
        if names.count(name) > 1:
            raise _unsound(name, Text("ce nom est donné deux fois.", "this name is given twice."))
        if _NAME.fullmatch(name) is None:
            raise _unsound(name, Text("ce nom ne convient pas.", "this name does not fit."))
        if not name.endswith(SUFFIXES):
            raise _unsound(name, REASONS["file_type"])
    for file in manifest.files:
        if _SHA256.fullmatch(file.sha256) is None:
            raise _unsound(file.name, Text("ce SHA-256 n'en est pas un.", "this is no SHA-256."))
        for under in file.underlying:
            if under not in names:
                raise _unsound(file.name, REASONS["no_underlying"])


def changes(before: Manifest | None, after: Manifest) -> dict[str, str]:
    """What each file of `after` is beside `before`: "new", "changed" or "same"; "gone" for a name
    that is no longer there. All are new where there is no `before`.
    """
    old = {} if before is None else {file.name: file for file in before.files}
    found = dict.fromkeys(old, "gone")
    for file in after.files:
        same = old.get(file.name)
        found[file.name] = "new" if same is None else "same" if same == file else "changed"
    return found


def complete(manifest: Manifest, opinions: Iterable[Opinion]) -> bool:
    """Whether opinions say one thing of each file of a revision, with a reason where one is due."""
    given = tuple(opinions)
    reasoned = all(
        (o.reason is None) if o.verdict == "approve" else (o.reason in REASONS) for o in given
    )
    named = all(o.note is None or _SHA256.fullmatch(o.note) for o in given)
    return reasoned and named and tuple(o.file for o in given) == manifest.names()


def _unsound(name: str, why: Text) -> InputError:
    return InputError(
        Text(f"cette demande ne peut être examinée : {why.fr}", f"not for review: {why.en}"),
        name or "request",
        Text(
            f"Types acceptés : {', '.join(SUFFIXES)} ; chaque fichier sous un nom simple.",
            f"Types accepted: {', '.join(SUFFIXES)}; each file under a simple name.",
        ),
    )
