"""Permits that a holder took back: signed lines, only ever added to, each naming the one before.

The list lies beside the permits of a site (`revoked.jsonl`). A list that does not hold allows
nothing: whoever reads it stops.
"""

from __future__ import annotations

import hashlib
import json
import os
from dataclasses import asdict, dataclass, fields
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import rfc8785

from transat.core.errors import DataQualityError
from transat.core.languages import Text
from transat.federation.keys import Key, signed_by
from transat.federation.permit import Permit, PermitRefused

FILE: Final = "revoked.jsonl"
_START: Final = "0" * 64


@dataclass(frozen=True, slots=True)
class Revocation:
    """One line. permit: name of the permit (its SHA-256). when: instant, UTC. reason: the holder's
    words. key: of the holder. previous: SHA-256 of the line before, zeros for the first."""

    permit: str
    when: str
    reason: str
    key: str
    previous: str
    signature: str = ""

    def content(self) -> bytes:
        """What is signed."""
        plain = asdict(self)
        del plain["signature"]
        return rfc8785.dumps({**plain, "transat": 1, "kind": "revocation"})

    def line(self) -> bytes:
        """The line as it is in the list."""
        return rfc8785.dumps(asdict(self)) + b"\n"


def revoke(folder: Path, permit: Permit, holder: Key, reason: str) -> Revocation:
    """Add a permit to the list in `folder`, signed by one of its holders, and flush it to disk.

    Raises
    ------
    PermitRefused: the key is of none of the permit's holders. DataQualityError: as `revocations`.
    """
    if holder.public not in {terms.holder for terms in permit.sites.values()}:
        raise PermitRefused("holder")
    before = revocations(folder)
    previous = hashlib.sha256(before[-1].line()).hexdigest() if before else _START
    when = datetime.now(UTC).isoformat(timespec="seconds")
    shown = "".join(c if c.isprintable() else " " for c in reason)
    why = " ".join(shown.split())
    unsigned = Revocation(permit.sha256(), when, why, holder.public, previous)
    signed = Revocation(**{**asdict(unsigned), "signature": holder.sign(unsigned.content())})
    partial = folder / f"{FILE}.partial"  # renamed when whole: a torn list would stop everything
    with partial.open("wb") as file:
        file.write(b"".join(one.line() for one in (*before, signed)))
        file.flush()
        os.fsync(file.fileno())
    os.replace(partial, folder / FILE)
    return signed


def revocations(folder: Path) -> tuple[Revocation, ...]:
    """The list in `folder`, oldest first; empty where there is none.

    Raises
    ------
    DataQualityError: a line that was changed, added, moved or removed; names it.
    """
    path = folder / FILE
    raw = path.read_bytes() if path.exists() else b""
    found: list[Revocation] = []
    previous = _START
    for number, line in enumerate(raw.splitlines(keepends=True), 1):
        one = _revocation(line)
        if one is None or one.previous != previous:
            raise _broken(path, number)
        if not signed_by(one.key, one.signature, one.content()):
            raise _broken(path, number)
        previous = hashlib.sha256(line).hexdigest()
        found.append(one)
    return tuple(found)


def revoked(permit: Permit, among: tuple[Revocation, ...]) -> Revocation | None:
    """The line by which one of its holders took a permit back, or None."""
    name = permit.sha256()
    holders = {terms.holder for terms in permit.sites.values()}
    return next((r for r in among if r.permit == name and r.key in holders), None)


def _revocation(line: bytes) -> Revocation | None:
    try:
        data = json.loads(line)
        found = Revocation(**{f.name: data[f.name] for f in fields(Revocation)})
        return found if found.line() == line else None
    except (ValueError, TypeError, KeyError, RecursionError, rfc8785.CanonicalizationError):
        return None


def _broken(path: Path, number: int) -> DataQualityError:
    return DataQualityError(
        Text(
            "la liste des permis révoqués ne tient pas à cette ligne.",
            "the list of revoked permits does not hold at this line.",
        ),
        f"{path}:{number}",
        Text(
            "Rien n'est permis tant que le détenteur ne l'a pas rétablie.",
            "Nothing is allowed until the holder has restored it.",
        ),
    )
