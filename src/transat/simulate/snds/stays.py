"""Hospital stays before they are written: arrays of one length, one entry a stay, and their parts.

Stays       beneficiary (row of IR_BEN_R), entry, exit (days), main and related diagnosis, GHM,
            gestation (AGE_GES weeks; -1 = empty), since_lmp (DEL_REG_ENT), weight (POI_NAI),
            newborn (birth stay), hospital, entry_mode, exit_mode, stay_type (SEJ_TYP),
            mother_child (number behind NIR_ANO_MAM, BLANK or UNMATCHED), refused (return codes),
            event (number of the true event).
Diagnosis   stay, code: T_MCOaaD.         Act    stay, code, delay (days from entry): T_MCOaaA.
Unit        stay, code: a second medical unit with its own main diagnosis: T_MCOaaUM.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from transat.simulate.snds.draws import Flags, Ints

Arrays = dict[str, npt.NDArray[Any]]

#: NIR_ANO_MAM empty (32 blanks), or a number that matched no stay (ABAB repeated).
BLANK, UNMATCHED = -1, -2
#: Return codes: all zero, else one code is 1 and the number is another's (or no number at all).
ACCEPTED, REFUSED_ANOTHER, REFUSED_NOBODY = 0, 1, 2

_STAY: Final[dict[str, tuple[str, Any]]] = {
    "beneficiary": ("i4", 0),
    "entry": ("i4", 0),
    "exit": ("i4", 0),
    "main": ("U6", ""),
    "related": ("U6", ""),
    "ghm": ("U6", ""),
    "gestation": ("i2", -1),
    "since_lmp": ("i2", -1),
    "weight": ("i2", -1),
    "newborn": ("?", False),
    "hospital": ("i2", 0),
    "entry_mode": ("U1", "8"),
    "exit_mode": ("U1", "8"),
    "stay_type": ("U1", ""),
    "mother_child": ("i8", BLANK),
    "refused": ("i1", ACCEPTED),
    "event": ("i8", 0),
}
_PARTS: Final[dict[str, dict[str, tuple[str, Any]]]] = {
    "diagnoses": {"stay": ("i4", 0), "code": ("U6", "")},
    "acts": {"stay": ("i4", 0), "code": ("U7", ""), "delay": ("i4", 0)},
    "units": {"stay": ("i4", 0), "code": ("U6", "")},
}


@dataclass(frozen=True, slots=True)
class Stays:
    """Stays and their parts; `stay` in a part is a place among the stays."""

    stays: Arrays
    diagnoses: Arrays
    acts: Arrays
    units: Arrays

    def __len__(self) -> int:
        return len(self.stays["entry"])

    def where(self, which: Flags) -> Stays:
        """The stays `which`, with their parts."""
        places = np.cumsum(which) - 1
        parts = {name: _kept(getattr(self, name), which, places) for name in _PARTS}
        return Stays({k: v[which] for k, v in self.stays.items()}, **parts)

    def changed(self, **values: npt.NDArray[Any] | str | int) -> Stays:
        """The same stays with some values changed."""
        stays = dict(self.stays)
        for name, value in values.items():
            kind = _STAY[name][0]
            stays[name] = np.broadcast_to(np.asarray(value, dtype=kind), (len(self),)).copy()
        return Stays(stays, self.diagnoses, self.acts, self.units)


def new_stays(n: int, **given: npt.NDArray[Any] | str | int) -> Arrays:
    """`n` stays with the values given and the usual ones elsewhere."""
    return _filled(_STAY, n, given)


def part(name: str, stay: npt.NDArray[np.integer], **given: npt.NDArray[Any] | str | int) -> Arrays:
    """Entries of one part ('diagnoses', 'acts', 'units'), one for each place in `stay`."""
    return _filled(_PARTS[name], len(stay), {"stay": stay, **given})


def no_part(name: str) -> Arrays:
    """No entry of one part."""
    return part(name, np.empty(0, np.int32))


def joined_parts(*parts: Arrays) -> Arrays:
    """The entries of several parts of one kind."""
    return {key: np.concatenate([p[key] for p in parts]) for key in parts[0]}


def joined_stays(blocks: list[Stays]) -> Stays:
    """All the stays of the blocks, in their order."""
    offsets = np.cumsum([0, *(len(b) for b in blocks)])[:-1]
    moved = [
        {f.name: _moved(getattr(b, f.name), offset) for f in fields(Stays)[1:]}
        for b, offset in zip(blocks, offsets, strict=True)
    ]
    parts = {name: joined_parts(*(m[name] for m in moved)) for name in _PARTS}
    return Stays(joined_parts(*(b.stays for b in blocks)), **parts)


def _filled(declared: dict[str, tuple[str, Any]], n: int, given: dict[str, Any]) -> Arrays:
    made: Arrays = {}
    for name, (kind, usual) in declared.items():
        made[name] = np.empty(n, dtype=kind)
        made[name][:] = given.pop(name, usual)
    if given:
        raise ValueError(f"not a field here: {sorted(given)}")
    return made


def _kept(entries: Arrays, which: Flags, places: npt.NDArray[np.integer]) -> Arrays:
    keep = which[entries["stay"]]
    kept = {k: v[keep] for k, v in entries.items()}
    return {**kept, "stay": places[kept["stay"]].astype(np.int32)}


def _moved(entries: Arrays, offset: int) -> Arrays:
    return {**entries, "stay": (entries["stay"] + offset).astype(np.int32)}


def first_of(values: npt.NDArray[np.integer]) -> Flags:
    """Whether each entry is the first with its value."""
    flags = np.zeros(len(values), np.bool_)
    flags[np.unique(values, return_index=True)[1]] = True
    return flags


def picked(words: tuple[str, ...], u: npt.NDArray[np.float64]) -> npt.NDArray[np.str_]:
    """One of `words` for each draw in [0, 1)."""
    return np.array(words)[(u * len(words)).astype(np.int64)]


__all__ = [
    "ACCEPTED", "BLANK", "REFUSED_ANOTHER", "REFUSED_NOBODY", "UNMATCHED", "Arrays", "Ints",
    "Stays", "first_of", "joined_parts", "joined_stays", "new_stays", "no_part", "part", "picked",
]  # fmt: skip
