"""V_ETAB_USUEL, and where and by whom medical services are given.

Numbers and specialities are fictitious; categories are those that INESSS counts as ambulatory, and
one that it does not.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import pyarrow as pa

from transat.simulate.quebec.native import Flags, Integers, chosen, constant, dates, native, padded
from transat.simulate.quebec.world import FIRST_DAY

#: Categories of clinics (ambulatory for INESSS), and that of a ward (not in its list).
_CLINICS: Final = ("54X", "55X", "57X", "0X1")
_WARD: Final = "0X5"

_SITES: Final = 80
_WARDS: Final = 20
_IN_A_CLINIC: Final = 0.25

#: A general practitioner has no speciality: half of the performers.
_SPECIALITIES: Final = ("", "", "", "07", "12", "24")


def lines() -> pa.Table:
    """Every establishment, in the category that it has throughout."""
    number = np.arange(1, _SITES + 1)
    clinics = chosen(_CLINICS, number[_WARDS:] % len(_CLINICS))
    return native(
        "V_ETAB_USUEL",
        {
            "ETAB_NO_ETAB_USUEL": padded(number, 5),
            "ETAB_NO_ETAB": padded(number + 7_000, 8),
            "ETAB_COD_CATG_ETAB_EI": pa.concat_arrays([constant(_WARD, _WARDS), clinics]),
            "ETAB_DD_ETAB_USUEL": dates(np.full(_SITES, FIRST_DAY, dtype=np.int64)),
        },
    )


def of_acts(random: np.random.Generator, ward: Flags) -> pa.Array:
    """SMOD_NO_ETAB_USUEL of acts: a ward where `ward`, else a clinic or, mostly, none."""
    rows = len(ward)
    inside = random.integers(1, _WARDS + 1, rows)
    clinic = random.integers(_WARDS + 1, _SITES + 1, rows)
    nowhere = ~ward & (random.random(rows) >= _IN_A_CLINIC)
    found = padded(np.where(ward, inside, clinic), 5).to_numpy(zero_copy_only=False)
    return pa.array(found, pa.string(), mask=nowhere)


def speciality(performer: Integers) -> pa.Array:
    """SMOD_COD_SPEC of the performers with these numbers, always the same."""
    return chosen(_SPECIALITIES, performer % len(_SPECIALITIES))
