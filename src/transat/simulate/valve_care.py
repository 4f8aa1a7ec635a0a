"""Hospital care and visits for the aortic valve, as both shores write them.

A replacement or a heart-failure stay is a stay from its date to its end. A diagnosis made in a stay
is written in the one that begins on its day, of a replacement first; where none does, it has a stay
of its own, of two nights. So every act and every diagnosis of a stay is dated by its first day.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from transat.simulate.design import EXTRACT_END, EXTRACT_START, day
from transat.simulate.population import Population

Days = NDArray[np.int64]
Flags = NDArray[np.bool_]
Texts = NDArray[np.str_]

#: What a stay is for; 'diagnosis' is one of its own.
STAYS: Final = ("savr", "tavi", "heart_failure", "diagnosis")
#: Dates that no file of either shore bears.
WAITS: Final = ("referral", "decision")
_NIGHTS: Final = 2
_FIRST, _END = day(EXTRACT_START), day(EXTRACT_END)


@dataclass(frozen=True, slots=True)
class ValveStays:
    """Stays as arrays of one length, then the diagnoses coded in them.

    person; first, last (days); kind: place in STAYS; event: number of the true event, or of the
    diagnosis that made the stay. code_stay: place of the stay; code_id: number of the diagnosis;
    code: ICD-10 without dot.
    """

    person: Days
    first: Days
    last: Days
    kind: Days
    event: Days
    code_stay: Days
    code_id: Days
    code: Texts

    def __len__(self) -> int:
        return len(self.person)

    def is_kind(self, *names: str) -> Flags:
        """Which stays are of these kinds; shape (stays,)."""
        return np.isin(self.kind, [STAYS.index(name) for name in names])

    def first_code(self) -> tuple[Texts, Flags]:
        """The first diagnosis coded in each stay, '' without one; and which diagnoses those are."""
        where, place = np.unique(self.code_stay, return_index=True)
        found = np.full(len(self), "", "U6")
        found[where] = self.code[place]
        opens = np.zeros(len(self.code), np.bool_)
        opens[place] = True
        return found, opens


@dataclass(frozen=True, slots=True)
class ValveVisits:
    """Diagnoses made at visits: person, day, number, ICD-10 and ICD-9 without dot."""

    person: Days
    day: Days
    id: Days
    icd10: Texts
    icd9: Texts


def valve_stays(population: Population) -> ValveStays:
    """The stays of the extract's period, by person and day."""
    events = population.valve_events
    events = events.filter(pc.is_in(events["kind"], pa.array(STAYS)))
    said = _diagnoses(population, "stay")
    person, first = _integers(events["person_id"]), _integers(events["date"])
    kind = np.array([STAYS.index(k) for k in events["kind"].to_pylist()], np.int64)
    coded_person, coded_day = _integers(said["person_id"]), _integers(said["date"])
    coded_id = _integers(said["event_id"])
    alone = ~np.isin(_key(coded_person, coded_day), _key(person, first))
    own = np.flatnonzero(alone)[_firsts(_key(coded_person, coded_day)[alone])]
    death = _death(population, coded_person[own])
    last = np.minimum(np.minimum(coded_day[own] + _NIGHTS, death), _END - 1)
    stays = _sorted(
        np.concatenate([person, coded_person[own]]),
        np.concatenate([first, coded_day[own]]),
        np.concatenate([_integers(events["end_date"]), np.maximum(last, coded_day[own])]),
        np.concatenate([kind, np.full(len(own), STAYS.index("diagnosis"))]),
        np.concatenate([_integers(events["event_id"]), coded_id[own]]),
    )
    # Of the stays that begin on a day, the first holds the diagnoses: kinds are in that order.
    held = np.searchsorted(_key(stays[0], stays[1]), _key(coded_person, coded_day))
    return ValveStays(*stays, held.astype(np.int64), coded_id, _undotted(said["icd10"]))


