"""The names of a protocol: SHA-256 of its logic, of the document with its prose, of its cohorts.

They are taken on canonical JSON (RFC 8785), so comments, field order and layout change none.
The logic hash leaves out every sentence (a mapping with exactly `fr` and `en`) and every code's
`provenance`: translating a title does not make another study. The document hash holds them all.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import rfc8785

from transat.studies.protocol import Protocol
from transat.studies.results import StudyIdentity


@dataclass(frozen=True, slots=True)
class Hashes:
    """The names, 64 hexadecimal digits each; cohorts: of the populations that it speaks of."""

    logic: str
    document: str
    cohorts: Mapping[str, str]

    @property
    def cohort(self) -> str:
        """The name of its first population."""
        return next(iter(self.cohorts.values()))


def hashes(protocol: Protocol[Any]) -> Hashes:
    """The names of a protocol, its code lists included."""
    data = protocol.data()
    cohorts = {name: logic_sha256(plain) for name, plain in protocol.populations().items()}
    return Hashes(logic_sha256(data), document_sha256(data), cohorts)


def identity(protocol: Protocol[Any]) -> StudyIdentity:
    """What a result says of the protocol that it is the result of."""
    document, names = protocol.document, hashes(protocol)
    return StudyIdentity(
        document.study.id, document.study.version, document.title.text(),
        document.purpose.text(), names.logic, names.document, protocol.rules(),
    )  # fmt: skip


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
