"""The studies that clients submitted to a hub: a queue on disk, worked through a few at a time.

A study is named by what it is (SHA-256 of protocol and permit): submitted twice it is there once,
and a study that failed is taken up again, from its journal. What is on disk is enough to go on
after a kill: `queued` and `running` are queued again at the start.
"""

from __future__ import annotations

import hashlib
import io
import json
import queue
import threading
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, Literal

from transat.core.errors import ERRORS, TransatError
from transat.core.languages import Text
from transat.federation.flare import log
from transat.federation.flare.folders import write

#: Runs a study: protocol, permit, and a folder that is its own: journal in it, results in `OUT`.
Work = Callable[[bytes, bytes, Path], None]
OUT: Final = "out"
#: Studies under way at once: one that waits for a site keeps no other waiting.
AT_ONCE: Final = 4
State = Literal["queued", "running", "done", "failed"]


class Studies:
    """All studies of a hub."""

    def __init__(self, folder: Path, work: Work) -> None:
        self._folder, self._work = folder, work
        self._lock = threading.Lock()
        self._queue: queue.SimpleQueue[str] = queue.SimpleQueue()
        folder.mkdir(exist_ok=True)

    def start(self) -> None:
        """Queue what a kill left undone, and work in threads."""
        for name, said in self.all().items():
            if said["state"] in ("queued", "running"):
                self._queue.put(name)
        for _ in range(AT_ONCE):
            threading.Thread(target=self._loop, name="studies", daemon=True).start()

    def all(self) -> dict[str, dict[str, Any]]:
        """Every study's state, by name."""
        return {
            path.parent.name: json.loads(path.read_text("utf-8"))
            for path in sorted(self._folder.glob("*/study.json"))
        }

    def submit(self, by: str, protocol: bytes, permit: bytes) -> str:
        """Queue a study unless it is there; its name."""
        name = hashlib.sha256(protocol + b"\0" + permit).hexdigest()[:32]
        folder = self._folder / name
        with self._lock:
            if not (folder / "study.json").exists():
                folder.mkdir(exist_ok=True)
                (folder / "protocol").write_bytes(protocol)
                (folder / "permit").write_bytes(permit)
                write(folder / "study.json", {"by": [by], "state": "queued"})
                self._queue.put(name)
                return name
            said = self._said(name)
            again = said["state"] == "failed"
            if again:
                said = {"by": said["by"], "state": "queued"}
            if again or by not in said["by"]:
                write(folder / "study.json", {**said, "by": sorted({*said["by"], by})})
            if again:
                self._queue.put(name)
        return name

    def status(self, by: str, name: str) -> dict[str, Any] | None:
        """A study's state, or None where it is not one of `by`'s."""
        said = self.all().get(name)
        return said if said is not None and by in said["by"] else None

    def result(self, by: str, name: str) -> bytes | None:
        """The results of a study that is done, as a zip; None where there are none for `by`."""
        said = self.status(by, name)
        if said is None or said["state"] != "done":
            return None
        return packed(self._folder / name / OUT)

    def _loop(self) -> None:
        while True:
            name = self._queue.get()
            self._set(name, state="running")
            log.event("study", study=name, state="running")
            end = self._run(name)
            self._set(name, **end)
            log.event("study", study=name, state=end["state"], why=end.get("why", ""))

    def _run(self, name: str) -> dict[str, Any]:
        folder = self._folder / name
        protocol = (folder / "protocol").read_bytes()
        permit = (folder / "permit").read_bytes()
        try:
            self._work(protocol, permit, folder)
        except TransatError as error:
            return {"state": "failed", "why": type(error).__name__, "error": as_json(error)}
        except Exception as error:  # its text goes nowhere
            why = type(error).__name__
            return {"state": "failed", "why": why, "error": as_json(_unexpected(why))}
        return {"state": "done"}

    def _said(self, name: str) -> dict[str, Any]:
        said: dict[str, Any] = json.loads((self._folder / name / "study.json").read_text("utf-8"))
        return said

    def _set(self, name: str, **fields: Any) -> None:
        with self._lock:
            by = self._said(name)["by"]
            write(self._folder / name / "study.json", {"by": by, **fields})


def packed(folder: Path) -> bytes:
    """The files of a folder as a zip: the same bytes for the same files."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in sorted(path for path in folder.rglob("*") if path.is_file()):
            entry = zipfile.ZipInfo(path.relative_to(folder).as_posix())
            archive.writestr(entry, path.read_bytes(), zipfile.ZIP_DEFLATED)
    return buffer.getvalue()


def as_json(error: TransatError) -> dict[str, Any]:
    """An error as it is told to a client: which kind, and its three texts."""
    return {
        "exit_code": error.exit_code,
        "what": [error.what.fr, error.what.en],
        "where": error.where,
        "next_step": [error.next_step.fr, error.next_step.en],
    }


def as_error(said: dict[str, Any]) -> TransatError:
    """The error that `as_json` told of."""
    kinds = {kind.exit_code: kind for kind in ERRORS}
    kind = kinds.get(said["exit_code"], TransatError)
    return kind(Text(*said["what"]), said["where"], Text(*said["next_step"]))


def _unexpected(kind: str) -> TransatError:
    return TransatError(
        Text(f"erreur inattendue au hub ({kind}).", f"unexpected error at the hub ({kind})."),
        "hub",
        Text("Voyez son journal, hub.log.", "See its log, hub.log."),
    )
