"""Lines of DCIR before they are written: arrays of one length, one entry a line.

beneficiary     row of IR_BEN_R
care, prescribed, pregnancy_day   days; NO_DAY = none
flow            month in which the line reached the database (FLX_DIS_DTD is its first day)
nature          PRS_NAT_REF
quantity        PRS_ACT_QTE, signed
qualifier, qualifier_sent   DPN_QLF and PRS_DPN_QLP; -1 = empty
surcharge       CPL_MAJ_TOP
detail, code    sister table (NO_DETAIL, PHARMACY, HOSPITAL_DRUG, ACT, TEST, DEVICE) and place of
                the code
boxes, units    PHA_ACT_QSN, UCD_DLV_NBR, BIO_ACT_QSN or TIP_ACT_QSN, signed; PHA_DEC_QSU, -1 = not
                split
indicator       ETE_IND_TAA; EMPTY = written empty, NO_HOSPITAL = no line in ER_ETE_F
hospital        place of the hospital, -1 = none
prescriber, performer   specialties (PSP_SPE_COD, PSE_SPE_COD)
event, copy     number of the true event behind the line, and which of its lines this is
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import numpy.typing as npt

from transat.simulate.snds.draws import Draws, Flags, Ids
from transat.simulate.snds.formats import NO_DAY, month_of
from transat.simulate.snds.rates import flow_delays, rates

Lines = dict[str, npt.NDArray[Any]]

NO_DETAIL, PHARMACY, HOSPITAL_DRUG, ACT, TEST, DEVICE = range(6)
#: Sister tables that count what they deliver, with a sign.
COUNTED: Final = (PHARMACY, HOSPITAL_DRUG, TEST, DEVICE)
EMPTY, NO_HOSPITAL = -1, -2

_DEFAULTS: Final[dict[str, tuple[type[np.integer], int]]] = {
    "beneficiary": (np.int32, 0),
    "care": (np.int32, 0),
    "prescribed": (np.int32, NO_DAY),
    "pregnancy_day": (np.int32, NO_DAY),
    "flow": (np.int32, 0),
    "nature": (np.int16, 0),
    "quantity": (np.int16, 1),
    "qualifier": (np.int8, 0),
    "qualifier_sent": (np.int8, 0),
    "surcharge": (np.int8, 0),
    "detail": (np.int8, NO_DETAIL),
    "code": (np.int16, -1),
    "boxes": (np.int32, 0),
    "units": (np.int32, -1),
    "indicator": (np.int8, NO_HOSPITAL),
    "hospital": (np.int16, -1),
    "prescriber": (np.int8, 1),
    "performer": (np.int8, 1),
    "event": (np.int64, 0),
    "copy": (np.int8, 0),
}

#: First number of the events of each kind, so that no two events share a number.
EVENT_OF_EXPOSURE, EVENT_OF_CONTACT, EVENT_OF_SCAN, EVENT_OF_ABORTION, EVENT_OF_TEST = (
    k * 10**12 for k in range(1, 6)
)
EVENT_OF_DEVICE: Final = 6 * 10**12


def lines(n: int, **given: npt.NDArray[Any] | int) -> Lines:
    """`n` lines with the values given and the usual ones elsewhere."""
    made: Lines = {}
    for name, (kind, usual) in _DEFAULTS.items():
        made[name] = np.empty(n, dtype=kind)
        made[name][:] = given.pop(name, usual)
    if given:
        raise ValueError(f"not a field of a line: {sorted(given)}")
    return made


def taken(source: Lines, which: npt.NDArray[Any], **changed: npt.NDArray[Any] | int) -> Lines:
    """The lines `which` (flags or places), with some values changed."""
    part = {name: values[which] for name, values in source.items()}
    for name, value in changed.items():
        part[name] = np.broadcast_to(
            np.asarray(value, dtype=part[name].dtype), part[name].shape
        ).copy()
    return part


def joined(blocks: list[Lines]) -> Lines:
    """All lines of the blocks, in their order."""
    return {name: np.concatenate([b[name] for b in blocks]) for name in _DEFAULTS}


def with_flow(source: Lines, draws: Draws) -> Lines:
    """The lines with the month in which they reached the database (T5: late flows)."""
    months, shares = flow_delays()
    place = np.searchsorted(shares, draws.uniform("flow", source["event"]), side="right")
    flow = month_of(source["care"]) + months[np.minimum(place, len(months) - 1)]
    return {**source, "flow": flow.astype(np.int32)}


def at_public_hospital(
    source: Lines, who: Flags, hospital: npt.NDArray[Any], draws: Draws
) -> Lines:
    """The lines `who` as done in a public hospital: ER_ETE_F with ETE_IND_TAA 0 or empty (T2)."""
    empty = draws.below("empty ETE_IND_TAA", source["event"], rates()["empty_ete_ind_taa"])
    indicator = np.where(who, np.where(empty, EMPTY, 0), source["indicator"]).astype(np.int8)
    place = np.where(who, hospital, source["hospital"]).astype(np.int16)
    return {**source, "indicator": indicator, "hospital": place}


def events(start: int, ids: Ids) -> npt.NDArray[np.int64]:
    """Event numbers of rows numbered `ids`."""
    return ids.astype(np.int64) + start
