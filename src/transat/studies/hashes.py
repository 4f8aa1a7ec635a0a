"""The names of a protocol: SHA-256 of its logic, of the document with its prose, of its cohort.

Both are taken on canonical JSON (RFC 8785), so comments, field order and layout change neither.
The logic hash leaves out every sentence (a mapping with exactly `fr` and `en`) and every code's
`provenance`: translating a title does not make another study. The document hash holds them all.
"""

from __future__ import annotations

import hashlib
from dataclasses import asdict, dataclass
from typing import Any

import rfc8785

from transat.studies.protocol import Protocol


@dataclass(frozen=True, slots=True)
class Hashes:
    """The names, 64 hexadecimal digits each; cohort: of the population that it speaks of."""

    logic: str
    document: str
    cohort: str


def hashes(protocol: Protocol) -> Hashes:
    """The names of a protocol, its code lists included."""
    data = protocol.data()
    cohort = hashlib.sha256(canonical(asdict(protocol.specification()))).hexdigest()
    return Hashes(logic_sha256(data), document_sha256(data), cohort)


def canonical(data: Any) -> bytes:
    """Canonical JSON of plain data (RFC 8785, Rundgren et al. 2020).

    Raises
    ------
    rfc8785.CanonicalizationError: a value that JSON cannot carry exactly.
    """
    return rfc8785.dumps(data)


def document_sha256(data: Any) -> str:
    """Name of the document with all its prose, 64 hexadecimal digits."""
    return hashlib.sha256(canonical(data)).hexdigest()


def logic_sha256(data: Any) -> str:
    """Name of the document without its prose, 64 hexadecimal digits."""
    return hashlib.sha256(canonical(without_prose(data))).hexdigest()


def without_prose(data: Any) -> Any:
    """The data without any sentence and without any provenance."""
    if isinstance(data, dict):
        return {
            key: without_prose(value)
            for key, value in data.items()
            if not is_prose(value) and key != "provenance"
        }
    if isinstance(data, (list, tuple)):
        return [without_prose(value) for value in data]
    return data


def is_prose(value: Any) -> bool:
    """Whether a value is a sentence in both languages."""
    return isinstance(value, dict) and set(value) == {"fr", "en"}
