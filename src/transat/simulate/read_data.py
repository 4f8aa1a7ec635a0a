"""Reads the small CSV files of `data/`: the published figures behind the simulation."""

from __future__ import annotations

import csv
from functools import cache
from importlib.resources import files

from transat.simulate.design import Shore


@cache
def rows(name: str) -> tuple[dict[str, str], ...]:
    """The lines of data/NAME.csv, in file order; values are text."""
    text = files("transat.simulate").joinpath("data", f"{name}.csv").read_text("utf-8")
    return tuple(csv.DictReader(text.splitlines()))


def per_shore(row: dict[str, str], column: str, shore: Shore) -> float:
    """The figure of a shore from columns `<shore>_<column>`.

    The same people on both shores take the French figure, or the Québec one where France has none.
    """
    if shore != "both":
        return float(row[f"{shore}_{column}"])
    return float(row[f"france_{column}"]) or float(row[f"quebec_{column}"])
