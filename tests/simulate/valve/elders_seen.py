"""Truth tables of elders as arrays: who enters a population, when, and what follows."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from transat.simulate.design import EXTRACT_END, day
from transat.simulate.population import Population

MONTH = 30.4375
CLOSES = day(EXTRACT_END)


def as_days(column: pa.ChunkedArray) -> NDArray[np.float64]:
    """Days since 1970; inf for a missing date."""
    numbers = column.cast(pa.int32()).to_numpy(zero_copy_only=False).astype(float)
    return np.where(np.isnan(numbers), np.inf, numbers)


@dataclass(frozen=True)
class Seen:
    """One row per elder of a population, read from the tables alone; days from its clock.

    row: which elder of the chunk. vmax, nyha, lvef: of the echo that starts the clock.
    heart_failure: first stay from then on. failed: one in the six months before. severe_seen:
    first echo of the native valve with 4.00 m/s or more.
    """

    row: NDArray[np.int64]
    man: NDArray[np.bool_]
    entry: NDArray[np.float64]
    vmax: NDArray[np.float64]
    nyha: NDArray[np.int64]
    lvef: NDArray[np.float64]
    death: NDArray[np.float64]
    replacement: NDArray[np.float64]
    tavi: NDArray[np.bool_]
    heart_failure: NDArray[np.float64]
    failed: NDArray[np.bool_]
    severe_seen: NDArray[np.float64]

    @property
    def close(self) -> NDArray[np.float64]:
        """Days that the extract sees."""
        return CLOSES - self.entry


def seen(people: Population, velocity: float = 0.0) -> Seen:
    """Elders from their first echo of the native valve with this velocity (m/s) or more."""
    persons = people.persons.filter(pa.compute.equal(people.persons["role"], "elder"))
    ids = persons["person_id"].to_numpy()
    events, kinds = people.valve_events, np.array(people.valve_events["kind"].to_pylist())
    of, on = np.searchsorted(ids, events["person_id"].to_numpy()), as_days(events["date"])
    replacement = np.full((2, len(ids)), np.inf)
    for line, kind in zip(replacement, ("savr", "tavi"), strict=True):
        np.minimum.at(line, of[kinds == kind], on[kinds == kind])
    first = replacement.min(axis=0)
    echos = people.valve_echos
    owner, when = np.searchsorted(ids, echos["person_id"].to_numpy()), as_days(echos["date"])
    vmax = echos["vmax"].to_numpy().astype(float)
    native = when < first[owner]
    at = np.flatnonzero(native & (vmax >= velocity - 1e-4))
    row, index = np.unique(owner[at], return_index=True)
    at = at[index]
    entry = np.full(len(ids), np.inf)
    entry[row] = when[at]
    severe, failure = np.full(len(ids), np.inf), np.full(len(ids), np.inf)
    failed = np.zeros(len(ids), bool)
    shown = native & (vmax >= 4 - 1e-4) & (when >= entry[owner])
    np.minimum.at(severe, owner[shown], when[shown])
    stay = kinds == "heart_failure"
    after = stay & (on >= entry[of])
    np.minimum.at(failure, of[after], on[after])
    failed[of[stay & (on < entry[of]) & (on >= entry[of] - 183)]] = True
    zero = entry[row]
    return Seen(
        row=row,
        man=np.array(persons["sex"].to_pylist())[row] == "M",
        entry=zero,
        vmax=vmax[at],
        nyha=echos["nyha"].to_numpy()[at],
        lvef=echos["lvef"].to_numpy()[at],
        death=as_days(persons["death_date"])[row] - zero,
        replacement=first[row] - zero,
        tavi=np.isfinite(replacement[1])[row],
        heart_failure=failure[row] - zero,
        failed=failed[row],
        severe_seen=severe[row] - zero,
    )


def incidence(
    event: NDArray[np.float64],
    competing: NDArray[np.float64],
    close: NDArray[np.float64],
    months: float,
) -> tuple[float, float]:
    """Aalen-Johansen at a month, and a standard error that is not below its own (binomial, with
    those still followed); event and competing: days, inf for none."""
    time = np.minimum(np.minimum(event, competing), close)
    kind = np.where(event <= time, 1, np.where(competing <= time, 2, 0))
    order = np.lexsort((kind == 0, time))
    time, kind = time[order], kind[order]
    kept = time <= months * MONTH
    at_risk = len(time) - np.arange(len(time))
    survival = np.cumprod(1 - (kind > 0) / at_risk)
    before = np.concatenate([[1.0], survival[:-1]])
    estimate = float((before * (kind == 1) / at_risk)[kept].sum())
    followed = (close >= months * MONTH).sum()
    return estimate, float(np.sqrt(max(estimate * (1 - estimate), 1e-4) / followed))
