"""Women: birth, death, region, deprivation."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from transat.simulate.design import EXTRACT_END, Shore, day
from transat.simulate.pregnancies import Days, Numbers, Pregnancies

NEVER = 2**30  # a day that no extract reaches: no death recorded
YEAR = 365.25
REGIONS: dict[Shore, int] = {"france": 13, "quebec": 18, "both": 13}
DEATHS_PER_WOMAN = 0.003
YOUNGEST, OLDEST = 15.0, 49.0


@dataclass(frozen=True, slots=True)
class Women:
    """One row per woman of the chunk.

    birth, death: days since 1970 (NEVER when alive). region: rank from 1, not a national code; in
    Québec it is the number of the région sociosanitaire, in France the rank of the 13 regions in
    the order of their INSEE code. deprivation: quintile, 5 the most deprived.
    """

    birth: Days
    death: Days
    region: NDArray[np.int16]
    deprivation: NDArray[np.int8]

    def __len__(self) -> int:
        return len(self.birth)

    def age_at(self, woman: NDArray[np.int64], when: Days) -> Numbers:
        """Age in years of the women in rows `woman` on days `when`."""
        return (when - self.birth[woman]) / YEAR


def _region_weights(count: int) -> Numbers:
    """Unequal sizes, the last ones small; illustrative."""
    weights = 1.0 / (1.0 + 0.25 * np.arange(count))
    return np.asarray(weights / weights.sum())


def draw(rng: np.random.Generator, women: int, shore: Shore, pregnancies: Pregnancies) -> Women:
    """Age 15-49 at every LMP (mean about 30 at the first), 15-49 in 2016 without pregnancy."""
    first = np.full(women, day(EXTRACT_END) - 1461, np.int32)
    last_end = first.copy()
    # Rows are ordered by woman then start: the last assignment in each direction wins.
    first[pregnancies.woman[::-1]] = pregnancies.start[::-1]
    last_end[pregnancies.woman] = pregnancies.end
    pregnant = np.zeros(women, bool)
    pregnant[pregnancies.woman] = True
    span = (last_end - first) / YEAR
    mother_age = np.clip(rng.normal(29.3, 5.4, women), YOUNGEST, OLDEST - 1 - span)
    age = np.where(pregnant, mother_age, rng.uniform(YOUNGEST, OLDEST, women))
    birth = np.floor(first - age * YEAR - 1).astype(np.int32)
    region = rng.choice(REGIONS[shore], women, p=_region_weights(REGIONS[shore])) + 1
    tilt = np.linspace(0.8, 1.2, 5)
    deprivation = rng.choice(5, women, p=tilt / tilt.sum()) + 1
    dies = rng.random(women) < DEATHS_PER_WOMAN * (0.6 + 0.16 * deprivation)
    from_day = last_end + 7
    when = from_day + np.floor(rng.random(women) * (day(EXTRACT_END) - from_day))
    death = np.where(dies, when, NEVER).astype(np.int32)
    return Women(birth, death, region.astype(np.int16), deprivation.astype(np.int8))
