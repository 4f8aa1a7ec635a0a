"""The register of all that left a site: JSON lines, each holding the hash of the line before.

One line per answer, written and flushed to disk before the answer leaves. It says what left and
under which rule, never a value: a hash of the payload, its size, how many cells it showed and how
many it kept in. One changed, added, moved or missing line breaks the chain and `verify` says where.
(A cut at the very end cannot be seen from the file alone: the head hash is in the study's result,
and `holds` looks for it.)
"""

from __future__ import annotations

import hashlib
import json
import os
from dataclasses import asdict, dataclass, fields
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final, NamedTuple

import rfc8785

from transat.core.errors import DataQualityError
from transat.core.languages import Text

GENESIS: Final = "0" * 64


@dataclass(frozen=True, slots=True)
class Entry:
    """One line. `cells` and `cells_masked` count table cells, not people."""

    number: int
    previous: str
    time: str
    site: str
    study: str
    step: str
    release: str
    payload_sha256: str
    payload_bytes: int
    cells: int
    cells_masked: int
    rule: str

    def line(self) -> bytes:
        """Canonical JSON (RFC 8785) of the entry."""
        return rfc8785.dumps(asdict(self))

    def sha256(self) -> str:
        """Name of this entry in the next one."""
        return hashlib.sha256(self.line()).hexdigest()


class Verified(NamedTuple):
    """A chain that holds: how many entries, and the hash of the last."""

    entries: int
    head: str


class Ledger:
    """Append-only register of one site. One process writes to a file at a time."""

    def __init__(self, path: Path, site: str) -> None:
        """Open or start the register at `path`.

        Raises
        ------
        DataQualityError: the file exists and its chain does not hold.
        """
        self.path, self.site = path, site
        path.parent.mkdir(parents=True, exist_ok=True)
        state = verify(path) if path.exists() else Verified(0, GENESIS)
        self._count, self._head = state.entries, state.head

    @property
    def head(self) -> str:
        """SHA-256 of the last entry; sixty-four zeros before the first."""
        return self._head

    def append(
        self, *, study: str, step: str, release: str, payload: bytes, cells: int,
        cells_masked: int, rule: str,
    ) -> Entry:  # fmt: skip
        """Write one entry and flush it to disk; only then may `payload` leave."""
        entry = Entry(
            number=self._count,
            previous=self._head,
            time=datetime.now(UTC).isoformat(timespec="milliseconds"),
            site=self.site,
            study=study,
            step=step,
            release=release,
            payload_sha256=hashlib.sha256(payload).hexdigest(),
            payload_bytes=len(payload),
            cells=cells,
            cells_masked=cells_masked,
            rule=rule,
        )
        with self.path.open("ab") as file:
            file.write(entry.line() + b"\n")
            file.flush()
            os.fsync(file.fileno())
        self._count, self._head = self._count + 1, entry.sha256()
        return entry


def read(path: Path) -> tuple[Entry, ...]:
    """All entries of a register whose chain holds.

    Raises
    ------
    DataQualityError: as `verify`.
    """
    entries: list[Entry] = []
    head = GENESIS
    raw = path.read_bytes()
    if raw and not raw.endswith(b"\n"):
        raise _broken(path, raw.count(b"\n") + 1)
    for number, line in enumerate(raw.split(b"\n")[:-1]):
        entry = _entry(line)
        if entry is None or entry.number != number or entry.previous != head:
            raise _broken(path, number + 1)
        head = entry.sha256()
        entries.append(entry)
    return tuple(entries)


def verify(path: Path) -> Verified:
    """Check the whole chain.

    Raises
    ------
    DataQualityError: a line was changed, added, moved or removed; names the first such line.
    """
    entries = read(path)
    return Verified(len(entries), entries[-1].sha256() if entries else GENESIS)


def holds(path: Path, head: str) -> None:
    """Check that the register holds the entry whose hash is `head`, as a result names it.

    Raises
    ------
    DataQualityError: as `verify`, or no entry has that hash: the end was cut off, or it is another
    site's register.
    """
    if head != GENESIS and head not in {entry.sha256() for entry in read(path)}:
        raise DataQualityError(
            Text(
                "aucune sortie de ce registre n'a cette tête : la fin en a été coupée, ou c'est "
                "celui d'un autre site.",
                "no release in this register has that head: its end was cut off, or it is "
                "another site's.",
            ),
            str(path),
            Text("Comparez-le à la copie du détenteur.", "Compare it with the holder's copy."),
        )


def _entry(line: bytes) -> Entry | None:
    try:
        data: Any = json.loads(line)
        entry = Entry(**data)
        same = entry.line() == line
    except (ValueError, TypeError, rfc8785.CanonicalizationError):
        return None
    right = all(isinstance(getattr(entry, f.name), _TYPES[str(f.type)]) for f in fields(Entry))
    return entry if same and right else None


_TYPES: Final = {"int": int, "str": str}


def _broken(path: Path, line: int) -> DataQualityError:
    return DataQualityError(
        Text(
            "la chaîne du registre est rompue à cette ligne.",
            "the register's chain is broken at this line.",
        ),
        f"{path}:{line}",
        Text(
            "Ne vous fiez pas à ce registre ; comparez-le à la copie du détenteur.",
            "Do not rely on this register; compare it with the holder's copy.",
        ),
    )
