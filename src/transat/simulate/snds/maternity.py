"""IR_MAT_R: pregnancies declared to the insurer, from 2013, with unreliable dates (T14).

Documentation-SNDS: pregnancies of five years, fathers among the pregnant. No father is simulated: a
few lines are on another woman instead. Never a source for a start of pregnancy.
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from transat.simulate.snds import formats
from transat.simulate.snds.beneficiaries import Beneficiaries
from transat.simulate.snds.draws import Draws
from transat.simulate.snds.gestations import Gestations
from transat.simulate.snds.rates import rates
from transat.simulate.snds.town_care import presumed_start

_FROM = formats.day("2013-01-01")
#: A pregnancy is declared by the end of the third month.
_DECLARED_AT = 90


def ir_mat_r(gestations: Gestations, people: Beneficiaries, draws: Draws) -> dict[str, pa.Array]:
    """The varying columns of IR_MAT_R: one line a declared pregnancy."""
    g = gestations
    declared = draws.below("declared", g.id, rates()["declared_pregnancy"])
    which = np.flatnonzero(declared & (g.start >= _FROM) & (g.end - g.start > _DECLARED_AT))
    ids, start = g.id[which], g.start[which]
    row = people.row(g.mother[which], start + _DECLARED_AT)
    wrong = draws.below("father", ids, rates()["father_as_pregnant"])
    women = np.unique(g.mother)
    other = (
        women[draws.integers("another woman", ids, 0, len(women))] if len(women) else row
    ).astype(np.int32)
    row = np.where(wrong, other, row)
    due = (start + 280).astype(np.int32)
    at = pa.array(row)
    return {
        "BEN_NIR_PSA": people.psa.take(at),
        "BEN_RNG_GEM": formats.numbers(people.gem[row]),
        "BEN_NIR_ANO": people.ano.take(at),
        "BEN_IDT_ANO": people.idt.take(at),
        "BEN_GRS_DTE": formats.days(
            presumed_start("declared", ids, start, draws), formats.DCIR_DAY
        ),
        "BEN_DRA_AME": formats.days(due, formats.MONTH),
    }
