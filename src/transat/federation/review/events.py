"""What happens to a request: one signed line for each thing, with the hash of the line before.

Whoever acts signs what they did and the head of the log as they saw it: nobody, not even the desk's
keeper, can take out, change or move an earlier line without breaking a later signature. (The end
can be cut off; a release carries the whole log with it, so that a cut shows from then on.)
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass, replace
from typing import Final

import rfc8785
from pydantic import TypeAdapter, ValidationError

from transat.federation.keys import Key, signed_by
from transat.federation.review.records import Manifest, Opinion

GENESIS: Final = "0" * 64


@dataclass(frozen=True, slots=True)
class Submitted:
    """The author asks for the review of a revision."""

    revision: str


@dataclass(frozen=True, slots=True)
class Sealed:
    """A reviewer has voted; commitment: SHA-256 of what `Opened` will say (see `seal`)."""

    revision: str
    commitment: str


@dataclass(frozen=True, slots=True)
class Opened:
    """What a sealed vote said; nonce: 64 hexadecimal digits drawn when it was sealed."""

    revision: str
    nonce: str
    opinions: tuple[Opinion, ...]

    def commitment(self, key: str) -> str:
        """What the seal of this vote by the owner of `key` must say."""
        return hashlib.sha256(rfc8785.dumps({"key": key, **asdict(self)})).hexdigest()


@dataclass(frozen=True, slots=True)
class Revised:
    """A reviewer's new opinions, once all votes are open."""

    revision: str
    opinions: tuple[Opinion, ...]


@dataclass(frozen=True, slots=True)
class Ended:
    """Returned or rejected for a reason (a key of REASONS); withdrawn or released, for none."""

    revision: str
    reason: str | None


Content = Manifest | Submitted | Sealed | Opened | Revised | Ended

CONTENTS: Final[dict[str, type[Content]]] = {
    "files": Manifest,
    "submit": Submitted,
    "seal": Sealed,
    "open": Opened,
    "revise": Revised,
    "return": Ended,
    "reject": Ended,
    "withdraw": Ended,
    "release": Ended,
}


class EventError(ValueError):
    """A line that is not exactly what this module writes; says what does not fit, never a value."""


@dataclass(frozen=True, slots=True)
class Event:
    """One line. number: from 0. previous: SHA-256 of the line before. time: UTC, ISO 8601, as the
    one who signs says it. key: public key of who did it.
    """

    request: str
    number: int
    previous: str
    time: str
    kind: str
    content: Content
    key: str
    signature: str = ""

    def signed(self, key: Key) -> Event:
        """This event, signed by the owner of `key`."""
        mine = replace(self, key=key.public, signature="")
        return replace(mine, signature=key.sign(mine.statement()))

    def statement(self) -> bytes:
        """What is signed: all but the signature, as canonical JSON."""
        plain = asdict(self)
        del plain["signature"]
        return rfc8785.dumps(plain)

    def line(self) -> bytes:
        """The line of the log, without its end."""
        return rfc8785.dumps(asdict(self))

    def sha256(self) -> str:
        """Name of this event in the next one."""
        return hashlib.sha256(self.line()).hexdigest()


def read(line: bytes) -> Event:
    """An event whose signature holds; what it may do is for `rules` to judge.

    Raises
    ------
    EventError: not such a line, or a signature that does not hold.
    """
    try:
        plain = json.loads(line)
        kind = plain["kind"]
        content = _ADAPTERS[kind].validate_json(json.dumps(plain.pop("content")), strict=True)
        event = Event(content=content, **plain)
        same = event.line() == line and type(event.number) is int
    except (ValueError, TypeError, KeyError, RecursionError, ValidationError):
        raise EventError("line") from None
    if not same:
        raise EventError("line")
    texts = (event.request, event.previous, event.time, event.key, event.signature)
    if not all(isinstance(text, str) for text in texts):
        raise EventError("line")
    if not signed_by(event.key, event.signature, event.statement()):
        raise EventError("signature")
    return event


_ADAPTERS: Final = {kind: TypeAdapter(content) for kind, content in CONTENTS.items()}
