"""Children's hospital stays: births, and later stays in which a malformation is found.

Rules: a birth stay has AGE_JOU 0, ENT_MOD 8, POI_NAI, CMD 15 (Documentation-SNDS, chaînage
mère-enfant); NIR_ANO_MAM carries the mother's, in the same hospital; it exists from 2013. The PMSI
has no twin rank before 2015; from then RNG_NAI tells same-sex twins (written here equal to
BEN_RNG_GEM for everyone).

Choices where the rules are silent: the child leaves with the mother; a malformation found before
that is coded in the birth stay (as main diagnosis for about 45 %, associated, or in a medical unit
only: T12), else in a stay of its own on its diagnosis day. Fetuses that were not live-born have no
stay of their own: their malformations are unseen.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from transat.simulate.population import Population
from transat.simulate.snds import formats
from transat.simulate.snds.beneficiaries import Beneficiaries
from transat.simulate.snds.draws import Draws, Flags, Ints
from transat.simulate.snds.formats import NO_DAY, year_of
from transat.simulate.snds.gestations import Gestations
from transat.simulate.snds.pmsi_mother import EVENT_OF_PREGNANCY, mother_exit
from transat.simulate.snds.population_tables import sorted_by
from transat.simulate.snds.rates import rates
from transat.simulate.snds.stays import (
    BLANK,
    UNMATCHED,
    Arrays,
    Stays,
    first_of,
    new_stays,
    no_part,
    part,
)
from transat.simulate.snds.unseen import Unseen
from transat.simulate.snds.window import WINDOW_END

EVENT_OF_INFANT, EVENT_OF_LATER = 2 * 10**12, 3 * 10**12
_LINK_FROM, _TWIN_RANK_FROM = 2013, 2015
_NEWBORN_GHM, _LATER_GHM = "15M05A", "23M20Z"


@dataclass(frozen=True, slots=True)
class Births:
    """Live-born infants by number: place among persons, among pregnancies, days."""

    id: npt.NDArray[np.int64]
    person: Ints
    pregnancy: Ints
    day: Ints
    exit: Ints
    weight: Ints
    weeks: Ints
    shared_number: Flags


@dataclass(frozen=True, slots=True)
class Anomalies:
    """Malformations of live-born infants: number, place of the infant in Births, code, day."""

    id: npt.NDArray[np.int64]
    birth: Ints
    code: npt.NDArray[np.str_]
    day: Ints
    at_birth: Flags


def births(
    population: Population, gestations: Gestations, people: Beneficiaries, draws: Draws
) -> Births:
    """The live-born infants of a chunk."""
    born = population.links.filter(pc.is_valid(population.links["infant_id"]))
    born = sorted_by(born, "infant_id")
    ids = born["infant_id"].to_numpy().astype(np.int64)
    pregnancy = np.searchsorted(gestations.id, born["pregnancy_id"].to_numpy())
    person = people.place(ids)
    day = formats.as_days(born["birth_date"])
    death = people.death[person]
    out = np.maximum(mother_exit(gestations, draws)[pregnancy], day + 1)
    return Births(
        id=ids,
        person=person,
        pregnancy=pregnancy.astype(np.int32),
        day=day,
        exit=np.where((death >= day) & (death < out), death, out).astype(np.int32),
        weight=born["weight_g"].to_numpy().astype(np.int32),
        weeks=(born["gestational_days"].to_numpy() // 7).astype(np.int32),
        shared_number=people.shared_number[person],
    )


def anomalies(
    population: Population, born: Births, gestations: Gestations, unseen: Unseen
) -> Anomalies:
    """Malformations that a French stay can carry; the others are noted in `unseen`."""
    table = sorted_by(population.malformations, "malformation_id")
    _unborn(table.filter(pc.is_null(table["infant_id"])), gestations, unseen)
    live = table.filter(pc.is_valid(table["infant_id"]))
    ids = live["malformation_id"].to_numpy().astype(np.int64)
    birth = np.searchsorted(born.id, live["infant_id"].to_numpy().astype(np.int64))
    day = formats.as_days(live["diagnosis_date"])
    code = np.array(live["icd10"].to_pylist(), dtype="U6")
    late = (day >= WINDOW_END) | (day == NO_DAY)
    unseen.add("malformation", ids[late], "after_the_extract")
    kept = ~late
    return Anomalies(
        ids[kept],
        birth[kept].astype(np.int32),
        code[kept],
        day[kept],
        day[kept] <= born.exit[birth[kept]],
    )


def birth_stays(
    born: Births, found: Anomalies, gestations: Gestations, people: Beneficiaries, draws: Draws
) -> Stays:
    """One birth stay an infant, with the malformations found before discharge."""
    row = people.row(born.person, born.day)
    mother = people.row(gestations.mother[born.pregnancy], gestations.admission[born.pregnancy])
    event = gestations.id[born.pregnancy] + EVENT_OF_PREGNANCY
    several = gestations.plurality[born.pregnancy] > 1
    usual = np.where(several, "Z383", "Z380").astype("U6")
    main, diagnoses, units = _coded(found, usual, draws)
    dies = people.death[born.person] == born.exit
    stays = new_stays(
        len(born.id),
        beneficiary=row,
        entry=born.day,
        exit=born.exit,
        main=main,
        ghm=_NEWBORN_GHM,
        gestation=born.weeks,
        weight=born.weight,
        newborn=True,
        hospital=people.places.hospital(draws, people.department[mother], event),
        exit_mode=np.where(dies, "9", "8"),
        mother_child=_mother_child(born, gestations, draws),
        event=born.id + EVENT_OF_INFANT,
    )
    return Stays(stays, diagnoses, no_part("acts"), units)


def later_stays(born: Births, found: Anomalies, people: Beneficiaries, draws: Draws) -> Stays:
    """One stay a malformation found after the birth stay, on its diagnosis day."""
    later = ~found.at_birth
    person, day = born.person[found.birth[later]], found.day[later]
    event = found.id[later] + EVENT_OF_LATER
    row = people.row(person, day)
    stays = new_stays(
        len(event),
        beneficiary=row,
        entry=day,
        exit=np.minimum(day + draws.integers("later stay", event, 0, 5), WINDOW_END - 1),
        main=found.code[later],
        ghm=_LATER_GHM,
        hospital=people.places.hospital(draws, people.department[row], event),
        event=event,
    )
    return Stays(stays, no_part("diagnoses"), no_part("acts"), no_part("units"))


def unseen_links(born: Births, stays: Stays, unseen: Unseen) -> None:
    """Links that the stays cannot give: before 2013, no common number, twins not told apart."""
    early = year_of(born.exit) < _LINK_FROM
    number = stays.stays["mother_child"]
    unseen.add("link", born.id[early], "no_mother_child_number_before_2013")
    unseen.add("link", born.id[number == BLANK], "no_mother_child_number")
    unseen.add("link", born.id[number == UNMATCHED], "no_stay_matched")
    unseen.add("link", born.id[not_told_apart(born, born.exit)], "twins_same_sex_before_2015")


def unseen_twin_anomalies(born: Births, found: Anomalies, unseen: Unseen) -> None:
    """Malformations of same-sex twins in a stay of before 2015: whose it is cannot be known."""
    exit_day = np.where(found.at_birth, born.exit[found.birth], found.day)
    twins = born.shared_number[found.birth] & (year_of(exit_day.astype(np.int32)) < _TWIN_RANK_FROM)
    unseen.add("malformation", found.id[twins], "twins_same_sex_before_2015")


def not_told_apart(born: Births, exit_day: Ints) -> Flags:
    """Same-sex twins whose stay has no RNG_NAI."""
    return born.shared_number & (year_of(exit_day) < _TWIN_RANK_FROM)


def _unborn(table: pa.Table, gestations: Gestations, unseen: Unseen) -> None:
    """Malformations of fetuses that were not live-born: no stay of their own in the SNDS."""
    ids = table["malformation_id"].to_numpy().astype(np.int64)
    place = np.searchsorted(gestations.id, table["pregnancy_id"].to_numpy().astype(np.int64))
    ended = gestations.outcome[place]
    terminated = np.isin(ended, ("therapeutic_termination", "elective_termination"))
    unseen.add("malformation", ids[terminated], "terminated_fetus")
    unseen.add("malformation", ids[~terminated], "fetus_without_stay")


def _mother_child(born: Births, gestations: Gestations, draws: Draws) -> npt.NDArray[np.int64]:
    number = gestations.id[born.pregnancy]
    blank = draws.below("no mother-child number", number, rates()["no_mother_child_number"])
    other = draws.below("unmatched number", number, rates()["unmatched_mother_child_number"])
    return np.where(blank, BLANK, np.where(other, UNMATCHED, number))


def _coded(
    found: Anomalies, usual: npt.NDArray[np.str_], draws: Draws
) -> tuple[npt.NDArray[np.str_], Arrays, Arrays]:
    """Main diagnosis of every birth stay, associated diagnoses and unit diagnoses (T12)."""
    here = found.at_birth
    stay, code, ids = found.birth[here], found.code[here], found.id[here]
    in_unit = draws.below("in a unit only", ids, rates()["unit_only_diagnosis"])
    as_main = ~in_unit & draws.below("as main diagnosis", ids, 0.45)
    as_main[as_main] = first_of(stay[as_main])
    main = usual.copy()
    main[stay[as_main]] = code[as_main]
    associated = ~in_unit & ~as_main
    diagnoses = part(
        "diagnoses",
        np.concatenate([stay[associated], stay[as_main]]),
        code=np.concatenate([code[associated], usual[stay[as_main]]]),
    )
    return main, diagnoses, part("units", stay[in_unit], code=code[in_unit])
