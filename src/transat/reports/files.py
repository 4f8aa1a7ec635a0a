"""A report's file is written beside its place and renamed when complete."""

from __future__ import annotations

import csv
import os
from collections.abc import Iterable, Sequence
from pathlib import Path

from transat.core.errors import InputError
from transat.core.languages import Text

Cell = str | int | float | bool | None


def write_beside(path: Path, text: str) -> Path:
    """Write `text` at `path`, in one move; return the path."""
    partial = path.with_name(path.name + ".partial")
    partial.write_text(text, encoding="utf-8")
    os.replace(partial, path)
    return path


def write_csv(path: Path, rows: Iterable[Sequence[Cell]]) -> Path:
    """Write rows, the head first, in one move; a cell that is None is empty. Return the path."""
    partial = path.with_name(path.name + ".partial")
    with partial.open("w", encoding="utf-8", newline="") as opened:
        writer = csv.writer(opened, lineterminator="\n")
        writer.writerows(["" if cell is None else cell for cell in row] for row in rows)
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
