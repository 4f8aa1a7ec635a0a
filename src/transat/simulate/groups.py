"""The malformations of the simulation: leaves, groups that contain them, baseline risks.

Leaves and codes come from the EUROCAT subgroups (data_sources.md §4.2); what an organ system holds
beside its subgroups is one more leaf, `<organ>_other`. Baselines: `france` makes 203 per 10 000
live births (EPI-MERES, Duchemin), `quebec` 366 (QPC 1998-2008) by coding mild anomalies more
broadly, severe ones alike. `any_major` holds neither chromosomal anomalies nor genetic syndromes.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from transat.simulate.design import Shore
from transat.simulate.pregnancies import Numbers
from transat.simulate.read_data import rows

ANY = "any_major"
CHROMOSOMAL = "chromosomal"
DEATHS_IN_UTERO = 0.02  # Dolk 2010: 2.0 % of cases are fetal deaths
BOYS = 0.512
PDA = "pda_as_only_chd_in_term_infants"


@dataclass(frozen=True, slots=True)
class Groups:
    """leaves: keys. names: keys of every group, leaves included, in a fixed order.

    member: (leaves, names) truth. codes: ICD-10 codes of each leaf. terminated: chance that a
    fetus with the anomaly ends in a therapeutic termination. lost: that or a death in utero.
    boys_only, girls_only: leaves of one sex.
    """

    leaves: tuple[str, ...]
    names: tuple[str, ...]
    member: NDArray[np.bool_]
    codes: tuple[tuple[str, ...], ...]
    terminated: Numbers
    lost: Numbers
    boys_only: NDArray[np.bool_]
    girls_only: NDArray[np.bool_]

    def leaf(self, key: str) -> int:
        """Row of a leaf."""
        return self.leaves.index(key)

    def members(self, key: str) -> NDArray[np.bool_]:
        """Which leaves a group, or several joined by '|', contains."""
        columns = [self.names.index(part) for part in key.split("|")]
        return np.asarray(self.member[:, columns].any(axis=1))


@cache
def groups() -> Groups:
    """The tree of data/malformations.csv."""
    table = rows("malformations")
    leaves = tuple(row["malformation"] for row in table)
    parents = [(row["malformation"], *row["parents"].split()) for row in table]
    names = tuple(dict.fromkeys(name for chain in parents for name in chain))
    member = np.array([[name in chain for name in names] for chain in parents])
    terminated = np.array([float(row["termination_share"]) for row in table])
    return Groups(
        leaves=leaves,
        names=names,
        member=member,
        codes=tuple(tuple(row["icd10"].split()) for row in table),
        terminated=terminated,
        lost=1 - (1 - terminated) * (1 - DEATHS_IN_UTERO),
        boys_only=np.array([row["sex"] == "M" for row in table]),
        girls_only=np.array([row["sex"] == "F" for row in table]),
    )


@cache
def baseline(shore: Shore) -> Numbers:
    """Risk of each leaf in a fetus that reaches 22 weeks; same people take the French one."""
    column = "quebec_per_10000" if shore == "quebec" else "france_per_10000"
    return np.array([float(row[column]) for row in rows("malformations")]) / 10_000
