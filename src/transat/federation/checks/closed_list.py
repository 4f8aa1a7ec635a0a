"""Only registered releases leave, and every string in them is a code of the protocol."""

from __future__ import annotations

import dataclasses


def unknown_strings(value: object, words: frozenset[str]) -> tuple[str, ...]:
    """Fields of a release that hold a string outside `words`; never the strings themselves."""
    if not dataclasses.is_dataclass(value) or isinstance(value, type):
        return ("release",)
    return tuple(
        f.name for f in dataclasses.fields(value) if not _known(getattr(value, f.name), words)
    )


def _known(value: object, words: frozenset[str]) -> bool:
    if isinstance(value, str):
        return value in words
    if isinstance(value, tuple):
        return all(_known(item, words) for item in value)
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return not unknown_strings(value, words)
    return True
