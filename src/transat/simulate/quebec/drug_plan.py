"""ADMISSIBILITE_MEDICAMENTS (mapped): who had public drug insurance, and when."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from transat.simulate.quebec.native import (
    NO_DAY,
    Flags,
    Integers,
    dates,
    day_numbers,
    integers,
    native,
)
from transat.simulate.quebec.traps import person_days, shuffled
from transat.simulate.quebec.world import LAST_DAY, World


def lines(world: World) -> pa.Table:
    """Covered periods; the last day is included, and empty when the cover outlives the extract."""
    plan = world.population.drug_plan
    end = day_numbers(plan["end"])
    table = native(
        "ADMISSIBILITE_MEDICAMENTS",
        {
            "NO_INDIV": world.person_numbers(integers(plan["person_id"])),
            "DATE_DEBUT": dates(day_numbers(plan["start"])),
            "DATE_FIN": dates(np.where(end > LAST_DAY, NO_DAY, end - 1)),
        },
    )
    return shuffled(world.stream("ADMISSIBILITE_MEDICAMENTS"), table)


def covered(world: World, people: Integers, days: Integers) -> Flags:
    """Whether each person was covered by the public plan on each day.

    Parameters
    ----------
    people, days: shape (n,). Periods of one person do not overlap.
    """
    plan = world.population.drug_plan
    if plan.num_rows == 0:
        return np.zeros(len(days), dtype=np.bool_)
    owner = integers(plan["person_id"])
    start, end = day_numbers(plan["start"]), day_numbers(plan["end"])
    keys = person_days(owner, start)
    order = np.argsort(keys, kind="stable")
    last = np.searchsorted(keys[order], person_days(people, days), side="right") - 1
    row = order[np.maximum(last, 0)]
    return np.asarray((last >= 0) & (owner[row] == people) & (days < end[row]))
