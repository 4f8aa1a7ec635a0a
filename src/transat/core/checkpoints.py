"""Which files of a long run are complete, so that a run killed half-way is taken up again.

Every step of a run is a name and a text (its query). A step's fingerprint is that of the run and of
every step up to it, chained: when an input, a rule or any earlier query differs, no later file is
taken for done. Lines are appended and flushed; a line cut by the kill is ignored.
"""

from __future__ import annotations

import json
from hashlib import sha256
from pathlib import Path


class Checkpoints:
    """The complete files of one run.

    Parameters
    ----------
    file: where they are noted; None keeps no note, and nothing is ever found done.
    run: what distinguishes this run from another (inputs, versions, options).
    """

    def __init__(self, file: Path | None = None, run: str = "") -> None:
        self._file = file
        self._chain = sha256(run.encode()).hexdigest()
        self._reached: dict[str, str] = {}
        self._done = _read(file) if file is not None else {}

    def reach(self, name: str, text: str) -> int | None:
        """Come to the step `name`, which does `text`: its rows when it is done, else None.

        Raises ValueError when a run comes twice to one name.
        """
        if name in self._reached:
            raise ValueError(f"{name}: one run writes it twice")
        self._chain = sha256(f"{self._chain}\0{name}\0{text}".encode()).hexdigest()
        self._reached[name] = self._chain
        fingerprint, rows = self._done.get(name, ("", 0))
        return rows if fingerprint == self._chain else None

    def complete(self, name: str, rows: int) -> None:
        """Note that the file of the step `name`, which was reached, is complete."""
        if self._file is None:
            return
        line = json.dumps([name, self._reached[name], rows])
        with self._file.open("a", encoding="utf-8") as notes:
            notes.write("\n" + line)  # a line that was cut stays a line of its own


def _read(file: Path) -> dict[str, tuple[str, int]]:
    done: dict[str, tuple[str, int]] = {}
    if file.is_file():
        for line in file.read_text("utf-8").splitlines():
            try:
                name, fingerprint, rows = json.loads(line)
            except ValueError:
                continue
            done[str(name)] = (str(fingerprint), int(rows))
    return done
