"""Traps of DCIR: lines that must be set aside, and lines that must be added up.

T1  information lines: a true line again with DPN_QLF or PRS_DPN_QLP at 71. Empty qualifiers on
    true lines, which a plain `<> 71` would drop.
T2  lines of public hospitals that repeat the PMSI: again with ETE_IND_TAA 1; their share of
    hospital lines follows the year (1 % to 35 %).
T3  surcharges: the line again with CPL_MAJ_TOP 2 and REM_TYP_AFF 2.
T4  reversals, each line with keys of its own and another flow month than the line it corrects:
    full     +q, -q           a delivery entered by mistake, on another day
    partial  +(q+e), -e       too many boxes; the line corrected is the true one
    double   +q, -q, -q, +2q  taken back twice, then put right
T5  care of before the window that flows inside it. (Late flows: lines.with_flow.)

Choices where the rules are silent: only whole town boxes, hospital units, tests and devices are
reversed; a line that could not be reversed before the last flow is not; an information line, a
repeat or a surcharge copies quantities, so that forgetting the rule doubles the boxes.
"""

from __future__ import annotations

import numpy as np

from transat.simulate.snds.draws import Draws, Flags, Ints
from transat.simulate.snds.formats import month_of, year_of
from transat.simulate.snds.lines import (
    COUNTED,
    HOSPITAL_DRUG,
    NO_HOSPITAL,
    PHARMACY,
    Lines,
    joined,
    taken,
)
from transat.simulate.snds.natures import CONSULTATION
from transat.simulate.snds.rates import rates, share_of_duplicates
from transat.simulate.snds.window import FIRST_FLOW, LAST_FLOW, WINDOW_START

INFORMATION = 71
_FIRST_DAYS, _BEFORE = 90, 120
_LATEST_CORRECTION = 3


def with_traps(true_lines: Lines, draws: Draws) -> Lines:
    """The lines with every trap of DCIR."""
    corrected = _with_reversals(true_lines, draws)
    marked = _with_empty_qualifiers(corrected, draws)
    return joined(
        [
            marked,
            _information(true_lines, draws),
            _duplicates(true_lines, draws),
            _surcharges(true_lines, draws),
            _care_before(true_lines, draws),
        ]
    )


def _with_reversals(source: Lines, draws: Draws) -> Lines:
    """T4. One draw decides which of the three, so that no line gets two."""
    event = source["event"]
    can = (
        np.isin(source["detail"], COUNTED)
        & (source["units"] == -1)
        & (source["flow"] + _LATEST_CORRECTION <= LAST_FLOW)
    )
    u = np.where(can, draws.uniform("reversal", event), 1.0)
    full, partial, double = (rates()[f"reversal_{k}"] for k in ("full", "partial", "double"))
    is_full = u < full
    is_partial = (u >= full) & (u < full + partial)
    is_double = (u >= full + partial) & (u < full + partial + double)
    excess = np.where(is_partial, draws.integers("excess", event, 1, 3), 0)
    later = draws.integers("correction", event, 1, _LATEST_CORRECTION + 1)
    billed = _billed(source, source["boxes"] + excess, source["flow"])
    wrong_day = (source["care"] + draws.integers("wrong day", event, 1, 4)).astype(np.int32)
    # A wrong day in the next month cannot have flowed before it.
    flow = np.maximum(source["flow"], month_of(wrong_day) + 1).astype(np.int32)
    # Its correction may then need one flow more than the line's own.
    is_full &= flow + later <= LAST_FLOW
    mistaken = {**source, "care": wrong_day}
    blocks = [billed]
    for which, base, boxes, when, number in (
        (is_full, mistaken, source["boxes"], flow, 1),
        (is_full, mistaken, -source["boxes"], flow + later, 2),
        (is_partial, source, -excess, source["flow"] + later, 1),
        (is_double, source, -source["boxes"], source["flow"] + 1, 1),
        (is_double, source, -source["boxes"], source["flow"] + 2, 2),
        (is_double, source, 2 * source["boxes"], source["flow"] + 3, 3),
    ):
        made = taken(base, which, copy=number)
        blocks.append(_billed(made, boxes[which], when[which]))
    return joined(blocks)


def _billed(source: Lines, boxes: Ints, flow: Ints) -> Lines:
    """The lines in another flow, with other boxes and the quantity that goes with them."""
    whole = np.isin(source["detail"], COUNTED) & (source["units"] == -1)
    quantity = np.where(whole, boxes, source["quantity"]).astype(np.int16)
    return {
        **source,
        "boxes": boxes.astype(np.int32),
        "quantity": quantity,
        "flow": flow.astype(np.int32),
    }


def _with_empty_qualifiers(source: Lines, draws: Draws) -> Lines:
    rate = rates()["empty_dpn_qlf"]
    first = draws.below("empty DPN_QLF", source["event"], rate)
    second = draws.below("empty PRS_DPN_QLP", source["event"], rate)
    return {
        **source,
        "qualifier": np.where(first, -1, source["qualifier"]).astype(np.int8),
        "qualifier_sent": np.where(second, -1, source["qualifier_sent"]).astype(np.int8),
    }


def _information(source: Lines, draws: Draws) -> Lines:
    chosen = draws.below("information", source["event"], rates()["information_line"])
    made = taken(source, chosen, copy=10)
    in_sent = draws.below(
        "information in PRS_DPN_QLP", made["event"], rates()["information_in_prs_dpn_qlp"]
    )
    return {
        **made,
        "qualifier": np.where(in_sent, 0, INFORMATION).astype(np.int8),
        "qualifier_sent": np.where(in_sent, INFORMATION, 0).astype(np.int8),
    }


def _duplicates(source: Lines, draws: Draws) -> Lines:
    """T2 on hospital drugs: with a share s of repeated lines, s / (1 - s) of the true ones repeat.

    Consultations and acts are repeated by `outpatient`, which knows what the PMSI holds.
    """
    share = share_of_duplicates(year_of(source["care"]))
    here = (source["indicator"] != NO_HOSPITAL) & (source["detail"] == HOSPITAL_DRUG)
    rate = np.where(here, share / (1.0 - share), 0.0)
    return taken(source, draws.below("duplicate", source["event"], rate), copy=20, indicator=1)


def _surcharges(source: Lines, draws: Draws) -> Lines:
    contact = source["nature"] == CONSULTATION
    drug = source["detail"] == PHARMACY
    rate = np.where(contact, rates()["surcharge_contact"], 0.0)
    rate = np.where(drug, rates()["surcharge_drug"], rate)
    return taken(source, draws.below("surcharge", source["event"], rate), copy=30, surcharge=2)


def _care_before(source: Lines, draws: Draws) -> Lines:
    """T5: a line of care 120 days before one of the first 90 days, flowing in the first months."""
    early: Flags = source["care"] < WINDOW_START + _FIRST_DAYS
    early &= draws.below("care before", source["event"], rates()["care_before_window"])
    made = taken(source, early, copy=40)
    care = (made["care"] - _BEFORE).astype(np.int32)
    flow = FIRST_FLOW + draws.integers("flow before", made["event"], 0, 3)
    prescribed = np.minimum(made["prescribed"], care).astype(np.int32)
    return {**made, "care": care, "prescribed": prescribed, "flow": flow}
