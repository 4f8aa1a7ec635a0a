"""Stays that show a woman's disease, and the diseases that are long-term illnesses instead.

Choice where the rules are silent: epilepsy, diabetes, bipolar disorder, rheumatoid arthritis and,
of elders, diseases of heart, kidney and lung are long-term illnesses (IR_IMB_R; their numbers are
from memory); every other disease shows as one short stay on the day that it is known from, half as
main diagnosis, half as associated with Z768.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from transat.simulate.population import Population
from transat.simulate.snds import formats
from transat.simulate.snds.beneficiaries import Beneficiaries
from transat.simulate.snds.draws import Draws
from transat.simulate.snds.population_tables import sorted_by
from transat.simulate.snds.stays import Stays, new_stays, no_part, part
from transat.simulate.snds.window import WINDOW_END, WINDOW_START

#: Diseases known by exemption: their number among the thirty (ALD 30).
LONG_TERM: Final = {
    "epilepsy": 9,
    "diabetes": 8,
    "bipolar": 23,
    "rheumatoid": 22,
    "heart_failure": 5,
    "atrial_fibrillation": 5,
    "coronary_disease": 13,
    "copd": 14,
    "chronic_kidney_disease": 19,
}
EVENT_OF_HISTORY: Final = 4 * 10**12
_OTHER_CIRCUMSTANCE = "Z768"
_GHM = "23M20Z"


def recorded(population: Population, long_term: bool) -> pa.Table:
    """The coded diseases that are long-term illnesses, or the others; a stable order."""
    table = population.conditions
    coded = pc.and_(pc.is_valid(table["icd10"]), pc.not_equal(table["icd10"], ""))
    listed = pc.is_in(table["condition"], pa.array(list(LONG_TERM)))
    chosen = table.filter(pc.and_(coded, listed if long_term else pc.invert(listed)))
    return sorted_by(chosen, "person_id", "condition", "start_date", "icd10")


def history_stays(population: Population, people: Beneficiaries, draws: Draws) -> Stays:
    """One stay a disease that is not a long-term illness and starts before the window ends."""
    table = recorded(population, long_term=False)
    day = np.maximum(formats.as_days(table["start_date"]), WINDOW_START)
    code = np.array(table["icd10"].to_pylist(), dtype="U6")
    person = table["person_id"].to_numpy().astype(np.int64)
    code, person, day = code[day < WINDOW_END], person[day < WINDOW_END], day[day < WINDOW_END]
    # A disease is drawn for by person and code: its place in the table says nothing.
    spelled = code.astype("S6").view("u1").reshape(len(code), 6).astype(np.int64)
    event = EVENT_OF_HISTORY + person * 10**6 + spelled @ 31 ** np.arange(spelled.shape[1]) % 10**6
    row = people.row(people.place(person), day)
    as_main = draws.below("disease as main", event, 0.5)
    stays = new_stays(
        len(day),
        beneficiary=row,
        entry=day,
        exit=np.minimum(day + draws.integers("disease stay", event, 0, 3), WINDOW_END - 1),
        main=np.where(as_main, code, _OTHER_CIRCUMSTANCE),
        ghm=_GHM,
        hospital=people.places.hospital(draws, people.department[row], event),
        event=event,
    )
    second = np.flatnonzero(~as_main).astype(np.int32)
    diagnoses = part("diagnoses", second, code=code[second])
    return Stays(stays, diagnoses, no_part("acts"), no_part("units"))
