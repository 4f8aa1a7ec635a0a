"""Where malformations appear: the birth stay, a later stay, or a medical claim only."""

from __future__ import annotations

import csv
from functools import cache
from importlib import resources
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from transat.simulate.quebec.hospital import Diagnoses, Stays
from transat.simulate.quebec.medical_services import VISIT, Acts, text
from transat.simulate.quebec.native import NO_DAY, Flags, Integers, day_numbers, integers
from transat.simulate.quebec.pregnancies import Pregnancies
from transat.simulate.quebec.world import (
    LAST_DAY,
    World,
    equal,
    inside_the_extract,
    positions,
    unseen,
)

#: Of malformations found after the birth stay, share never coded in hospital.
_NEVER_IN_HOSPITAL: Final = 0.04

#: Share of malformations that also appear on a medical claim.
_ALSO_BILLED: Final = 0.50


def stays(
    world: World, pregnancies: Pregnancies, infants: Integers, birth: Stays
) -> tuple[Diagnoses, Stays, Acts, pa.Table]:
    """Diagnoses added to birth stays, later stays, supporting claims, and what is not seen.

    Parameters
    ----------
    infants: identifier of the child of each birth stay.
    birth: birth stays, at the same positions.
    """
    table = world.population.malformations
    infant, day = integers(table["infant_id"]), day_numbers(table["diagnosis_date"])
    random = world.stream("malformations")
    code = text(table["icd10"])
    child = infant != NO_DAY
    at_birth = np.zeros(len(infant), dtype=np.bool_)
    place = positions(infants, infant[child])
    at_birth[child] = day[child] <= birth.departed[place]
    in_time = inside_the_extract(day)
    claimed_only = child & ~at_birth & (random.random(len(infant)) < _NEVER_IN_HOSPITAL)
    later = child & ~at_birth & ~claimed_only & in_time
    born = np.flatnonzero(at_birth)
    added = Diagnoses.of(positions(infants, infant[born]), code.take(pa.array(born)), "S")
    support = (child & (random.random(len(infant)) < _ALSO_BILLED)) | claimed_only
    billed = np.flatnonzero(support & in_time)
    acts = Acts.of(VISIT, infant[billed], day[billed], _icd9(code.take(pa.array(billed))))
    ids = integers(table["malformation_id"])
    missing = _missing(world, pregnancies, ids, child, claimed_only, day)
    return added, _later_stays(random, infant, day, code, np.flatnonzero(later)), acts, missing


def _later_stays(
    random: np.random.Generator, infant: Integers, day: Integers, code: pa.Array, rows: Integers
) -> Stays:
    """One stay per child and day, its first malformation as principal diagnosis."""
    keys = np.stack([infant[rows], day[rows]], axis=1)
    distinct, first, stay = np.unique(keys, axis=0, return_index=True, return_inverse=True)
    stay = stay.reshape(-1)
    principal = np.zeros(len(rows), dtype=np.bool_)
    principal[first] = True
    codes = code.take(pa.array(rows))
    diagnoses = tuple(
        Diagnoses.of(stay[which], codes.take(pa.array(np.flatnonzero(which))), kind)
        for which, kind in ((principal, "P"), (~principal, "S"))
    )
    nights = random.integers(1, 6, len(distinct))
    return Stays.simple(distinct[:, 0], distinct[:, 1], nights, diagnoses)


def _missing(
    world: World,
    pregnancies: Pregnancies,
    ids: Integers,
    child: Flags,
    claimed_only: Flags,
    day: Integers,
) -> pa.Table:
    owner = positions(pregnancies.id, integers(world.population.malformations["pregnancy_id"]))
    stillborn = equal(pregnancies.outcome, "live_birth", "stillbirth")[owner] & ~child
    after = child & ~claimed_only & (day >= LAST_DAY)
    return pa.concat_tables(
        [
            unseen("malformation", ids[~child & ~stillborn], "terminated_fetus"),
            unseen("malformation", ids[stillborn], "stillborn_has_no_stay"),
            unseen("malformation", ids[claimed_only], "medical_claim_only"),
            unseen("malformation", ids[after], "after_the_extract"),
        ]
    )


@cache
def _support() -> tuple[tuple[str, str], ...]:
    """ICD-10 prefixes and the three-digit ICD-9 heading that a claim carries, longest first."""
    source = resources.files("transat.simulate.quebec").joinpath("icd9_support.csv")
    rows = csv.DictReader(source.read_text("utf-8").splitlines())
    return tuple(sorted(((r["icd10"], r["icd9"]) for r in rows), key=lambda r: -len(r[0])))


def _icd9(codes: pa.Array) -> pa.Array:
    """The ICD-9 heading of ICD-10 malformation codes; 759 where none is named."""
    found = pa.nulls(len(codes), pa.string())
    for prefix, heading in _support():
        hit = pc.starts_with(codes, pattern=prefix)
        found = pc.coalesce(found, pc.if_else(hit, heading, pa.scalar(None, pa.string())))
    return pc.fill_null(found, "759")
