"""Traps of the PMSI: stays that must be set aside, and stays that are lost.

T8   error group: a mother's or an elder's stay again, 400 days later, in GHM 90Z00Z; set aside.
T9   bad chaining: a true stay whose return codes are not all zero; its number is another person's,
     or no number. Lost: what it alone shows goes to `unseen` ('bad_chaining').
T10  performed for another hospital (PIE): the stay again under SEJ_TYP B, modes 0; set aside. The
     true stay has SEJ_TYP A.
T11  the stay again under a geographic FINESS of AP-HP, AP-HM or HCL, discharges up to 2017; set
     aside.
T12  associated diagnoses written twice; a second medical unit with its own main diagnosis.
"""

from __future__ import annotations

import numpy as np

from transat.simulate.snds.beneficiaries import Beneficiaries
from transat.simulate.snds.draws import Draws, Flags
from transat.simulate.snds.formats import year_of
from transat.simulate.snds.gestations import Gestations
from transat.simulate.snds.places import LAST_YEAR_OF_DOUBLES
from transat.simulate.snds.pmsi_infant import Anomalies, Births
from transat.simulate.snds.rates import rates
from transat.simulate.snds.stays import (
    REFUSED_ANOTHER,
    REFUSED_NOBODY,
    Stays,
    joined_parts,
    joined_stays,
    part,
)
from transat.simulate.snds.unseen import Unseen
from transat.simulate.snds.window import WINDOW_END

_ERROR_GROUP = "90Z00Z"
_ERROR_DELAY = 400


def badly_chained(stays: Stays, draws: Draws) -> Stays:
    """T9 on some of the stays."""
    event = stays.stays["event"]
    bad = draws.below("bad chaining", event, rates()["bad_chaining"])
    other = draws.below("chained to another", event, rates()["chained_to_another"])
    kind = np.where(bad, np.where(other, REFUSED_ANOTHER, REFUSED_NOBODY), 0)
    return stays.changed(refused=kind)


def unseen_by_chaining(
    mothers: Stays,
    births: tuple[Births, Stays],
    later: Stays,
    found: Anomalies,
    gestations: Gestations,
    unseen: Unseen,
) -> None:
    """What the badly chained stays alone would show: pregnancies, links, malformations."""
    born, stays = births
    in_hospital = gestations.id[~gestations.town]
    lost = in_hospital[mothers.stays["refused"] != 0]
    unseen.add("pregnancy", lost, "bad_chaining")
    child_lost = stays.stays["refused"] != 0
    mother_lost = np.isin(gestations.id[born.pregnancy], lost)
    unseen.add("link", born.id[child_lost | mother_lost], "bad_chaining")
    at_birth = found.at_birth & child_lost[found.birth]
    unseen.add("malformation", found.id[at_birth], "bad_chaining")
    after = found.id[~found.at_birth]
    unseen.add("malformation", after[later.stays["refused"] != 0], "bad_chaining")


def with_repeats(stays: Stays, adults: int, people: Beneficiaries, draws: Draws) -> Stays:
    """The stays with their T8 and T10 repeats (of the first `adults` stays), T11 and T12."""
    event, leave = stays.stays["event"], stays.stays["exit"]
    adult = np.arange(len(stays)) < adults
    accepted = stays.stays["refused"] == 0
    error = adult & accepted & draws.below("error group", event, rates()["error_group"])
    error &= leave + _ERROR_DELAY < WINDOW_END
    elsewhere = adult & ~error & draws.below("elsewhere", event, rates()["performed_elsewhere"])
    sites = people.places.has_sites(stays.stays["hospital"].astype(np.int32))
    double = sites & (year_of(leave) <= LAST_YEAR_OF_DOUBLES)
    double &= ~elsewhere & draws.below("double", event, rates()["geographic_double"])
    marked = stays.changed(stay_type=np.where(elsewhere, "A", ""))
    complete = _repeated_diagnoses(_second_units(marked, draws), draws)
    return joined_stays(
        [
            complete,
            _errors(complete, error),
            _elsewhere(complete, elsewhere, people),
            _doubles(complete, double, people, draws),
        ]
    )


def _errors(stays: Stays, which: Flags) -> Stays:
    part_ = stays.where(which)
    later = {k: part_.stays[k] + _ERROR_DELAY for k in ("entry", "exit")}
    return part_.changed(ghm=_ERROR_GROUP, **later)


def _elsewhere(stays: Stays, which: Flags, people: Beneficiaries) -> Stays:
    part_ = stays.where(which)
    department = people.department[part_.stays["beneficiary"]]
    other = people.places.another(department, part_.stays["hospital"].astype(np.int32))
    return part_.changed(hospital=other, stay_type="B", entry_mode="0", exit_mode="0")


def _doubles(stays: Stays, which: Flags, people: Beneficiaries, draws: Draws) -> Stays:
    part_ = stays.where(which)
    hospital = part_.stays["hospital"].astype(np.int32)
    return part_.changed(
        hospital=people.places.geographic_of(draws, hospital, part_.stays["event"])
    )


def _second_units(stays: Stays, draws: Draws) -> Stays:
    more = draws.below("second unit", stays.stays["event"], rates()["second_unit"])
    # A stay with a unit-only diagnosis has its second unit already.
    more[stays.units["stay"]] = False
    places = np.flatnonzero(more).astype(np.int32)
    units = part("units", places, code=stays.stays["main"][places])
    return Stays(stays.stays, stays.diagnoses, stays.acts, joined_parts(stays.units, units))


def _repeated_diagnoses(stays: Stays, draws: Draws) -> Stays:
    entries = stays.diagnoses
    event = stays.stays["event"][entries["stay"]]
    again = draws.below("repeated diagnosis", event, rates()["repeated_diagnosis"])
    repeated = joined_parts(entries, {k: v[again] for k, v in entries.items()})
    return Stays(stays.stays, repeated, stays.acts, stays.units)
