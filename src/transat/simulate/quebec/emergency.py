"""V_EPISO_SOIN_DURG_CM: emergency department episodes (BDCU)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import pyarrow as pa

from transat.simulate.quebec.hospital import HOSPITALS, Stays
from transat.simulate.quebec.native import (
    NO_DAY,
    Integers,
    chosen,
    day_numbers,
    instants,
    integers,
    native,
    padded,
    whole,
)
from transat.simulate.quebec.traps import pick, repeated, shuffled
from transat.simulate.quebec.world import World, equal, inside_the_extract

_TWICE: Final = 0.01
_PER_CHUNK: Final = 10_000_000
_LONGEST: Final = 20 * 60

#: Of ordinary contacts, share that took place at the emergency department; the act is billed too.
_ORDINARY: Final = 0.03
#: Abdominal pain, upper respiratory infection, headache, sprained ankle.
_REASONS: Final = ("R104", "J069", "R51", "S934")


@dataclass(frozen=True, slots=True)
class Episodes:
    """Emergency episodes: person, day of arrival, ICD-10-CA diagnosis without dot."""

    person: Integers
    day: Integers
    code: pa.Array


def ordinary(world: World) -> Episodes:
    """Episodes of women and children for everyday reasons, on days of ordinary contacts."""
    contacts = world.population.contacts
    person, day = integers(contacts["person_id"]), day_numbers(contacts["date"])
    random = world.stream("ordinary emergencies")
    rows = pick(random, len(person), _ORDINARY)
    rows = rows[inside_the_extract(day[rows])]
    code = chosen(_REASONS, random.integers(0, len(_REASONS), len(rows)))
    return Episodes(person[rows], day[rows], code)


def of_stays(stays: Stays) -> Episodes:
    """The episodes that led to a stay: the principal diagnosis of the stay, on its day."""
    parts = []
    for diagnoses in stays.diagnoses:
        arrived = stays.emergency[diagnoses.stay] != NO_DAY
        rows = np.flatnonzero(arrived & equal(diagnoses.kind, "P"))
        stay = diagnoses.stay[rows]
        code = diagnoses.code.take(pa.array(rows))
        parts.append(Episodes(stays.person[stay], stays.emergency[stay], code))
    return _stacked(parts)


def lines(world: World, parts: Sequence[Episodes]) -> pa.Table:
    """All episodes, a few lines written twice."""
    episodes = _stacked(parts)
    rows = len(episodes.person)
    random = world.stream("V_EPISO_SOIN_DURG_CM")
    arrival = random.integers(0, 24 * 60, rows)
    departure = arrival + random.integers(30, _LONGEST, rows)
    table = native(
        "V_EPISO_SOIN_DURG_CM",
        {
            "SURG_NO_INDIV_BEN_BANLS": world.person_numbers(episodes.person),
            "SURG_DHD_EPISO_SOIN_DURG": instants(episodes.day, arrival),
            "SURG_DH_DEPAR_USAG_DURG": instants(episodes.day, departure),
            "SURG_COD_DIAGN_MDCAL_CLINQ": episodes.code,
            "SURG_COD_PRIOR_TRIAG_DURG": whole(random.integers(1, 6, rows)),
            "SURG_NO_EPISO_SOIN_DURG": padded(world.chunk * _PER_CHUNK + np.arange(rows), 10),
            "SURG_NO_ETAB_MSSS": padded(_hospitals(world, rows), 8),
        },
    )
    every = np.ones(rows, dtype=np.bool_)
    return shuffled(random, repeated(random, table, every, _TWICE))


def _hospitals(world: World, rows: int) -> Integers:
    return world.stream("SURG_NO_ETAB_MSSS").integers(1, HOSPITALS + 1, rows)


def _stacked(parts: Sequence[Episodes]) -> Episodes:
    return Episodes(
        np.concatenate([p.person for p in parts]),
        np.concatenate([p.day for p in parts]),
        pa.concat_arrays([p.code for p in parts]),
    )
