"""A report's file is written beside its place and renamed when complete."""

from __future__ import annotations

import os
from pathlib import Path

from transat.core.errors import InputError
from transat.core.languages import Text


def write_beside(path: Path, text: str) -> Path:
    """Write `text` at `path`, in one move; return the path."""
    partial = path.with_name(path.name + ".partial")
    partial.write_text(text, encoding="utf-8")
    os.replace(partial, path)
    return path


def refuse_another_kind(path: Path, suffix: str) -> None:
    """Raise InputError when writing at `path` would replace a file that does not end so."""
    if path.is_dir() or (path.exists() and path.suffix.lower() != suffix):
        raise InputError(
            Text(
                f"il y a déjà là autre chose qu'un fichier {suffix}.",
                f"there is something else there than a {suffix} file.",
            ),
            str(path),
            Text("Donnez un autre nom.", "Give another name."),
        )
