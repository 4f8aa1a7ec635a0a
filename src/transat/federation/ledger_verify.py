"""Has anything in a register been changed, added, removed or moved? Every complaint names the line.

The chain is checked whole (each line holds the SHA-256 of the line before). Of the signatures, the
last is always checked, which by the chain covers all lines before it, and a sample of the others;
`every=True` checks them all (about 0.1 ms each). A cut at the very end cannot be seen from the file
alone: `holds` looks for the head that a result names, `agree` for what the other sites' registers
say of this one.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from transat.core.errors import DataQualityError, InputError
from transat.core.languages import Text
from transat.federation.keys import signed_by
from transat.federation.ledger import GENESIS, START, Entry, State, broken, entry_of, fits
from transat.federation.permit import Permit
from transat.federation.permit import verify as verify_permit

#: Signatures checked where not all are.
SAMPLE: Final = 200

_SIGNATURE = Text(
    "la signature de cette ligne ne tient pas.", "the signature of this line does not hold."
)
_OUTSIDE = Text(
    "cette ligne n'est pas de celles que permet le permis.",
    "this line is not one that the permit allows.",
)
_FORKED = Text(
    "les deux registres se contredisent : l'un a été récrit ou coupé depuis cette ligne.",
    "the two registers contradict each other: one was rewritten or cut since this line.",
)


def read(path: Path) -> tuple[Entry, ...]:
    """All entries of a register whose chain holds; signatures are not looked at.

    Raises
    ------
    InputError: no such file. DataQualityError: as `verify`.
    """
    raw = lines(path)
    _chained(path, raw)
    return tuple(entry_of(line) for line in raw)


def verify(path: Path, every: bool = False) -> State:
    """Check the whole chain and the signatures (a sample of them, unless `every`).

    Raises
    ------
    InputError: no such file. DataQualityError: a line was changed, added, moved or removed, or its
    signature does not hold; names the first such line.
    """
    raw = lines(path)
    state = _chained(path, raw)
    for number in looked_at(len(raw), every):
        entry = entry_of(raw[number])
        if not signed_by(entry.key, entry.signature, entry.signed()):
            raise broken(path, number + 1, _SIGNATURE)
    return state


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


def agree(path: Path, other: Path) -> int:
    """How many statements two registers make of each other, all of them found true.

    Raises
    ------
    DataQualityError: as `verify`, or one register counter-signed a state that the other does not
    have; names the line that says so.
    """
    one, two = read(path), read(other)
    return _witnessed(path, one, two) + _witnessed(other, two, one)


def _witnessed(path: Path, says: Sequence[Entry], of: Sequence[Entry]) -> int:
    """What the entries of one register say of another that is known by its site's name."""
    names = {entry.site for entry in of}
    heads = [GENESIS, *(entry.sha256() for entry in of)]
    found = 0
    for entry in says:
        for site, state in entry.peers.items():
            if site in names:
                if not state.entries < len(heads) or heads[state.entries] != state.head:
                    raise broken(path, entry.number + 1, _FORKED)
                found += 1
    return found


def under(path: Path, permit: Permit) -> int:
    """How many releases of a register left under a permit, all of them as it says.

    Raises
    ------
    PermitRefused: the permit lacks a holder's signature. DataQualityError: as `verify`, or a line
    of the permit's study that another key signed, or a release on a day, of a population, by a
    statistic, under a policy or beyond a number that the permit does not allow; names the line.
    """
    verify_permit(permit)
    released, asked = 0, set[str]()
    for entry in read(path):
        if entry.study == permit.study:
            left = entry.release != "refusal"
            asked |= {entry.asked} if left else set()
            if not _allowed(entry, permit) or len(asked) > permit.rounds:
                raise broken(path, entry.number + 1, _OUTSIDE)
            if not signed_by(entry.key, entry.signature, entry.signed()):
                raise broken(path, entry.number + 1, _SIGNATURE)
            released += left
    return released


def _allowed(entry: Entry, permit: Permit) -> bool:
    """Whether the site's own key signed a line and, if a release left, the permit covers it."""
    terms = permit.sites.get(entry.site)
    if terms is None or entry.key != terms.key:
        return False
    return entry.release == "refusal" or (
        permit.starts.isoformat() <= entry.time[:10] < permit.ends.isoformat()
        and entry.cohort in permit.cohorts
        and entry.step in permit.steps
        and entry.rule.partition(":")[0] == terms.policy
    )


def lines(path: Path) -> list[bytes]:
    """The lines of a register, their ends off.

    Raises
    ------
    InputError: no such file. DataQualityError: the last line has no end.
    """
    try:
        raw = path.read_bytes()
    except OSError:
        raise InputError(
            Text("ce registre ne peut pas être lu.", "this register cannot be read."),
            str(path),
            Text("Vérifiez le chemin.", "Check the path."),
        ) from None
    if raw and not raw.endswith(b"\n"):
        raise broken(path, raw.count(b"\n") + 1)
    return raw.split(b"\n")[:-1]


def _chained(path: Path, raw: Sequence[bytes]) -> State:
    state = START
    for number, line in enumerate(raw):
        if not fits(line, state):
            raise broken(path, number + 1)
        state = State(number + 1, hashlib.sha256(line).hexdigest())
    return state


def looked_at(entries: int, every: bool) -> range | list[int]:
    """Numbers of the entries whose signatures `verify` checks."""
    if every or entries <= SAMPLE:
        return range(entries)
    step = entries / SAMPLE
    return sorted({*(int(i * step) for i in range(SAMPLE)), entries - 1})
