"""A failing definition made small: parts are left out as long as it still fails."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import MISSING, fields, is_dataclass, replace
from typing import Any, TypeVar

from transat.core.languages import Text

N = TypeVar("N")


def simplest(node: N, fails: Callable[[N], bool]) -> N:
    """The definition or analysis with nothing left that could go. `fails` must hold of `node`."""
    simpler: N
    for simpler in _simpler(node):
        if fails(simpler):
            return simplest(simpler, fails)
    return node


def brief(node: Any) -> str:
    """As repr, without what is at its default and without prose."""
    if isinstance(node, tuple):
        return f"({', '.join(map(brief, node))}{',' * (len(node) == 1)})"
    if not is_dataclass(node) or isinstance(node, type):
        return repr(node)
    said = [
        f"{f.name}={brief(value)}"
        for f in fields(node)
        if f.compare and (value := getattr(node, f.name)) != f.default
    ]
    return f"{type(node).__name__}({', '.join(said)})"


def _simpler(node: Any) -> Iterator[Any]:
    """The node with one thing less: a field at its default, an element gone, a part simpler."""
    for f in fields(node):
        value = getattr(node, f.name)
        if f.default is not MISSING and value != f.default:
            yield replace(node, **{f.name: f.default})
    for f in fields(node):
        for less in _less(getattr(node, f.name)):
            try:
                yield replace(node, **{f.name: less})
            except (TypeError, ValueError):
                continue


def _less(value: Any) -> Iterator[Any]:
    if isinstance(value, (Text, type)):
        return
    if isinstance(value, tuple):
        for n, element in enumerate(value):
            yield (*value[:n], *value[n + 1 :])
            for less in _less(element):
                yield (*value[:n], less, *value[n + 1 :])
    elif is_dataclass(value):
        yield from _simpler(value)
