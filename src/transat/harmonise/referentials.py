"""Referentials in a folder of their own: code lists delivered apart from an extract."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from transat.harmonise.extract import Extract, find
from transat.harmonise.native import NativeTable


def with_referentials(
    extract: Extract, folder: Path | None, tables: Sequence[NativeTable]
) -> Extract:
    """The extract with the tables of `folder` that it lacks itself; None changes nothing.

    A table that the extract has is read from the extract only: the holder delivered it with the
    lines that it explains. Raises InputError when the folder is missing or a file cannot be read.
    """
    if folder is None:
        return extract
    lacking = [replace(t, required=False) for t in tables if t.name not in extract.files]
    found = find(folder, lacking)
    return replace(extract, files={**extract.files, **found.files})
