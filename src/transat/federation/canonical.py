"""Canonical JSON (RFC 8785) of large messages: the bytes of `rfc8785.dumps`, made for many numbers.

The library writes a number at a time in Python, which for a matrix costs more than computing it.
Here a list is joined at once: the shortest digits of a float are Python's own (`repr`), and where
ECMAScript writes them otherwise (an exponent, a whole number) the library is asked.

Source: RFC 8785 (Rundgren, Jordan, Erdtman 2020), section 3.2.2.3.
"""

from __future__ import annotations

import json
import math
from typing import Any, Final

import rfc8785

#: Integers that a double holds exactly; the library refuses larger ones.
_WHOLE: Final = 2**53 - 1


def dumps(value: Any) -> bytes:
    """Canonical bytes of plain JSON data with string keys.

    Raises
    ------
    rfc8785.CanonicalizationError: a number that JSON cannot carry exactly.
    """
    return _text(value).encode("utf-8")


def _text(value: Any) -> str:
    kind = type(value)
    if kind is float:
        return _number(value)
    if kind is list or kind is tuple:
        if value and set(map(type, value)) == {float}:
            return f"[{_numbers(value)}]"
        return f"[{','.join(map(_text, value))}]"
    if kind is dict and all(type(key) is str and key.isascii() for key in value):
        members = (
            f"{json.dumps(key, ensure_ascii=False)}:{_text(value[key])}" for key in sorted(value)
        )
        return f"{{{','.join(members)}}}"
    if kind is int and -_WHOLE <= value <= _WHOLE:
        return str(value)
    return rfc8785.dumps(value).decode("utf-8")


def _numbers(values: list[float] | tuple[float, ...]) -> str:
    """Their digits, all written at once; those that the library writes otherwise, one by one."""
    parts = repr(list(values))[1:-1].split(", ")
    return ",".join(
        _number(float(part)) if "e" in part or "n" in part or part.endswith(".0") else part
        for part in parts
    )


def _number(value: float) -> str:
    text = repr(value)
    if text.endswith(".0") and text != "-0.0":
        return text[:-2]
    if "e" in text or text == "-0.0" or not math.isfinite(value):
        return rfc8785.dumps(value).decode("ascii")
    return text
