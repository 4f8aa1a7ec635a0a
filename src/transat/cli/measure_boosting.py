"""What `transat bench boosting` measures: hazards boosted over sites, beside scikit-learn on the
pooled person-periods.

The same drawn people for both; each works in a process of its own, hence its own peak memory. The
peer (BSD; not a dependency) is given what it needs, one row per person and month at risk, and the
time to lay it out is its own. Both grow the same number of trees of the same depth on 32 bins, and
are judged by the same loss on people drawn anew. Time is by the clock, and in seconds of
processors, which a busy machine does not change much.
"""

from __future__ import annotations

import importlib
import importlib.util
import json
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from transat.cli.measure import Figures, alone, machine

if TYPE_CHECKING:
    from transat.cohorts.survival_table import SurvivalTable
    from transat.learners.hazard_trees import Parameters

MONTHS, EDGES = 60, 31
#: Share of the people at the first of two sites.
FIRST = 0.8


def boosting(rows: int, columns: int, trees: int, depth: int) -> Figures:
    """Seconds, memory, rounds, bytes and loss of a boosted hazard, and of the peer where it is."""
    figures: Figures = {
        **machine(), "people": rows, "columns": columns, "months": MONTHS, "trees": trees,
        "depth": depth,
    }  # fmt: skip
    figures |= _one("transat", _federated, rows, columns, trees, depth)
    if importlib.util.find_spec("sklearn") is not None:
        figures |= _one("scikit_learn", _peer, rows, columns, trees, depth)
        ours, theirs = figures["transat.seconds"], figures["scikit_learn.seconds"]
        figures["times_as_fast"] = float(theirs) / float(ours)
        worked = [figures[f"{who}.processor_seconds"] for who in ("transat", "scikit_learn")]
        figures["times_less_processor_time"] = float(worked[1]) / float(worked[0])
    return figures


def _one(name: str, work: Any, *settings: int) -> Figures:
    with tempfile.TemporaryDirectory(prefix="transat-bench-") as scratch:
        told = Path(scratch) / "told.json"
        seconds, peak = alone(work, told, *settings)
        found: Figures = {
            "seconds": seconds,
            "peak_memory_gb": peak,
            **json.loads(told.read_text()),
        }
    return {f"{name}.{what}": value for what, value in found.items()}


