"""I_BENF_ADR_CM: successive addresses, by health region.

A person has one residence that still holds. Some lived in another region before the extract, some
also have a correspondence address, or one outside Québec: neither is where the person lives.
"""

from __future__ import annotations

from datetime import date
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from transat.simulate.quebec.native import (
    Integers,
    constant,
    dates,
    day_numbers,
    integers,
    native,
    padded,
)
from transat.simulate.quebec.traps import pick, shuffled
from transat.simulate.quebec.world import FIRST_DAY, World

_REGIONS: Final = 18
#: The regions of the population count from 1 to 13: shifted, they meet the odd ones of Québec.
_SHIFT: Final = 4
_STILL_HOLDS: Final = (date(9999, 12, 31) - date(1970, 1, 1)).days
_WITHOUT_NETWORK: Final = (10, 17, 18)
_MOVED_REGION: Final = 16
_MOVED_SHARE: Final = 8
_MOVED: Final = 0.10
_CORRESPONDENCE: Final = 0.03
_ELSEWHERE: Final = 0.01


def lines(world: World) -> pa.Table:
    """Residences in Québec, former residences, and addresses that are not residences."""
    persons = world.population.persons
    people = integers(persons["person_id"])
    born = day_numbers(persons["birth_date"])
    region = (integers(persons["region"], 1) + _SHIFT) % _REGIONS + 1
    random = world.stream("I_BENF_ADR_CM")
    moving = np.zeros(len(people), dtype=np.int64)
    rows = pick(random, len(people), _MOVED)
    rows = rows[born[rows] < FIRST_DAY - 3 * 365]
    moving[rows] = FIRST_DAY - random.integers(1, 2 * 365, len(rows))
    last = np.full(len(people), _STILL_HOLDS, dtype=np.int64)
    former = (region[rows] + random.integers(0, _REGIONS - 1, len(rows))) % _REGIONS + 1
    parts = [
        _part(world, people, region, np.where(moving == 0, born, moving), last, "N", "R"),
        _part(world, people[rows], former, born[rows], moving[rows] - 1, "N", "R"),
    ]
    for share, outside, kind in ((_CORRESPONDENCE, "N", "C"), (_ELSEWHERE, "O", "C")):
        rows = pick(random, len(people), share)
        other = random.integers(1, _REGIONS + 1, len(rows))
        parts.append(_part(world, people[rows], other, born[rows], last[rows], outside, kind))
    return shuffled(random, pa.concat_tables(parts))


def _part(
    world: World,
    people: Integers,
    region: Integers,
    start: Integers,
    end: Integers,
    outside: str,
    kind: str,
) -> pa.Table:
    rows = len(people)
    # First network of the region, but for the one that INESSS moves; three regions have none.
    moved = (region == _MOVED_REGION) & (people % _MOVED_SHARE == 0)
    network = padded(region * 100 + np.where(moved, 10, 1), 4)
    without = np.isin(region, _WITHOUT_NETWORK)
    return native(
        "I_BENF_ADR_CM",
        {
            "BENF_NO_INDIV_BEN_BANLS": world.person_numbers(people),
            "BENF_DD_ADR_BEN": dates(start),
            "BENF_DF_ADR_BEN": dates(end),
            "BENF_IND_ADR_HQ": constant(outside, rows),
            "BENF_COD_TYP_ADR": constant(kind, rows),
            "LGEO_COD_RSS": padded(region, 2),
            "LGEO_COD_TERRI_RLS": pc.if_else(pa.array(without), pa.scalar(None), network),
        },
    )
