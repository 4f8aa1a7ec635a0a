"""A site's folder of permits: `holder.pub`, one TOML file per permit, and what was revoked.

That a permit is signed by the keys that it names says nothing of whose they are: the holder's own
public key is put here by the holder, once. Files are looked at before every question, so a permit
that is added, taken away or revoked counts at once.
"""

from __future__ import annotations

import datetime
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from transat.core.errors import ConfigError
from transat.core.languages import Text
from transat.federation import permit_file
from transat.federation.keys import read_public
from transat.federation.permit import Permit
from transat.federation.permit_revocations import FILE, Revocation, revocations, revoked

#: A file as it is now: when it was written, its size, its place on the disk.
State = tuple[int, int, int]

Standing = Literal["unsigned", "not_ours", "revoked", "early", "current", "ended"]

#: How a permit stands, to a person.
STANDINGS: dict[Standing, Text] = {
    "unsigned": Text("pas encore signé par tous", "not signed by all yet"),
    "not_ours": Text("ne porte pas la clé du détenteur", "does not bear the holder's key"),
    "revoked": Text("révoqué", "revoked"),
    "early": Text("pas encore en cours", "does not run yet"),
    "current": Text("en cours", "current"),
    "ended": Text("échu", "ended"),
}


@dataclass(frozen=True, slots=True)
class Found:
    """A file of the folder; permit: None where the file is none."""

    path: Path
    permit: Permit | None
    standing: Standing | None
    why: Revocation | None = None


def today() -> datetime.date:
    """The day, UTC."""
    return datetime.datetime.now(datetime.UTC).date()


class PermitFolder:
    """The permits that a holder gave to its site."""

    def __init__(self, folder: Path, site: str, day: Callable[[], datetime.date] = today) -> None:
        """Open the folder of the site of that name.

        Raises
        ------
        ConfigError: it has no `holder.pub`.
        """
        self._folder, self._site, self._day = folder, site, day
        self._holder = read_public(folder / "holder.pub")
        self._read: dict[Path, tuple[State, Permit | None]] = {}
        self._taken_back: tuple[State | None, tuple[Revocation, ...]] = None, ()

    def __call__(self, study: str) -> Permit | None:
        """The permit under which the site answers questions of a study; None where there is none.

        A permit that ended or does not run yet is given too (`permit.covers` says so), unless there
        is a current one; one that is revoked or that a holder has not signed is not.

        Raises
        ------
        DataQualityError: the list of what was revoked does not hold.
        """
        theirs = [f for f in self.all() if f.permit is not None and f.permit.study == study]
        for wanted in ("current", "early", "ended"):
            for found in theirs:
                if found.standing == wanted:
                    return found.permit
        return None

    def all(self) -> tuple[Found, ...]:
        """Every permit file, in the order of their names.

        Raises
        ------
        DataQualityError: as `__call__`.
        """
        taken_back = self._revocations()
        return tuple(self._found(path, taken_back) for path in sorted(self._folder.glob("*.toml")))

    def _revocations(self) -> tuple[Revocation, ...]:
        """The list of what was taken back, read again when its file changes."""
        state = _state(self._folder / FILE)
        if state != self._taken_back[0]:
            self._taken_back = state, revocations(self._folder)
        return self._taken_back[1]

    def _found(self, path: Path, taken_back: tuple[Revocation, ...]) -> Found:
        permit = self._permit(path)
        if permit is None:
            return Found(path, None, None)
        why = revoked(permit, taken_back)
        return Found(path, permit, self._standing(permit, why), why)

    def _standing(self, permit: Permit, why: Revocation | None) -> Standing:
        terms, day = permit.sites.get(self._site), self._day()
        if terms is None or terms.holder != self._holder:
            return "not_ours"
        if why is not None:
            return "revoked"
        if permit.unsigned():
            return "unsigned"
        if day < permit.starts:
            return "early"
        return "current" if day < permit.ends else "ended"

    def _permit(self, path: Path) -> Permit | None:
        """The permit of a file, read again when the file changes; None where it is none."""
        state = _state(path)
        if state is None:
            return None
        known = self._read.get(path)
        if known is None or known[0] != state:
            try:
                known = state, permit_file.read(path)
            except ConfigError:
                known = state, None
            self._read[path] = known
        return known[1]


def _state(path: Path) -> State | None:
    """What changes when a file does; None where there is none."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size, found.st_ino
