"""V_FICH_ID_BEN_CM: one line per insured person."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from transat.simulate.quebec.deaths import registered
from transat.simulate.quebec.native import NO_DAY, dates, day_numbers, integers, native
from transat.simulate.quebec.traps import repeated, shuffled
from transat.simulate.quebec.world import World

_TWICE = 0.004


def lines(world: World) -> pa.Table:
    """Women and live-born infants, with their dates of birth and, mostly, of death."""
    persons = world.population.persons
    death = day_numbers(persons["death_date"])
    table = native(
        "V_FICH_ID_BEN_CM",
        {
            "BENF_NO_INDIV_BEN_BANLS": world.person_numbers(integers(persons["person_id"])),
            "BENF_COD_SEXE": pc.cast(persons["sex"], pa.string()).combine_chunks(),
            "BENF_DAT_NAISS": dates(day_numbers(persons["birth_date"])),
            "BENF_DAT_DECES": dates(np.where(registered(world), death, NO_DAY)),
        },
    )
    random = world.stream("V_FICH_ID_BEN_CM")
    every = np.ones(table.num_rows, dtype=np.bool_)
    return shuffled(random, repeated(random, table, every, _TWICE))
