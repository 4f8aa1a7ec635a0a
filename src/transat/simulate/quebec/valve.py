"""The aortic valve in Québec: stays of MED-ÉCHO with their CCI acts, visits in ICD-9.

A replacement has its intervention on the day of admission, an aortic rubric (1HV90); one code in
ten is cut to seven characters, as some extracts have them, and a few replacements are begun and
abandoned in another stay. Stays are coded in ICD-10-CA (I350, I352), visits in ICD-9 (424.1), which
says any disease of the valve.

Choices where the rules are silent: a replacement without a diagnosis of the valve has coronary
disease; a heart-failure stay has I50x first and comes through the emergency department.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import pyarrow as pa

from transat.simulate.quebec.hospital import Diagnoses, Stays
from transat.simulate.quebec.interventions import codes_of
from transat.simulate.quebec.medical_services import VISIT, Acts
from transat.simulate.quebec.native import (
    NO_DAY,
    Integers,
    chosen,
    constant,
    dates,
    native,
)
from transat.simulate.quebec.traps import pick
from transat.simulate.quebec.world import World, unseen
from transat.simulate.valve_care import (
    STAYS,
    ValveStays,
    unwritten,
    valve_stays,
    valve_visits,
)

_HEART_FAILURE: Final = ("I500", "I501", "I509", "I509")
_CORONARY: Final = "I251"
_APICAL: Final = 0.05  # share of TAVI
_CUT: Final = 0.10
_ABANDONED: Final = 0.01
_RUBRIC_AND_APPROACH: Final = 7
_WITH_ICD10_CA: Final = "1"


@dataclass(frozen=True, slots=True)
class ValveCare:
    """What Québec writes of the aortic valve: stays, what they are for, visits, what is lost."""

    care: ValveStays
    stays: Stays
    visits: Acts
    unseen: tuple[pa.Table, ...]

    @classmethod
    def of(cls, world: World) -> ValveCare:
        """The care of this world."""
        care, visits = valve_stays(world.population), valve_visits(world.population)
        lost = unwritten(world.population)
        return cls(
            care,
            _stays(world, care),
            Acts.of(VISIT, visits.person, visits.day, pa.array(visits.icd9.tolist(), pa.string())),
            tuple(unseen(k, ids, why) for k, each in lost.items() for why, ids in each.items()),
        )


def intervention_lines(world: World, valves: ValveCare, numbers: pa.Array) -> pa.Table:
    """INTERVENTIONS of the stays, whose numbers are given in their order."""
    random = world.stream("valve interventions")
    parts = []
    for kind in ("savr", "tavi"):
        rows = np.flatnonzero(valves.care.kind == STAYS.index(kind))
        codes = codes_of(kind)
        code = random.integers(0, len(codes), len(rows))
        if kind == "tavi":
            code = (random.random(len(rows)) < _APICAL).astype(np.int64)
        parts.append(_interventions(valves, numbers, rows, _cut(random, codes, code), ""))
    others = np.flatnonzero(~valves.care.is_kind("savr", "tavi"))
    begun = others[pick(random, len(others), _ABANDONED)]
    code = constant(codes_of("tavi")[0], len(begun))
    return pa.concat_tables([*parts, _interventions(valves, numbers, begun, code, "A")])


def _stays(world: World, care: ValveStays) -> Stays:
    coded, opens = care.first_code()
    failing = care.is_kind("heart_failure")
    which = world.stream("valve stays").integers(0, len(_HEART_FAILURE), len(care))
    main = np.where(coded == "", _CORONARY, coded)
    main = np.where(failing, np.array(_HEART_FAILURE)[which], main)
    others = ~opens | failing[care.code_stay]
    return Stays.simple(
        care.person,
        care.first,
        care.last - care.first,
        (
            Diagnoses.of(np.arange(len(care)), _texts(main), "P"),
            Diagnoses.of(care.code_stay[others], _texts(care.code[others]), "S"),
        ),
        emergency=np.where(failing, care.first, NO_DAY),
    )


def _interventions(
    valves: ValveCare, numbers: pa.Array, rows: Integers, code: pa.Array, status: str
) -> pa.Table:
    return native(
        "INTERVENTIONS",
        {
            "NO_SEQ_SEJ_HOSP": numbers.take(pa.array(rows)),
            "CODE_INTERVENTION": code,
            "SYSTEME_CLASSIFICATION": constant(_WITH_ICD10_CA, len(rows)),
            "DATE_INTERVENTION": dates(valves.care.first[rows]),
            "ATTRIBUT_STATUT": chosen((status,), np.zeros(len(rows), dtype=np.int64)),
        },
    )


def _cut(random: np.random.Generator, codes: tuple[str, ...], code: Integers) -> pa.Array:
    """The codes chosen, some without their last qualifiers."""
    short = tuple(c[:_RUBRIC_AND_APPROACH] for c in codes)
    return chosen(codes + short, code + len(codes) * (random.random(len(code)) < _CUT))


def _texts(values: np.ndarray[tuple[int, ...], np.dtype[np.str_]]) -> pa.Array:
    return pa.array(values.tolist(), pa.string())
