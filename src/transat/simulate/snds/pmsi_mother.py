"""Mothers' hospital stays: deliveries, losses, terminations, ectopic pregnancies (T_MCO).

Rules: a delivery has a delivery act and Z37; the last character of Z371x, Z373x, Z374x... says
whether a medical termination came first (0 no, 1 yes); an end before 22 weeks is coded O00 to O08
(Documentation-SNDS, chaînage mère-enfant; ATIH). Start = admission - DEL_REG_ENT days. The act
dates the outcome: admission + ENT_DAT_DEL. Hospital abortions group in GHM 14Z08Z (T13: never
dropped).

Choices where the rules are silent: an early loss that ends on its admission day has an act six
times in ten, one that ends later always (else its day would be lost); 2 % of the stays lack
DEL_REG_ENT (the start is then known to the week only: 'gestation_in_weeks_only'); other GHM are
from memory. A therapeutic termination is always of 22 weeks or more here: a delivery, Z3711.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from transat.simulate.snds.beneficiaries import Beneficiaries
from transat.simulate.snds.draws import Draws, Flags, Ints
from transat.simulate.snds.gestations import Gestations
from transat.simulate.snds.rates import rates
from transat.simulate.snds.stays import Arrays, Stays, new_stays, no_part, part, picked
from transat.simulate.snds.town_care import under_anonymity
from transat.simulate.snds.unseen import Unseen

EVENT_OF_PREGNANCY = 10**12
_SINGLE_VAGINAL = ("JQGD010", "JQGD012", "JQGD012", "JQGD001", "JQGD004")
_SEVERAL_VAGINAL = ("JQGD002", "JQGD007")
_CAESAREAN = ("JQGA002", "JQGA003", "JQGA004")
_EARLY = {
    "elective_termination": (("O049", "O044"), ("JNJD002", "JNJP001"), "14Z08Z"),
    "spontaneous_abortion": (("O039", "O034"), ("JNMD001",), "14Z09Z"),
    "ectopic": (("O001", "O009"), ("JJFC001", "JJLJ001", "JJFA001"), "14C04T"),
}


def mother_stays(
    gestations: Gestations, people: Beneficiaries, draws: Draws, unseen: Unseen
) -> Stays:
    """One stay for each pregnancy that ends in hospital, before any accounting trap.

    Notes what stays in town, and what anonymity hides, in `unseen`.
    """
    g = gestations
    elective = g.outcome == "elective_termination"
    _unseen_in_town(g, unseen)
    which = np.flatnonzero(~g.town)
    event = g.id + EVENT_OF_PREGNANCY
    late = g.delivery[which]
    caesarean = draws.below("caesarean", g.id, rates()["caesarean"])[which] & late
    row = people.row(g.mother[which], g.admission[which])
    hidden = elective[which] & draws.below(
        "anonymity in hospital", g.id[which], rates()["anonymous_abortion_hospital"]
    )
    unseen.add("pregnancy", g.id[which][hidden], "abortion_under_anonymity")
    in_weeks = draws.below("weeks only", g.id[which], rates()["weeks_only"])
    unseen.add("start", g.id[which][in_weeks & ~hidden], "gestation_in_weeks_only")
    main, ghm = _main_diagnosis(g, which, caesarean, draws)
    hospital = people.places.hospital(draws, people.department[row], event[which])
    stays = new_stays(
        len(which),
        beneficiary=under_anonymity(people, row, g.admission[which], hidden),
        entry=g.admission[which],
        exit=mother_exit(g, draws)[which],
        main=main,
        ghm=ghm,
        gestation=(g.end - g.start)[which] // 7,
        since_lmp=np.where(in_weeks, -1, (g.admission - g.start)[which]),
        hospital=hospital,
        mother_child=np.where(late, g.id[which], -1),
        event=event[which],
    )
    births = np.flatnonzero(late).astype(np.int32)
    diagnoses = part("diagnoses", births, code=_result(g, which[births]))
    return Stays(stays, diagnoses, _acts(g, which, caesarean, draws), no_part("units"))


def mother_exit(gestations: Gestations, draws: Draws) -> Ints:
    """Day of discharge of each pregnancy's stay: three to eight days after a delivery."""
    caesarean = draws.below("caesarean", gestations.id, rates()["caesarean"])
    stay = draws.integers("length of stay", gestations.id, 3, 6) + 2 * caesarean
    short = draws.integers("short stay", gestations.id, 0, 2)
    return (gestations.end + np.where(gestations.delivery, stay, short)).astype(np.int32)


def _unseen_in_town(g: Gestations, unseen: Unseen) -> None:
    """Losses in town leave no line: nothing is billed as a loss."""
    unseen.add("pregnancy", g.id[g.town & (g.outcome == "spontaneous_abortion")],
               "spontaneous_in_town")  # fmt: skip
    unseen.add("pregnancy", g.id[g.town & (g.outcome == "ectopic")], "ectopic_in_town")


def _main_diagnosis(
    g: Gestations, which: npt.NDArray[np.integer], caesarean: Flags, draws: Draws
) -> tuple[npt.NDArray[np.str_], npt.NDArray[np.str_]]:
    """Main diagnosis and GHM of the stays `which`."""
    u = draws.uniform("main diagnosis", g.id[which])
    several = g.plurality[which] > 1
    main = np.where(
        several,
        np.where(caesarean, "O842", "O840"),
        np.where(caesarean, picked(("O820", "O821", "O829"), u), picked(("O800", "O809"), u)),
    ).astype("U6")
    ghm = np.where(
        several,
        np.where(caesarean, "14C07A", "14Z11A"),
        np.where(caesarean, "14C08A", "14Z14A"),
    ).astype("U6")
    for outcome, (codes, _, group) in _EARLY.items():
        here = g.outcome[which] == outcome
        main[here] = picked(codes, u[here])
        ghm[here] = group
    return main, ghm


def _result(g: Gestations, which: npt.NDArray[np.integer]) -> npt.NDArray[np.str_]:
    """The Z37 of deliveries: how many infants, how many live, after a termination or not."""
    number = np.minimum(g.plurality[which], 3)
    dead = np.where(g.live[which] == 0, 2, np.where(g.live[which] < g.plurality[which], 1, 0))
    root = np.array([["Z370", "Z371", "Z371"], ["Z372", "Z373", "Z374"], ["Z375", "Z376", "Z377"]])
    after = np.where(g.outcome[which] == "therapeutic_termination", "1", "0")
    code = root[number - 1, dead]
    return np.where(dead > 0, np.char.add(code, after), code)


def _acts(g: Gestations, which: npt.NDArray[np.integer], caesarean: Flags, draws: Draws) -> Arrays:
    """The act that dates each outcome."""
    u = draws.uniform("act", g.id[which])
    code = np.where(
        caesarean,
        picked(_CAESAREAN, u),
        np.where(g.plurality[which] > 1, picked(_SEVERAL_VAGINAL, u), picked(_SINGLE_VAGINAL, u)),
    ).astype("U7")
    delay = (g.end - g.admission)[which]
    done = np.ones(len(which), np.bool_)
    for outcome, (_, codes, _) in _EARLY.items():
        here = g.outcome[which] == outcome
        code[here] = picked(codes, u[here])
        always = outcome == "elective_termination"
        done[here] = always | (delay[here] > 0) | draws.below("act done", g.id[which][here], 0.6)
    places = np.flatnonzero(done).astype(np.int32)
    return part("acts", places, code=code[done], delay=delay[done])
