"""Rows on which R's metrics were recorded: read where they are, never kept here."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from transat.cohorts.survival_table import SurvivalTable
from transat.statistics.scored_rows import ScoredRows

EXPECTED = json.loads((Path(__file__).parent / "expected_metrics.json").read_text())

Columns = dict[str, np.ndarray]


def survival_table(
    time: np.ndarray,
    event: np.ndarray,
    columns: Columns,
    strata: np.ndarray | None = None,
    **more: Any,
) -> SurvivalTable:
    """A table of these rows; more: entry, people, weights."""
    n = len(time)
    labels, stratum = np.unique(np.zeros(n) if strata is None else strata, return_inverse=True)
    return SurvivalTable(
        n=n,
        time=np.asarray(time, float),
        entry=more.get("entry", np.zeros(n)),
        event=np.asarray(event, np.int8),
        columns=np.column_stack(list(columns.values())).astype(float),
        column_names=tuple(columns),
        strata=stratum.astype(np.int32),
        stratum_labels=tuple(str(label) for label in labels),
        people=more.get("people", np.arange(n)),
        weights=more.get("weights"),
    )


def predictions(shared: Path, name: str, part: str = "test_predictions") -> Columns:
    """pbc or mgus2 with the recorded predictions, or (train) the rows they were made from."""
    with (shared / "data" / "avs" / f"{name}_{part}.csv").open() as file:
        rows = list(csv.DictReader(file))
    return {key: np.array([float(row[key]) for row in rows]) for key in rows[0]}


def rotterdam(r_rows: Callable[[str], Any], competing: bool = True) -> Columns:
    """R's rotterdam in months rounded up: recurrence (1), death without it (2), and two risks by a
    formula: one_24 .. two_96. x: a score with ties."""
    rows = r_rows("rotterdam").to_pydict()
    column = {key: np.array(values) for key, values in rows.items()}
    grade, nodes = column["grade"], column["nodes"]
    x = 0.05 * nodes + 0.4 * (grade - 2) + 0.01 * (column["age"] - 55) / 10
    event = np.where(column["recur"] == 1, 1, np.where(column["death"] == 1, 2, 0))
    found = {
        "time": np.ceil(np.minimum(column["rtime"], column["dtime"]) / 30.4375),
        "event": event if competing else (event > 0).astype(int),
        "x": x,
        "meno": column["meno"],
    }
    for months in (24, 60, 96):
        found[f"one_{months}"] = 1 - np.exp(-0.006 * months * np.exp(x))
        found[f"two_{months}"] = 1 - np.exp(-0.006 * months * np.exp(0.3 * (grade - 2)))
    return found


def scored(columns: Columns, risk: str) -> ScoredRows:
    """The rows with one of the columns as risk."""
    event = columns["event" if "event" in columns else "ev"]
    return ScoredRows(columns["time"], event.astype(np.int8), columns[risk])


def drawn(seed: int, n: int = 150, kinds: int = 2, steps: int = 24) -> ScoredRows:
    """Follow-up in whole steps with ties, risks with ties, competing events."""
    rng = np.random.default_rng(seed)
    risk = np.round(rng.beta(1.5, 3, n), 2)
    event_at = np.ceil(rng.exponential(12 / (0.2 + 2 * risk)))
    lost_at = rng.integers(1, steps * 2, n)
    event = np.where(event_at <= lost_at, rng.integers(1, kinds + 1, n), 0)
    return ScoredRows(np.minimum(event_at, lost_at).astype(float), event.astype(np.int8), risk)
