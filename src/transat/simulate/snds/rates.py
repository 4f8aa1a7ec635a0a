"""How often each trap of the source is planted: ``data/rates.csv`` and ``data/flow_delays.csv``.

A rate marked checked=no was not found published; it is an assumption, shown as such.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping
from functools import cache
from importlib import resources

import numpy as np
import numpy.typing as npt


def read_data(name: str) -> list[dict[str, str]]:
    """Rows of ``data/NAME``, a CSV with a header."""
    text = (resources.files("transat.simulate.snds") / "data" / name).read_text("utf-8")
    return list(csv.DictReader(text.splitlines()))


@cache
def rates() -> Mapping[str, float]:
    """The rate in [0, 1] of each trap, by key."""
    return {row["key"]: float(row["rate"]) for row in read_data("rates.csv")}


@cache
def flow_delays() -> tuple[npt.NDArray[np.int32], npt.NDArray[np.float64]]:
    """Months from care to flow and the cumulative share of lines that have come by then (T5)."""
    rows = read_data("flow_delays.csv")
    shares = np.cumsum([float(row["share"]) for row in rows])
    return np.array([int(row["months"]) for row in rows], np.int32), shares / shares[-1]


def share_of_duplicates(year: npt.NDArray[np.int32]) -> npt.NDArray[np.float64]:
    """T2: share of public-hospital DCIR lines that repeat the PMSI, by year of care.

    Under 1 % up to 2012 and 35 % in 2019 are published (Documentation-SNDS); straight in between,
    which is an assumption.
    """
    return np.interp(year, [2012, 2019], [0.009, 0.35])
