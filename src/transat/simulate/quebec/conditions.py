"""How conditions of women appear: medical claims year after year, some stays, some emergencies."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import pyarrow as pa

from transat.simulate.quebec.emergency import Episodes
from transat.simulate.quebec.hospital import Diagnoses, Stays
from transat.simulate.quebec.medical_services import VISIT, Acts, stacked, text
from transat.simulate.quebec.native import NO_DAY, Flags, Integers, day_numbers, integers
from transat.simulate.quebec.world import (
    FIRST_DAY,
    LAST_DAY,
    World,
    equal,
    inside_the_extract,
    positions,
)

#: Conditions that pass: one claim, no follow-up.
_PASSING: Final = ("nausea", "infection")

#: Conditions of before that show in claims only: a stay for one is an event of its own (valve.py).
_CLAIMS_ONLY: Final = ("heart_failure",)

#: Days between two follow-up claims of a lasting condition, before jitter.
_FOLLOW_UP: Final = 180
_JITTER: Final = 30

_IN_HOSPITAL: Final = 0.25
_AT_THE_EMERGENCY: Final = 0.10


@dataclass(frozen=True, slots=True)
class Conditions:
    """Conditions as arrays of shape (n,); `last` is the last day on which care is possible."""

    person: Integers
    start: Integers
    last: Integers
    lasting: Flags
    in_claims_only: Flags
    icd9: pa.Array
    icd10: pa.Array

    @classmethod
    def of(cls, world: World) -> Conditions:
        """The conditions of this world."""
        table, persons = world.population.conditions, world.population.persons
        person = integers(table["person_id"])
        owner = positions(integers(persons["person_id"]), person)
        death = day_numbers(persons["death_date"])[owner]
        return cls(
            person=person,
            start=day_numbers(table["start_date"]),
            last=np.where(death == NO_DAY, LAST_DAY - 1, np.minimum(death, LAST_DAY - 1)),
            lasting=~equal(table["condition"], *_PASSING),
            in_claims_only=equal(table["condition"], *_CLAIMS_ONLY),
            icd9=text(table["icd9"]),
            icd10=text(table["icd10"]),
        )


def claims(world: World, conditions: Conditions) -> Acts:
    """A claim when the condition starts, then about two a year while it lasts."""
    random = world.stream("claims of conditions")
    rows = len(conditions.person)
    first = np.maximum(conditions.start, FIRST_DAY + random.integers(0, _FOLLOW_UP, rows))
    coded = np.asarray(conditions.icd9.is_valid())
    parts = [_acts(conditions, np.flatnonzero(coded & (first <= conditions.last)), first)]
    for visit in range(1, (LAST_DAY - FIRST_DAY) // _FOLLOW_UP + 1):
        day = first + visit * _FOLLOW_UP + random.integers(-_JITTER, _JITTER + 1, rows)
        seen = coded & conditions.lasting & (day <= conditions.last)
        parts.append(_acts(conditions, np.flatnonzero(seen), day))
    return stacked(parts)


def stays(world: World, conditions: Conditions) -> Stays:
    """Stays for a share of conditions, admitted on the day they start."""
    random = world.stream("stays of conditions")
    rows = _share(random, conditions, _IN_HOSPITAL)
    diagnosis = Diagnoses.of(np.arange(len(rows)), conditions.icd10.take(pa.array(rows)), "P")
    nights = random.integers(1, 5, len(rows))
    return Stays.simple(conditions.person[rows], conditions.start[rows], nights, (diagnosis,))


def emergencies(world: World, conditions: Conditions) -> Episodes:
    """Emergency episodes for a share of conditions, on the day they start."""
    rows = _share(world.stream("emergencies of conditions"), conditions, _AT_THE_EMERGENCY)
    code = conditions.icd10.take(pa.array(rows))
    return Episodes(conditions.person[rows], conditions.start[rows], code)


def _share(random: np.random.Generator, conditions: Conditions, share: float) -> Integers:
    possible = np.asarray(conditions.icd10.is_valid()) & inside_the_extract(conditions.start)
    possible &= ~conditions.in_claims_only
    return np.flatnonzero(possible & (random.random(len(possible)) < share))


def _acts(conditions: Conditions, rows: Integers, day: Integers) -> Acts:
    code = conditions.icd9.take(pa.array(rows))
    return Acts.of(VISIT, conditions.person[rows], day[rows], code)
