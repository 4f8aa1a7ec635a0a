"""The native SNDS tables that Transat knows: columns, types and years, as published.

`snds.csv`, beside this module, was generated once from the Table Schema files of
indsante/schema-snds (commit fe17ef8, 15 December 2020, MPL-2.0): 23 tables, 698 columns. It ends
with 2020: a newer column in an extract is left unread, never an error. Published types contradict
each other from table to table, so a reader takes text and casts by its own rules; the types here
say what the documentation says.
"""

from __future__ import annotations

import csv
from functools import cache
from importlib import resources
from itertools import groupby
from typing import Final

from transat.core.languages import Text
from transat.tables.column import Column, ColumnType, Table

SOURCE: Final = "indsante/schema-snds fe17ef8 (2020-12-15), MPL-2.0"

#: The nine columns that join the tables of the DCIR line by line.
NINE_KEYS: Final = (
    "DCT_ORD_NUM",
    "FLX_DIS_DTD",
    "FLX_EMT_NUM",
    "FLX_EMT_ORD",
    "FLX_EMT_TYP",
    "FLX_TRT_DTD",
    "ORG_CLE_NUM",
    "PRS_ORD_NUM",
    "REM_TYP_AFF",
)

_TYPES: Final[dict[str, ColumnType]] = {
    "string": "text",
    "integer": "integer",
    "number": "float",
    "boolean": "text",
    "year": "integer",
    "yearmonth": "text",
    "date": "date",
    "datetime": "datetime",
}


@cache
def tables() -> dict[str, Table]:
    """The declared native tables by name (`aa` stands for the year in PMSI names)."""
    text = resources.files("transat.tables").joinpath("snds.csv").read_text("utf-8")
    rows = list(csv.DictReader(text.splitlines()))
    return {
        name: Table(name, tuple(_column(r) for r in group), source=SOURCE)
        for name, group in groupby(rows, key=lambda r: r["table"])
    }


def _column(row: dict[str, str]) -> Column:
    # A month (%m) is declared a date in the source: it is not one.
    kind = "text" if row["format"] == "%m" else _TYPES[row["type"]]
    said = row["description"] or row["column"]
    return Column(
        row["column"],
        kind,
        row["key"] == "yes",
        Text(said, f"{row['column']} (described in French by the source: {said})"),
        _year(row["first_year"]),
        _year(row["last_year"]),
    )


def _year(text: str) -> int | None:
    return int(text) if text else None
