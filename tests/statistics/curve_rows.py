"""Survival tables of public datasets, and the digits that R 4.2.2 gives on them."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from transat.cohorts.survival_table import SurvivalTable

Rows = Callable[[str], pa.Table]


def expected() -> dict[str, Any]:
    """Each entry holds the R call that gave it; packages are in `meta`."""
    return json.loads((Path(__file__).parent / "expected_curves.json").read_text())


def table(
    time: Sequence[float],
    event: Sequence[int],
    columns: dict[str, Sequence[float]] | None = None,
    entry: Sequence[float] | None = None,
    strata: Sequence[object] | None = None,
    weights: Sequence[float] | None = None,
) -> SurvivalTable:
    """One row a person."""
    n, columns = len(time), columns or {}
    labels, stratum = np.unique(["all"] * n if strata is None else strata, return_inverse=True)
    return SurvivalTable(
        n=n,
        time=np.asarray(time, dtype=np.float64),
        entry=np.zeros(n) if entry is None else np.asarray(entry, dtype=np.float64),
        event=np.asarray(event, dtype=np.int8),
        columns=np.column_stack([np.zeros((n, 0)), *(np.asarray(c) for c in columns.values())]),
        column_names=tuple(columns),
        strata=stratum.astype(np.int32),
        stratum_labels=tuple(str(label) for label in labels),
        people=np.arange(n),
        weights=None if weights is None else np.asarray(weights, dtype=np.float64),
    )


def mgus2(r_rows: Rows, mspike: bool = False) -> dict[str, np.ndarray]:
    """R's mgus2: `time` to progression (1), death before it (2) or the end; rows with mspike."""
    rows = arrays(r_rows("mgus2"))
    progressed = rows["pstat"] == 1
    rows["time"] = np.where(progressed, rows["ptime"], rows["futime"])
    rows["event"] = np.where(progressed, 1, 2 * rows["death"])
    rows["male"] = (rows["sex"] == "M").astype(float)
    kept = ~np.isnan(rows["mspike"]) if mspike else np.ones(len(progressed), bool)
    return {name: column[kept] for name, column in rows.items()}


def transplant(r_rows: Rows) -> tuple[SurvivalTable, dict[str, np.ndarray]]:
    """R's transplant: 1 death, 2 transplantation, 3 withdrawal; many leave on the same days."""
    rows = arrays(r_rows("transplant"))
    kept = (rows["futime"] > 0) & ~np.isnan(rows["age"])
    rows = {name: column[kept] for name, column in rows.items()}
    kinds = {"censored": 0, "death": 1, "ltx": 2, "withdraw": 3}
    columns = {"age": rows["age"], "male": rows["sex"] == "m", "o": rows["abo"] == "O"}
    return table(rows["futime"], [kinds[e] for e in rows["event"]], columns), rows


def arrays(rows: pa.Table) -> dict[str, np.ndarray]:
    """Columns by name; missing numbers are NaN."""
    return {name: rows[name].to_numpy(zero_copy_only=False) for name in rows.column_names}


def take(whole: SurvivalTable, chosen: np.ndarray) -> SurvivalTable:
    """Some of the rows, or all of them in another order."""
    names = ("time", "entry", "event", "columns", "strata", "people")
    parts = {name: getattr(whole, name)[chosen] for name in names}
    weights = None if whole.weights is None else whole.weights[chosen]
    return replace(whole, n=len(parts["time"]), weights=weights, **parts)


def sites(
    whole: SurvivalTable, number: int, seed: int, uneven: bool = False
) -> list[SurvivalTable]:
    """The rows among `number` sites; uneven: nine in ten at the first, and none of the last one's
    people has an event."""
    rng = np.random.default_rng(seed)
    share = np.full(number, 1 / number)
    if uneven:
        share = np.array([0.9, *[0.1 / (number - 1)] * (number - 1)])
    part = rng.choice(number, whole.n, p=share)
    if uneven:
        part[(part == number - 1) & (whole.event > 0)] = 0
    return [take(whole, part == k) for k in range(number)]
