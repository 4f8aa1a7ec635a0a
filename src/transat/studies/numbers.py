"""From the statistics' arrays to the result's plain numbers: -1 and NaN become None."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from transat.statistics.mantel_haenszel import WITHHELD
from transat.statistics.prevalence import wilson
from transat.studies.results import Estimate

PER = 10_000


def count(value: Any) -> int | None:
    """A head count, None where it was withheld."""
    return None if int(value) == WITHHELD else int(value)


def number(value: Any) -> float | None:
    """A finite number, or None."""
    plain = float(value)
    return plain if math.isfinite(plain) else None


def estimate(value: Any, low: Any, high: Any, method: str) -> Estimate | None:
    """An estimate, None where there is no value."""
    found = number(value)
    return None if found is None else Estimate(found, number(low), number(high), method)


def risk(proportion: float, births: int, level: float) -> Estimate:
    """A risk per 10 000 births with Wilson's limits; `births` people stand behind it."""
    cases: NDArray[np.float64] = np.array([proportion * births])
    low, high = wilson(cases, float(births), level)
    return Estimate(PER * proportion, PER * float(low[0]), PER * float(high[0]), "wilson")
