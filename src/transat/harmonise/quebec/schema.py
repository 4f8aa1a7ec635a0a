"""The JSON schema of the mapping file, for editors that complete and check YAML as it is typed.

`python -m transat.harmonise.quebec.schema` writes `columns.schema.json` beside `columns.yaml`; a
test holds the file to what this module says, and both to what `columns.load` accepts.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Final

from transat.core.languages import Text
from transat.harmonise.quebec.columns import CHOICES, CLASSIFICATIONS
from transat.tables.column import Table
from transat.tables.quebec import own_columns, tables

FILE: Final = Path(__file__).with_name("columns.schema.json")

_NAME: Final = {"type": ["string", "number"]}
_ABOUT: Final = {
    "classifications": Text(
        "Valeur de SHOP_NO_SEQ_SYS_CLA : classification", "SHOP_NO_SEQ_SYS_CLA: classification"
    ),
    "intervention_classifications": Text(
        "Valeur du système d'une intervention : classification",
        "System of an intervention: classification",
    ),
    "death_classifications": Text(
        "Valeur du système d'une cause de décès : classification",
        "System of a cause of death: classification",
    ),
    "emergency_classification": Text(
        "Classification des diagnostics de la BDCU", "Classification of emergency diagnoses"
    ),
    "gestational_age_unit": Text(
        "Unité de AGE_GESTATIONNEL sur le séjour", "Unit of AGE_GESTATIONNEL on the stay"
    ),
}


def schema() -> dict[str, Any]:
    """The schema, draft 2020-12: sections, tables and columns, with nothing else allowed."""
    sections: dict[str, Any] = {}
    for name, words in CLASSIFICATIONS.items():
        values = {"type": "object", "additionalProperties": {"enum": list(words)}}
        sections[name] = {**values, "description": _both(_ABOUT[name])}
    for name, words in CHOICES.items():
        sections[name] = {"enum": list(words), "description": _both(_ABOUT[name])}
    sections["tables"] = {
        "type": "object",
        "additionalProperties": False,
        "properties": {name: _table(table) for name, table in tables().items()},
    }
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Transat : correspondance d'un extrait du Québec / mapping of a Québec extract",
        "type": "object",
        "additionalProperties": False,
        "properties": sections,
    }


def text() -> str:
    """The schema as the file holds it."""
    return json.dumps(schema(), ensure_ascii=False, indent=2) + "\n"


def _table(table: Table) -> dict[str, Any]:
    own = own_columns().get(table.name, ())
    columns = {
        c.name: {
            **_NAME,
            "description": _both(c.description, "nom non public / name not public" if c.name in own
                                 else ""),
        }
        for c in table.columns
    }  # fmt: skip
    return {
        "type": "object",
        "description": _both(table.description),
        "additionalProperties": False,
        "properties": {
            "file": _NAME,
            "columns": {
                "type": "object",
                "additionalProperties": False,
                "properties": columns,
            },
        },
    }


def _both(said: Text | None, more: str = "") -> str:
    parts = [f"{said.fr} / {said.en}"] if said else []
    return " · ".join([*parts, *([more] if more else [])])


if __name__ == "__main__":
    FILE.write_text(text(), "utf-8")
