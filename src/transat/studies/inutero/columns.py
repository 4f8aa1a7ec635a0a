"""Names of the adjustment columns, as every shore's analysis table has them."""

from __future__ import annotations

from transat.cohorts.code_sets import load
from transat.cohorts.confounders import AGE_BANDS, DRUGS
from transat.cohorts.specification import PopulationSpecification
from transat.studies.code_lists import ExposureCode

#: The age band that the others are compared with, as cohorts.confounders has it.
REFERENCE_AGE = "25-29"


def columns(specification: PopulationSpecification, exposure: ExposureCode) -> tuple[str, ...]:
    """Adjustment columns for one exposure.

    A column that says 'took a medicine of this list' is left out for a medicine of the list: it
    would adjust the exposure for itself.
    """
    names: list[str] = []
    for variable in specification.confounders:
        if variable == "year" and specification.years is not None:
            first, last = specification.years
            names += [f"year={y}" for y in range(first + 1, last + 1)]
        elif variable == "age_band":
            names += [f"age_band={band}" for band in AGE_BANDS if band != REFERENCE_AGE]
        elif variable not in DRUGS or not _overlap(variable, exposure):
            names.append(variable)
    return tuple(names)


def _overlap(variable: str, exposure: ExposureCode) -> bool:
    codes = [row.code for row in load("confounders.csv") if row.set == variable]
    return any(c.startswith(p) or p.startswith(c) for c in codes for p in exposure.prefixes)
