"""A hub or a site says in its folder how it is, while it runs."""

from __future__ import annotations

import json
import os
import signal
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

STATUS: Final = "status.json"
#: Seconds between two writings of the status, and after which one is stale.
EVERY: Final = 1.0
STALE: Final = 10.0


def until_stopped(
    folder: Path, status: Callable[[], dict[str, Any]], stopped: threading.Event
) -> None:
    """Write `status` to the folder every second until SIGTERM, SIGINT, or `stopped` is set."""
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopped.set())
    while True:
        write(folder / STATUS, {"pid": os.getpid(), "time": time.time(), **status()})
        if stopped.wait(EVERY):
            break
    (folder / STATUS).unlink(missing_ok=True)


def status(folder: Path) -> dict[str, Any] | None:
    """What the process that serves this folder said last; None when none does."""
    try:
        said: dict[str, Any] = json.loads((folder / STATUS).read_text("utf-8"))
    except (OSError, ValueError):
        return None
    return said if time.time() - said["time"] < STALE else None


def write(path: Path, content: Any) -> None:
    """Write JSON beside `path`, then rename: it is whole or as it was before."""
    beside = path.with_name(path.name + ".new")
    with beside.open("w", encoding="utf-8") as file:
        json.dump(content, file, indent=1, sort_keys=True, ensure_ascii=False)
        file.flush()
        os.fsync(file.fileno())
    os.replace(beside, path)
