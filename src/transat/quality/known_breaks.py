"""The breaks that a source is known to have, by name: `known_breaks.csv`."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from datetime import date
from functools import cache
from importlib.resources import files

from transat.core.languages import Text
from transat.quality.breaks import Break
from transat.quality.series import index_of


@dataclass(frozen=True, slots=True)
class KnownBreak:
    """A change of a source that series of records show.

    shore: of that source, empty for any; simulated: of simulated extracts only; domains: empty for
    all; first, last: first days of the first and last month in which it may show; checked: whether
    the source was opened.
    """

    key: str
    shore: str
    simulated: bool
    domains: tuple[str, ...]
    first: date
    last: date
    title: Text
    source: str
    checked: str


@cache
def known_breaks() -> tuple[KnownBreak, ...]:
    """All of them, in the file's order."""
    text = files("transat.quality").joinpath("known_breaks.csv").read_text("utf-8")
    return tuple(
        KnownBreak(
            key=row["key"],
            shore=row["shore"],
            simulated=row["simulated"] == "yes",
            domains=tuple(row["domains"].split()),
            first=date.fromisoformat(f"{row['from']}-01"),
            last=date.fromisoformat(f"{row['to']}-01"),
            title=Text(row["title_fr"], row["title_en"]),
            source=row["source"],
            checked=row["checked"],
        )
        for row in csv.DictReader(text.splitlines())
    )


def explain(found: Break, shore: str | None, simulated: bool) -> KnownBreak | None:
    """The known break that a break shows, if any: the first whose months hold it, give or take one.

    A break found between years may stand anywhere in its year.
    """
    place = index_of(found.month)
    reach = 11 if found.yearly else 1
    for known in known_breaks():
        theirs = known.shore in ("", shore) and (simulated or not known.simulated)
        inside = index_of(known.first) - reach <= place <= index_of(known.last) + 1
        if theirs and inside and (not known.domains or found.domain in known.domains):
            return known
    return None
