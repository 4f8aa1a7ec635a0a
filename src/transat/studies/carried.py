"""A protocol carried as one JSON document, code lists included: what a permit names by its hash.

`written` gives the canonical bytes (RFC 8785); `read_carried` gives back the same protocol, so both
hashes are those of the YAML file and its CSV lists. A site reads it as strictly as the original.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from transat.core.errors import StudyError
from transat.core.languages import Text
from transat.studies.code_lists import ExposureCode, OutcomeCode, ReferencePair
from transat.studies.hashes import canonical
from transat.studies.protocol import CodeFiles, Document, Protocol, checked

#: A carried document has its lists inside; these stand where a file has the paths of its lists.
_LISTS = CodeFiles(exposures="exposures", outcomes="outcomes", reference="reference")


def written(protocol: Protocol) -> bytes:
    """The protocol with its lists as canonical JSON: one line that ends in a newline."""
    return canonical(protocol.data()) + b"\n"


def read_carried(path: Path) -> Protocol:
    """The protocol that `written` wrote to a file.

    Raises
    ------
    StudyError: a file that is missing or does not hold exactly that.
    """
    try:
        content = path.read_bytes()
    except OSError:
        raise _refused(path) from None
    return carried(content, path)


def carried(content: bytes, path: Path) -> Protocol:
    """The protocol in `content`; `path` is where it came from, for messages.

    Raises
    ------
    StudyError: bytes that are not exactly what `written` writes.
    """
    try:
        data: dict[str, Any] = json.loads(content)
        codes = data.pop("codes")
        plain = json.dumps({**data, "codes": _LISTS.model_dump()})
        protocol = Protocol(
            path,
            Document.model_validate_json(plain, strict=True),
            tuple(_exposure(e) for e in codes["exposures"]),
            tuple(_outcome(o) for o in codes["outcomes"]),
            tuple(_pair(r) for r in codes["reference"]),
        )
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError, ValidationError):
        raise _refused(path) from None
    if written(protocol) != content:
        raise _refused(path)
    return checked(protocol)


def _exposure(item: dict[str, Any]) -> ExposureCode:
    said = item["provenance"]
    return ExposureCode(
        item["code"], tuple(item["prefixes"]), Text(**item["label"]), said["source"],
        said["checked"],
    )  # fmt: skip


def _outcome(item: dict[str, Any]) -> OutcomeCode:
    said = item["provenance"]
    return OutcomeCode(item["key"], Text(**item["label"]), said["source"], said["checked"])


def _pair(item: dict[str, Any]) -> ReferencePair:
    said = item["provenance"]
    return ReferencePair(
        item["exposure"], item["outcome"], item["kind"], said["source"], said["checked"]
    )


def _refused(path: Path) -> StudyError:
    return StudyError(
        Text(
            "ce n'est pas un protocole transporté, ou il a été changé.",
            "this is no carried protocol, or it was changed.",
        ),
        str(path),
        Text(
            "Refaites-le avec « transat study carry ».",
            'Make it again with "transat study carry".',
        ),
    )
