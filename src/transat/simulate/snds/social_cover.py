"""CMU-C and C2S: rights written in IR_ORC_R, and on the lines that they exempt (BEN_CMU_TOP).

C2S replaced CMU-C on 1 November 2019 (T18); contract 89 is both. Choices where the rules are
silent: rights last one to six years in one piece; some are in no line of IR_ORC_R (which knows the
general scheme only); every line of care inside the rights has the top.
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from transat.simulate.snds import formats
from transat.simulate.snds.beneficiaries import Beneficiaries
from transat.simulate.snds.draws import Draws, Ints
from transat.simulate.snds.rates import rates
from transat.simulate.snds.window import WINDOW_END, WINDOW_START

_YEAR = 365
_CONTRACT = "89"


def rights(people: Beneficiaries, draws: Draws) -> tuple[Ints, Ints]:
    """First and last day of the rights of each row of IR_BEN_R; last < first where there are none.

    The rows of one person have the same rights.
    """
    ids = np.append(people.person_id, -1)[people.person]
    first = draws.integers("rights", ids, WINDOW_START - _YEAR, WINDOW_END)
    years = draws.integers("years of rights", ids, 1, 7)
    given = draws.below("rights", ids, rates()["complementary_cover"]) & (people.person >= 0)
    return first, np.where(given, first + years * _YEAR - 1, first - 1).astype(np.int32)


def ir_orc_r(people: Beneficiaries, draws: Draws) -> dict[str, pa.Array]:
    """The varying columns of IR_ORC_R: one line a person whose rights it knows."""
    first, last = rights(people, draws)
    persons = np.arange(len(people.person_id))
    known = draws.below("rights known", people.person_id, rates()["rights_in_ir_orc_r"])
    which = np.flatnonzero((last >= first)[persons] & known)
    row = people.row(which.astype(np.int32), first[which])
    at = pa.array(row)
    return {
        "BEN_NIR_PSA": people.psa.take(at),
        "BEN_RNG_GEM": formats.numbers(people.gem[row]),
        "BEN_NIR_ANO": people.ano.take(at),
        "BEN_IDT_ANO": people.idt.take(at),
        "BEN_CTA_TYP": formats.choice(np.zeros(len(row), np.int32), (_CONTRACT,)),
        "MLL_CTA_DSD": formats.days(first[which], formats.DCIR_DAY),
        "MLL_CTA_DSF": formats.days(last[which], formats.DCIR_DAY),
    }
