"""The tables of the ConcePTION common data model (version 2) and their columns.

Thurin et al., Clin Pharmacol Ther 2022;111(1):321-331, doi 10.1002/cpt.2476, describe the model;
column names were met in public scripts that write it (ARS-toscana and UMC-Utrecht repositories).
EUROCAT's hundred columns are the registry's: those read are listed. Every column is text there.
"""

from __future__ import annotations

import csv
from functools import cache
from importlib import resources
from typing import Final

from transat.tables.column import Column, Table

SOURCE: Final = "ConcePTION CDM 2.2"


@cache
def tables() -> dict[str, Table]:
    """The declared tables by name."""
    text = resources.files("transat.tables").joinpath("conception.csv").read_text("utf-8")
    return {
        row["table"]: Table(
            row["table"],
            tuple(Column(name, "text") for name in row["columns"].split()),
            source=SOURCE,
        )
        for row in csv.DictReader(text.splitlines())
    }
