"""Pregnancies as arrays, in the order of their number, and what each one's infants were."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow.compute as pc

from transat.simulate.population import Population
from transat.simulate.snds import formats
from transat.simulate.snds.beneficiaries import Beneficiaries
from transat.simulate.snds.draws import Flags, Ints
from transat.simulate.snds.population_tables import sorted_by

#: Outcomes of 22 weeks or more: a delivery for the PMSI.
DELIVERIES = ("live_birth", "stillbirth", "therapeutic_termination")


@dataclass(frozen=True, slots=True)
class Gestations:
    """start (LMP), end, admission are days; mother is a place among persons; live counts infants.

    `town` deliveries do not exist here: only losses and terminations may be in town.
    """

    id: npt.NDArray[np.int64]
    mother: Ints
    start: Ints
    end: Ints
    admission: Ints
    outcome: npt.NDArray[np.str_]
    plurality: Ints
    live: Ints
    town: Flags

    @property
    def delivery(self) -> Flags:
        """Whether the pregnancy ends by a delivery."""
        return np.isin(self.outcome, DELIVERIES)


def gestations(population: Population, people: Beneficiaries) -> Gestations:
    """The pregnancies of a chunk; an admission that is not known is the day of the end."""
    table = sorted_by(population.pregnancies, "pregnancy_id")
    ids = table["pregnancy_id"].to_numpy().astype(np.int64)
    end = formats.as_days(table["end"])
    admitted = formats.as_days(table["admission_date"])
    outcome = np.array(table["outcome"].to_pylist(), dtype="U24")
    born = population.links.filter(pc.is_valid(population.links["infant_id"]))
    places = np.searchsorted(ids, born["pregnancy_id"].to_numpy().astype(np.int64))
    town = pc.equal(table["setting"], "town").to_numpy(zero_copy_only=False)
    return Gestations(
        id=ids,
        mother=people.place(table["person_id"].to_numpy()),
        start=formats.as_days(table["start"]),
        end=end,
        admission=np.where(admitted == formats.NO_DAY, end, np.minimum(admitted, end)).astype(
            np.int32
        ),
        outcome=outcome,
        plurality=table["plurality"].to_numpy().astype(np.int32),
        live=np.bincount(places, minlength=len(ids)).astype(np.int32),
        town=town & ~np.isin(outcome, DELIVERIES),
    )
