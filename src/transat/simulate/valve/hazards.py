"""The true hazards: piecewise-constant in time, log-linear, read from data/valve_hazards.csv.

A row with term `base` is a rate per person-year. A row with `low` or `high` multiplies it when
low <= x < high; a row without either multiplies it by value ** x. Terms x are read at the start of
each month (30.4375 days) of a person's own clock and hold for that month:

    age: completed years less 75, over 10. man: 0 or 1. frailty: the latent log-hazard.
    a disease of data/valve_conditions.csv: 0 or 1. vmax: of the native valve, m/s.
    symptomatic_vmax: the same with symptoms, else 0. after_heart_failure_stay: 0 or 1.
    reason: of a referral (course.py). months: since the replacement. year: of it, less 2014.

Clocks: the first echo for `death`, `symptoms`, `referral`, `heart_failure`; the replacement for
`death_tavi`, `death_savr`, `heart_failure_replaced`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

import numpy as np
import pyarrow as pa

from transat.simulate.design import Shore
from transat.simulate.read_data import rows
from transat.simulate.valve.parameters import Numbers, of

SCHEMA = pa.schema(
    [
        ("kind", pa.string()),
        ("shore", pa.string()),
        ("term", pa.string()),
        ("low", pa.float64()),
        ("high", pa.float64()),
        ("value", pa.float64()),
        ("source", pa.string()),
        ("checked", pa.string()),
    ]
)


@dataclass(frozen=True, slots=True)
class Term:
    """One factor of a hazard; a slope when low and high are both None."""

    name: str
    low: float | None
    high: float | None
    value: float

    def factor(self, x: Numbers) -> Numbers:
        """What it multiplies the rate by; x: (n,)."""
        if self.low is None and self.high is None:
            return np.asarray(self.value**x)
        low = -np.inf if self.low is None else self.low
        high = np.inf if self.high is None else self.high
        return np.where((x >= low) & (x < high), self.value, 1.0)


def _number(text: str) -> float | None:
    return float(text) if text else None


@cache
def terms(kind: str, shore: Shore) -> tuple[Term, ...]:
    """The factors of a hazard on a shore, `base` among them. Raises KeyError when unknown."""
    found = tuple(
        Term(row["term"], _number(row["low"]), _number(row["high"]), float(row["value"]))
        for row in rows("valve_hazards")
        if row["kind"] == kind and row["shore"] in ("", of(shore))
    )
    if sum(term.name == "base" for term in found) != 1:
        raise KeyError(kind)
    return found


def monthly(kind: str, shore: Shore, features: Mapping[str, Numbers]) -> Numbers:
    """Hazard per month of 30.4375 days; features: every term of the kind, each (n,)."""
    n = len(features["age"])
    rate = np.full(n, 1 / 12)
    for term in terms(kind, shore):
        rate *= term.value if term.name == "base" else term.factor(features[term.name])
    return rate


def table(shore: Shore) -> pa.Table:
    """truth/valve_hazards.parquet of a shore: its rows, in file order, the shore last."""
    kept = [row for row in rows("valve_hazards") if row["shore"] in ("", of(shore))]
    columns = {
        name: [
            _number(row[name]) if name in ("low", "high", "value") else row[name] for row in kept
        ]
        for name in SCHEMA.names
        if name != "shore"
    }
    columns["shore"] = [shore] * len(kept)
    return pa.table({name: columns[name] for name in SCHEMA.names}, schema=SCHEMA)
