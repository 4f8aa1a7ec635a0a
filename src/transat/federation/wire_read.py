"""Plain data back into a Release: right fields, types, shapes and lengths, or `WireError`."""

from __future__ import annotations

import dataclasses
import math
import types
import typing
from typing import Any

import numpy as np

from transat.federation.wire_write import WireError, plain_string


def built(data: Any, kind: type[Any], field: str) -> Any:
    """A dataclass of exactly `kind` from its fields as plain data.

    Raises
    ------
    WireError: a field too many, too few, or of another type or shape; names `field`.
    """
    hints = typing.get_type_hints(kind)
    names = [f.name for f in dataclasses.fields(kind)]
    if not isinstance(data, dict) or set(data) != set(names):
        raise WireError(f"{field}: fields")
    try:
        return kind(**{n: _value(data[n], hints[n], f"{field}.{n}") for n in names})
    except WireError:
        raise
    except (TypeError, ValueError):
        raise WireError(f"{field}: refused by its own type") from None


def _value(data: Any, hint: Any, field: str) -> Any:
    hint = _spelt_out(hint)
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin in (typing.Union, types.UnionType):
        return _either(data, arguments, field)
    if origin is typing.Literal:
        return _literal(data, arguments, field)
    if origin is tuple:
        return _tuple(data, arguments, field)
    if origin is np.ndarray or hint is np.ndarray:
        return _read_array(data, hint, field)
    if dataclasses.is_dataclass(hint):
        return built(data, typing.cast("type[Any]", hint), field)
    return _scalar(data, hint, field)


def _spelt_out(hint: Any) -> Any:
    """NumPy 2.5 makes NDArray a type alias (PEP 695); before, it was what it stands for."""
    stands_for = getattr(typing.get_origin(hint), "__value__", None)
    return hint if stands_for is None else stands_for[typing.get_args(hint)]


def _either(data: Any, arguments: tuple[Any, ...], field: str) -> Any:
    if data is None and type(None) in arguments:
        return None
    for argument in arguments:
        if argument is not type(None):
            try:
                return _value(data, argument, field)
            except WireError:
                continue
    raise WireError(f"{field}: no alternative fits")


def _literal(data: Any, allowed: tuple[Any, ...], field: str) -> Any:
    if not any(data == a and type(data) is type(a) for a in allowed):
        raise WireError(f"{field}: not one of the allowed words")
    return data


def _tuple(data: Any, arguments: tuple[Any, ...], field: str) -> tuple[Any, ...]:
    if not isinstance(data, list):
        raise WireError(f"{field}: not a list")
    if len(arguments) == 2 and arguments[1] is Ellipsis:
        return tuple(_value(d, arguments[0], field) for d in data)
    if len(arguments) != len(data):
        raise WireError(f"{field}: length")
    return tuple(_value(d, a, field) for d, a in zip(data, arguments, strict=True))


def _scalar(data: Any, hint: Any, field: str) -> Any:
    if hint is float:
        if data is None:
            return math.nan
        if isinstance(data, (int, float)) and not isinstance(data, bool):
            return float(data)
    elif hint in (int, bool) and type(data) is hint:
        return data
    elif hint is str and isinstance(data, str):
        return plain_string(data, field)
    raise WireError(f"{field}: type")


def _read_array(data: Any, hint: Any, field: str) -> np.ndarray[Any, Any]:
    if not isinstance(data, dict) or set(data) != {"kind", "shape", "data"}:
        raise WireError(f"{field}: not an array")
    shape, values = data["shape"], data["data"]
    if not isinstance(shape, list) or not isinstance(values, list):
        raise WireError(f"{field}: not an array")
    dtype = _dtype(data["kind"], hint, field)
    sizes = [s for s in shape if type(s) is int and 0 <= s <= 10**7]
    if len(sizes) != len(shape) or len(shape) > 4:
        raise WireError(f"{field}: shape")
    if math.prod(sizes) == len(values):
        return _elements(values, dtype, field).reshape(shape)
    if len(sizes) != 2 or sizes[0] != sizes[1] or sizes[0] * (sizes[0] + 1) // 2 != len(values):
        raise WireError(f"{field}: shape")
    whole = np.zeros(sizes, dtype=dtype)
    rows, columns = np.triu_indices(sizes[0])
    whole[rows, columns] = whole[columns, rows] = _elements(values, dtype, field)
    return whole


def _elements(values: list[Any], dtype: np.dtype[Any], field: str) -> np.ndarray[Any, Any]:
    if dtype.kind == "f" and set(map(type, values)) <= {float}:
        return np.array(values, dtype=dtype)
    return np.array([_element(v, dtype, field) for v in values], dtype=dtype)


def _dtype(name: Any, hint: Any, field: str) -> np.dtype[Any]:
    known = {"float64", "int64", "int32", "uint8", "bool"}
    declared = [a for a in typing.get_args(hint) if typing.get_origin(a) is np.dtype]
    wanted = typing.get_args(declared[0])[0] if declared else None
    if name not in known:
        raise WireError(f"{field}: array type")
    dtype: np.dtype[Any] = np.dtype(name)
    if isinstance(wanted, type) and not np.issubdtype(dtype, wanted):
        raise WireError(f"{field}: array type")
    return dtype


def _element(value: Any, dtype: np.dtype[Any], field: str) -> Any:
    if dtype.kind == "f":
        return _scalar(value, float, field)
    if dtype.kind == "b":
        return _scalar(value, bool, field)
    number = _scalar(value, int, field)
    bounds = np.iinfo(dtype)
    if not bounds.min <= number <= bounds.max:
        raise WireError(f"{field}: range")
    return number
