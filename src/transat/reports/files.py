"""A report's file is written beside its place and renamed when complete."""

from __future__ import annotations

import os
from pathlib import Path


def write_beside(path: Path, text: str) -> Path:
    """Write `text` at `path`, in one move; return the path."""
    partial = path.with_name(path.name + ".partial")
    partial.write_text(text, encoding="utf-8")
    os.replace(partial, path)
    return path
