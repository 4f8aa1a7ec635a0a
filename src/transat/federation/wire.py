"""Releases as bytes, and back: canonical JSON that an export checker can read line by line.

A Release is a frozen dataclass of a statistic. Only registered types travel (a closed list), and
only numbers, truth values, arrays of them, and short strings in a plain alphabet; a masked number
travels as null. Decoding is strict: right fields, types, shapes and lengths, or `WireError`.
"""

from __future__ import annotations

import dataclasses
import json
import typing
from typing import Any

from transat.federation import canonical
from transat.federation.wire_read import built
from transat.federation.wire_write import WireError, plain_fields

__all__ = ["Refusal", "Registry", "WireError"]


@dataclasses.dataclass(frozen=True, slots=True)
class Refusal:
    """What a site sends instead of a Release: a code, and names of columns; never a value.

    merge: what would pass: "a|b" for columns a and b made one (the second may be a group that holds
    the first), "-a" for column a left out.
    """

    code: str
    columns: tuple[str, ...] = ()
    merge: tuple[str, ...] = ()


@dataclasses.dataclass(frozen=True, slots=True)
class Registry:
    """The closed list: what may travel, by name."""

    types: typing.Mapping[str, type[Any]]

    def name_of(self, release: object) -> str:
        """The registered name of a Release.

        Raises
        ------
        WireError: its exact type is not in the list.
        """
        for name, kind in sorted(self.types.items()):
            if type(release) is kind:
                return name
        raise WireError(f"{type(release).__name__} is not a registered release")

    def encode(self, release: object) -> bytes:
        """Canonical bytes of a Release.

        Raises
        ------
        WireError: unregistered type, an infinite number, an object array, a long string.
        """
        name = self.name_of(release)
        return canonical.dumps({"release": name, "fields": plain_fields(release)})

    def decode(self, payload: bytes) -> Any:
        """The Release that `encode` wrote.

        Raises
        ------
        WireError: anything that is not exactly that.
        """
        try:
            data = json.loads(payload, parse_constant=_no_constant)
        except (ValueError, RecursionError):
            raise WireError("not JSON") from None
        if not isinstance(data, dict) or set(data) != {"release", "fields"}:
            raise WireError("envelope")
        kind = self.types.get(data["release"]) if isinstance(data["release"], str) else None
        if kind is None:
            raise WireError("unregistered release")
        release = built(data["fields"], kind, kind.__name__)
        if self.encode(release) != payload:
            raise WireError("not canonical")
        return release


def _no_constant(name: str) -> float:
    raise WireError(f"{name} may not travel")
