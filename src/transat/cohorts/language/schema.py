"""The JSON schema of the language, for editors: written from the grammar that the reader checks.

What the reader takes, the schema takes; the reader refuses more (names that nothing bears,
keywords that do not go together, code lists). `schema.json` beside this file is the text of it:
`python -m transat.cohorts.language.schema > schema.json`.
"""

from __future__ import annotations

import json
from typing import Any, Final

from transat.cohorts.language.attributes import ALIASES, kinds
from transat.cohorts.language.days import SHIFT, WEEKS
from transat.cohorts.language.filters import NOT, TEXT_OPERATORS
from transat.cohorts.language.grammar import EVER, SHAPES, Key, Many, Named, OneOf, Shape, Value
from transat.cohorts.language.place import NAME
from transat.cohorts.query.domains import DOMAINS

DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"
_NAME: Final = f"^{NAME.pattern}$"
_DATE: Final = {"type": "string", "pattern": "^[0-9]{4}-[0-9]{2}-[0-9]{2}$"}
_BOUND: Final = {
    "anyOf": [
        {"type": "integer", "minimum": -36_500, "maximum": 36_500},
        {"type": "string", "pattern": f"^({EVER}|{WEEKS}|{SHIFT})$"},
    ]
}
_SCALAR: Final[dict[str, Any]] = {"type": ["string", "number"]}

#: Each scalar of the grammar as JSON.
SCALARS: Final[dict[str, dict[str, Any]]] = {
    "name": {"type": "string", "pattern": _NAME},
    "study_id": {"type": "string", "pattern": "^[a-z0-9-]{3,40}$"},
    "version": {"type": "string", "pattern": "^[0-9]{1,6}(\\.[0-9]{1,6}){2}$"},
    "sentence": {"type": "string", "pattern": "\\S"},
    "path": {"type": "string", "pattern": "\\S"},
    "sha256": {"type": "string", "pattern": "^[0-9a-f]{64}$"},
    "yes": {"type": "boolean"},
    "whole": {"type": "integer", "minimum": 0},
    "positive": {"type": "integer", "minimum": 1},
    "concept": {"type": "integer", "minimum": 0},
    "day": {"anyOf": [{"type": "integer", "minimum": 1}, {"const": EVER}]},
    "days": {
        "anyOf": [
            {"type": "array", "items": _BOUND, "minItems": 2, "maxItems": 2},
            {"type": "string", "pattern": _NAME},
        ]
    },
    "dates": {
        "type": "array",
        "items": {"anyOf": [_DATE, {"type": "null"}]},
        "minItems": 2,
        "maxItems": 2,
    },
    "shift": {"type": "string", "pattern": f"^{SHIFT}$"},
    "code_set": {"type": "string", "pattern": _NAME},
    "condition": {"$ref": "#/$defs/value"},
}
#: What `where` asks of one attribute.
_VALUE: Final[dict[str, Any]] = {
    "anyOf": [
        {"type": ["string", "number", "boolean"]},
        {"type": "array", "items": {"type": ["string", "number", "null"]}, "minItems": 1},
        {
            "type": "object",
            "properties": {
                NOT: {"$ref": "#/$defs/value"},
                **dict.fromkeys(TEXT_OPERATORS, _SCALAR),
            },
            "additionalProperties": False,
            "minProperties": 1,
            "maxProperties": 1,
        },
    ]
}


def json_schema() -> dict[str, Any]:
    """The schema (draft 2020-12), plain data in the order of the grammar."""
    return {
        "$schema": DIALECT,
        "$id": "transat-study-1",
        "title": "Transat: cohorts and analyses, grammar 1",
        **_shape("document"),
        "$defs": {
            **{name: _shape(name) for name in SHAPES if name != "document"},
            "value": _VALUE,
            "attribute": {"enum": _attributes()},
        },
    }


def text() -> str:
    """The schema as the file that editors read."""
    return json.dumps(json_schema(), ensure_ascii=False, indent=1) + "\n"


def _shape(name: str) -> dict[str, Any]:
    keys = SHAPES[name]
    made: dict[str, Any] = {
        "type": "object",
        "properties": {key.name: _key(key) for key in keys},
        "additionalProperties": False,
    }
    required = [key.name for key in keys if key.required]
    return {**made, "required": required} if required else made


def _key(key: Key) -> dict[str, Any]:
    said = f"{key.text.fr}\n{key.text.en}"
    return {"description": said, **_value(key.value)}


def _value(value: Value) -> dict[str, Any]:
    if isinstance(value, Shape):
        return {"$ref": f"#/$defs/{value.name}"}
    if isinstance(value, Many):
        return {"type": "array", "items": _value(value.of), "minItems": value.least}
    if isinstance(value, Named):
        keys: dict[str, Any] = {"pattern": _NAME}
        least = {}
        if value.keys == "attribute":
            keys, least = {"$ref": "#/$defs/attribute"}, {"minProperties": 1}
        return {
            "type": "object",
            "propertyNames": keys,
            "additionalProperties": _value(value.of),
            **least,
        }
    if isinstance(value, OneOf):
        return {"enum": [int(word) if word.isdigit() else word for word in value.words]}
    return SCALARS[value]


def _attributes() -> list[str]:
    every = {name for domain in (None, *DOMAINS) for name in kinds(domain)}
    return sorted({*every, *ALIASES, "abnormal"})


if __name__ == "__main__":
    print(text(), end="")
