"""IR_IMB_R: long-term illnesses, by exemption of the patient's share (IMB_ETM_NAT 41).

T15: IMB_ALD_NUM is often 0; the illness is in MED_MTF_COD (CIM-10, no dot). Choice where the rules
are silent: exemptions last five years and are renewed as the same line, so IMB_ALD_DTF is the first
fifth anniversary after the window.
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from transat.simulate.population import Population
from transat.simulate.snds import formats
from transat.simulate.snds.beneficiaries import Beneficiaries
from transat.simulate.snds.draws import Draws
from transat.simulate.snds.pmsi_history import LONG_TERM, recorded
from transat.simulate.snds.rates import rates
from transat.simulate.snds.window import WINDOW_END
from transat.simulate.valve_care import ValveVisits

#: Number of heart failure, arrhythmia and severe valve disease among the thirty (from memory).
VALVE = 5
_FIVE_YEARS = 1826


def ir_imb_r(
    population: Population, people: Beneficiaries, draws: Draws, valves: ValveVisits
) -> dict[str, pa.Array]:
    """The varying columns of IR_IMB_R: one line a long-term illness known in the window.

    `valves`: diagnoses of the aortic valve that are long-term illnesses too.
    """
    table = recorded(population, long_term=True)
    start = np.concatenate([formats.as_days(table["start_date"]), valves.day.astype(np.int32)])
    person = np.concatenate([table["person_id"].to_numpy().astype(np.int64), valves.person])
    number = np.array(
        [*(LONG_TERM[c] for c in table["condition"].to_pylist()), *[VALVE] * len(valves.id)],
        np.int32,
    )
    empty = draws.below("IMB_ALD_NUM", person * 100 + number, rates()["empty_ald_number"])
    row = people.row(people.place(person), start)
    renewals = np.maximum((WINDOW_END - start) // _FIVE_YEARS + 1, 1)
    end = (start + renewals * _FIVE_YEARS).astype(np.int32)
    entered = start + draws.integers("INS_DTE", person, 5, 60)
    return {
        "BEN_NIR_PSA": people.psa.take(pa.array(row)),
        "BEN_RNG_GEM": formats.numbers(people.gem[row]),
        "IMB_ALD_DTD": formats.days(start, formats.DCIR_DAY),
        "IMB_ALD_DTF": formats.days(end, formats.DCIR_DAY),
        "IMB_ALD_NUM": formats.numbers(np.where(empty, 0, number)),
        "INS_DTE": formats.days(entered, formats.DCIR_DAY),
        "MED_MTF_COD": pa.array([*table["icd10"].to_pylist(), *valves.icd10.tolist()], pa.string()),
        "UPD_DTE": formats.days(entered, formats.DCIR_DAY),
    }
