"""Canonical JSON of what runs, and the two names of a study: of its logic, and of its document.

The logic is that of the model's nodes: what is equal there has one name, whoever wrote it and in
whichever layout. A field that has its default value is not written, so a model that learns a new
word keeps its old names. The document is everything a person reads: texts, labels and sources too.
"""

from __future__ import annotations

import hashlib
from dataclasses import MISSING, dataclass, fields, is_dataclass
from datetime import date
from typing import Any

import rfc8785


@dataclass(frozen=True, slots=True)
class Hashes:
    """Both names, 64 hexadecimal digits each."""

    logic: str
    document: str


def logic(node: Any) -> Any:
    """A node of the model as plain data, without its prose (fields that it does not compare)."""
    if is_dataclass(node):
        kept = {
            f.name: logic(getattr(node, f.name))
            for f in fields(node)
            if f.compare and (f.default is MISSING or getattr(node, f.name) != f.default)
        }
        return {"is": type(node).__name__, **kept}
    if isinstance(node, (list, tuple)):
        return [logic(value) for value in node]
    if isinstance(node, dict):
        return {key: logic(value) for key, value in node.items()}
    return node.isoformat() if isinstance(node, date) else node


def canonical(data: Any) -> bytes:
    """Canonical JSON of plain data (RFC 8785, Rundgren et al. 2020).

    Raises rfc8785.CanonicalizationError for a value that JSON cannot carry exactly.
    """
    return rfc8785.dumps(data)


def sha256(data: Any) -> str:
    """The name of plain data: 64 hexadecimal digits."""
    return hashlib.sha256(canonical(data)).hexdigest()


def logic_sha256(node: Any) -> str:
    """The name of what a node of the model (a Cohort, an Analysis) does."""
    return sha256(logic(node))
