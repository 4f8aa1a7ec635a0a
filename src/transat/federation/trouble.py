"""What went wrong inside a site, written for the site alone: it never crosses.

A TransatError's message is written, because it never holds a patient's value. Of any other
exception only its type and the lines of code it went through are: its text may hold one. The file
is bounded: once full it is set aside, in place of the one set aside before.
"""

from __future__ import annotations

import contextlib
import os
import traceback
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from transat.core.errors import TransatError

#: Bytes of a full file.
LONGEST: Final = 4_000_000


def note(path: Path, step: str, error: Exception) -> None:
    """Append what happened at `step` to the site's own file."""
    said = error.message("en") if isinstance(error, TransatError) else ""
    frames = traceback.extract_tb(error.__traceback__)
    lines = [f"  {Path(f.filename).name}:{f.lineno} {f.name}" for f in frames]
    when = datetime.now(UTC).isoformat(timespec="seconds")
    head = f"{when} {step}: {type(error).__name__} {said}".rstrip()
    with contextlib.suppress(OSError):  # a full disk stops no refusal
        if path.exists() and path.stat().st_size > LONGEST:
            os.replace(path, path.with_name(path.name + ".1"))
        path.touch(mode=0o600)
        with path.open("a", encoding="utf-8") as file:
            file.write("\n".join([head, *lines]) + "\n")
