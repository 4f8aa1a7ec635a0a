"""NAISSANCES, MORTINAISSANCES (mapped) and the stays of newborns."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from transat.simulate.quebec.hospital import Diagnoses, Stays
from transat.simulate.quebec.native import (
    NO_DAY,
    Flags,
    Integers,
    chosen,
    dates,
    day_numbers,
    integers,
    native,
    whole,
)
from transat.simulate.quebec.pregnancies import Pregnancies
from transat.simulate.quebec.traps import repeated, shuffled
from transat.simulate.quebec.world import World, positions, unseen
from transat.tables.quebec import tables

#: Share of live births whose child was not found again in the register of insured persons.
_CHILD_NOT_FOUND: Final = 0.008
_TWICE: Final = 0.003

_PRETERM_BEFORE: Final = 259
_EXTREMELY_PRETERM_BEFORE: Final = 196


@dataclass(frozen=True, slots=True)
class Births:
    """Every birth of a delivery, live or not; arrays of shape (n,)."""

    pregnancy: Integers  # position among the pregnancies
    infant: Integers  # NO_DAY for a stillborn child
    live: Flags
    day: Integers
    gestation: Integers
    weight: Integers
    rank: Integers

    @classmethod
    def of(cls, world: World, pregnancies: Pregnancies) -> Births:
        """Children of live births and stillbirths; a terminated fetus is not registered."""
        links = world.population.links
        owner = positions(pregnancies.id, integers(links["pregnancy_id"]))
        born = np.flatnonzero(pregnancies.delivered[owner])
        return cls(
            pregnancy=owner[born],
            infant=integers(links["infant_id"])[born],
            live=np.asarray(links["live"].to_numpy(), dtype=np.bool_)[born],
            day=day_numbers(links["birth_date"])[born],
            gestation=integers(links["gestational_days"])[born],
            weight=integers(links["weight_g"])[born],
            rank=integers(links["rank"])[born],
        )


def newborn_stays(world: World, births: Births) -> tuple[Integers, Stays]:
    """Infants and, at the same positions, the stay in which each was born."""
    rows = np.flatnonzero(births.live)
    random = world.stream("newborns")
    stay = np.arange(len(rows))
    number = np.bincount(births.pregnancy, minlength=int(births.pregnancy.max(initial=0)) + 1)
    born_together = np.minimum(number[births.pregnancy[rows]], 3) - 1
    early = births.gestation[rows]
    preterm = np.flatnonzero(early < _PRETERM_BEFORE)
    codes = chosen(("P073", "P072"), (early[preterm] < _EXTREMELY_PRETERM_BEFORE).astype(np.int64))
    nights = random.integers(1, 4, len(rows)) + np.maximum(_PRETERM_BEFORE - early, 0) // 2
    diagnoses = (
        Diagnoses.of(stay, chosen(("Z380", "Z383", "Z386"), born_together), "P"),
        Diagnoses.of(preterm, codes, "S"),
    )
    infants = births.infant[rows]
    return infants, Stays.simple(infants, births.day[rows], nights, diagnoses, newborn=True)


def lines(
    world: World,
    pregnancies: Pregnancies,
    births: Births,
    delivery_rows: Integers,
    numbers: pa.Array,
) -> tuple[pa.Table, pa.Table, pa.Table]:
    """The register of births, that of stillbirths, and the mother-child links that are lost.

    Half of the stillborn are in both registers, half in that of stillbirths alone.

    Parameters
    ----------
    delivery_rows: positions of the deliveries among the pregnancies.
    numbers: stay numbers of these deliveries, in the same order.
    """
    random = world.stream("NAISSANCES")
    lost = births.live & (random.random(len(births.live)) < _CHILD_NOT_FOUND)
    named = pa.array(births.live & ~lost)
    child = world.person_numbers(np.where(births.infant == NO_DAY, 0, births.infant))
    stay = numbers.take(pa.array(positions(delivery_rows, births.pregnancy)))
    table = native(
        "NAISSANCES",
        {
            "NO_INDIV_MERE": world.person_numbers(pregnancies.person[births.pregnancy]),
            "NO_INDIV_ENFANT": pc.if_else(named, child, pa.scalar(None, pa.string())),
            "NO_SEQ_SEJ_HOSP_MERE": stay,
            "DATE_NAISSANCE": dates(births.day),
            "AGE_GESTATIONNEL_JOURS": whole(births.gestation, births.gestation == NO_DAY),
            "POIDS_GRAMMES": whole(births.weight, births.weight == NO_DAY),
            "RANG_NAISSANCE": whole(births.rank, births.rank == NO_DAY),
            "VIVANT": chosen(("0", "1"), births.live.astype(np.int64)),
        },
    )
    apart = ~births.live & (births.pregnancy % 2 == 0)
    register = table.filter(pa.array(~apart))
    every = np.ones(register.num_rows, dtype=np.bool_)
    register = shuffled(random, repeated(random, register, every, _TWICE))
    stillborn = _stillbirths(table.filter(pa.array(~births.live)))
    return register, stillborn, unseen("link", births.infant[lost], "bad_chaining")


def _stillbirths(table: pa.Table) -> pa.Table:
    """MORTINAISSANCES, from the same children as lines of NAISSANCES."""
    columns = {"DATE_ACCOUCHEMENT": table["DATE_NAISSANCE"].combine_chunks()}
    for name in tables()["MORTINAISSANCES"].names:
        if name not in columns:
            columns[name] = table[name].combine_chunks()
    return native("MORTINAISSANCES", columns)