def valve_visits(population: Population) -> ValveVisits:
    """The diagnoses made at visits of the extract's period, by person and day."""
    said = _diagnoses(population, "visit")
    return ValveVisits(
        _integers(said["person_id"]),
        _integers(said["date"]),
        _integers(said["event_id"]),
        _undotted(said["icd10"]),
        _undotted(said["icd9"]),
    )


def unwritten(population: Population) -> dict[str, dict[str, Days]]:
    """True rows that neither shore writes: kind -> reason -> their numbers."""
    events, said, echos = (
        population.valve_events, population.valve_diagnoses, population.valve_echos
    )  # fmt: skip
    waits = np.asarray(pc.is_in(events["kind"], pa.array(WAITS)), np.bool_)
    outside = ~_inside(events["date"]) & ~waits
    shown = np.asarray(pc.is_in(echos["person_id"], _registered(population)), np.bool_)
    return {
        "valve_event": {
            "waits_are_in_no_file": _integers(events["event_id"])[waits],
            "outside_the_window": _integers(events["event_id"])[outside],
        },
        "valve_diagnosis": {
            "outside_the_window": _integers(said["event_id"])[~_inside(said["date"])]
        },
        "valve_echo": {
            "not_in_the_registry": _integers(echos["echo_id"])[~shown],
            "outside_the_window": _integers(echos["echo_id"])[shown & ~_inside(echos["date"])],
        },
    }


def registered_echos(population: Population) -> pa.Table:
    """The echos that the shore's registry holds, by number."""
    echos = population.valve_echos
    kept = pc.and_(
        pc.is_in(echos["person_id"], _registered(population)), pa.array(_inside(echos["date"]))
    )
    return echos.filter(kept).sort_by("echo_id")


def _registered(population: Population) -> pa.Array:
    patients = population.valve_patients
    return patients.filter(patients["registry"])["person_id"].combine_chunks()


def _diagnoses(population: Population, setting: str) -> pa.Table:
    """Those of a setting inside the period, by person, day and number."""
    table = population.valve_diagnoses
    kept = pc.and_(pc.equal(table["setting"], setting), pa.array(_inside(table["date"])))
    order = [(name, "ascending") for name in ("person_id", "date", "event_id")]
    return table.filter(kept).sort_by(order)


def _sorted(
    person: Days, first: Days, last: Days, kind: Days, event: Days
) -> tuple[Days, Days, Days, Days, Days]:
    """The stays that begin in the period, by person, day and kind."""
    order = np.lexsort((event, kind, first, person))
    kept = order[(first[order] >= _FIRST) & (first[order] < _END)]
    return person[kept], first[kept], last[kept], kind[kept], event[kept]


def _death(population: Population, people: Days) -> Days:
    """Day of death of people, the end of the period for the living."""
    persons = population.persons.select(["person_id", "death_date"]).sort_by("person_id")
    ids = _integers(persons["person_id"])
    died = _integers(pc.fill_null(persons["death_date"].cast(pa.int32()), _END))
    return died[np.searchsorted(ids, people)]


def _inside(column: pa.ChunkedArray) -> Flags:
    days = _integers(column)
    return np.asarray((days >= _FIRST) & (days < _END))


def _firsts(keys: Days) -> Days:
    return np.unique(keys, return_index=True)[1].astype(np.int64)


def _key(person: Days, days: Days) -> Days:
    """One number per (person, day), in that order: days within ± 2^19 of 1970."""
    return person * (1 << 20) + days + (1 << 19)


def _integers(column: pa.ChunkedArray | pa.Array) -> Days:
    whole = column.cast(pa.int32()) if pa.types.is_date32(column.type) else column
    return np.asarray(whole.to_numpy(), np.int64)


def _undotted(column: pa.ChunkedArray) -> Texts:
    return np.array(pc.replace_substring(column, ".", "").to_pylist(), dtype="U6")
