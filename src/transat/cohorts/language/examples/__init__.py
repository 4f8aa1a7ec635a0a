"""Studies to start from: YAML and the code lists beside it, as they are shipped."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path

from transat.core.errors import InputError
from transat.core.languages import Text

_SUFFIXES = (".yaml", ".csv")


def copy(to: Path) -> list[Path]:
    """Write every example in the folder `to`; return the studies, in order of name.

    Raises InputError when a file of that name is already there; nothing is then written.
    """
    wanted = [(to / name, file) for name, file in _shipped(files(__name__), "")]
    there = [path.name for path, _ in wanted if path.exists()]
    if there:
        raise InputError(
            Text(f"ce fichier existe déjà : {there[0]}.", f"this file exists already: {there[0]}."),
            str(to),
            Text("Donnez un autre dossier.", "Name another folder."),
        )
    for path, file in wanted:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(file.read_bytes())
    return sorted(path for path, _ in wanted if path.suffix == ".yaml")


def _shipped(folder: Traversable, prefix: str) -> Iterator[tuple[str, Traversable]]:
    for file in folder.iterdir():
        if file.is_dir() and not file.name.startswith("__"):
            yield from _shipped(file, f"{prefix}{file.name}/")
        elif file.name.endswith(_SUFFIXES):
            yield prefix + file.name, file
