"""The native SNDS tables, all of those published: columns, types, years, lists of codes.

`snds.csv` and `snds_tables.csv`, beside this module, were generated once by `docs/declare_snds.py`
from the Table Schema files of indsante/schema-snds (commit fe17ef8, 15 December 2020, MPL-2.0):
188 tables, 4,815 columns. They end with 2020: a newer column in an extract is reported, never an
error. Published types contradict each other from table to table, so a reader takes text and casts
by its own rules; the types here say what the documentation says.
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
    """The declared native tables by name.

    In a name, `aa` and `AAAA` stand for the year, `GN` and `xx` for a version.
    """
    titles = {row["table"]: row["title"] for row in _rows("snds_tables.csv")}
    return {
        name: Table(
            name,
            tuple(_column(r) for r in group),
            description=_said(name, titles[name]),
            source=SOURCE,
        )
        for name, group in groupby(_rows("snds.csv"), key=lambda r: r["table"])
    }


def _rows(name: str) -> list[dict[str, str]]:
    text = resources.files("transat.tables").joinpath(name).read_text("utf-8")
    return list(csv.DictReader(text.splitlines()))


def _column(row: dict[str, str]) -> Column:
    # A month (%m) is declared a date in the source: it is not one.
    return Column(
        row["column"],
        "text" if row["format"] == "%m" else _TYPES[row["type"]],
        row["key"] == "yes",
        _said(row["column"], row["description"]),
        _year(row["first_year"]),
        _year(row["last_year"]),
        tuple(int(year) for year in row["missing_years"].split()),
        row["nomenclature"],
    )


def _said(name: str, said: str) -> Text:
    return Text(said or name, f"{name} (described in French by the source: {said or name})")


def _year(text: str) -> int | None:
    return int(text) if text else None
