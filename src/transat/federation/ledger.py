"""The register of all that left a site: signed JSON lines, each with the hash of the line before.

One line per answer, written and flushed to disk before the answer leaves. It says what left, to
which question and under which rule, never a value: a hash of the payload, its size, how many table
cells it showed and how many it kept in. The site signs each line; `peers` are the states of the
other sites' registers, as their own signatures told them, so that no holder can rewrite a register
without the others' registers saying so. Verification: `ledger_verify`.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final, NamedTuple

from transat.core.errors import DataQualityError
from transat.core.languages import Text
from transat.federation.keys import Key

GENESIS: Final = "0" * 64


class State(NamedTuple):
    """How far a register got: how many entries, and the SHA-256 of the last (GENESIS for none)."""

    entries: int
    head: str


START: Final = State(0, GENESIS)


@dataclass(frozen=True, slots=True)
class Facts:
    """What an entry says of one answer. `cells` and `cells_masked` count table cells, not people.

    study, cohort, asked: 64 hexadecimal digits, of the question. step: an installed statistic's
    name. release: what left, 'refusal' among it. rule: 'POLICY:word', by which it left or not.
    """

    study: str
    cohort: str
    asked: str
    step: str
    release: str
    payload_sha256: str
    payload_bytes: int
    cells: int
    cells_masked: int
    rule: str


@dataclass(frozen=True, slots=True)
class Entry:
    """One line: the facts, its place in the chain, the other sites' states, and who signed."""

    number: int
    previous: str
    time: str
    site: str
    study: str
    cohort: str
    asked: str
    step: str
    release: str
    payload_sha256: str
    payload_bytes: int
    cells: int
    cells_masked: int
    rule: str
    peers: Mapping[str, State] = field(hash=False)
    key: str
    signature: str

    def line(self) -> bytes:
        """Canonical JSON of the entry (RFC 8785; it holds whole numbers and plain words only)."""
        return canonical(_plain(self))

    def signed(self) -> bytes:
        """What the signature is of: the line without it."""
        plain = _plain(self)
        del plain["signature"]
        return canonical(plain)

    def sha256(self) -> str:
        """Name of this entry in the next one."""
        return hashlib.sha256(self.line()).hexdigest()


def canonical(data: Any) -> bytes:
    """JSON with sorted keys and no space, in ASCII: RFC 8785 where there is no other character and
    no fraction."""
    return _dumps(data).encode()


_dumps: Final = json.JSONEncoder(sort_keys=True, separators=(",", ":"), allow_nan=False).encode


def _plain(entry: Entry) -> dict[str, Any]:
    plain = {name: getattr(entry, name) for name in Entry.__slots__}
    plain["peers"] = {site: list(state) for site, state in entry.peers.items()}
    return plain


_HASH, _WHOLE = b'"[0-9a-f]{64}"', b"(?:0|[1-9][0-9]{0,15})"
_WORD = b'"[A-Za-z0-9_.:-]{1,80}"'
_PEER = b'"[a-z0-9_-]{1,20}":\\[%b,%b\\]' % (_WHOLE, _HASH)
_FORMS: Final = {
    "asked": _HASH, "cells": _WHOLE, "cells_masked": _WHOLE, "cohort": _HASH,
    "key": b'"[A-Za-z0-9+/]{43}="', "number": b"(?P<number>%b)" % _WHOLE, "payload_bytes": _WHOLE,
    "payload_sha256": _HASH, "peers": b"{(?P<peers>(?:%b(?:,%b)*)?)}" % (_PEER, _PEER),
    "previous": b'"(?P<previous>[0-9a-f]{64})"', "release": _WORD, "rule": _WORD,
    "signature": b'"[A-Za-z0-9+/]{86}=="', "site": b'"[a-z0-9_-]{1,20}"', "step": _WORD,
    "study": _HASH, "time": b'"[0-9-]{10}T[0-9:.]{12}\\+00:00"',
}  # fmt: skip
_LINE: Final = re.compile(b"{%b}" % b",".join(b'"%b":%b' % (k.encode(), _FORMS[k]) for k in _FORMS))
_NAMES: Final = re.compile(rb'"([a-z0-9_-]+)":')


def fits(line: bytes, state: State) -> bool:
    """Whether a line is exactly an entry's, the next after `state`; its signature aside."""
    found = _LINE.fullmatch(line)
    if found is None or int(found["number"]) != state.entries:
        return False
    names = _NAMES.findall(found["peers"])
    return found["previous"].decode() == state.head and names == sorted(set(names))


def entry_of(line: bytes) -> Entry:
    """The entry of a line that fits."""
    data = json.loads(line)
    peers = {site: State(*state) for site, state in data["peers"].items()}
    return Entry(**{**data, "peers": peers})


class Ledger:
    """Append-only register of one site. One process writes to a file at a time."""

    def __init__(self, path: Path, site: str, key: Key) -> None:
        """Open or start the register at `path`.

        Raises
        ------
        DataQualityError: the file exists and its chain does not hold.
        """
        from transat.federation.ledger_verify import verify

        self.path, self.site, self._key = path, site, key
        path.parent.mkdir(parents=True, exist_ok=True)
        self.state = verify(path) if path.exists() else START

    @property
    def head(self) -> str:
        """SHA-256 of the last entry; sixty-four zeros before the first."""
        return self.state.head

    def next(self, facts: Facts, peers: Mapping[str, State] | None = None) -> Entry:
        """The entry that `facts` would make, signed, not yet written."""
        unsigned = Entry(
            number=self.state.entries, previous=self.state.head,
            time=datetime.now(UTC).isoformat(timespec="milliseconds"), site=self.site,
            **asdict(facts), peers=dict(peers or {}), key=self._key.public, signature="",
        )  # fmt: skip
        plain = {name: getattr(unsigned, name) for name in Entry.__slots__}
        return Entry(**{**plain, "signature": self._key.sign(unsigned.signed())})

    def write(self, entry: Entry) -> None:
        """Write the entry that `next` gave and flush it to disk; only then may the answer leave.

        Raises
        ------
        DataQualityError: it does not follow the last one, or a word in it has no place here.
        """
        if not fits(entry.line(), self.state):
            raise broken(self.path, self.state.entries + 1)
        with self.path.open("ab") as file:
            file.write(entry.line() + b"\n")
            file.flush()
            os.fsync(file.fileno())
        self.state = State(entry.number + 1, entry.sha256())


def broken(path: Path, line: int, why: Text | None = None) -> DataQualityError:
    """The error for a register that does not hold at this line (from 1)."""
    return DataQualityError(
        why
        or Text(
            "la chaîne du registre est rompue à cette ligne.",
            "the register's chain is broken at this line.",
        ),
        f"{path}:{line}",
        Text(
            "Ne vous fiez pas à ce registre ; comparez-le à la copie du détenteur.",
            "Do not rely on this register; compare it with the holder's copy.",
        ),
    )
