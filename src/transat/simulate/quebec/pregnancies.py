"""How each pregnancy of the truth is seen in Québec: a stay, a medical claim, or not at all."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import pyarrow as pa

from transat.simulate.quebec.hospital import Diagnoses, Stays
from transat.simulate.quebec.medical_services import DELIVERY, EARLY_LOSS, Acts
from transat.simulate.quebec.native import (
    NO_DAY,
    Flags,
    Integers,
    chosen,
    constant,
    day_numbers,
    integers,
    native,
    whole,
)
from transat.simulate.quebec.traps import shuffled
from transat.simulate.quebec.world import World, equal, positions, unseen

#: From this gestation a hospital O04 is read as a termination for medical reason.
_THERAPEUTIC_FROM: Final = 140

#: Share of spontaneous losses in town for which no one bills an act.
_NEVER_BILLED: Final = 0.40

#: Of hospital losses, share that came through the emergency department.
_THROUGH_EMERGENCY: Final = 0.40

#: ICD-10 and ICD-9 of losses (data sources §4.1).
_LOSSES: Final = {
    "therapeutic_termination": ("O049", "6359"),
    "elective_termination": ("O049", "6359"),
    "spontaneous_abortion": ("O039", "6349"),
    "ectopic": ("O009", "6339"),
}


@dataclass(frozen=True, slots=True)
class Pregnancies:
    """The pregnancies of a chunk as arrays of shape (n,)."""

    id: Integers
    person: Integers
    start: Integers
    end: Integers
    admission: Integers
    outcome: pa.ChunkedArray
    in_town: Flags
    delivered: Flags

    @classmethod
    def of(cls, world: World) -> Pregnancies:
        """The pregnancies of this world; a delivery is a live birth or a stillbirth."""
        table = world.population.pregnancies
        end, admission = day_numbers(table["end"]), day_numbers(table["admission_date"])
        delivered = equal(table["outcome"], "live_birth", "stillbirth")
        return cls(
            id=integers(table["pregnancy_id"]),
            person=integers(table["person_id"]),
            start=day_numbers(table["start"]),
            end=end,
            admission=np.where(admission == NO_DAY, end, admission),
            outcome=table["outcome"],
            in_town=equal(table["setting"], "town") & ~delivered,
            delivered=delivered,
        )


def delivery_stays(world: World, pregnancies: Pregnancies) -> tuple[Integers, Stays]:
    """Positions of the deliveries, and one stay of the mother for each."""
    rows = np.flatnonzero(pregnancies.delivered)
    random = world.stream("deliveries")
    codes = chosen(_Z37, _z37_positions(world, pregnancies)[rows])
    stay = np.arange(len(rows))
    again = np.flatnonzero(random.random(len(rows)) < 0.3)
    diagnoses = (
        Diagnoses.of(stay, codes, "P"),
        Diagnoses.of(again, codes.take(pa.array(again)), "S"),
    )
    before = pregnancies.end[rows] - pregnancies.admission[rows]
    nights = before + random.integers(1, 4, len(rows))
    admitted = pregnancies.admission[rows]
    return rows, Stays.simple(pregnancies.person[rows], admitted, nights, diagnoses)


#: Outcome of delivery by number born: Z37.0 to Z37.7.
_Z37: Final = ("Z370", "Z371", "Z372", "Z373", "Z374", "Z375", "Z376", "Z377")


def _z37_positions(world: World, pregnancies: Pregnancies) -> Integers:
    """Position in `_Z37` of each pregnancy, from its live-born and stillborn children."""
    links = world.population.links
    owner = positions(pregnancies.id, integers(links["pregnancy_id"]))
    live = np.asarray(links["live"].to_numpy(), dtype=np.bool_)
    alive = np.bincount(owner[live], minlength=len(pregnancies.id))
    still = np.bincount(owner[~live], minlength=len(pregnancies.id))
    born = alive + still
    mixed = (alive > 0) & (still > 0)
    one = np.where(still > 0, 1, 0)
    two = np.where(mixed, 3, np.where(still > 0, 4, 2))
    more = np.where(mixed, 6, np.where(still > 0, 7, 5))
    return np.asarray(np.where(born <= 1, one, np.where(born == 2, two, more)), dtype=np.int64)


def loss_stays(world: World, pregnancies: Pregnancies) -> tuple[Integers, Stays]:
    """Positions of the losses seen in hospital, and one stay for each, admitted on the day."""
    rows = np.flatnonzero(~pregnancies.delivered & ~pregnancies.in_town)
    random = world.stream("losses")
    codes = loss_codes(pregnancies, rows, 0)
    day = pregnancies.end[rows]
    urgent = equal(codes, "O039", "O009") & (random.random(len(rows)) < _THROUGH_EMERGENCY)
    diagnoses = (Diagnoses.of(np.arange(len(rows)), codes, "P"),)
    nights = random.integers(0, 2, len(rows))
    arrived = np.where(urgent, day, NO_DAY)
    return rows, Stays.simple(pregnancies.person[rows], day, nights, diagnoses, emergency=arrived)


def loss_codes(pregnancies: Pregnancies, rows: Integers, system: int) -> pa.Array:
    """ICD-10 (system 0) or ICD-9 (system 1) of the losses at these positions."""
    outcome = pregnancies.outcome.take(pa.array(rows))
    found = np.zeros(len(rows), dtype=np.int64)
    for place, name in enumerate(_LOSSES):
        found[equal(outcome, name)] = place
    return chosen(tuple(codes[system] for codes in _LOSSES.values()), found)


def claims(world: World, pregnancies: Pregnancies) -> tuple[list[Acts], pa.Table]:
    """Acts billed for the end of pregnancies, and what the claims cannot tell.

    A loss in hospital is billed too; a loss in town is known by its claim alone, without gestation.
    """
    random = world.stream("claims of pregnancies")
    spontaneous = equal(pregnancies.outcome, "spontaneous_abortion")
    silent = pregnancies.in_town & spontaneous
    silent &= random.random(len(silent)) < _NEVER_BILLED
    billed = np.flatnonzero(~pregnancies.delivered & ~silent)
    live = np.flatnonzero(equal(pregnancies.outcome, "live_birth"))
    acts = [
        _acts(EARLY_LOSS, pregnancies, billed, loss_codes(pregnancies, billed, 1)),
        _acts(DELIVERY, pregnancies, live, constant("650", len(live))),
    ]
    undated = pregnancies.in_town & ~silent
    elective = equal(pregnancies.outcome, "elective_termination")
    missing = [
        unseen("pregnancy", pregnancies.id[silent], "spontaneous_in_town"),
        unseen("start", pregnancies.id[undated & elective], "town_abortion_has_no_gestation"),
        unseen("start", pregnancies.id[undated & ~elective], "town_loss_has_no_gestation"),
        unseen("pregnancy", pregnancies.id[_ambiguous(pregnancies)], "termination_reason_unclear"),
        unseen(
            "plurality", pregnancies.id[_uncounted(world, pregnancies)], "loss_has_no_number_born"
        ),
    ]
    return acts, pa.concat_tables(missing)


def _ambiguous(pregnancies: Pregnancies) -> Flags:
    """Hospital terminations on the wrong side of the only sign of their reason: gestation."""
    late = pregnancies.end - pregnancies.start >= _THERAPEUTIC_FROM
    therapeutic = equal(pregnancies.outcome, "therapeutic_termination")
    elective = equal(pregnancies.outcome, "elective_termination")
    return np.asarray(
        (therapeutic & (~late | pregnancies.in_town)) | (elective & late & ~pregnancies.in_town)
    )


def _uncounted(world: World, pregnancies: Pregnancies) -> Flags:
    """Losses of several fetuses: only a delivery says how many there were."""
    several = integers(world.population.pregnancies["plurality"]) > 1
    return np.asarray(several & ~pregnancies.delivered)


def _acts(kind: str, pregnancies: Pregnancies, rows: Integers, icd9: pa.Array) -> Acts:
    return Acts.of(kind, pregnancies.person[rows], pregnancies.end[rows], icd9)


def gestation_lines(
    world: World, pregnancies: Pregnancies, rows: Integers, numbers: pa.Array
) -> pa.Table:
    """GROSSESSES_HOSP (mapped): gestational age of the losses seen in hospital."""
    table = native(
        "GROSSESSES_HOSP",
        {
            "NO_SEQ_SEJ_HOSP": numbers,
            "AGE_GESTATIONNEL_JOURS": whole(pregnancies.end[rows] - pregnancies.start[rows]),
        },
    )
    return shuffled(world.stream("GROSSESSES_HOSP"), table)
