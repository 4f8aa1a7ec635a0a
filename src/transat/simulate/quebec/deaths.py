"""DECES_ISQ (mapped): deaths with their underlying cause, and which ones the register dates too."""

from __future__ import annotations

from typing import Final

import numpy as np
import pyarrow as pa

from transat.simulate.quebec.native import (
    Flags,
    Integers,
    chosen,
    constant,
    dates,
    day_numbers,
    integers,
    native,
)
from transat.simulate.quebec.traps import repeated, shuffled
from transat.simulate.quebec.world import World, equal, inside_the_extract

#: Shares of our choosing: no published figure was found for Québec.
_NOT_IN_THE_REGISTER: Final = 0.15
_NOT_AT_THE_ISQ: Final = 0.03
_TWICE: Final = 0.02

#: Pulmonary embolism, breast cancer, suicide by hanging, cardiac arrest; sudden infant death.
_CAUSES: Final = ("I269", "C509", "X70", "I469", "R95")
#: Of elders, no cause is simulated: cardiac arrest, pneumonia, cause unknown.
_OF_ELDERS: Final = ("I469", "J189", "R99")
_ICD10: Final = "10"


def registered(world: World) -> Flags:
    """Whether the register of insured persons dates the death; shape (persons,)."""
    return ~_split(world)[0]


def lines(world: World) -> pa.Table:
    """Deaths of the extract's period that the ISQ knows."""
    persons = world.population.persons
    missing, at_the_isq = _split(world)
    rows = np.flatnonzero(missing | at_the_isq)
    random = world.stream("DECES_ISQ")
    cause = random.integers(0, len(_CAUSES), len(rows))
    elder = equal(persons["role"], "elder")[rows]
    cause = np.where(elder, len(_CAUSES) + cause % len(_OF_ELDERS), cause)
    table = native(
        "DECES_ISQ",
        {
            "NO_INDIV": world.person_numbers(integers(persons["person_id"])[rows]),
            "DATE_DECES": dates(day_numbers(persons["death_date"])[rows]),
            "CAUSE_INITIALE": chosen(_CAUSES + _OF_ELDERS, cause),
            "SYSTEME_CLASSIFICATION": constant(_ICD10, len(rows)),
        },
    )
    every = np.ones(len(rows), dtype=np.bool_)
    return shuffled(random, repeated(random, table, every, _TWICE))


def _split(world: World) -> tuple[Flags, Flags]:
    """(deaths that the register lacks, deaths known to both); each shape (persons,)."""
    day: Integers = day_numbers(world.population.persons["death_date"])
    here = inside_the_extract(day)
    draw = world.stream("who knows of a death").random(len(day))
    missing = here & (draw < _NOT_IN_THE_REGISTER)
    both = here & ~missing & (draw < 1 - _NOT_AT_THE_ISQ)
    return np.asarray(missing), np.asarray(both)
