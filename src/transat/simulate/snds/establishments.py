"""T_MCOaaE: the establishments of a year's stays and passages; their names are invented."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pyarrow as pa

from transat.simulate.snds.beneficiaries import Beneficiaries
from transat.simulate.snds.formats import year_of
from transat.simulate.snds.lines import Lines
from transat.simulate.snds.native_file import native_table
from transat.simulate.snds.stays import Stays
from transat.simulate.snds.window import YEARS


def establishment_tables(
    stays: Stays, passages: Lines, people: Beneficiaries
) -> Iterator[tuple[str, pa.Table]]:
    """Name and content of T_MCOaaE of each year: every hospital met in it, once."""
    hospital = np.concatenate([stays.stays["hospital"], passages["hospital"]]).astype(np.int32)
    year = np.concatenate([year_of(stays.stays["exit"]), year_of(passages["care"])])
    finess = people.places.hospitals
    for one in YEARS:
        met = np.unique(hospital[year == one])
        if not len(met):
            continue
        columns = {
            "ETA_NUM": pa.array([finess[place] for place in met]),
            "ETB_EXE_FIN": pa.array([finess[place][:8] for place in met]),
            "SOC_RAI": pa.array([f"HOPITAL {place}" for place in met.tolist()]),
        }
        yield f"T_MCO{one % 100:02d}E", native_table("T_MCOaaE", len(met), columns, one)
