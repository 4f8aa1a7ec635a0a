"""Declare the SNDS tables from their published schema: `python docs/declare_snds.py FOLDER`.

FOLDER holds the Table Schema files of indsante/schema-snds (one JSON file per table, in nested
folders). Two CSV files of the package are written again, `snds.csv` (columns) and `snds_tables.csv`
(tables), in the order of the tables' names; the same schema always gives the same bytes.
"""

from __future__ import annotations

import csv
import io
import json
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

PACKAGE = Path(__file__).resolve().parents[1] / "src" / "transat" / "tables"

TABLES = ("table", "product", "first_year", "last_year", "title")
COLUMNS = (
    "table",
    "column",
    "type",
    "format",
    "key",
    "first_year",
    "last_year",
    "missing_years",
    "nomenclature",
    "description",
)


def schemas(folder: Path) -> list[dict[str, Any]]:
    """Every Table Schema under `folder`, by the table's name."""
    found = [json.loads(p.read_text("utf-8")) for p in folder.rglob("*.json")]
    return sorted(found, key=lambda schema: str(schema["name"]))


def table_row(schema: Mapping[str, Any]) -> dict[str, str]:
    """A table: its product, its years, its title."""
    years = schema["history"]
    return {
        "table": schema["name"],
        "product": prose(schema["produit"]),
        "first_year": years["dateCreated"],
        "last_year": years["dateDeleted"],
        "title": prose(schema["title"]),
    }


def column_rows(schema: Mapping[str, Any]) -> Iterable[dict[str, str]]:
    """The columns of a table, in the order of the source."""
    key = schema.get("primaryKey") or []
    keys = {key} if isinstance(key, str) else set(key)
    for field in schema["fields"]:
        yield {
            "table": schema["name"],
            "column": field["name"],
            "type": field["type"],
            "format": "" if field["format"] == "default" else field["format"],
            "key": "yes" if field["name"] in keys else "no",
            "first_year": field["dateCreated"],
            "last_year": field["dateDeleted"],
            "missing_years": " ".join(field["dateMissing"]),
            "nomenclature": "" if field["nomenclature"] == "-" else field["nomenclature"],
            "description": prose(field["description"]),
        }


def prose(text: str) -> str:
    """One line; a few signs of Windows-1252 stand in the source as control characters."""
    mended = "".join(c.encode("latin-1").decode("cp1252") if "\x80" <= c <= "\x9f" else c
                     for c in text)  # fmt: skip
    return " ".join(mended.split())


def as_csv(header: tuple[str, ...], rows: Iterable[Mapping[str, str]]) -> str:
    """The text of one CSV file."""
    text = io.StringIO()
    writer = csv.DictWriter(text, header, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


def declarations(folder: Path) -> dict[str, str]:
    """Name and text of the two files that the schema in `folder` gives."""
    found = schemas(folder)
    return {
        "snds_tables.csv": as_csv(TABLES, map(table_row, found)),
        "snds.csv": as_csv(COLUMNS, (row for schema in found for row in column_rows(schema))),
    }


if __name__ == "__main__":
    for name, content in declarations(Path(sys.argv[1])).items():
        (PACKAGE / name).write_text(content, "utf-8")
