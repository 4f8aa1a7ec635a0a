"""What may travel, as plain data: numbers, truth values, arrays of them, short plain strings."""

from __future__ import annotations

import dataclasses
import math
import re
from typing import Any, Final

import numpy as np

#: At most 80 plain characters (DataSHIELD's stringShort is 20; labels of strata need more).
PLAIN: Final = re.compile(r"[A-Za-z0-9_.:+<>=|\[\](),/ -]{0,80}")


class WireError(ValueError):
    """Bytes or a value that do not fit the closed list; says which field, never a value."""


def plain_fields(value: object) -> dict[str, Any]:
    """The fields of a dataclass as plain data.

    Raises
    ------
    WireError: something that may not travel; names its field.
    """
    return {
        f.name: _plain(getattr(value, f.name), f.name)
        for f in dataclasses.fields(value)  # type: ignore[arg-type]
    }


def _plain(value: object, field: str) -> Any:
    if value is None or isinstance(value, (bool, np.bool_)):
        return None if value is None else bool(value)
    if isinstance(value, (int, np.integer)):
        return int(value)
    if isinstance(value, (float, np.floating)):
        return _number(float(value), field)
    if isinstance(value, str):
        return plain_string(value, field)
    if isinstance(value, np.ndarray):
        return _array(value, field)
    if isinstance(value, tuple):
        return [_plain(v, field) for v in value]
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return plain_fields(value)
    raise WireError(f"{field}: {type(value).__name__} may not travel")


def _number(value: float, field: str) -> float | None:
    if math.isinf(value):
        raise WireError(f"{field}: infinite")
    return None if math.isnan(value) else value


def plain_string(value: str, field: str) -> str:
    """The string, when it is short and plain.

    Raises
    ------
    WireError: otherwise.
    """
    if not PLAIN.fullmatch(value):
        raise WireError(f"{field}: a string that is too long or not plain")
    return value


def _array(value: np.ndarray[Any, Any], field: str) -> dict[str, Any]:
    kind = value.dtype.kind
    if kind not in "fiub":
        raise WireError(f"{field}: an array of {value.dtype} may not travel")
    told = value[np.triu_indices(len(value))] if symmetric(value) else value.reshape(-1)
    if kind == "f" and np.isinf(told).any():
        raise WireError(f"{field}: infinite")
    data = told.tolist()
    if kind == "f" and np.isnan(told).any():
        data = [None if math.isnan(v) else v for v in data]
    return {"kind": value.dtype.name, "shape": list(value.shape), "data": data}


def symmetric(value: np.ndarray[Any, Any]) -> bool:
    """Whether an array travels as its upper triangle: a matrix, two rows or more, equal to its
    transpose."""
    square = value.ndim == 2 and value.shape[0] == value.shape[1] > 1
    return square and bool((value == value.T).all())
