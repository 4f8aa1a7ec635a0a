"""What a hub or a site writes of its own life: one JSON object per line, codes and names only.

A line has a time (UTC), an event (`started`, `connected`, `lost`, `refused`, `failed`, `answered`,
`stopped`, or `flare` for what FLARE itself says) and few fields. Never a value, a body, an address
of a person. A file is turned at 10 MB and five are kept.
"""

from __future__ import annotations

import json
import logging
from datetime import UTC, datetime
from logging.handlers import RotatingFileHandler
from pathlib import Path
from typing import Final

NAME: Final = "transat.federation.flare"
_log: Final = logging.getLogger(NAME)


class _Lines(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        time = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
        fields = getattr(record, "fields", None)
        if fields is None:  # FLARE's own
            fields = {"event": "flare", "where": record.name, "why": record.getMessage()[:500]}
        return json.dumps({"time": time, **fields}, ensure_ascii=False)


def event(name: str, **fields: str | int | float) -> None:
    """Write one line."""
    _log.info(name, extra={"fields": {"event": name, **fields}})


def to_file(path: Path) -> None:
    """Send the lines of this process, and FLARE's warnings, to `path`."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handler = RotatingFileHandler(path, maxBytes=10_000_000, backupCount=5, encoding="utf-8")
    handler.setFormatter(_Lines())
    for name, level in ((NAME, logging.INFO), ("nvflare", logging.WARNING)):
        logger = logging.getLogger(name)
        logger.handlers = [handler]
        logger.setLevel(level)
        logger.propagate = False
