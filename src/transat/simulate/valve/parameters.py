"""The figures of the valve model (data/valve_*.csv), by name and shore."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from transat.simulate.design import Shore
from transat.simulate.read_data import rows

Numbers = NDArray[np.float64]
MONTH = 30.4375  # days
YEAR = 365.25
STENOSIS, SEVERE = 2.0, 4.0  # m/s


def of(shore: Shore) -> Shore:
    """The shore whose figures people take: those written on both shores take the French ones."""
    return "france" if shore == "both" else shore


@cache
def value(name: str, shore: Shore = "france") -> float:
    """A parameter of data/valve_parameters.csv. Raises KeyError for an unknown name."""
    for row in rows("valve_parameters"):
        if row["parameter"] == name and row["shore"] in ("", of(shore)):
            return float(row["value"])
    raise KeyError(name)


def quartiles(name: str, shore: Shore = "france") -> tuple[float, float, float]:
    """First quartile, median and third quartile of a duration, days."""
    return (
        value(f"{name}_q1", shore),
        value(f"{name}_median", shore),
        value(f"{name}_q3", shore),
    )


def durations(u: Numbers, name: str, shore: Shore = "france") -> Numbers:
    """Days whose quartiles are the published ones; u: uniform on [0, 1), same shape.

    Linear between the quartiles, from 0 and up to twice the third.
    """
    first, median, third = quartiles(name, shore)
    return np.interp(u, [0, 0.25, 0.5, 0.75, 1], [0, first, median, third, 2 * third])


@dataclass(frozen=True, slots=True)
class Condition:
    """A disease of elders: codes, share at 75 years, odds ratios per decade and of men."""

    name: str
    icd10: tuple[str, ...]
    icd9: str
    share: float
    decade: float
    man: float


@cache
def conditions() -> tuple[Condition, ...]:
    """The diseases of data/valve_conditions.csv, in file order."""
    return tuple(
        Condition(
            row["condition"],
            tuple(row["icd10"].split()),
            row["icd9"],
            float(row["share"]),
            float(row["decade"]),
            float(row["man"]),
        )
        for row in rows("valve_conditions")
    )
