"""Truth tables of elders as arrays: who enters a population, when, and what follows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

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


@dataclass(frozen=True)
class _Tables:
    """The tables of a chunk as arrays; owners are places among the elders."""

    people: Population
    ids: NDArray[np.int64]
    replacement: NDArray[np.float64]  # (2, n): surgery, TAVI
    stay_of: NDArray[np.int64]
    stay_on: NDArray[np.float64]
    echo_of: NDArray[np.int64]
    echo_on: NDArray[np.float64]
    vmax: NDArray[np.float64]

    def seen(self, row: NDArray[np.int64], zero: NDArray[np.float64], echo: Any) -> Seen:
        """Everything of the elders `row` from the days `zero`; echo: place of one of each."""
        persons = _elders(self.people)
        entry = np.full(len(self.ids), np.inf)
        entry[row] = zero
        first = self.replacement.min(axis=0)
        severe, failure = np.full(len(self.ids), np.inf), np.full(len(self.ids), np.inf)
        failed = np.zeros(len(self.ids), bool)
        shown = (self.echo_on < first[self.echo_of]) & (self.vmax >= 4 - 1e-4)
        shown &= self.echo_on >= entry[self.echo_of]
        np.minimum.at(severe, self.echo_of[shown], self.echo_on[shown])
        begin = entry[self.stay_of]
        after = self.stay_on >= begin
        np.minimum.at(failure, self.stay_of[after], self.stay_on[after])
        failed[self.stay_of[~after & (self.stay_on >= begin - 183)]] = True
        return Seen(
            row=row,
            man=np.array(persons["sex"].to_pylist())[row] == "M",
            entry=zero,
            vmax=self.vmax[echo],
            nyha=self.people.valve_echos["nyha"].to_numpy()[echo],
            lvef=self.people.valve_echos["lvef"].to_numpy()[echo],
            death=as_days(persons["death_date"])[row] - zero,
            replacement=first[row] - zero,
            tavi=np.isfinite(self.replacement[1])[row],
            heart_failure=failure[row] - zero,
            failed=failed[row],
            severe_seen=severe[row] - zero,
        )


def _elders(people: Population) -> pa.Table:
    return people.persons.filter(pa.compute.equal(people.persons["role"], "elder"))


def _tables(people: Population) -> _Tables:
    ids = _elders(people)["person_id"].to_numpy()
    events, kinds = people.valve_events, np.array(people.valve_events["kind"].to_pylist())
    of, on = np.searchsorted(ids, events["person_id"].to_numpy()), as_days(events["date"])
    replacement = np.full((2, len(ids)), np.inf)
    for line, kind in zip(replacement, ("savr", "tavi"), strict=True):
        np.minimum.at(line, of[kinds == kind], on[kinds == kind])
    stay, echos = kinds == "heart_failure", people.valve_echos
    return _Tables(
        people=people,
        ids=ids,
        replacement=replacement,
        stay_of=of[stay],
        stay_on=on[stay],
        echo_of=np.searchsorted(ids, echos["person_id"].to_numpy()),
        echo_on=as_days(echos["date"]),
        vmax=echos["vmax"].to_numpy().astype(float),
    )


def seen(people: Population, velocity: float = 0.0) -> Seen:
    """Elders from their first echo of the native valve with this velocity (m/s) or more."""
    tables = _tables(people)
    native = tables.echo_on < tables.replacement.min(axis=0)[tables.echo_of]
    at = np.flatnonzero(native & (tables.vmax >= velocity - 1e-4))
    row, index = np.unique(tables.echo_of[at], return_index=True)
    return tables.seen(row, tables.echo_on[at[index]], at[index])


def seen_from_code(people: Population) -> tuple[Seen, NDArray[np.bool_]]:
    """Elders from their first code with the native valve, and who has a stenosis on that day."""
    tables, said = _tables(people), people.valve_diagnoses
    owner = np.searchsorted(tables.ids, said["person_id"].to_numpy())
    row, at = np.unique(owner, return_index=True)
    zero = as_days(said["date"])[at]
    true = said["true_stenosis"].to_numpy(zero_copy_only=False)[at]
    kept = zero < tables.replacement.min(axis=0)[row]
    first = np.unique(tables.echo_of, return_index=True)[1]
    return tables.seen(row[kept], zero[kept], first[row[kept]]), true[kept]


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
