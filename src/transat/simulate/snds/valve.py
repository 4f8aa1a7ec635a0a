"""The aortic valve in the SNDS: stays with their CCAM acts, long-term illnesses, nothing of town.

A replacement has its act on the first day; TAVI DBLF001 (through an artery) or DBLA004 (apex),
surgery DBKA006, DBKA003, DBKA001, or DBMA009 (with the annulus): IR_CCAM_V63. Codes of diagnoses
are I350 and I352 as the truth has them. Town care has no diagnosis: the first one made at a visit
becomes a long-term illness (MED_MTF_COD), those that follow are in no file, and neither are the
days of referral and decision.

Choices where the rules are silent: a replacement's main diagnosis is the valve's; without one it is
coronary disease. A heart-failure stay has I50x first. A diagnosis in a stay of its own is half the
time the main one, half associated with Z768. A stay in which the person dies ends by mode 9. GHM
are from memory.
"""

from __future__ import annotations

from dataclasses import fields
from typing import Final

import numpy as np
import numpy.typing as npt

from transat.simulate.population import Population
from transat.simulate.snds.beneficiaries import Beneficiaries
from transat.simulate.snds.draws import Draws
from transat.simulate.snds.pmsi_traps import badly_chained
from transat.simulate.snds.stays import (
    Arrays,
    Stays,
    joined_parts,
    new_stays,
    no_part,
    part,
    picked,
)
from transat.simulate.snds.unseen import Unseen
from transat.simulate.valve_care import (
    STAYS,
    ValveStays,
    ValveVisits,
    unwritten,
    valve_stays,
    valve_visits,
)

EVENT_OF_VALVE: Final = 7 * 10**12
_ACTS: Final = {
    "tavi": ("DBLF001",) * 19 + ("DBLA004",),
    "savr": ("DBKA006",) * 16 + ("DBKA003", "DBKA003", "DBKA001", "DBMA009"),
}
_GHM: Final = ("05C031", "05K211", "05M092", "05M08T")
_HEART_FAILURE: Final = ("I500", "I501", "I509", "I509")
_CORONARY, _OTHER_CIRCUMSTANCE = "I251", "Z768"
_DEATH: Final = "9"


def elders_stays(
    population: Population, people: Beneficiaries, draws: Draws, unseen: Unseen
) -> Stays:
    """Replacements, heart-failure stays and stays where the valve is coded, with T9.

    Notes in `unseen` what is in no file and what a badly chained stay alone would show.
    """
    care = valve_stays(population)
    for kind, reasons in unwritten(population).items():
        for reason, ids in reasons.items():
            unseen.add(kind, ids, reason)
    made = badly_chained(_stays(care, people, draws), draws)
    lost = made.stays["refused"] != 0
    event = lost & ~care.is_kind("diagnosis")
    unseen.add("valve_event", care.event[event], "bad_chaining")
    unseen.add("valve_diagnosis", care.code_id[lost[care.code_stay]], "bad_chaining")
    return made


def valve_illnesses(population: Population, unseen: Unseen) -> ValveVisits:
    """The first diagnosis of each person at a visit: a long-term illness from that day."""
    visits = valve_visits(population)
    first = np.zeros(len(visits.id), np.bool_)
    first[np.unique(visits.person, return_index=True)[1]] = True
    unseen.add("valve_diagnosis", visits.id[~first], "a_long_term_illness_already")
    return ValveVisits(*(getattr(visits, f.name)[first] for f in fields(ValveVisits)))


def _stays(care: ValveStays, people: Beneficiaries, draws: Draws) -> Stays:
    event = care.event + EVENT_OF_VALVE
    place = people.place(care.person)
    row = people.row(place, care.first.astype(np.int32))
    coded, opens = care.first_code()
    main, associated = _main(care, coded, draws.uniform("valve main diagnosis", event))
    stays = new_stays(
        len(care),
        beneficiary=row,
        entry=care.first,
        exit=care.last,
        main=main,
        ghm=np.array(_GHM)[care.kind],
        hospital=people.places.hospital(draws, people.department[row], event),
        exit_mode=np.where(people.death[place] == care.last, _DEATH, "8"),
        event=event,
    )
    others = ~opens | associated[care.code_stay]
    diagnoses = part("diagnoses", care.code_stay[others].astype(np.int32), code=care.code[others])
    return Stays(stays, diagnoses, _acts(care, event, draws), no_part("units"))


def _main(
    care: ValveStays, coded: npt.NDArray[np.str_], u: npt.NDArray[np.float64]
) -> tuple[npt.NDArray[np.str_], npt.NDArray[np.bool_]]:
    """Main diagnosis of each stay; and whether the first code of the valve is an associated one."""
    failing = care.is_kind("heart_failure")
    apart = care.is_kind("diagnosis") & (u < 0.5)
    main = np.where(coded == "", _CORONARY, coded)
    main = np.where(apart, _OTHER_CIRCUMSTANCE, main)
    return np.where(failing, picked(_HEART_FAILURE, u), main).astype("U6"), failing | apart


def _acts(care: ValveStays, event: npt.NDArray[np.int64], draws: Draws) -> Arrays:
    parts = [no_part("acts")]
    for kind, codes in _ACTS.items():
        here = np.flatnonzero(care.kind == STAYS.index(kind)).astype(np.int32)
        chosen = picked(codes, draws.uniform("valve act", event[here]))
        parts.append(part("acts", here, code=chosen))
    return joined_parts(*parts)
