"""What this folder asks of a population's tables: each in the order of its own numbers."""

from __future__ import annotations

import numpy as np
import pyarrow as pa


def sorted_by(table: pa.Table, *columns: str) -> pa.Table:
    """The table in ascending order of `columns`; the same table when it is so already."""
    if len(columns) == 1:
        values = table[columns[0]].to_numpy()
        if np.all(values[1:] >= values[:-1]):
            return table
    return table.sort_by([(name, "ascending") for name in columns])
