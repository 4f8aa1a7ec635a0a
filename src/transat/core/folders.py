"""A whole folder is written beside its place by one run at a time, then takes the place.

At no moment are the older folder and the new one both gone.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from transat.core.errors import InputError
from transat.core.languages import Text

PARTIAL = ".partial"
REPLACED = ".replaced"


@contextmanager
def partial_of(place: Path, take_up: Callable[[Path], bool] | None = None) -> Iterator[Path]:
    """A folder `<place>.partial` that this run alone holds; gone when the run ends.

    It is empty, since what a killed run left there goes first; except where `take_up` says of that
    folder that this run can go on from it. Raises InputError while another run holds it.
    """
    partial = place.with_name(place.name + PARTIAL)
    if partial.is_dir():
        with held(partial):
            if take_up is None or not take_up(partial):
                shutil.rmtree(partial)
    partial.mkdir(parents=True, exist_ok=True)
    try:
        with held(partial):
            yield partial
    finally:
        shutil.rmtree(partial, ignore_errors=True)


@contextmanager
def held(folder: Path) -> Iterator[None]:
    """Hold a lock on a folder, which the system takes back however the process ends.

    Raises InputError while another process holds it.
    """
    try:
        from fcntl import LOCK_EX, LOCK_NB, flock
    except ImportError:  # no such lock on this system
        yield
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        try:
            flock(descriptor, LOCK_EX | LOCK_NB)
        except BlockingIOError:
            raise _busy(folder) from None
        yield
    finally:
        os.close(descriptor)


def _busy(folder: Path) -> InputError:
    return InputError(
        Text("une autre commande y écrit en ce moment.", "another command is writing there."),
        str(folder),
        Text(
            "Attendez qu'elle finisse, ou donnez un autre dossier.",
            "Wait until it ends, or name another folder.",
        ),
    )


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
