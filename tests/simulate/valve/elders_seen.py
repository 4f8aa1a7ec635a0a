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
    """One row per elder, read from the tables alone; days from the first echo."""

    man: NDArray[np.bool_]
    entry: NDArray[np.float64]
    vmax: NDArray[np.float64]
    nyha: NDArray[np.int64]
    lvef: NDArray[np.float64]
    death: NDArray[np.float64]
    replacement: NDArray[np.float64]
    tavi: NDArray[np.bool_]
    heart_failure: NDArray[np.float64]
    severe_seen: NDArray[np.float64]

    @property
    def close(self) -> NDArray[np.float64]:
        """Days that the extract sees."""
        return CLOSES - self.entry


def seen(people: Population) -> Seen:
    """What the truth tables say of the elders of a chunk."""
    persons = people.persons.filter(pa.compute.equal(people.persons["role"], "elder"))
    ids = persons["person_id"].to_numpy()
    echos, events = people.valve_echos, people.valve_events
    owner = np.searchsorted(ids, echos["person_id"].to_numpy())
    when = as_days(echos["date"])
    first = np.unique(owner, return_index=True)[1]
    entry = when[first]
    by_kind = {}
    kinds = np.array(events["kind"].to_pylist())
    of = np.searchsorted(ids, events["person_id"].to_numpy())
    for kind in ("savr", "tavi", "heart_failure"):
        by_kind[kind] = np.full(len(ids), np.inf)
        here = kinds == kind
        np.minimum.at(by_kind[kind], of[here], as_days(events["date"])[here])
    replacement = np.minimum(by_kind["savr"], by_kind["tavi"])
    death = as_days(persons["death_date"])
    vmax = echos["vmax"].to_numpy().astype(float)
    severe = np.full(len(ids), np.inf)
    shown = (vmax >= 3.9999) & (when < np.minimum(replacement, death)[owner])
    np.minimum.at(severe, owner[shown], when[shown])
    return Seen(
        man=np.array(persons["sex"].to_pylist()) == "M",
        entry=entry,
        vmax=vmax[first],
        nyha=echos["nyha"].to_numpy()[first],
        lvef=echos["lvef"].to_numpy()[first],
        death=death - entry,
        replacement=replacement - entry,
        tavi=np.isfinite(by_kind["tavi"]),
        heart_failure=by_kind["heart_failure"] - entry,
        severe_seen=severe - entry,
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
