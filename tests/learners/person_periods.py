"""A survival table laid out by the definition: one line per person and interval at risk."""

from __future__ import annotations

import numpy as np

from transat.cohorts.survival_table import SurvivalTable
from transat.learners.time_trees import TIME


def person_periods(
    table: SurvivalTable, grid: tuple[float, ...], kind: int = 1
) -> dict[str, np.ndarray]:
    """Columns, end of the interval, event (y), weight (w) and row of each line."""
    lines = []
    for i in range(table.n):
        for k, edge in enumerate(grid):
            before = grid[k - 1] if k else 0.0
            late = table.entry[i] > before or (table.entry[i] > 0 and table.entry[i] == before == 0)
            if late or table.time[i] <= before:
                continue
            event = table.event[i] == kind and table.time[i] <= edge
            weight = 1.0 if table.weights is None else table.weights[i]
            lines.append((*table.columns[i], edge, float(event), weight, i))
    a = np.array(lines)
    return {"age": a[:, 0], "operated": a[:, 1], "noise": a[:, 2], TIME: a[:, 3], "y": a[:, 4],
            "w": a[:, 5], "row": a[:, 6]}  # fmt: skip
