"""Frozen values that remember their hash: executors keep what they computed under such keys."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TypeVar, dataclass_transform

Cls = TypeVar("Cls")


@dataclass_transform(frozen_default=True)
def node(cls: type[Cls]) -> type[Cls]:
    """Make a frozen dataclass whose hash is computed once.

    A definition holds code sets of thousands of concepts and is looked up many times; fields
    declared with ``compare=False`` (names, prose) are in neither equality nor hash.
    """
    made = dataclass(frozen=True)(cls)
    compared = tuple(f.name for f in fields(made) if f.compare)  # type: ignore[arg-type]

    def remembered(self: object) -> int:
        known = self.__dict__.get("_hash")
        if known is None:
            known = hash((cls.__name__, *(getattr(self, name) for name in compared)))
            object.__setattr__(self, "_hash", known)
        return int(known)

    def without_hash(self: object) -> dict[str, object]:
        return {name: value for name, value in self.__dict__.items() if name != "_hash"}

    # Another process draws another seed for hashes of text.
    made.__getstate__ = without_hash  # type: ignore[method-assign]
    made.__hash__ = remembered  # type: ignore[method-assign]
    return made
