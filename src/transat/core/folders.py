"""A whole folder takes the place of an older one, and at no moment are both gone."""

from __future__ import annotations

import shutil
from pathlib import Path

REPLACED = ".replaced"


def replace_folder(new: Path, place: Path) -> None:
    """Rename `new` to `place`; an older folder there steps aside first and is deleted last.

    A run stopped in between leaves the older folder as `<place>.replaced`; the next one deletes it.
    """
    aside = place.with_name(place.name + REPLACED)
    shutil.rmtree(aside, ignore_errors=True)
    if place.exists():
        place.rename(aside)
    new.rename(place)
    shutil.rmtree(aside, ignore_errors=True)
