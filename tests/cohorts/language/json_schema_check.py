"""A small validator of the part of JSON schema (draft 2020-12) that our schema uses."""

from __future__ import annotations

import re
from typing import Any

_TYPES: dict[str, tuple[type, ...]] = {
    "object": (dict,),
    "array": (list,),
    "string": (str,),
    "integer": (int,),
    "number": (int, float),
    "boolean": (bool,),
    "null": (type(None),),
}
KNOWN = {
    "$schema", "$id", "$defs", "$ref", "title", "description", "type", "properties", "required",
    "additionalProperties", "propertyNames", "minProperties", "maxProperties", "items", "minItems",
    "maxItems", "enum", "const", "pattern", "minimum", "maximum", "anyOf",
}  # fmt: skip


def faults(value: Any, schema: dict[str, Any], root: dict[str, Any], at: str = "$") -> list[str]:
    """Where `value` does not fit `schema`; empty when it fits."""
    assert set(schema) <= KNOWN, set(schema) - KNOWN
    if "$ref" in schema:
        return faults(value, root["$defs"][schema["$ref"].removeprefix("#/$defs/")], root, at)
    if "anyOf" in schema:
        tried = [faults(value, option, root, at) for option in schema["anyOf"]]
        return [] if any(not each for each in tried) else [f"{at}: none of the forms"]
    found = _scalar(value, schema, at)
    if not found and isinstance(value, dict):
        found = _object(value, schema, root, at)
    if not found and isinstance(value, list):
        found = _array(value, schema, root, at)
    return found


def _scalar(value: Any, schema: dict[str, Any], at: str) -> list[str]:
    if "type" in schema:
        names = schema["type"] if isinstance(schema["type"], list) else [schema["type"]]
        allowed = tuple(t for name in names for t in _TYPES[name])
        if not isinstance(value, allowed) or (isinstance(value, bool) and "boolean" not in names):
            return [f"{at}: not {names}"]
    if "enum" in schema and value not in schema["enum"]:
        return [f"{at}: not in the list"]
    if "const" in schema and value != schema["const"]:
        return [f"{at}: not {schema['const']}"]
    if "pattern" in schema and isinstance(value, str) and not re.search(schema["pattern"], value):
        return [f"{at}: not {schema['pattern']}"]
    number = isinstance(value, int | float) and not isinstance(value, bool)
    if number and not schema.get("minimum", value) <= value <= schema.get("maximum", value):
        return [f"{at}: out of range"]
    return []


def _object(
    value: dict[str, Any], schema: dict[str, Any], root: dict[str, Any], at: str
) -> list[str]:
    found = [f"{at}: {name} is missing" for name in schema.get("required", ()) if name not in value]
    size = len(value)
    if not schema.get("minProperties", 0) <= size <= schema.get("maxProperties", size):
        found.append(f"{at}: {size} properties")
    own = schema.get("properties", {})
    for name, each in value.items():
        found += faults(name, schema.get("propertyNames", {}), root, f"{at}.{name}")
        rest = schema.get("additionalProperties", {})
        if name not in own and rest is False:
            found.append(f"{at}.{name}: not known")
        else:
            found += faults(each, own.get(name, rest), root, f"{at}.{name}")
    return found


def _array(value: list[Any], schema: dict[str, Any], root: dict[str, Any], at: str) -> list[str]:
    size = len(value)
    if not schema.get("minItems", 0) <= size <= schema.get("maxItems", size):
        return [f"{at}: {size} items"]
    inside = schema.get("items", {})
    return [f for n, each in enumerate(value) for f in faults(each, inside, root, f"{at}[{n}]")]
