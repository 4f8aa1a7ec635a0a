"""V_DEM_PAIMT_MED_CM: pharmacy claims paid by the public plan, with their accounting."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import pyarrow as pa

from transat.simulate.quebec.dins import Dins
from transat.simulate.quebec.drug_plan import covered
from transat.simulate.quebec.native import (
    Flags,
    Integers,
    chosen,
    dates,
    day_numbers,
    dollars,
    integers,
    native,
    whole,
)
from transat.simulate.quebec.traps import Copies, moved, pick, repeated, shuffled
from transat.simulate.quebec.world import World, inside_the_extract, unseen

#: Values of SMED_COD_SERV_1 used: none, a service that is not a dispensing, an administrative one.
_SERVICES: Final = ("", "1", "AD")
#: Values of SMED_COD_STA_DECIS used: paid, refused.
_DECISIONS: Final = ("PAY", "REF")

_COPIED: Final = 0.05
_CORRECTED: Final = 0.01
_TWICE: Final = 0.01


@dataclass(frozen=True, slots=True)
class Claims:
    """Pharmacy claims before they are written; every array has shape (n,)."""

    person: Integers
    day: Integers
    din: Integers  # number of the code, which is the DIN without its leading zeros
    quantity: Integers  # units dispensed; negative when the line cancels another
    duration: Integers  # days
    service: Integers  # position in _SERVICES
    decision: Integers  # position in _DECISIONS

    def take(self, rows: Integers) -> Claims:
        """The claims at these positions."""
        return Claims(*(column[rows] for column in self.columns()))

    def columns(self) -> tuple[Integers, ...]:
        """The arrays, in declared order."""
        return (
            self.person,
            self.day,
            self.din,
            self.quantity,
            self.duration,
            self.service,
            self.decision,
        )


def lines(world: World) -> tuple[pa.Table, pa.Table]:
    """Claims as the plan holds them, and the dispensings that it cannot know."""
    claims, missing = _true_claims(world)
    random = world.stream("V_DEM_PAIMT_MED_CM")
    corrected = pick(random, len(claims.person), _CORRECTED)
    everything = _stacked(
        claims,
        *_corrections(claims.take(corrected)),
        *_copies(world, random, claims),
    )
    allowed = np.zeros(len(everything.person), dtype=np.bool_)
    allowed[: len(claims.person)] = True
    allowed[corrected] = False
    table = repeated(random, _native(world, everything), allowed, _TWICE)
    return shuffled(random, table), missing


def _true_claims(world: World) -> tuple[Claims, pa.Table]:
    exposures = world.population.exposures
    ids, person = integers(exposures["exposure_id"]), integers(exposures["person_id"])
    day = day_numbers(exposures["date"])
    random = world.stream("DIN")
    din = Dins.of_the_study().choose(random, exposures["atc"], integers(exposures["dose_tier"], 0))
    insured = covered(world, person, day) & inside_the_extract(day)
    coded = din > 0
    seen = np.flatnonzero(insured & coded)
    days = integers(exposures["days"])
    none = np.zeros(len(ids), dtype=np.int64)
    claims = Claims(person, day, din, days * random.integers(1, 4, len(ids)), days, none, none)
    missing = [
        unseen("exposure", ids[~insured], "not_in_drug_plan"),
        unseen("exposure", ids[insured & ~coded], "no_code_on_this_shore"),
    ]
    return claims.take(seen), pa.concat_tables(missing)


def _corrections(claims: Claims) -> tuple[Claims, Claims]:
    """A first claim with a wrong quantity, and its cancellation; the true claim stands."""
    wrong = claims.quantity + claims.duration * 7
    first = _with(claims, quantity=wrong)
    return first, _with(first, quantity=-wrong)


def _copies(world: World, random: np.random.Generator, claims: Claims) -> list[Claims]:
    """Claims that no one must count: refused, services, without duration, cancelled."""
    copies = moved(random, claims.person, claims.day, _COPIED, (2, 24))
    copies = copies.keep(covered(world, claims.person[copies.rows], copies.days))
    copies = copies.keep(inside_the_extract(copies.days))
    refused = _copied(claims, copies.part(0.0, 0.25), decision=1)
    service = _copied(claims, copies.part(0.25, 0.45), service=1)
    administrative = _copied(claims, copies.part(0.45, 0.60), service=2)
    no_days = _copied(claims, copies.part(0.60, 0.72), duration=0)
    minus_a_day = _copied(claims, copies.part(0.72, 0.78), duration=-1)
    void = _copied(claims, copies.part(0.78, 1.0))
    cancellation = _with(void, quantity=-void.quantity)
    return [refused, service, administrative, no_days, minus_a_day, void, cancellation]


def _copied(claims: Claims, copies: Copies, **changes: int) -> Claims:
    moved_claims = _with(claims.take(copies.rows), day=copies.days)
    return _with(
        moved_claims,
        **{name: np.full(len(copies), value, np.int64) for name, value in changes.items()},
    )


def _with(claims: Claims, **changes: Integers) -> Claims:
    names = ("person", "day", "din", "quantity", "duration", "service", "decision")
    return Claims(
        *(changes.get(name, old) for name, old in zip(names, claims.columns(), strict=True))
    )


def _stacked(*parts: Claims) -> Claims:
    return Claims(*(np.concatenate(c) for c in zip(*(p.columns() for p in parts), strict=True)))


def _native(world: World, claims: Claims) -> pa.Table:
    paid: Flags = claims.decision == 0
    return native(
        "V_DEM_PAIMT_MED_CM",
        {
            "SMED_NO_INDIV_BEN_BANLS": world.person_numbers(claims.person),
            "SMED_DAT_SERV": dates(claims.day),
            "SMED_COD_DIN": whole(claims.din),
            "SMED_QTE_MED": whole(claims.quantity),
            "SMED_NBR_JR_DUREE_TRAIT": whole(claims.duration),
            "SMED_MNT_AUTOR_MED": dollars(np.where(paid, claims.quantity * 43, 0)),
            "SMED_MNT_AUTOR_FRAIS_SERV": dollars(np.where(paid, np.sign(claims.quantity) * 912, 0)),
            "SMED_COD_SERV_1": chosen(_SERVICES, claims.service),
            "SMED_COD_STA_DECIS": chosen(_DECISIONS, claims.decision),
        },
    )
