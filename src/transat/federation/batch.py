"""Independent parts of a study, which through an export desk go out together.

A courier's round takes days, so what does not wait for one another must not wait. Each part is
carried out as far as the answers at hand allow; what the parts still ask is in one export. Over a
network nothing changes: a site that does not answer ends the study at once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TypeVar

from transat.federation.transport import Posted

Done = TypeVar("Done")


def each(parts: Iterable[Callable[[], Done]]) -> list[Done]:
    """What every part gives, in order.

    parts: calls that ask sites; none uses what another gives.

    Raises
    ------
    Posted: a part or more wait for answers; all of them were begun. Names every site awaited.
    Whatever else a part raises, at once.
    """
    done: list[Done] = []
    awaited: set[str] = set()
    folder = ""
    for part in parts:
        try:
            done.append(part())
        except Posted as posted:
            awaited |= posted.sites
            folder = posted.folder
    if awaited:
        raise Posted(awaited, folder)
    return done
