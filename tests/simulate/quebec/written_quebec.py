"""One small virtual population, written once as a Québec extract, and its files read as text."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa

from transat.simulate.design import Design
from transat.simulate.population import Population
from transat.simulate.quebec.write import identifiers

Row = dict[str, str]

DESIGN = Design(
    seed=7,
    persons=600,
    same_people=False,
    effects="published",
    exposure_multiplier=20,
    file_format="csv",
)


@dataclass(frozen=True)
class Extract:
    """A written extract, the truth behind it, and what it cannot tell."""

    population: Population
    folder: Path
    unseen: pa.Table

    def rows(self, table: str) -> list[Row]:
        """Every line of a native table, as text."""
        found: list[Row] = []
        for path in sorted((self.folder / table).glob("*.csv")):
            with path.open(encoding="utf-8", newline="") as file:
                found += csv.DictReader(file)
        return found

    def hidden(self, kind: str) -> set[int]:
        """Ids of one kind that the extract cannot tell."""
        return {row["id"] for row in self.unseen.to_pylist() if row["kind"] == kind}

    def numbers(self) -> dict[int, str]:
        """Masked number of every person."""
        table = identifiers(self.population, DESIGN, 0)
        return dict(zip(*(table[name].to_pylist() for name in table.column_names), strict=True))
