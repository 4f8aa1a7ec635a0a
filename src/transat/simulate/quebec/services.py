"""V_SEJ_SERV_HOSP_CM: the hospital services in which a delivery stay was spent.

Service codes are fictitious: the real list is not public.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import pyarrow as pa

from transat.simulate.quebec.hospital import Stays
from transat.simulate.quebec.native import Integers, chosen, constant, dates, native
from transat.simulate.quebec.traps import shuffled
from transat.simulate.quebec.world import World

_OBSTETRICS: Final = "S01"
_OTHERS: Final = ("S02", "S03")
_MOVED: Final = 0.10
_ICD10_CA: Final = "1"


def lines(world: World, stays: Stays, numbers: pa.Array) -> pa.Table:
    """One line per stay; of the stays of two nights or more, some moved to a second service."""
    random = world.stream("V_SEJ_SERV_HOSP_CM")
    nights = stays.departed - stays.admitted
    moved = (nights >= 2) & (random.random(len(stays)) < _MOVED)
    change = stays.admitted + np.where(moved, 1, nights)
    every, again = np.arange(len(stays)), np.flatnonzero(moved)
    others = chosen(_OTHERS, random.integers(0, len(_OTHERS), len(again)))
    table = pa.concat_tables(
        [
            _part(
                world,
                stays,
                numbers,
                every,
                constant(_OBSTETRICS, len(every)),
                stays.admitted,
                change,
            ),
            _part(world, stays, numbers, again, others, change[again], stays.departed[again]),
        ]
    )
    return shuffled(random, table)


def _part(
    world: World,
    stays: Stays,
    numbers: pa.Array,
    rows: Integers,
    service: pa.Array,
    first: Integers,
    last: Integers,
) -> pa.Table:
    return native(
        "V_SEJ_SERV_HOSP_CM",
        {
            "SHOP_NO_INDIV_BEN_BANLS": world.person_numbers(stays.person[rows]),
            "SHOP_NO_SEQ_SEJ_HOSP": numbers.take(pa.array(rows)),
            "SHOP_DAT_ADMIS_SEJ_HOSP": dates(stays.admitted[rows]),
            "SHOP_DAT_DEPAR_SEJ_HOSP": dates(stays.departed[rows]),
            "SHOP_NO_SEQ_SYS_CLA": constant(_ICD10_CA, len(rows)),
            "SERVICE": service,
            "DATE_DEBUT_SERVICE": dates(first),
            "DATE_FIN_SERVICE": dates(last),
        },
    )
