"""A hub's or a site's folder while it runs: it alone has it, and says there how it is."""

from __future__ import annotations

import fcntl
import json
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from transat.core.errors import ConfigError
from transat.core.languages import Text

STATUS: Final = "status.json"
#: Seconds between two writings of the status; three times that without one, it is stale.
EVERY: Final = 2.0


@contextmanager
def alone(folder: Path) -> Iterator[None]:
    """Hold the folder against a second process of the same kind.

    Raises
    ------
    ConfigError: another has it.
    """
    with (folder / "lock").open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise ConfigError(
                Text("un autre processus sert ce dossier.", "another process serves this folder."),
                str(folder),
                Text("Arrêtez-le d'abord.", "Stop it first."),
            ) from None
        yield


def until_stopped(folder: Path, status: Callable[[], dict[str, Any]]) -> None:
    """Write `status` to the folder every few seconds until SIGTERM or SIGINT."""
    stopped = threading.Event()
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
    return said if time.time() - said["time"] < 3 * EVERY else None


def write(path: Path, content: Any) -> None:
    """Write JSON beside `path`, then rename: it is whole or as it was before."""
    beside = path.with_name(path.name + ".new")
    with beside.open("w", encoding="utf-8") as file:
        json.dump(content, file, indent=1, sort_keys=True, ensure_ascii=False)
        file.flush()
        os.fsync(file.fileno())
    os.replace(beside, path)
