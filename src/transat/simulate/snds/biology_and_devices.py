"""Biology (ER_BIO_F) and devices (ER_TIP_F) of pregnancies, as lines.

Choices where the rules are silent: toxoplasmosis is searched at 70 days of gestation (NABM 1430),
venous compression delivered at 150 days (LPP 1324213, one or two); both in a share of the
pregnancies that reach that day. No result of a test is in the SNDS, so no truth is written.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import pyarrow as pa

from transat.simulate.snds import formats, natures
from transat.simulate.snds.beneficiaries import Beneficiaries
from transat.simulate.snds.draws import Draws, Flags
from transat.simulate.snds.gestations import Gestations
from transat.simulate.snds.lines import (
    DEVICE,
    EVENT_OF_DEVICE,
    EVENT_OF_TEST,
    TEST,
    Lines,
    events,
    joined,
    lines,
    taken,
    with_flow,
)
from transat.simulate.snds.rates import rates
from transat.simulate.snds.window import LAST_FLOW, WINDOW_END, WINDOW_START

#: Codes by their place in a line's `code`.
TEST_CODES: Final = ("1430",)
DEVICE_CODES: Final = ("1324213",)
_TEST_DAY, _DEVICE_DAY = 70, 150


def biology_and_device_lines(
    gestations: Gestations, seen: Flags, people: Beneficiaries, draws: Draws
) -> Lines:
    """The tests and devices of the pregnancies `seen`, that flow inside the extract."""
    one = np.ones(len(gestations.id), np.int32)
    two = draws.integers("devices", gestations.id, 1, 3)
    return joined(
        [
            _at(gestations, seen, people, draws, day, rate, start, detail, nature, quantity)
            for day, rate, start, detail, nature, quantity in (
                (_TEST_DAY, "test_done", EVENT_OF_TEST, TEST, natures.BIOLOGY, one),
                (_DEVICE_DAY, "device_given", EVENT_OF_DEVICE, DEVICE, natures.DRESSING, two),
            )
        ]
    )


def _at(
    gestations: Gestations,
    seen: Flags,
    people: Beneficiaries,
    draws: Draws,
    day: int,
    rate: str,
    start: int,
    detail: int,
    nature: int,
    quantity: np.ndarray[tuple[int], np.dtype[np.int32]],
) -> Lines:
    care = gestations.start + day
    event = events(start, gestations.id)
    which = seen & draws.below(rate, event, rates()[rate]) & (care < gestations.admission)
    which &= (care >= WINDOW_START) & (care < WINDOW_END)
    care, event, quantity = care[which], event[which], quantity[which]
    made = lines(
        len(event),
        beneficiary=people.row(gestations.mother[which], care),
        care=care,
        prescribed=care - 5,
        nature=nature,
        quantity=quantity,
        detail=detail,
        code=0,
        boxes=quantity,
        prescriber=7,
        event=event,
    )
    arrived = with_flow(made, draws)
    return taken(arrived, arrived["flow"] <= LAST_FLOW)


def biology_columns(source: Lines) -> dict[str, pa.Array]:
    """The varying columns of ER_BIO_F but its key, for lines of TEST."""
    return {
        "BIO_PRS_IDE": formats.choice(source["code"], TEST_CODES),
        "BIO_ACT_QSN": formats.numbers(source["boxes"]),
    }


def device_columns(source: Lines) -> dict[str, pa.Array]:
    """The varying columns of ER_TIP_F but its key, for lines of DEVICE."""
    return {
        "TIP_PRS_IDE": formats.choice(source["code"], DEVICE_CODES),
        "TIP_ACT_QSN": formats.numbers(source["boxes"]),
    }
