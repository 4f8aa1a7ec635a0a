"""What this folder asks of a population's tables: each in the order of its own numbers."""

from __future__ import annotations

from typing import Literal, Protocol

import numpy as np
import pyarrow as pa


class Population(Protocol):
    """The tables of one chunk of people that this shore reads (columns: simulate/population.py)."""

    @property
    def persons(self) -> pa.Table: ...
    @property
    def pregnancies(self) -> pa.Table: ...
    @property
    def links(self) -> pa.Table: ...
    @property
    def exposures(self) -> pa.Table: ...
    @property
    def conditions(self) -> pa.Table: ...
    @property
    def malformations(self) -> pa.Table: ...
    @property
    def contacts(self) -> pa.Table: ...


class Design(Protocol):
    """What this folder reads of a design."""

    @property
    def seed(self) -> int: ...
    @property
    def file_format(self) -> Literal["csv", "parquet"]: ...


def sorted_by(table: pa.Table, *columns: str) -> pa.Table:
    """The table in ascending order of `columns`; the same table when it is so already."""
    if len(columns) == 1:
        values = table[columns[0]].to_numpy()
        if np.all(values[1:] >= values[:-1]):
            return table
    return table.sort_by([(name, "ascending") for name in columns])
