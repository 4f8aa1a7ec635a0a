"""Where people live and are cared for: departments of a region, hospitals of a department.

Trap T11 lives here: up to 2017 the stays of AP-HP, AP-HM and HCL were also sent under the FINESS of
the geographic site (``data/finess_geographic.csv``: the codes listed by Documentation-SNDS and by
SNDStoolers/sndsTools, 9 digits). The legal FINESS of the three (750712184, 130786049, 690781810)
are from memory, not in those lists. Other hospitals' numbers are invented: department, 078,
serial, 0; none is in the list. A person's region is a rank among the 13 regions of 2016 by INSEE
code (``data/regions.csv``); another rank is given any department.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from transat.simulate.snds.draws import Draws, Flags, Ids, Ints
from transat.simulate.snds.rates import rates, read_data

_HOSPITALS_PER_DEPARTMENT = 5
#: Departments served, legal FINESS and first digits of the geographic codes.
_UNIVERSITY_HOSPITALS = (
    (("75", "92", "93", "94"), "750712184", "75"),
    (("13",), "130786049", "13"),
    (("69",), "690781810", "69"),
)
LAST_YEAR_OF_DOUBLES = 2017


@dataclass(frozen=True, slots=True)
class Places:
    """Departments and hospitals, by their place in `departments` and `hospitals`.

    legal: place of the department's university hospital in `hospitals`, -1 where it has none.
    geographic: for a place in `hospitals` that is such a legal entity, the places of its
        geographic codes.
    """

    departments: tuple[str, ...]
    hospitals: tuple[str, ...]
    legal: npt.NDArray[np.int32]
    geographic: dict[int, npt.NDArray[np.int32]]
    regions: dict[int, npt.NDArray[np.int32]]

    def department(self, draws: Draws, region: Ints, ids: Ids) -> Ints:
        """The department of each person, drawn inside the region."""
        chosen = draws.integers("department", ids, 0, len(self.departments))
        u = draws.uniform("department", ids)
        for code, places in self.regions.items():
            here = region == code
            chosen[here] = places[(u[here] * len(places)).astype(np.int64)]
        return chosen

    def hospital(self, draws: Draws, department: Ints, ids: Ids) -> Ints:
        """The hospital of each stay (`ids` number the events) in the department."""
        serial = draws.integers("hospital", ids, 0, _HOSPITALS_PER_DEPARTMENT)
        usual = (department * _HOSPITALS_PER_DEPARTMENT + serial).astype(np.int32)
        legal = self.legal[department]
        taken = draws.below("university hospital", ids, rates()["university_hospital"])
        return np.where(taken & (legal >= 0), legal, usual).astype(np.int32)

    def another(self, department: Ints, hospital: Ints) -> Ints:
        """A hospital of the department that is not `hospital`."""
        serial = (hospital + 1) % _HOSPITALS_PER_DEPARTMENT
        return (department * _HOSPITALS_PER_DEPARTMENT + serial).astype(np.int32)

    def geographic_of(self, draws: Draws, hospital: Ints, ids: Ids) -> Ints:
        """A geographic site of each legal entity; the hospital itself where it has none."""
        site = hospital.copy()
        u = draws.uniform("geographic site", ids)
        for legal, sites in self.geographic.items():
            here = hospital == legal
            site[here] = sites[(u[here] * len(sites)).astype(np.int64)]
        return site

    def has_sites(self, hospital: Ints) -> Flags:
        """Whether the hospital is one of the three legal entities."""
        return np.isin(hospital, np.array(sorted(self.geographic), np.int32))

    def finess(self) -> pa.Array:
        """Every hospital's FINESS, in the order of the places."""
        return pa.array(self.hospitals, pa.string())


def geographic_codes() -> tuple[str, ...]:
    """The geographic FINESS codes to set aside (T11)."""
    return tuple(row["finess_geo"] for row in read_data("finess_geographic.csv"))


@cache
def places() -> Places:
    """The places of the extract, from the data files."""
    rows = read_data("regions.csv")
    departments = tuple(sorted({d for row in rows for d in row["departments"].split()}))
    number = {d: i for i, d in enumerate(departments)}
    hospitals = [
        f"{d}078{serial:03d}0" for d in departments for serial in range(_HOSPITALS_PER_DEPARTMENT)
    ]
    legal = np.full(len(departments), -1, np.int32)
    geographic: dict[int, npt.NDArray[np.int32]] = {}
    for served, finess, digits in _UNIVERSITY_HOSPITALS:
        legal[[number[d] for d in served]] = len(hospitals)
        sites = [code for code in geographic_codes() if code.startswith(digits)]
        first = len(hospitals) + 1
        geographic[len(hospitals)] = np.arange(first, first + len(sites), dtype=np.int32)
        hospitals += [finess, *sites]
    regions = {
        int(row["rank"]): np.array([number[d] for d in row["departments"].split()], np.int32)
        for row in rows
    }
    return Places(departments, tuple(hospitals), legal, geographic, regions)
