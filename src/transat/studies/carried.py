"""A protocol carried as one JSON document, code lists included: what a permit names by its hash.

`written` gives the canonical bytes (RFC 8785); `read_carried` gives back the same protocol, so both
hashes are those of the YAML file and its CSV lists. A site reads it as strictly as the original.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from transat.core.errors import StudyError
from transat.core.languages import Text
from transat.studies.hashes import canonical
from transat.studies.protocol import Protocol, kind_of


def written(protocol: Protocol[Any]) -> bytes:
    """The protocol with its lists as canonical JSON: one line that ends in a newline."""
    return canonical(protocol.data()) + b"\n"


def read_carried(path: Path) -> Protocol[Any]:
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


def carried(content: bytes, path: Path) -> Protocol[Any]:
    """The protocol in `content`; `path` is where it came from, for messages.

    Raises
    ------
    StudyError: bytes that are not exactly what `written` writes.
    """
    try:
        data: dict[str, Any] = json.loads(content)
        protocol = kind_of(data.get("kind"), str(path)).carried(data, path)
    except (StudyError, ValueError, TypeError, KeyError, AttributeError, RecursionError):
        raise _refused(path) from None
    if written(protocol) != content:
        raise _refused(path)
    return protocol.checked()


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
