"""V_SEJ_HOSP_CM and V_DIAGN_SEJ_HOSP_CM: hospital stays and their diagnoses (MED-ÉCHO)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Final

import numpy as np
import pyarrow as pa

from transat.simulate.quebec.native import (
    NO_DAY,
    Flags,
    Integers,
    constant,
    dates,
    native,
    padded,
    whole,
)
from transat.simulate.quebec.traps import pick, repeated, shuffled
from transat.simulate.quebec.world import World, equal

#: Hospitals of the extract, numbered from 1 as the ministry (MSSS) would.
HOSPITALS: Final = 60
_TWICE: Final = 0.005
_ICD10_CA: Final = "1"
_STAYS_PER_CHUNK: Final = 10_000_000


@dataclass(frozen=True, slots=True)
class Diagnoses:
    """Diagnoses of stays: position of the stay, code without dot, type (A, D, P or S)."""

    stay: Integers
    code: pa.Array
    kind: pa.Array

    @classmethod
    def of(cls, stay: Integers, code: pa.Array, kind: str) -> Diagnoses:
        """Diagnoses that are all of one type."""
        return cls(stay, code, constant(kind, len(stay)))


@dataclass(frozen=True, slots=True)
class Stays:
    """Hospital stays, positions 0..n-1; every array has shape (n,).

    `emergency` is the day of arrival at the emergency department, or `NO_DAY`.
    """

    person: Integers
    admitted: Integers
    departed: Integers
    emergency: Integers
    newborn: Flags
    diagnoses: tuple[Diagnoses, ...]

    @classmethod
    def simple(
        cls,
        person: Integers,
        admitted: Integers,
        nights: Integers,
        diagnoses: tuple[Diagnoses, ...],
        *,
        emergency: Integers | None = None,
        newborn: bool = False,
    ) -> Stays:
        """Stays of one sort, by their length in nights."""
        arrived = np.full(len(person), NO_DAY, np.int64) if emergency is None else emergency
        flag = np.full(len(person), newborn, np.bool_)
        return cls(person, admitted, admitted + nights, arrived, flag, diagnoses)

    def with_diagnoses(self, added: Diagnoses) -> Stays:
        """The same stays with more diagnoses."""
        return replace(self, diagnoses=(*self.diagnoses, added))

    def __len__(self) -> int:
        return len(self.person)


def stay_numbers(world: World, rows: int) -> pa.Array:
    """SHOP_NO_SEQ_SEJ_HOSP of the stays of a chunk: eleven digits whose order says nothing."""
    scrambled = world.stream("stay numbers").permutation(rows).astype(np.int64)
    return padded((world.chunk + 1) * _STAYS_PER_CHUNK + scrambled, 11)


def stacked(parts: Sequence[Stays]) -> Stays:
    """All parts as one; the first part keeps its positions, the next follow."""
    diagnoses, offset = [], 0
    for part in parts:
        diagnoses += [Diagnoses(d.stay + offset, d.code, d.kind) for d in part.diagnoses]
        offset += len(part)
    return Stays(
        np.concatenate([p.person for p in parts]),
        np.concatenate([p.admitted for p in parts]),
        np.concatenate([p.departed for p in parts]),
        np.concatenate([p.emergency for p in parts]),
        np.concatenate([p.newborn for p in parts]),
        tuple(diagnoses),
    )


def stay_lines(world: World, stays: Stays, numbers: pa.Array) -> pa.Table:
    """V_SEJ_HOSP_CM, a few lines written twice."""
    rows = len(stays)
    random = world.stream("V_SEJ_HOSP_CM")
    hours = random.integers(0, 24, (2, rows))
    table = native(
        "V_SEJ_HOSP_CM",
        {
            "SHOP_NO_INDIV_BEN_BANLS": world.person_numbers(stays.person),
            "SHOP_NO_SEQ_SEJ_HOSP": numbers,
            "SHOP_AN_PER_TEMPS": whole(_fiscal_years(stays.departed)),
            "SHOP_DAT_ARRIV_URG_SEJ_HOSP": dates(stays.emergency),
            "SHOP_DAT_ADMIS_SEJ_HOSP": dates(stays.admitted),
            "SHOP_HRE_ADMIS_SEJ_HOSP": padded(hours[0], 2),
            "SHOP_DAT_DEPAR_SEJ_HOSP": dates(stays.departed),
            "SHOP_HRE_DEPAR_SEJ_HOSP": padded(hours[1], 2),
            "SHOP_NBR_JR_ABSNT_SEJ_HOSP": constant("0", rows),
            "SHOP_IND_NOUV_NE_SEJ_HOSP": whole(stays.newborn.astype(np.int64)),
            "SHOP_NO_SEQ_SYS_CLA": constant(_ICD10_CA, rows),
            "SHOP_NO_ETAB_MSSS": padded(random.integers(1, HOSPITALS + 1, rows), 8),
        },
    )
    every = np.ones(rows, dtype=np.bool_)
    return shuffled(random, repeated(random, table, every, _TWICE))


def diagnosis_lines(world: World, stays: Stays, numbers: pa.Array) -> pa.Table:
    """V_DIAGN_SEJ_HOSP_CM; principal diagnoses of some stays are also admission diagnoses."""
    random = world.stream("V_DIAGN_SEJ_HOSP_CM")
    parts = [
        _diagnosis_part(world, stays, numbers, d.stay, d.code, d.kind) for d in stays.diagnoses
    ]
    for d in stays.diagnoses:
        principal = np.flatnonzero(equal(d.kind, "P"))
        rows = principal[pick(random, len(principal), 0.2)]
        at = pa.array(rows)
        code, kind = d.code.take(at), constant("A", len(rows))
        parts.append(_diagnosis_part(world, stays, numbers, d.stay[rows], code, kind))
    table = pa.concat_tables(parts)
    every = np.ones(table.num_rows, dtype=np.bool_)
    return shuffled(random, repeated(random, table, every, _TWICE))


def _diagnosis_part(
    world: World, stays: Stays, numbers: pa.Array, stay: Integers, code: pa.Array, kind: pa.Array
) -> pa.Table:
    return native(
        "V_DIAGN_SEJ_HOSP_CM",
        {
            "SHOP_NO_INDIV_BEN_BANLS": world.person_numbers(stays.person[stay]),
            "SHOP_NO_SEQ_SEJ_HOSP": numbers.take(pa.array(stay)),
            "SHOP_COD_DIAGN_MDCAL_CLINQ": code,
            "SHOP_TYP_DIAGN_SEJ_HOSP": kind,
            "SHOP_NO_SEQ_SYS_CLA": constant(_ICD10_CA, len(stay)),
        },
    )


def _fiscal_years(days: Integers) -> Integers:
    """The year in which the fiscal year (1 April to 31 March) of each day began."""
    april = np.array(
        [(date(y, 4, 1) - date(1970, 1, 1)).days for y in range(1990, 2100)], dtype=np.int64
    )
    return np.asarray(1990 + np.searchsorted(april, days, side="right") - 1, dtype=np.int64)