def _federated(told: Path, rows: int, columns: int, trees: int, depth: int) -> float:
    """Two sites; the coordinator's sums and the sites' own work in one process."""
    import numpy as np

    from transat.federation.wire import Registry
    from transat.learners import hazard_trees

    whole = _drawn(rows, columns, 1)
    here = np.random.default_rng(3).random(rows) < FIRST
    tables = [whole.take(here), whole.take(~here)]
    asked = _asked(columns, trees, depth)
    registry, sizes = Registry({"hazard_trees": hazard_trees.Release}), list[int]()
    start, worked = time.perf_counter(), time.process_time()

    def ask(questions: Any) -> list[hazard_trees.Release]:
        releases = [hazard_trees.at_site(table, questions[0]) for table in tables]
        if len(sizes) < 2 * depth:  # the first trees tell what a round weighs
            sizes.append(len(registry.encode(releases[0])))
        return releases

    result = hazard_trees.combine(ask, asked)
    seconds, worked = time.perf_counter() - start, time.process_time() - worked
    new = _drawn(rows // 4, columns, 2)
    loss = _loss_of(result, asked, new)
    figures = {
        "processor_seconds": worked, "rounds": result.rounds, "events": result.events,
        "kilobytes_a_round": sum(sizes) / len(sizes) / 1e3, "loss_on_new_people": loss,
    }  # fmt: skip
    told.write_text(json.dumps(figures))
    return seconds


def _peer(told: Path, rows: int, columns: int, trees: int, depth: int) -> float:
    import numpy as np

    boosting = importlib.import_module("sklearn.ensemble").HistGradientBoostingClassifier
    table, grid = _drawn(rows, columns, 1), np.arange(1.0, MONTHS + 1)
    start, worked = time.perf_counter(), time.process_time()
    x, y = _laid_out(table, grid)
    model = boosting(
        max_iter=trees, max_depth=depth, learning_rate=0.1, max_bins=EDGES + 1, max_leaf_nodes=None,
        min_samples_leaf=50, l2_regularization=1.0, early_stopping=False,
    ).fit(x, y)  # fmt: skip
    seconds, worked = time.perf_counter() - start, time.process_time() - worked
    new = _drawn(rows // 4, columns, 2)
    lines = len(y)
    x, y = _laid_out(new, grid)
    chance = np.clip(model.predict_proba(x)[:, 1], 1e-12, 1 - 1e-12)
    loss = -(y * np.log(chance) + (1 - y) * np.log1p(-chance)).sum() / new.n
    figures = {
        "processor_seconds": worked, "person_months": lines, "loss_on_new_people": float(loss),
    }  # fmt: skip
    told.write_text(json.dumps(figures))
    return seconds


def _asked(columns: int, trees: int, depth: int) -> Parameters:
    import numpy as np

    from transat.learners.hazard_trees import Parameters
    from transat.learners.time_trees import TIME
    from transat.learners.trees import Bins

    edges = tuple(float(edge) for edge in np.linspace(-2.5, 2.5, EDGES))
    names = (*(f"x{k}" for k in range(columns)), TIME)
    grid = tuple(float(month) for month in range(1, MONTHS + 1))
    bins = Bins(names, (*([edges] * columns), grid[2 : MONTHS - 1 : 3]))
    return Parameters(grid, bins, number=trees, depth=depth)


def _drawn(rows: int, columns: int, seed: int) -> SurvivalTable:
    """People whose hazard rises with a column, with another where a third is high, and, after two
    years only, with a fourth; about half have the event."""
    import numpy as np

    from transat.cohorts.survival_table import SurvivalTable

    rng = np.random.default_rng(seed)
    x = rng.normal(size=(rows, columns))
    part = [x[:, k % columns] for k in range(4)]
    early = np.exp(-4.2 + 0.6 * part[0] + 0.5 * part[1] * (part[2] > 0))
    late = early * np.exp(0.7 * part[3])
    target = rng.exponential(size=rows)
    event = np.where(target < 24 * early, target / early, 24 + (target - 24 * early) / late)
    censored = rng.uniform(12, 100, rows)
    return SurvivalTable(
        n=rows,
        time=np.maximum(np.minimum(event, censored), 1e-3),
        entry=np.zeros(rows),
        event=(event <= censored).astype(np.int8),
        columns=x,
        column_names=tuple(f"x{k}" for k in range(columns)),
        strata=np.zeros(rows, np.int32),
        stratum_labels=("all",),
        people=np.arange(rows, dtype=np.int64),
    )


def _laid_out(table: SurvivalTable, grid: Any) -> tuple[Any, Any]:
    """Rows by person and month at risk: columns and the month, in single precision; 0/1."""
    import numpy as np

    last = np.searchsorted(grid, table.time, "left")
    many = np.minimum(last, len(grid) - 1) + 1
    row = np.repeat(np.arange(table.n), many)
    month = np.arange(many.sum()) - np.repeat(np.cumsum(many) - many, many)
    x = np.empty((len(row), table.columns.shape[1] + 1), dtype=np.float32)
    x[:, :-1] = table.columns.astype(np.float32)[row]
    x[:, -1] = grid[month]
    event = (month == last[row]) & (table.event[row] == 1)
    return x, event.astype(np.int8)


def _loss_of(result: Any, asked: Parameters, new: SurvivalTable) -> float:
    from transat.learners import hazard_review
    from transat.learners.hazards import Boosted, Hazard, Model

    form = Boosted(asked.bins, result.forest.base, result.forest.trees)
    model = Model(asked.grid, (Hazard(1, form),))
    return hazard_review.at_site(new, hazard_review.Parameters(model)).loss
