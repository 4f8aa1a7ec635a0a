"""Ordinary care as lines: consultations, obstetric scans (ER_CAM_F), abortions in town.

An abortion in town is one line PRS_NAT_REF 3329 on its day, with no gestation (Documentation-SNDS,
ivg): the start is unseen. Under anonymity (BEN_CDI_NIR 01, or 06 for a minor) the line is on the
fictive number: the pregnancy is unseen. An ectopic pregnancy or a spontaneous loss in town leaves
no line at all.

Choices where the rules are silent: scans at 84, 154 and 224 days of gestation, of the pregnancies
that reach them; a scan names a presumed date of pregnancy (PRS_GRS_DTD), as unreliable as T14 says.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from transat.simulate.population import Population
from transat.simulate.snds import formats, natures
from transat.simulate.snds.beneficiaries import (
    ABORTION,
    ABORTION_OF_MINOR,
    Beneficiaries,
)
from transat.simulate.snds.draws import Draws, Flags, Ids, Ints
from transat.simulate.snds.gestations import Gestations
from transat.simulate.snds.lines import (
    ACT,
    EVENT_OF_ABORTION,
    EVENT_OF_CONTACT,
    EVENT_OF_SCAN,
    Lines,
    at_public_hospital,
    events,
    joined,
    lines,
    taken,
    with_flow,
)
from transat.simulate.snds.population_tables import sorted_by
from transat.simulate.snds.rates import rates
from transat.simulate.snds.unseen import Unseen
from transat.simulate.snds.window import LAST_FLOW, WINDOW_END, WINDOW_START

#: Gestational day and CCAM codes (one fetus, several) of the three routine scans.
_SCANS = ((84, "JQQM010", "JQQM015"), (154, "JQQM018", "JQQM019"), (224, "JQQM016", "JQQM017"))
SCAN_CODES = tuple(code for _, one, several in _SCANS for code in (one, several))
_OBSTETRICIAN = 7
_ADULT = 18 * 365 + 5


def contact_lines(
    population: Population, people: Beneficiaries, draws: Draws, unseen: Unseen
) -> Lines:
    """One line an ordinary visit; some were in a public hospital."""
    table = sorted_by(population.contacts, "contact_id")
    event = events(EVENT_OF_CONTACT, table["contact_id"].to_numpy())
    person, care = people.place(table["person_id"].to_numpy()), formats.as_days(table["date"])
    row = people.row(person, care)
    made = lines(
        len(event),
        beneficiary=row,
        care=care,
        prescribed=care,
        nature=natures.CONSULTATION,
        event=event,
    )
    here = draws.below("hospital consultation", event, rates()["hospital_consultation"])
    hospital = people.places.hospital(draws, people.department[row], event)
    sent = at_public_hospital(with_flow(made, draws), here, hospital, draws)
    ids = table["contact_id"].to_numpy()
    unseen.add("contact", ids[~_inside(sent)], "outside_the_window")
    unseen.add("contact", ids[sent["flow"] > LAST_FLOW], "flow_after_the_extract")
    return _come(sent)


def scan_lines(gestations: Gestations, seen: Flags, people: Beneficiaries, draws: Draws) -> Lines:
    """The routine scans of the pregnancies `seen` in hospital."""
    blocks: list[Lines] = []
    for number, (day, _, _) in enumerate(_SCANS):
        care = gestations.start + day
        event = events(EVENT_OF_SCAN, gestations.id.astype(np.int64) * len(_SCANS) + number)
        done = draws.below("scan done", event, rates()["scan_done"])
        which = seen & done & (care < gestations.admission)
        blocks.append(_scans(gestations, number, event, which, people, draws))
    return _come(joined(blocks))


def abortion_lines(
    gestations: Gestations, people: Beneficiaries, draws: Draws, unseen: Unseen
) -> Lines:
    """One line an abortion in town; some under anonymity."""
    which = np.flatnonzero(gestations.town & (gestations.outcome == "elective_termination"))
    ids, care = gestations.id[which], gestations.end[which]
    row = people.row(gestations.mother[which], care)
    hidden = draws.below("anonymity in town", ids, rates()["anonymous_abortion_town"])
    unseen.add("pregnancy", ids[hidden], "abortion_under_anonymity")
    unseen.add("start", ids[~hidden], "town_abortion_has_no_gestation")
    event = events(EVENT_OF_ABORTION, ids)
    made = lines(
        len(ids),
        beneficiary=under_anonymity(people, row, care, hidden),
        care=care,
        prescribed=care,
        nature=natures.TOWN_ABORTION,
        prescriber=_OBSTETRICIAN,
        event=event,
    )
    arrived = with_flow(made, draws)
    return {**arrived, "flow": np.minimum(arrived["flow"], LAST_FLOW).astype(np.int32)}


def under_anonymity(people: Beneficiaries, row: Ints, day: Ints, hidden: Flags) -> Ints:
    """The fictive number (01, or 06 for a minor) in place of the woman's where `hidden`."""
    minor = day - people.birth[row] < _ADULT
    fictive = np.where(minor, people.fictive(ABORTION_OF_MINOR), people.fictive(ABORTION))
    return np.where(hidden, fictive, row).astype(np.int32)


def act_columns(source: Lines) -> dict[str, pa.Array]:
    """The varying columns of ER_CAM_F but its key, for lines of ACT."""
    return {"CAM_PRS_IDE": formats.choice(source["code"], SCAN_CODES)}


def presumed_start(stream: str, ids: Ids, start: Ints, draws: Draws) -> npt.NDArray[np.int32]:
    """T14: the date of pregnancy told to the insurer: about 14 days after LMP, or absurd."""
    near = start + 14 + draws.integers(stream + " error", ids, -10, 11)
    absurd = draws.below(stream + " absurd", ids, rates()["absurd_pregnancy_date"])
    far = start + draws.integers(stream + " far", ids, -1900, 700)
    return np.where(absurd, far, near).astype(np.int32)


def _scans(
    gestations: Gestations,
    number: int,
    event: npt.NDArray[np.int64],
    which: Flags,
    people: Beneficiaries,
    draws: Draws,
) -> Lines:
    event, care = event[which], gestations.start[which] + _SCANS[number][0]
    row = people.row(gestations.mother[which], care)
    made = lines(
        len(event),
        beneficiary=row,
        care=care,
        prescribed=care - 10,
        pregnancy_day=presumed_start("scan", event, gestations.start[which], draws),
        nature=natures.ULTRASOUND,
        detail=ACT,
        code=2 * number + (gestations.plurality[which] > 1),
        prescriber=_OBSTETRICIAN,
        performer=_OBSTETRICIAN,
        event=event,
    )
    here = draws.below("hospital scan", event, rates()["hospital_scan"])
    hospital = people.places.hospital(draws, people.department[row], event)
    return at_public_hospital(with_flow(made, draws), here, hospital, draws)


def _come(made: Lines) -> Lines:
    """The lines of care inside the window whose flow is in the extract."""
    return taken(made, _inside(made) & (made["flow"] <= LAST_FLOW))


def _inside(made: Lines) -> Flags:
    return np.asarray((made["care"] >= WINDOW_START) & (made["care"] < WINDOW_END))
